//! Who may set what: the operator's configuration beside the one of a repository.

use std::path::Path;

use tagboat::config::{
    self, Config, ConfigFile, ConfigSource, Mode, OPERATOR_KEYS, PullRequests, RepositoryConfig, Schedule,
};
use tagboat::govern::{Listed, Policies, PolicyQuery, Selection, Status, Unmanaged};
use tagboat::image::ImageName;
use tagboat::interop::Automation;
use tagboat::manifest::{Finding, Marker, MarkerKind};
use tagboat::policy::Pinning;
use tagboat::run::{Folder, list};
use tagboat::text::Position;

/// Returns the configuration of both files, or the message about them.
fn merged(operator: &str, repository: &str) -> Result<Config, String> {
    let files = [
        ConfigFile {
            text: operator,
            name: "/etc/tagboat/operator.yaml",
            folder: Path::new("/etc/tagboat"),
            source: ConfigSource::Operator,
        },
        ConfigFile { text: repository, name: "tagboat.yaml", folder: Path::new(""), source: ConfigSource::Repository },
    ];
    config::parse_all(&files, None).map_err(|errors| errors.to_string())
}

/// A value for each key that only the operator may set.
#[rustfmt::skip]
const OPERATOR_ONLY: &[(&str, &str)] = &[
    ("repository-config",             "repository-config: ignore"),
    ("registries.*.username-env",     "registries: { a.test: { username-env: A, password-env: B } }"),
    ("registries.*.password-env",     "registries: { a.test: { username-env: A, password-env: B } }"),
    ("registries.*.token-env",        "registries: { a.test: { token-env: A } }"),
    ("registries.*.client-cert-file", "registries: { a.test: { client-cert-file: a.pem } }"),
    ("registries.*.auth-hosts",       "registries: { a.test: { auth-hosts: [b.test] } }"),
    ("registries.*.oci-layout",       "registries: { a.test: { oci-layout: a } }"),
    ("git.remote",                    "git: { remote: other }"),
    ("git.sign",                      "git: { sign: { format: ssh, key: k } }"),
    ("git.pass-env",                  "git: { pass-env: [AWS_PROFILE] }"),
];

#[test]
fn only_the_operator_sets_keys_that_name_credentials() {
    assert_eq!(OPERATOR_ONLY.iter().map(|(key, _)| *key).collect::<Vec<_>>(), OPERATOR_KEYS);
    for (key, text) in OPERATOR_ONLY {
        merged(text, "").unwrap_or_else(|errors| panic!("{key} in the operator's file: {errors}"));
        let message = merged("", text).expect_err(key);
        let name = key.rsplit('.').next().unwrap();
        assert!(
            message.contains(&format!("`{name}` is not allowed in the configuration of a repository")),
            "{message}"
        );
        assert!(message.contains("tagboat.yaml:1:") && message.contains("docs/security.md#"), "{message}");
        // A merge key or an alias is no way around it.
        let alias = format!("x: &x {{ {} }}\n<<: *x", text.trim());
        assert!(merged("", &alias).is_err(), "{alias}");
    }
}

