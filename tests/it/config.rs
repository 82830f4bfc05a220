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
        "key-of-another-section",
        "keys-in-wrong-sections",
        "long-number",
        "long-value",
        "manifests",
        "many-problems",
        "no-configuration-but-docker-config",
        "no-configuration-but-env-file",
        "no-configuration-but-key",
        "no-configuration-but-list",
        "no-configuration-but-netrc",
        "number-for-text",
        "number-out-of-range",
        "other-values-on-the-line",
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
        has_own_digest: false,
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
        ("nginx",                "a.yaml",           Some("relese"),  "the marker names the policy `relese`, which is not in the configuration; correct it, or add the policy"),
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

/// Returns an image with tags, each in a file of its own.
fn found(name: &str, tags: &[&str]) -> config::FoundImage {
    let places = tags.iter().enumerate().map(|(at, tag)| (format!("apps/{at}.yaml"), *tag, false));
    found_in(name, places.collect())
}

/// Returns an image with tags, each with its file and whether something beside it names its policy.
fn found_in(name: &str, places: Vec<(String, &str, bool)>) -> config::FoundImage {
    let reference = |(path, tag, is_decided): (String, &str, bool)| {
        let tag = Some(tag).filter(|tag| !tag.is_empty()).map(|tag| Tag::new(tag).expect("a tag"));
        config::FoundTag { tag, path, is_decided, is_chart: false }
    };
    config::FoundImage {
        name: ImageName::new(name).expect("a name"),
        references: places.into_iter().map(reference).collect(),
    }
}

/// Returns the name of the policy that a configuration has for an image in a file; `ignore` if a rule ignores it.
fn policy_of(config: &config::Config, name: &ImageName, path: &str) -> String {
    match select(config, name, path, None) {
        Ok(selection) => selection.name,
        Err(reason) if reason.to_string().contains("policy `ignore`") => "ignore".to_owned(),
        Err(reason) => panic!("{name}: {reason}"),
    }
}

/// The file of `init` is valid, and the policy of each image is that of its kind of tags.
#[test]
fn starter_has_a_matching_policy_for_every_image() {
    let images = [
        (found("nginx", &["1.27.3-alpine"]), "shape"),
        (found("docker.io/kostiscodefresh/simple-web-app", &["3d9b390"]), "newest-build"),
        (found("ghcr.io/acme/api", &["main-1a2b3c4"]), "newest-build-2"),
        (found("ghcr.io/acme/web", &["latest"]), "floating"),
        (found("localhost:5000/acme/worker", &["latest"]), "ignore"),
        (found("localhost:5000/acme/versioned", &["1.2.0"]), "shape"),
        (found("bitnami/redis", &[""]), "shape"),
        (found("postgres", &["17", "latest"]), "same-major"),
        (found("valkey/valkey", &["alpine"]), "shape"),
        (found("acme/postgres-exporter", &["0.15.0"]), "shape"),
        // A digit alone is no commit, and no build of a pull request is what a maintainer means.
        (found("pgvector/pgvector", &["pg16"]), "shape"),
        (found("jenkins/jenkins", &["lts-jdk17"]), "shape"),
        (found("ghcr.io/acme/tool", &["amd64-latest"]), "shape"),
        (found("ttl.sh/acme", &["24h"]), "shape"),
        (found("ghcr.io/acme/preview", &["pr-12"]), "shape"),
        (found("ghcr.io/acme/previews", &["pr-12-3d9b390"]), "shape"),
    ];
    let summary = config::Summary {
        images: images.iter().map(|(image, _)| image.clone()).collect(),
        undefined: ["release".to_owned(), "flux-system:podinfo".to_owned()].into(),
        held: Vec::new(),
        references: 9,
        files: 4,
    };
    for summary in [summary, config::Summary::default()] {
        let text = config::starter(&summary);
        let config = read(&text);
        for image in &summary.images {
            let policy = images.iter().find(|(found, _)| found.name == image.name).unwrap().1;
            assert_eq!(policy_of(&config, &image.name, "apps/any.yaml"), policy, "{} in\n{text}", image.name);
        }
        for policy in config.policies.keys() {
            assert!(text.contains(&format!("    policy: {policy}\n")), "{policy} is not used in\n{text}");
        }
        assert!(text.lines().all(|line| line.chars().count() <= 120 && line.trim_end() == line), "{text}");
    }
}

