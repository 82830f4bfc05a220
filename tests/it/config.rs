//! `tagboat.yaml`: the messages for invalid files, and the meaning of valid ones.

use std::fs;
use std::path::{Path, PathBuf};

use tagboat::config;
use tagboat::forge::FORGES;
use tagboat::govern::{Policies, PolicyQuery, Selection, Unmanaged};
use tagboat::image::{ImageName, Tag};
use tagboat::interop::Automation;
use tagboat::manifest::{Marker, MarkerKind};
use tagboat::policy::Pinning;
use tagboat::text::Position;

fn fixtures(folder: &str) -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config").join(folder);
    let files = fs::read_dir(folder).expect("a folder of fixtures").map(|entry| entry.expect("an entry").path());
    let mut files: Vec<PathBuf> = files.filter(|path| path.extension().is_some_and(|end| end == "yaml")).collect();
    files.sort();
    files
}

fn forges() -> Vec<&'static str> {
    FORGES.iter().map(|forge| forge.name).collect()
}

/// The text file beside each invalid file holds the expected message. `BLESS=1` writes it.
#[test]
fn reports_every_problem_with_its_line() {
    let files = fixtures("invalid");
    assert!(files.len() > 20);
    let forges = forges();
    for file in files {
        let text = fs::read_to_string(&file).unwrap();
        let (name, folder, source) = ("tagboat.yaml", Path::new(""), config::ConfigSource::Operator);
        let file_of_operator = config::ConfigFile { text: &text, name, folder, source };
        let actual = match config::parse_all(&[file_of_operator], Some(&forges)) {
            Ok(read) => panic!("{} was read: {read:?}", file.display()),
            Err(errors) => format!("{errors}\n"),
        };
        assert!(!actual.contains("hunter2"), "{}: {actual}", file.display());
        let beside = file.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::File::create(&beside)
                .and_then(|mut out| std::io::Write::write_all(&mut out, actual.as_bytes()))
                .unwrap();
        }
        assert_eq!(actual, fs::read_to_string(&beside).unwrap_or_default(), "{}", file.display());
    }
}

fn read(text: &str) -> config::Config {
    config::parse(text, "tagboat.yaml").unwrap_or_else(|errors| panic!("{errors}"))
}

#[test]
fn accepts_valid_files_like_the_schema() {
    let schema = jsonschema::validator_for(&config::json_schema(&forges())).unwrap();
    for file in fixtures("valid") {
        let text = fs::read_to_string(&file).unwrap();
        read(&text);
        let value: Option<serde_json::Value> = serde_yaml::from_str(&text).unwrap();
        let actual: Vec<String> = schema.iter_errors(&without_nulls(value)).map(|error| error.to_string()).collect();
        assert!(actual.is_empty(), "{}: {actual:?}", file.display());
    }
}

/// Removes keys without a value: they count as absent, although the schema rejects them.
fn without_nulls(value: Option<serde_json::Value>) -> serde_json::Value {
    match value {
        Some(serde_json::Value::Object(map)) => {
            let kept = map.into_iter().filter(|(_, value)| !value.is_null());
            kept.map(|(key, value)| (key, without_nulls(Some(value)))).collect()
        }
        Some(other) => other,
        None => serde_json::json!({}),
    }
}

/// The schema rejects wrong types, keys and forges in the editor; only the meaning of strings is checked later.
#[test]
fn schema_rejects_wrong_types_and_keys() {
    let schema = jsonschema::validator_for(&config::json_schema(&forges())).unwrap();
    let seen = fixtures("invalid").into_iter().filter_map(|file| {
        let text = fs::read_to_string(&file).ok()?;
        let value: serde_json::Value = serde_yaml::from_str(&text).ok()?;
        let name = file.file_stem()?.to_str()?.to_owned();
        (!schema.is_valid(&value)).then_some(name)
    });
    let seen: Vec<String> = seen.collect();
    let expected = [
        "builtin-name",
        "empty-policy",
        "forge",
        "manifests",
        "many-problems",
        "number-for-text",
        "number-out-of-range",
        "policy-in-rule",
        "policy-values",
        "registries",
        "secret-in-file",
        "secrets-in-addresses-of-unknown-keys",
        "string-for-list",
        "top-level-list",
        "two-kinds",
        "unknown-forge",
        "unknown-key-in-rule",
        "unknown-key",
        "unknown-policy-key",
        "values-in-place-of-maps",
        "values-of-another-type",
        "wrong-type",
    ];
    assert_eq!(seen, expected);
}

