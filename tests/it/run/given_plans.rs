//! `tagboat plan --image`: what a run with the same options would do, from the command line. It writes nothing.

use jiff::{Timestamp, ToSpan as _};
use serde_json::Value;
use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};

use crate::support::repository::Bare;
use crate::support::tagboat::Tagboat;

const CONFIG: &str = "rules: [{ images: [ghcr.io/acme/api, ghcr.io/acme/pinned] }]\n";

#[tokio::test(flavor = "multi_thread")]
async fn plans_only_what_the_policy_allows() {
    let folder = tempfile::tempdir().unwrap();
    let registry = EmbeddedRegistry::start().await.unwrap();
    let push = |name: &str, tag: &str, day: i64| {
        let created = Timestamp::constant(1_767_225_600, 0) + (24 * day).hours();
        registry.push(&format!("acme/{name}"), tag, &ImageSpec { created, ..ImageSpec::default() }).unwrap()
    };
    for tag in ["0.9", "1.0", "1.1"] {
        push("api", tag, 0);
    }
    let (old, new) = (push("pinned", "1.0", 1), push("pinned", "1.1", 2));
    let bare = Bare::new(folder.path(), "gitops");
    let pod = format!(
        "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/api:1.0\n  - image: ghcr.io/acme/pinned:1.0@{old}\n\
         \x20 - image: ghcr.io/acme/web:1.0\n"
    );
    bare.commit("main", &[("app/pod.yaml", &pod), ("tagboat.yaml", CONFIG)], "Deploy");
    let forge = folder.path().join("pulls");
    let tagboat = Tagboat::new().with_config(&format!(
        "forge: {{ kind: local, folder: {} }}\nregistries: {{ ghcr.io: {{ mirror: 'http://{}' }} }}\n",
        forge.display(),
        registry.host()
    ));
    let (branches, none) = (bare.branches(), "");
    let (given, pinned) = (format!("pinned:1.1@{new}"), format!("1.1@{new}"));
    let other = format!("pinned:1.1@{}", push("other", "2.0", 3));
    #[rustfmt::skip]
    let rows = [
        // case                    --image         exit  change     held or failed
        ("allowed",                "api:1.1",      0,    "1.1",     none),
        ("lower",                  "api:0.9",      0,    none,      "0.9, given with --image, is rejected: older than the current tag 1.0"),
        ("not covered",            "web:1.1",      1,    none,      "no policy manages it: no rule matches"),
        ("absent from manifests",  "other:2.0",    1,    none,      "no manifest uses it"),
        ("absent from registry",   "api:1.2",      1,    none,      "1.2, given with --image, is not in the registry: "),
        ("digest",                 &given,         0,    &pinned,   none),
        ("digest of another image", &other,        1,    none,      "1.1 resolves to "),
    ];
    for (case, image, code, change, problem) in rows {
        let image = format!("ghcr.io/acme/{image}");
        let output = tagboat.run(&["plan", "-C", &bare.url(), "--image", &image, "--format", "json"]);
        let report = output.json();
        let texts = |lists: &[&str], key: &str| -> Vec<String> {
            let rows = lists.iter().flat_map(|list| report[*list].as_array().unwrap());
            rows.map(|row| row[key].as_str().unwrap().to_owned()).collect()
        };
        let (changes, problems) = (texts(&["changes"], "to"), texts(&["held", "failed"], "reason"));
        assert_eq!((output.code, changes.join(" ")), (code, change.to_owned()), "{case}: {report:#}");
        assert_eq!(problems.is_empty(), problem.is_empty(), "{case}: {report:#}");
        assert!(problems.iter().all(|one| one.starts_with(problem)), "{case}: {problems:?}");
        let proposals = report["proposals"].as_array().unwrap();
        assert_eq!(proposals.len(), usize::from(!change.is_empty()), "{case}: {report:#}");
        assert!(
            proposals.iter().all(|one| one["action"] == "open" && one["number"] == Value::Null),
            "{case}: {report:#}"
        );
        assert_eq!((bare.branches(), forge.exists()), (branches.clone(), false), "{case}: a plan writes nothing");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_only_what_the_command_covers() {
    let folder = tempfile::tempdir().unwrap();
    let registry = EmbeddedRegistry::start().await.unwrap();
    for (name, tag) in [("api", "0.9"), ("api", "1.0"), ("api", "1.1"), ("web", "1.0"), ("web", "1.1")] {
        registry.push(&format!("acme/{name}"), tag, &ImageSpec::default()).unwrap();
    }
    let bare = Bare::new(folder.path(), "gitops");
    let pod = "kind: Pod\nspec: { containers: [{ image: ghcr.io/acme/api:1.0 }, { image: ghcr.io/acme/web:1.0 }] }\n";
    bare.commit("main", &[("app/pod.yaml", pod), ("tagboat.yaml", "{}\n")], "Deploy");
    let tagboat = Tagboat::new().with_config(&format!(
        "forge: {{ kind: local, folder: {}/pulls }}\nregistries: {{ ghcr.io: {{ mirror: 'http://{}' }} }}\n",
        folder.path().display(),
        registry.host()
    ));
    let run = |arguments: &[&str]| tagboat.run(&[arguments, &["-C", &bare.url(), "--format", "json"]].concat());
    assert_eq!(run(&["run"]).code, 0);
    let names = |report: &Value, list: &str| -> Vec<String> {
        let rows = report[list].as_array().unwrap().iter();
        rows.map(|row| row["name"].as_str().unwrap().to_owned()).collect()
    };
    for image in ["ghcr.io/acme/api", "ghcr.io/acme/api:1.1", "ghcr.io/acme/api:0.9"] {
        let output = run(&["plan", "--image", image]);
        let report = output.json();
        for list in ["already-proposed", "images"] {
            assert_eq!(names(&report, list), ["ghcr.io/acme/api"], "{image}: {list}: {report:#}");
        }
        let is_held = image.ends_with("0.9");
        assert_eq!(report["held"].as_array().unwrap().len(), usize::from(is_held), "{image}: {report:#}");
        assert_eq!(report["proposals"][0]["action"], "unchanged", "{image}: {report:#}");
    }
    for command in ["plan", "run"] {
        let output = run(&[command, "--path", "nosuch/**", "--path", "app/**"]);
        let failed = &output.json()["failed"];
        let reason = "no file matches this --path";
        assert_eq!((&failed[0]["reason"], output.code), (&reason.into(), 3), "{command}: {output:?}");
        assert_eq!(run(&[command, "--path", "nosuch/**"]).code, 1, "{command}");
    }
}