#[test]
fn operator_wins_where_both_set_a_value() {
    type Read = fn(&Config) -> String;
    let max_open: Read = |config| config.pull_requests.max_open.to_string();
    let labels: Read = |config| config.pull_requests.labels.join(",");
    let mirror: Read =
        |config| format!("{:?}", config.registries.get("a.test").map(|host| host.mirror.as_ref().map(|m| &*m.value)));
    let hub: Read = |config| {
        let mirrors =
            config.registries.iter().map(|(host, registry)| (host, registry.mirror.as_ref().map(|m| &*m.value)));
        format!("{:?}", mirrors.collect::<Vec<_>>())
    };
    let plain: Read = |config| format!("{:?}", config.registries.get("a.test").map(|host| host.plain_http));
    let base: Read = |config| format!("{:?}", config.git.base.as_ref().map(ToString::to_string));
    let pulls: Read = |config| format!("{:?}", config.forge.folder.as_ref().map(|folder| folder.source));
    let url: Read = |config| format!("{:?}", config.forge.url.as_ref().map(|url| (&*url.value, url.source)));
    let tags: Read = |config| format!("{:?}", config.limits.max_tags);
    let ca: Read = |config| config.registries["a.test"].ca_file.as_ref().unwrap().value.display().to_string();
    let rules: Read = |config| config.rules.iter().map(|rule| rule.source.as_str()).collect::<Vec<_>>().join(",");
    let release: Read = |config| format!("{:?}", config.policies["release"].settings);
    #[rustfmt::skip]
    let rows: &[(&str, &str, Read, &str)] = &[
        // the operator                              the repository                             value      is
        ("pull-requests: { max-open: 2 }",           "pull-requests: { max-open: 50 }",         max_open,  "2"),
        ("",                                         "pull-requests: { max-open: 50 }",         max_open,  "50"),
        ("pull-requests: { labels: [a] }",           "pull-requests: { labels: [b, c] }",       labels,    "a"),
        ("registries: { a.test: { mirror: m.test } }", "registries: { a.test: { mirror: evil.test } }", mirror, "Some(Some(\"m.test\"))"),
        ("registries: { a.test: { page-size: 5 } }", "registries: { a.test: { mirror: evil.test } }", mirror, "Some(None)"),
        ("registries: { docker.io: { mirror: m } }", "registries: { index.docker.io: { mirror: evil.test } }", hub, "[(\"docker.io\", Some(\"m\"))]"),
        ("registries: { index.docker.io: { page-size: 5 } }", "registries: { docker.io: { mirror: evil.test }, registry-1.docker.io: { mirror: evil.test } }", hub, "[(\"docker.io\", None)]"),
        ("registries: { docker.io: { mirror: m } }", "registries: { registry.hub.docker.com: { mirror: evil.test } }", hub, "[(\"docker.io\", Some(\"m\"))]"),
        ("registries: { a.test: { mirror: m } }",    "registries: { A.Test: { mirror: evil.test } }", hub,  "[(\"a.test\", Some(\"m\"))]"),
        ("registries: { 'A.Test:5000': { mirror: m } }", "registries: { 'a.test:5000': { mirror: evil.test } }", hub, "[(\"a.test:5000\", Some(\"m\"))]"),
        ("registries: { a.test: { token-env: T } }", "registries: { a.test: { plain-http: true } }", plain, "Some(None)"),
        ("",                                         "registries: { a.test: { plain-http: true } }", plain, "Some(Some(Repository))"),
        ("registries: { a.test: { plain-http: true } }", "",                                    plain,     "Some(Some(Operator))"),
        ("git: { base: prod }",                      "git: { base: main }",                     base,      "Some(\"prod\")"),
        ("forge: { url: 'https://a.test' }",         "forge: { url: 'https://evil.test' }",     url,       "Some((\"https://a.test\", Operator))"),
        ("forge: { kind: gitea }",                   "forge: { url: 'https://evil.test' }",     url,       "Some((\"https://evil.test\", Repository))"),
        ("forge: { kind: gitea }",                   "forge: { folder: pulls }",                pulls,     "None"),
        ("forge: { url: 'https://a.test' }",         "forge: { folder: pulls }",                pulls,     "None"),
        ("forge: { kind: local, folder: pulls }",    "forge: { url: 'https://evil.test' }",     url,       "None"),
        ("",                                         "forge: { folder: pulls }",                pulls,     "Some(Repository)"),
        ("limits: { max-tags: 10 }",                 "limits: { max-tags: 4000000 }",           tags,      "Some(10)"),
        ("registries: { a.test: { ca-file: a.pem } }", "",                                      ca,        "/etc/tagboat/a.pem"),
        ("",                                         "registries: { a.test: { ca-file: a.pem } }", ca,     "a.pem"),
        ("rules: [{ images: [a] }]",                 "rules: [{ images: [b] }, { images: [c] }]", rules,   "/etc/tagboat/operator.yaml:1,tagboat.yaml:1,tagboat.yaml:1"),
        ("policies: { release: { semver: '1' } }",   "policies: { main: { semver: '2' } }",     release,   "1"),
    ];
    for (operator, repository, value, expected) in rows {
        let config = merged(operator, repository).unwrap();
        let found = value(&config);
        assert!(found == *expected || found.contains(&format!("\"{expected}\"")), "{operator} + {repository}: {found}");
    }
}

#[test]
fn repository_uses_policies_of_the_operator_and_reports_its_own_lines() {
    let operator = "policies: { release: { semver: '^1' } }";
    assert!(merged(operator, "rules: [{ policy: release }]").is_ok());
    let message = merged(operator, "\nrules: [{ policy: relaese }]").unwrap_err();
    assert!(message.contains("tagboat.yaml:2:") && message.contains("use `release`"), "{message}");
    let message = merged("limits: { max-tags: 0 }", "rules: [{ policy: none }]").unwrap_err();
    let places = ["/etc/tagboat/operator.yaml:1:", "tagboat.yaml:1:"].map(|place| message.contains(place));
    assert_eq!(places, [true, true], "{message}");
}