fn select(config: &config::Config, name: &ImageName, path: &str, marker: Option<&str>) -> Result<Selection, Unmanaged> {
    let position = Position { line: 7, column: 1 };
    let marker = marker.map(|policy| Marker { kind: MarkerKind::Tagboat, policy: policy.to_owned(), position });
    Policies::new(config, &Automation::default()).select(&PolicyQuery {
        name,
        path,
        line: 7,
        marker: marker.as_ref(),
        holds_name: true,
        holds_digest: false,
        is_chart: false,
    })
}

/// A marker conflicts with a rule that names the image without a pattern; it takes precedence over a rule with patterns.
#[test]
fn holds_image_with_two_different_named_policies() {
    let text = "policies: { release: { semver: '*' }, same: { semver: '*' }, main: { newest-build: true } }\nrules:\n\
                - { images: [ghcr.io/acme/api, redis], policy: release, min-age: 3d }\n- { images: [nginx], policy: ignore }\n\
                - { images: [web], pin: true }\n- { images: ['**'], policy: main }\n";
    // A marker and a rule of the same repository: a rule of the operator that ignores the image prevails.
    let (name, folder, source) = ("tagboat.yaml", Path::new(""), config::ConfigSource::Repository);
    let config = config::parse_all(&[config::ConfigFile { text, name, folder, source }], None).unwrap();
    let conflict = |rule: &str, line: usize| {
        format!(
            "conflicting policies: `main` from the marker at a.yaml:7 and `{rule}` from the rule at tagboat.yaml:{line}; \
             remove one of them, or name the same policy in both"
        )
    };
    #[rustfmt::skip]
    let rows = [
        ("ghcr.io/acme/api", None,            "release by the rule at tagboat.yaml:3".to_owned()),
        ("ghcr.io/acme/api", Some("release"), "release by the marker beside it".to_owned()),
        ("ghcr.io/acme/api", Some("same"),    "same by the marker beside it".to_owned()),
        ("ghcr.io/acme/api", Some("main"),    conflict("release", 3)),
        ("ghcr.io/acme/api", Some("ignore"),  "the marker beside it has the policy `ignore`".to_owned()),
        ("docker.io/redis",  Some("main"),    conflict("release", 3)),
        ("nginx",            None,            "the rule at tagboat.yaml:4 has the policy `ignore`".to_owned()),
        ("nginx",            Some("main"),    conflict("ignore", 4)),
        ("web",              Some("main"),    "main by the marker beside it".to_owned()),
        ("quay.io/a/b",      Some("release"), "release by the marker beside it".to_owned()),
        ("quay.io/a/b",      None,            "main by the rule at tagboat.yaml:6".to_owned()),
    ];
    for (name, marker, expected) in rows {
        let name = ImageName::new(name).unwrap();
        let actual = match select(&config, &name, "a.yaml", marker) {
            Ok(selection) => format!("{} by {}", selection.name, selection.source),
            Err(error) => error.to_string(),
        };
        assert_eq!(actual, expected, "{name} {marker:?}");
    }
}