/// No digest or build is looked up of images that no registry has.
#[test]
fn starter_ignores_local_images_and_placeholders() {
    #[rustfmt::skip]
    let local = [
        "localhost/acme/worker:latest",              "127.0.0.1:5000/worker:latest",        "registry.example.com/acme/worker:latest",
        "registry.test/acme/worker:dev",             "private-registry:5000/worker:latest", "registry.infra.svc:5000/worker:latest",
        "registry.infra.svc.cluster.local/a:latest", "kind-registry:5000/worker:3d9b390",   "host.docker.internal:5000/worker:latest",
        "local/pebble:dev",                          "your-registry/api:latest",            "your-registry.com/api:latest",
        "ghcr.io/your-org/api:latest",               "myregistry.azurecr.io/api:latest",    "yourusername/api:latest",
        "quay.io/acme/tool:placeholder",             "ghcr.io/acme/api:REPLACE_ME",         "ghcr.io/acme/api:IMAGE_TAG",
        "api:dev",                                   "web:local",                           "ghcr.io/acme/api:test-tag",
    ];
    let public =
        ["ghcr.io/acme/api:dev", "nginx:latest", "registry.acme.dev/api:main", "yourls:latest", "mycorp/api:main"];
    for (image, policy) in
        local.map(|image| (image, "ignore")).into_iter().chain(public.map(|image| (image, "floating")))
    {
        let (name, tag) = image.rsplit_once(':').unwrap();
        let summary = config::Summary { images: vec![found(name, &[tag])], ..Default::default() };
        let text = config::starter(&summary);
        assert_eq!(policy_of(&read(&text), &ImageName::new(name).unwrap(), "a.yaml"), policy, "{image}: {text}");
    }
}