/// Rules of the repository that name it would otherwise silently mean the operator's.
#[test]
fn policy_of_the_same_name_in_both_files_is_an_error() {
    let operator = "\npolicies: { release: { semver: '1' } }";
    for repository in ["policies:\n  release: { semver: '2' }", "policies:\n  release: { semver: '1' }"] {
        let message = merged(operator, repository).unwrap_err();
        for part in [
            "policy `release` is already defined at /etc/tagboat/operator.yaml:2",
            "tagboat.yaml:2:3",
            "rename this policy",
        ] {
            assert!(message.contains(part), "{part}: {message}");
        }
    }
}

#[test]
fn repository_cannot_loosen_the_gates_of_the_operator() {
    let select = |operator: &str, repository: &str| -> Result<Selection, Unmanaged> {
        let config = merged(operator, repository).unwrap();
        let name = ImageName::new("ghcr.io/acme/api").unwrap();
        let query = PolicyQuery {
            name: &name,
            path: "a.yaml",
            line: 1,
            marker: None,
            holds_name: true,
            has_own_digest: false,
            is_chart: false,
        };
        Policies::new(&config, &Automation::default()).select(&query)
    };
    let by_commit = |selection: &Selection| selection.mode == Mode::Commit;
    let hours = |selection: &Selection| selection.gates.min_age.map(|age| age.as_secs() / 3600);
    let policies = "policies: { release: { semver: '^1' } }\n";
    #[rustfmt::skip]
    let rows = [
        // the operator's rules               the repository's rules                     policy     hours      pinned  by commit
        ("rules: [{ min-age: 3d }]",          "rules: [{ policy: release }]",            "release", Some(72),  false,  false),
        ("rules: [{ min-age: 3d }]",          "rules: [{ policy: release, min-age: 1h }]", "release", Some(72), false, false),
        ("rules: [{ min-age: 3d }]",          "rules: [{ policy: release, min-age: 5d }]", "release", Some(120), false, false),
        ("rules: [{ min-age: 3d, pin: true }]", "",                                      "shape",   Some(72),  true,   false),
        ("rules: [{ pin: true }]",            "rules: [{ policy: release, pin: false }]", "release", None,     true,   false),
        ("rules: [{ policy: shape, min-age: 3d }]", "rules: [{ policy: release }]",      "shape",   Some(72),  false,  false),
        ("rules: [{ images: [other], min-age: 3d }]", "rules: [{ policy: release }]",    "release", None,      false,  false),
        ("rules: [{ mode: pull-request }]",   "rules: [{ policy: release, mode: commit }]", "release", None,   false,  false),
        ("rules: [{ mode: pull-request }]",   "rules: [{ mode: commit }]",               "shape",   None,      false,  false),
        ("rules: [{ min-age: 3d }]",          "rules: [{ mode: commit }]",               "shape",   Some(72),  false,  true),
        ("rules: [{ mode: commit }]",         "rules: [{ policy: release }]",            "release", None,      false,  true),
        ("rules: [{ mode: commit }]",         "rules: [{ mode: pull-request }]",         "shape",   None,      false,  false),
        ("rules: [{ min-age: 3d }, { min-age: 1d, pin: true }]", "rules: [{ policy: release }]", "release", Some(72), true, false),
        ("rules: [{ pin: true }, { min-age: 3d }, { mode: pull-request }]", "rules: [{ mode: commit }]", "shape", Some(72), true, false),
        ("rules: [{ min-age: 1d }, { min-age: 3d, pin: true }]", "",                     "shape",   Some(72),  true,   false),
        ("rules: [{ images: [other], min-age: 9d }, { min-age: 3d }]", "rules: [{ policy: release }]", "release", Some(72), false, false),
        ("rules: [{ min-age: 3d }, { policy: shape, min-age: 1d }]", "rules: [{ policy: release }]", "shape", Some(72), false, false),
        ("rules: [{ policy: shape }, { min-age: 3d }]", "rules: [{ policy: release }]",  "shape",   None,      false,  false),
    ];
    for (operator, repository, policy, age, pinned, commits) in rows {
        let selection = select(operator, &format!("git: {{ base: main }}\n{policies}{repository}")).unwrap();
        assert_eq!(
            (selection.name.as_str(), hours(&selection), selection.pinning > Pinning::Keep, by_commit(&selection)),
            (policy, age, pinned, commits),
            "{operator} + {repository}"
        );
    }
}