#[test]
fn selects_first_matching_rule_or_marker() {
    let text = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/config/valid/everything.yaml"))
        .unwrap();
    let config = read(&text);
    let default = config::Config::default();
    #[rustfmt::skip]
    let rows = [
        ("ghcr.io/acme/api",     "envs/prod/k.yaml", None,            "release by the rule at tagboat.yaml:15"),
        ("ghcr.io/acme/api",     "envs/dev/k.yaml",  None,            "main by the rule at tagboat.yaml:22"),
        ("ghcr.io/acme/api/web", "envs/prod/k.yaml", None,            "main by the rule at tagboat.yaml:22"),
        ("docker.io/redis",      "a.yaml",           None,            "edge by the rule at tagboat.yaml:24"),
        ("nginx",                "envs/k.yaml",      None,            "shape by the rule at tagboat.yaml:28"),
        ("nginx",                "a.yaml",           None,            "no rule matches"),
        ("nginx",                "a.yaml",           Some("release"), "release by the marker beside it"),
        ("nginx",                "a.yaml",           Some(""),        "no rule matches"),
        ("nginx",                "a.yaml",           Some("ignore"),  "the marker beside it has the policy `ignore`"),
        ("nginx",                "a.yaml",           Some("relese"),  "the marker names the policy `relese`, which is not in the configuration"),
        ("quay.io/a/b/c",        "envs/k.yaml",      None,            "the rule at tagboat.yaml:26 has the policy `ignore`"),
    ];
    for (name, path, marker, expected) in rows {
        let name = ImageName::new(name).unwrap();
        let actual = match select(&config, &name, path, marker) {
            Ok(selection) => format!("{} by {}", selection.name, selection.source),
            Err(error) => error.to_string(),
        };
        assert_eq!(actual, expected, "{name} {path} {marker:?}");
        let actual = select(&default, &name, path, None).unwrap();
        assert_eq!((actual.name.as_str(), actual.source.as_str()), ("shape", "the default"));
    }
    let marked =
        select(&config, &ImageName::new("ghcr.io/acme/api").unwrap(), "envs/prod/k.yaml", Some("main")).unwrap();
    assert_eq!((marked.name.as_str(), marked.pinning, marked.gates.platforms.len()), ("main", Pinning::Add, 2));
}

#[test]
fn absent_keys_have_defaults() {
    let config = config::Config::default();
    assert_eq!(config.pull_requests, config::PullRequests::default());
    assert_eq!(config.pull_requests.group.text, "{{ path_dir }}");
    assert_eq!((config.pull_requests.max_open, config.git.remote.as_str()), (5, "origin"));
    assert!(config.paths.read("any/file.yaml") && config.registries.is_empty());
}

fn found(name: &str, tags: &[&str]) -> config::FoundImage {
    config::FoundImage {
        name: ImageName::new(name).expect("a name"),
        tags: tags.iter().map(|tag| Tag::new(tag).expect("a tag")).collect(),
    }
}