/// A rule for images that need several policies names the files of each, and none where something else decides.
#[test]
fn starter_names_files_of_images_that_need_several_policies() {
    /// An image, its files with their tags (with `!` if something beside the tag decides), and the policy in each file.
    type Row = (&'static str, &'static [(&'static str, &'static str)], &'static str);
    #[rustfmt::skip]
    let rows: &[Row] = &[
        ("web",     &[("a", "3d9b390"), ("b", "latest"), ("c", "pr-12")],                        "newest-build floating shape"),
        ("web",     &[("a", "main-3d9b390"), ("b", "dev-3d9b390"), ("c", "main-1a2b3c4")],       "newest-build-2 newest-build newest-build-2"),
        ("web",     &[("a", "3d9b390"), ("a", "latest"), ("b", "latest")],                       "shape shape floating"),
        ("web",     &[("a", "1.2.3"), ("b", "latest")],                                          "shape shape"),
        ("web",     &[("a", "latest"), ("b", "")],                                               "floating floating"),
        ("redis",   &[("a", "!7.0.1"), ("b", "7.0.1")],                                          "shape same-major"),
        ("redis",   &[("a", "!7.0.1")],                                                          "shape"),
        ("web",     &[("a", "!3d9b390"), ("b", "latest"), ("c", "!latest")],                     "shape floating shape"),
    ];
    let place =
        |(path, tag): &(&str, &'static str)| ((*path).to_owned(), tag.trim_start_matches('!'), tag.starts_with('!'));
    for (name, found, expected) in rows {
        let summary =
            config::Summary { images: vec![found_in(name, found.iter().map(place).collect())], ..Default::default() };
        let text = config::starter(&summary);
        let config = read(&text);
        let name = ImageName::new(name).unwrap();
        let policies: Vec<String> = found.iter().map(|(path, _)| policy_of(&config, &name, path)).collect();
        assert_eq!(policies.join(" "), *expected, "{found:?}: {text}");
    }
}

/// Places with one reason are one entry, whose rules ignore exactly them when they are uncommented.
#[test]
fn starter_groups_held_places_by_reason() {
    let place = |name: &str, tag: &str, path: &str, reason: &str| config::HeldPlace {
        name: ImageName::new(name).ok(),
        tag: Tag::new(tag).ok(),
        path: path.to_owned(),
        line: 12,
        reason: reason.replace("TAG", tag),
    };
    let no_version = "the tag TAG has no version";
    let held = vec![
        place("valkey/valkey", "alpine", "apps/0.yaml", no_version),
        place("postgres", "latest", "apps/1.yaml", no_version),
        place("pgvector/pgvector", "pg16", "apps/0.yaml", no_version),
        place("", "", "apps/2.yaml", "no name is in this file; name it with `tags: [{ field: a }]`"),
        place("", "", "apps/3.yaml", "no name is in this file; name it with `tags: [{ field: b }]`"),
    ];
    let busybox = (0..9).map(|at| place("busybox", "latest", &format!("jobs/{at}.yaml"), "many files"));
    // One of two tags in a file.
    let mixed = place("acme/mixed", "latest", "apps/9.yaml", "two tags");
    let held: Vec<_> = held.into_iter().chain(busybox).chain([mixed]).collect();
    let images = vec![
        found("busybox", &["1.36"]),
        found("valkey/valkey", &["alpine"]),
        found("postgres", &["17", "latest"]),
        found("pgvector/pgvector", &["pg16"]),
        found_in("acme/mixed", ["latest", "1.0"].map(|tag| ("apps/9.yaml".to_owned(), tag, false)).to_vec()),
    ];
    let summary = config::Summary { images, held, ..Default::default() };
    let text = config::starter(&summary);
    let entries = "  # apps/0.yaml:12, apps/1.yaml:12, apps/0.yaml:12: the tag has no version
  # - images: [postgres]
  #   paths: [apps/1.yaml]
  #   policy: ignore
  # - images: [pgvector/pgvector, valkey/valkey]
  #   policy: ignore
  # apps/2.yaml:12, apps/3.yaml:12: no name is in this file; name it with
  #   `tags: [{ field: a }]`
  #   `tags: [{ field: b }]`
  # jobs/0.yaml:12, jobs/1.yaml:12, jobs/2.yaml:12 and 6 more: many files
  # busybox is held in 9 files; `tagboat list` shows them.
  # apps/9.yaml:12: two tags
  # apps/9.yaml has other references to acme/mixed: write `# tagboat: ignore` beside the held ones.
";
    assert!(text.contains(entries), "{text}");
    assert!(text.find(entries) < text.find("  - images:\n"), "{text}");
    let rules = ["- images: ", "  paths: ", "  policy: "];
    let ignored =
        rules.iter().fold(text.clone(), |text, rule| text.replace(&format!("  # {rule}"), &format!("  {rule}")));
    for (name, path, policy) in [
        ("valkey/valkey", "apps/any.yaml", "ignore"),
        ("postgres", "apps/1.yaml", "ignore"),
        ("postgres", "apps/0.yaml", "same-major"),
        ("acme/mixed", "apps/9.yaml", "shape"),
    ] {
        assert_eq!(policy_of(&read(&ignored), &ImageName::new(name).unwrap(), path), policy, "{name}: {ignored}");
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
        ("sha-1a2b3c4-php8.3",                         "'^sha-[0-9a-f]{7,40}-php8[.]3$'"),
        ("build-g1a2b3c4",                             "'^build-g[0-9a-f]{7,40}$'"),
        ("main-1a2b3",                                 "'^main-[0-9a-f]{5,40}$'"),
    ];
    for (tag, include) in rows {
        let summary = config::Summary { images: vec![found("acme/api", &[tag])], ..Default::default() };
        let text = config::starter(&summary);
        assert!(text.contains(&format!("    include: {include}\n")), "{tag}: {text}");
        assert!(regex::Regex::new(include.trim_matches('\'')).unwrap().is_match(tag), "{tag}");
        assert_eq!(policy_of(&read(&text), &ImageName::new("acme/api").unwrap(), "a.yaml"), "newest-build");
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
