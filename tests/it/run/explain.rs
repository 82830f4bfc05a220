//! `tagboat explain` with tags, current tag and policy: an offline command that reads no repository.

use serde_json::Value;

use crate::support::tagboat::Tagboat;

const TAGS: &str = "1.0.0\n1.1.0\n2.0.0\n";

fn explain(tagboat: &Tagboat, policy: &str, more: &[&str]) -> crate::support::tagboat::ProgramOutput {
    let arguments =
        ["explain", "ghcr.io/acme/api", "--tags", "-", "--current", "1.0.0", "--policy", policy, "--format", "json"];
    tagboat.feed(&[&arguments[..], more].concat(), TAGS)
}

fn chosen(report: &Value) -> &str {
    report["chosen"].as_str().unwrap()
}

#[test]
fn reads_no_repository_with_tags_current_tag_and_policy() {
    let tagboat = Tagboat::new();
    std::fs::write(tagboat.home().join("tagboat.yaml"), "no-such-key: [\n").unwrap();
    // Reading either folder would fail: one has an invalid configuration, the other does not exist.
    for more in [&[][..], &["-C", "no-such-folder"], &["--config", "no-such-file"]] {
        let output = explain(&tagboat, "{ semver: ^1 }", more);
        assert_eq!((output.code, chosen(&output.json())), (0, "1.1.0"), "{output:?}");
    }
    // Nor does an invalid policy.
    for policy in ["{ shape: same, min-age: 3d }", "semver: one", "{ semvr: ^1 }", "calver", "{"] {
        let output = explain(&tagboat, policy, &[]);
        assert!(output.code == 64 && output.stderr.contains("--policy"), "{policy}: {output:?}");
        assert!(!output.stderr.contains("tagboat.yaml"), "{policy}: {output:?}");
    }
}

#[test]
fn names_the_policy_that_a_misspelled_name_is_like() {
    let tagboat = Tagboat::new();
    std::fs::write(tagboat.home().join("tagboat.yaml"), "policies: { release: { semver: ^2 } }\n").unwrap();
    for (name, hint) in [("relaese", "use `release`"), ("sempver", "use `semver`"), ("x", "use one of `release`, ")] {
        let output = explain(&tagboat, name, &[]);
        let cause = format!("invalid value for --policy: unknown policy `{name}`");
        assert!(output.stderr.contains(&cause) && output.stderr.contains(hint), "{name}: {output:?}");
    }
}

#[test]
fn finds_the_last_part_of_a_name_in_the_manifests() {
    let tagboat = Tagboat::new();
    let write = |text: &str| std::fs::write(tagboat.home().join("values.yaml"), text).unwrap();
    let run = |more: &[&str]| {
        tagboat
            .feed(&[&["explain", "api", "--tags", "-", "--current", "1.0.0", "--format", "json"], more].concat(), TAGS)
    };
    write("image: ghcr.io/acme/api:1.0.0\n");
    assert_eq!(run(&[]).json()["image"], "ghcr.io/acme/api");
    // Nothing is read.
    assert_eq!(run(&["--policy", "semver: ^1"]).json()["image"], "docker.io/library/api");
    write("a: { image: ghcr.io/acme/api:1.0.0 }\nb: { image: ghcr.io/other/api:1.0.0 }\n");
    assert!(run(&[]).stderr.contains("several images have this name: ghcr.io/acme/api, ghcr.io/other/api"));
    write("a: { image: ghcr.io/acme/api:1.0.0 }\nb: { image: 'api:1.0.0' }\n");
    assert_eq!(run(&[]).json()["image"], "docker.io/library/api");
}

#[test]
fn reads_the_configuration_for_a_policy_name() {
    let tagboat = Tagboat::new();
    let config = tagboat.home().join("tagboat.yaml");
    std::fs::write(&config, "policies: { release: { semver: ^2 } }\n").unwrap();
    let output = explain(&tagboat, "release", &[]);
    assert_eq!((output.code, chosen(&output.json())), (0, "2.0.0"), "{output:?}");
    std::fs::write(&config, "no-such-key: [\n").unwrap();
    assert_eq!(explain(&tagboat, "release", &[]).code, 64);
}

#[test]
fn names_the_empty_tag_list_and_not_the_registry() {
    let arguments = ["explain", "ghcr.io/acme/api", "--tags", "-", "--current", "1.0.0", "--format", "json"];
    let report = Tagboat::new().feed(&arguments, "").json();
    let expected = "the tag list of this image is empty; check its name, or push a tag";
    assert_eq!((&report["outcome"], &report["reason"]), (&"held".into(), &expected.into()), "{report}");
    let report = Tagboat::new().feed(&arguments, "!\na b\n").json();
    let expected = "none of the given tags is valid";
    assert_eq!((&report["outcome"], &report["reason"]), (&"held".into(), &expected.into()), "{report}");
    let rows = report["candidates"].as_array().unwrap();
    assert_eq!(rows[1]["reason"], "character ' ' is not allowed at position 2 of a tag", "{report}");
}

#[test]
fn is_unknown_if_the_policy_follows_manifests_that_are_not_read() {
    let report = explain(&Tagboat::new(), "{ follow: ['staging/**'] }", &[]).json();
    let expected = "`follow` needs a repository; omit --current to read its manifests";
    assert_eq!((&report["outcome"], &report["reason"]), (&"unknown".into(), &expected.into()), "{report}");
}

#[test]
fn lists_a_repeated_tag_once() {
    let arguments = ["explain", "ghcr.io/acme/api", "--tags", "-", "--current", "1.0.0", "--format", "json"];
    let report = Tagboat::new().feed(&arguments, "1.0.0\n1.1.0\n1.1.0\n!\n!\n").json();
    let tags: Vec<_> =
        report["candidates"].as_array().unwrap().iter().map(|one| one["tag"].as_str().unwrap()).collect();
    assert_eq!(tags, ["1.1.0", "1.0.0", "!"], "{report}");
    assert_eq!(report["reason"], "newest matching tag", "{report}");
}

#[test]
fn prints_one_failure_once_with_a_hint() {
    let report = explain(&Tagboat::new(), "newest-build", &[]).json();
    let text = |key: &str| report[key].as_str().unwrap().to_owned();
    assert_eq!((&*text("outcome"), text("reason").contains("not looked up")), ("unknown", true), "{report:#}");
    assert!(text("hint").contains(": https://github.com/tagboat/"), "{report:#}");
    for row in report["candidates"].as_array().unwrap() {
        let expected = if row["tag"] == "1.0.0" { "lookup failed" } else { "lookup of 1.0.0 failed" };
        assert_eq!(row["reason"], expected, "{report:#}");
    }
}

#[test]
fn prints_all_options_of_the_policy() {
    let report = explain(&Tagboat::new(), "{ max-bump: minor, semver: ^1, include: '^1' }", &[]).json();
    assert_eq!(report["policy"], r#"{ semver: "^1", include: "^1", max-bump: minor }"#);
}