/// The file of `init` is valid, and the policy of each image can order its tags.
#[test]
fn starter_has_a_matching_policy_for_every_image() {
    let images = [
        (found("nginx", &["1.27.3-alpine"]), "shape"),
        (found("docker.io/kostiscodefresh/simple-web-app", &["3d9b390"]), "newest-build"),
        (found("ghcr.io/acme/api", &["main-1a2b3c4"]), "newest-build-2"),
        (found("ghcr.io/acme/web", &["latest"]), "floating"),
        (found("localhost:5000/acme/worker", &["latest"]), "ignore"),
        (found("registry.example.com/acme/worker", &["latest"]), "ignore"),
        (found("registry.test/acme/worker", &["dev"]), "ignore"),
        (found("local/pebble", &["dev"]), "ignore"),
        (found("quay.io/acme/tool", &["placeholder"]), "ignore"),
        (found("localhost:5000/acme/versioned", &["1.2.0"]), "shape"),
        (found("bitnami/redis", &[]), "same-major"),
        (found("postgres", &["17", "latest"]), "same-major"),
        (found("valkey/valkey", &["alpine"]), "shape"),
        (found("acme/postgres-exporter", &["0.15.0"]), "shape"),
    ];
    let summary = config::Summary {
        images: images.iter().map(|(image, _)| image.clone()).collect(),
        undefined: ["release".to_owned(), "flux-system:podinfo".to_owned()].into(),
        held: vec![config::HeldPlace {
            name: Some(ImageName::new("valkey/valkey").unwrap()),
            path: "apps/cache.yaml".to_owned(),
            line: 12,
            reason: "the tag alpine has no version".to_owned(),
        }],
        references: 9,
        files: 4,
    };
    for summary in [summary, config::Summary::default()] {
        let text = config::starter(&summary);
        let config = read(&text);
        for image in &summary.images {
            let policy = images.iter().find(|(found, _)| found.name == image.name).unwrap().1;
            let name = match select(&config, &image.name, "apps/any.yaml", None) {
                Ok(selection) => selection.name,
                Err(reason) if reason.to_string().contains("policy `ignore`") => "ignore".to_owned(),
                Err(reason) => panic!("{}: {reason} in\n{text}", image.name),
            };
            assert_eq!(name, policy, "{} in\n{text}", image.name);
        }
        for policy in config.policies.keys() {
            assert!(text.contains(&format!("    policy: {policy}\n")), "{policy} is not used in\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 120 && line.trim_end() == line), "{text}");
        let held = "  # apps/cache.yaml:12: the tag alpine has no version\n  # - images: [valkey/valkey]\n  #   paths: [apps/cache.yaml]\n  #   policy: ignore\n";
        assert_eq!(text.contains(held), !summary.held.is_empty(), "{text}");
        assert!(text.find(held) < text.find("  - images: [\"**\"]"), "{text}");
        let ignored = read(&text.replace("  # - images: [v", "  - images: [v").replace("  #   p", "    p"));
        let policy = |path: &str| select(&ignored, &ImageName::new("valkey/valkey").unwrap(), path, None);
        assert_eq!(policy("apps/cache.yaml").is_err(), !summary.held.is_empty(), "{text}");
        assert!(policy("apps/other.yaml").is_ok(), "{text}");
    }
}

/// Only builds like the current ones are candidates: neither those of pull requests nor other tags.
#[test]
fn starter_includes_only_builds_of_the_same_kind() {
    #[rustfmt::skip]
    let rows = [
        // current                                     include
        ("3d9b390",                                    "'^[0-9a-f]{7,40}$'"),
        ("179ea90b2617f557f805fe672daf880c14c6b8b7",   "'^[0-9a-f]{7,40}$'"),
        ("main-1a2b3c4",                               "'^main-[0-9a-f]{7,40}$'"),
        ("v.x-1a2b3c4",                                "'^v[.]x-[0-9a-f]{7,40}$'"),
    ];
    for (tag, include) in rows {
        let summary = config::Summary { images: vec![found("acme/api", &[tag])], ..Default::default() };
        let text = config::starter(&summary);
        assert!(text.contains(&format!("    include: [{include}]\n")), "{tag}: {text}");
        let selection = select(&read(&text), &ImageName::new("acme/api").unwrap(), "a.yaml", None).unwrap();
        assert_eq!(selection.name, "newest-build");
    }
}

/// `init` writes the file of a repository: it names no key that only the operator may set.
#[test]
fn comments_of_starter_are_valid_in_repository_when_uncommented() {
    let summary = config::Summary { images: vec![found("acme/api", &["3d9b390"])], ..Default::default() };
    for summary in [&summary, &config::Summary::default()] {
        let starter = config::starter(summary);
        for key in config::OPERATOR_KEYS.iter().filter_map(|key| key.rsplit('.').next()) {
            assert!(!starter.contains(key), "{key} in\n{starter}");
        }
        let text = uncommented(&starter);
        let source = config::ConfigSource::Repository;
        let file = config::ConfigFile { text: &text, name: "tagboat.yaml", folder: Path::new(""), source };
        let config = config::parse_all(&[file], None).unwrap_or_else(|errors| panic!("{errors}\nin\n{text}"));
        assert_eq!(config.pull_requests.labels, ["deploy"]);
        assert!(config.policies.contains_key("release"), "{text}");
        assert_eq!(config.registries.len(), 1, "{text}");
        assert!(select(&config, &ImageName::new("nginx").unwrap(), "a.yaml", None).unwrap().pinning > Pinning::Keep);
    }
}

/// Returns the text with every commented setting as a setting.
fn uncommented(text: &str) -> String {
    let uncommented: Vec<String> = text
        .lines()
        .map(|line| {
            let (indent, rest) = line.split_at(line.len() - line.trim_start().len());
            match rest.strip_prefix("# ") {
                Some(key)
                    if key
                        .trim_start()
                        .split(' ')
                        .next()
                        .is_some_and(|word| word.ends_with(':') && word != "Tagboat:") =>
                {
                    format!("{indent}{key}")
                }
                _ => line.to_owned(),
            }
        })
        .collect();
    uncommented.join("\n")
}

#[test]
fn parses_policies_of_the_command_line() {
    #[rustfmt::skip]
    let rows = [
        ("semver: >=1.0 <3",                       Ok("semver: >=1.0 <3")),
        ("{ semver: ^1.2, exclude: -debug$ }",     Ok("{ semver: \"^1.2\", exclude: \"-debug$\" }")),
        ("semver: \">=1.0 <3\"",                   Ok("semver: >=1.0 <3")),
        ("semver: '^1.2'\nexclude: '-debug$'",     Ok("{ semver: \"^1.2\", exclude: \"-debug$\" }")),
        ("newest-build",                           Ok("newest-build")),
        ("newest-build: true",                     Ok("newest-build")),
        ("digest: latest",                         Ok("digest: latest")),
        ("shape",                                  Ok("shape")),
        ("sevmer: ^1",                             Err("use `semver`")),
        ("semver: one",                            Err("--policy: `semver`: invalid comparison")),
        ("{ semver: ^1",                           Err("--> --policy:1:")),
        ("semver: >=1.0, <3",                      Ok("semver: >=1.0, <3")),
        ("semver: '^1.2', max-bump: minor",        Err("a policy with several keys needs braces")),
        ("newest-build: true, include: ^1",        Err("a policy with several keys needs braces")),
        ("",                                       Err("missing the kind of policy")),
    ];
    for (text, expected) in rows {
        match (config::policy(text), expected) {
            (Ok(entry), Ok(described)) => assert_eq!(entry.describe(), described, "{text}"),
            (Err(errors), Err(part)) => assert!(errors.to_string().contains(part), "{text}: {errors}"),
            (other, _) => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn rejects_hostile_files_with_positions_inside_them() {
    let bomb = (1..30).fold("a0: &a0 [x, x]\n".to_owned(), |text, n| {
        text + &format!("a{n}: &a{n} [*a{0}, *a{0}, *a{0}, *a{0}]\n", n - 1)
    });
    let files = [
        "[".repeat(100_000),
        "a: ".repeat(50_000),
        "- ".repeat(100_000),
        bomb,
        "? [a]\n: b\n".to_owned(),
        "~: x\n".to_owned(),
        "{".to_owned(),
        "rules: *nowhere\n".to_owned(),
        "<<: 5\n".to_owned(),
        "\u{0}".to_owned(),
        "rules: &r [*r]".to_owned(),
        "rules: !!binary x".to_owned(),
        format!("{}: 1\n", "k".repeat(1_000_000)),
        "%YAML 9.9\n---\n".to_owned(),
        "\u{feff}polices: 1\n".to_owned(),
        "\u{feff}#\r\npolices: 1\r\n".to_owned(),
        "rules:\n- images: [\"ä\u{1b}[2J:1\"]\n".to_owned(),
        "policies: { ä: { semver: 1.20 } }".to_owned(),
    ];
    for text in files {
        let start: String = text.chars().take(30).collect();
        let Err(errors) = config::parse(&text, "tagboat.yaml") else { panic!("{start:?} was read") };
        for error in errors.iter() {
            assert!(error.position.line <= text.lines().count().max(1) + 1, "{start:?}: {error}");
        }
        let actual = errors.to_string();
        assert!(!actual.contains('\u{1b}') && actual.len() < 2_000, "{start:?}: {actual}");
    }
}

proptest::proptest! {
    #[test]
    fn arbitrary_text_does_not_panic(text in "\\PC{0,200}", indent in 0usize..3) {
        let nested = format!("rules:\n{}- {text}\npolicies:\n  x: {{ semver: {text} }}\n", " ".repeat(indent));
        for text in [text, nested] {
            if let Err(errors) = config::parse(&text, "tagboat.yaml") {
                proptest::prop_assert!(errors.iter().count() > 0 && !errors.to_string().is_empty());
            }
        }
    }
}