/// A rule of the operator that names no policy adds gates. It makes no image managed that the rules of the repository leave alone.
#[test]
fn repository_selects_the_images_where_the_operator_only_adds_gates() {
    #[rustfmt::skip]
    let rows = [
        // the operator's rules                     the repository's rules                          a marker    policy, or why there is none
        ("rules: [{ min-age: 3d }]",                "rules: [{ images: [other] }]",                 false,      "no rule matches"),
        ("rules: [{ min-age: 3d }, { pin: true }]", "rules: [{ paths: [b.yaml], policy: release }]", false,     "no rule matches"),
        ("rules: [{ min-age: 3d }]",                "rules: [{ policy: ignore }]",                  false,      "the rule at tagboat.yaml:2 has the policy `ignore`"),
        ("rules: [{ min-age: 3d }, { policy: ignore }]", "rules: [{ policy: release }]",            false,      "the rule at /etc/tagboat/operator.yaml:1 has the policy `ignore`"),
        ("rules: [{ min-age: 3d }]",                "",                                             false,      "shape"),
        ("rules: [{ min-age: 3d }]",                "rules: [{ images: [other] }]",                 true,       "release"),
    ];
    for (operator, repository, has_marker, expected) in rows {
        let config = merged(operator, &format!("policies: {{ release: {{ semver: '^1' }} }}\n{repository}")).unwrap();
        let name = ImageName::new("ghcr.io/acme/api").unwrap();
        let position = Position { line: 1, column: 1 };
        let marker = Marker { kind: MarkerKind::Tagboat, policy: "release".to_owned(), position };
        let marker = has_marker.then_some(&marker);
        let query = PolicyQuery {
            name: &name,
            path: "a.yaml",
            line: 1,
            marker,
            holds_name: true,
            has_own_digest: false,
            is_chart: false,
        };
        match Policies::new(&config, &Automation::default()).select(&query) {
            Ok(selection) => {
                assert_eq!(selection.name, expected, "{operator} + {repository}");
                assert!(selection.gates.min_age.is_some(), "{operator} + {repository}");
            }
            Err(cause) => assert_eq!(cause.to_string(), expected, "{operator} + {repository}"),
        }
    }
}

/// What names a policy for an image in the files of a repository, and what the operator's rules leave of it.
#[test]
fn nothing_in_a_repository_prevails_over_a_policy_ignore_of_the_operator() {
    const POD: &str = "kind: Pod\nspec:\n  containers:\n";
    const IMAGE: &str = "ghcr.io/acme/frozen:1.0";
    let marked = |marker: &str| format!("{POD}  - image: {IMAGE} # {marker}\n");
    let plain = format!("{POD}  - image: {IMAGE}\n");
    let tagboat = marked("tagboat: loose");
    let misspelled = marked("tagboat: lose");
    let flux = marked(r#"{"$imagepolicy": "apps:frozen"}"#);
    let renovate =
        "a:\n  # renovate: datasource=docker depName=ghcr.io/acme/frozen versioning=semver\n  tag: \"1.0\"\n";
    let argo_cd = "apiVersion: argoproj.io/v1alpha1\nkind: Application\nmetadata:\n  name: app\n  annotations:\n    \
         argocd-image-updater.argoproj.io/image-list: app=ghcr.io/acme/frozen\n    \
         argocd-image-updater.argoproj.io/app.update-strategy: semver\nspec:\n  source:\n    \
         kustomize: { images: ['ghcr.io/acme/frozen:1.0'] }\n";
    let glob = "images: ['**/frozen*']";
    let full = "images: [ghcr.io/acme/frozen]";
    let ignored = "ignored: the rule at /etc/tagboat/operator.yaml:1 has the policy `ignore`";
    let both_ways = "held: conflicting policies: `loose` from the marker at app.yaml:4 and `strict` from the rule at /etc/tagboat/operator.yaml:1";
    #[rustfmt::skip]
    let rows = [
        // the operator's rule                     the repository's rule               a file      expected
        (format!("{glob}, policy: ignore"),        "",                                 &*plain,    ignored),
        (format!("{glob}, policy: ignore"),        "",                                 &tagboat,   ignored),
        (format!("{glob}, policy: ignore"),        "",                                 &misspelled,  ignored),
        (format!("{glob}, policy: ignore"),        "",                                 &flux,      ignored),
        (format!("{glob}, policy: ignore"),        "",                                 renovate,   ignored),
        (format!("{glob}, policy: ignore"),        "",                                 argo_cd,    ignored),
        (format!("{glob}, policy: ignore"),        "images: [ghcr.io/acme/frozen], policy: loose", &plain, ignored),
        (format!("{full}, policy: ignore"),        "",                                 &tagboat,   ignored),
        (format!("{full}, policy: ignore"),        "",                                 renovate,   ignored),
        (format!("{full}, policy: ignore"),        "",                                 argo_cd,    ignored),
        ("paths: [app.yaml], policy: ignore".into(), "",                               &tagboat,   ignored),
        // It matches another file or image.
        ("paths: [b.yaml], policy: ignore".into(), "",                                 &tagboat,   "managed: loose"),
        ("images: ['**/api'], policy: ignore".into(), "",                              &tagboat,   "managed: loose"),
        // A policy of the operator for a pattern is less specific than a marker, one for the full name is not.
        (format!("{glob}, policy: strict"),        "",                                 &tagboat,   "managed: loose"),
        (format!("{full}, policy: strict"),        "",                                 &tagboat,   both_ways),
        // The author of a marker may make exceptions from rules of the same repository.
        ("images: [other]".into(),                 "images: ['**/frozen*'], policy: ignore", &tagboat, "managed: loose"),
        ("images: [other]".into(),                 "images: ['**/frozen*'], policy: ignore", argo_cd,  "managed: app"),
        ("images: [other]".into(),                 "images: ['**/frozen*'], policy: ignore", renovate, "managed: renovate"),
    ];
    for (operator, repository, file, expected) in rows {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("app.yaml"), file).unwrap();
        let operator = format!("rules: [{{ {operator} }}]\npolicies: {{ strict: {{ semver: '^1' }} }}");
        let rule = if repository.is_empty() { String::new() } else { format!("rules: [{{ {repository} }}]\n") };
        let config = merged(&operator, &format!("{rule}policies: {{ loose: {{ semver: '*' }} }}")).unwrap();
        let listed = list(&Folder::new(folder.path()), &config);
        let is_frozen = |one: &&Listed| matches!(&one.finding, Finding::Occurrence(found) if found.reference.name().base() == "frozen");
        let statuses: Vec<String> = listed.iter().filter(is_frozen).map(|one| describe(&one.status)).collect();
        assert!(!statuses.is_empty(), "{file}: {listed:?}");
        assert!(statuses.iter().all(|status| status.starts_with(expected)), "{operator} + {rule}: {file}{statuses:?}");
    }
}

fn describe(status: &Status) -> String {
    match status {
        Status::Managed(selection) => format!("managed: {}", selection.name),
        Status::Held { reason, .. } => format!("held: {reason}"),
        Status::Ignored(reason) => format!("ignored: {reason}"),
    }
}

#[test]
fn empty_list_of_the_operator_is_set() {
    let lists = "labels: [a], reviewers: [b], team-reviewers: [c], assignees: [d], hold-labels: [e], schedule: [{ days: [mon] }]";
    let none = "labels: [], reviewers: [], team-reviewers: [], assignees: [], hold-labels: [], schedule: []";
    let counts = |operator: &str, repository: &str| {
        let [operator, repository] = [operator, repository].map(|lists| format!("pull-requests: {{ {lists} }}\n"));
        let written = merged(&operator, &repository).unwrap().pull_requests;
        let PullRequests { labels, reviewers, team_reviewers, assignees, hold_labels, schedule, .. } = written;
        let texts = [labels, reviewers, team_reviewers, assignees, hold_labels].map(|list| list.len());
        (texts, schedule != Schedule::default())
    };
    assert_eq!(counts("", lists), ([1; 5], true));
    assert_eq!(counts(none, lists), ([0; 5], false));
    assert_eq!(counts(lists, none), ([1; 5], true));
}

#[test]
fn repository_config_is_merged_by_default() {
    assert_eq!(config::parse("", "t").unwrap().repository_config, RepositoryConfig::Merge);
    assert_eq!(
        config::parse("repository-config: required", "t").unwrap().repository_config,
        RepositoryConfig::Required
    );
    let message = config::parse("repository-config: maybe", "t").unwrap_err().to_string();
    assert!(message.contains("`merge`, `ignore`, `required`"), "{message}");
}
