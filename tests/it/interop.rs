//! Policies of other tools in a repository: objects of Flux, applications of Argo CD, comments of Renovate. Each folder of
//! `fixtures/interop/` is a repository; the text file beside it holds the status of each reference and each notice.
//! `BLESS=1` writes the text files.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use tagboat::config::{self, Config};
use tagboat::govern::Status;
use tagboat::interop::renovate;
use tagboat::{manifest, run};

fn folders() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/interop");
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let mut folders: Vec<PathBuf> = entries.filter(|path| path.is_dir()).collect();
    folders.sort();
    folders
}

fn config_of(folder: &Path) -> Config {
    let text = fs::read_to_string(folder.join(config::FILE_NAME)).unwrap_or_default();
    if text.is_empty() { Config::default() } else { config::parse(&text, config::FILE_NAME).unwrap() }
}

/// Returns the status of each reference and notice in a repository.
fn actual(folder: &Path, config: &Config) -> String {
    let mut actual = String::new();
    for one in run::list(&run::Folder::new(folder), config) {
        let place = one.place();
        let what = match &one.finding {
            manifest::Finding::Occurrence(occurrence) => occurrence.reference.to_string(),
            manifest::Finding::Notice(notice) => format!("`{}`", notice.place.value),
        };
        let status = match &one.status {
            Status::Managed(selection) => {
                let platforms: Vec<String> = selection.gates.platforms.iter().map(ToString::to_string).collect();
                let platforms =
                    if platforms.is_empty() { String::new() } else { format!(" on {}", platforms.join(",")) };
                format!("{} ({}{platforms}) from {}", selection.entry.describe(), selection.name, selection.source)
            }
            Status::Held { reason, .. } => format!("HELD: {reason}"),
            Status::Ignored(reason) => format!("ignored: {reason}"),
        };
        writeln!(actual, "{}:{} {what}\n    {status}", place.path, place.position.line).unwrap();
    }
    actual
}

#[test]
fn selects_policies_of_other_tools() {
    let mut differing = Vec::new();
    for folder in folders() {
        let actual = actual(&folder, &config_of(&folder));
        let file = folder.with_extension("txt");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&file, &actual).unwrap();
        }
        if fs::read_to_string(&file).unwrap_or_default() != actual {
            differing.push(format!("{}:\n{actual}", file.display()));
        }
    }
    assert!(differing.is_empty(), "{}", differing.join("\n"));
}

/// `init --from` writes the expected file for the same repositories and for `fixtures/init_from/`, and the file is valid. With
/// it, rules name the same policies as the objects of other tools: no two conflict.
#[test]
fn translations_are_valid_and_keep_every_policy() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let repository = |name: &str| fixtures.join("interop").join(name);
    #[rustfmt::skip]
    let rows = [
        ("renovate",          run::Tool::Renovate, fixtures.join("init_from/renovate")),
        ("renovate-overlaps", run::Tool::Renovate, fixtures.join("init_from/renovate-overlaps")),
        ("flux",              run::Tool::Flux,     repository("flux")),
        ("flux-digests",      run::Tool::Flux,     repository("flux-digests")),
        ("flux-automations",  run::Tool::Flux,     repository("flux-automations")),
        ("argo-annotations",  run::Tool::ArgoCd,   repository("argo-annotations")),
        ("argo-objects",      run::Tool::ArgoCd,   repository("argo-objects")),
        ("argo-conflicts",    run::Tool::ArgoCd,   repository("conflicts")),
    ];
    for (name, tool, folder) in rows {
        let found = run::translate(&run::Folder::new(&folder), tool).unwrap();
        let file = fixtures.join("init_from").join(name).with_extension("yaml");
        if std::env::var_os("BLESS").is_some() {
            fs::write(&file, &found.text).unwrap();
        }
        assert_eq!(fs::read_to_string(&file).unwrap_or_default(), found.text, "{name}");
        let config = config::parse(&found.text, "tagboat.yaml")
            .unwrap_or_else(|error| panic!("{name}: {error}\n{}", found.text));
        assert!(found.left.iter().all(|line| found.text.contains(line) && !line.contains("planted-password")));
        if name == "argo-conflicts" {
            continue;
        }
        for one in run::list(&run::Folder::new(&folder), &config) {
            let Status::Held { reason, .. } = &one.status else { continue };
            assert!(
                !reason.contains("conflicting policies"),
                "{name}: {}:{}: {reason}",
                one.place().path,
                one.place().position.line
            );
        }
    }
}

/// The file of `init` manages more than the default, and holds nothing that was managed before: what a marker or an object of
/// another tool decides stays.
#[test]
fn starter_holds_nothing_that_was_managed() {
    let fixtures = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures");
    let manifests = fs::read_dir(fixtures.join("manifest")).unwrap().map(|entry| entry.unwrap().path());
    let folders = folders().into_iter().chain(manifests.filter(|path| path.is_dir()));
    let (mut managed, mut decided) = (0, 0);
    for folder in folders {
        let snapshot = run::Folder::new(&folder);
        let Ok(Some(text)) = run::starter(&snapshot) else { continue };
        let config = config::parse(&text, "tagboat.yaml").unwrap();
        let before = run::list(&snapshot, &Config::default());
        let after = run::list(&snapshot, &config);
        assert_eq!(before.len(), after.len(), "{}", folder.display());
        for (before, after) in before.iter().zip(&after) {
            let Status::Managed(selection) = &before.status else { continue };
            let place = format!("{}: {}:{}", folder.display(), after.place().path, after.place().position.line);
            managed += 1;
            match &after.status {
                Status::Managed(other) if selection.is_default() => assert!(other.names_image || other.name == "shape"),
                Status::Managed(other) => {
                    decided += 1;
                    assert_eq!((&other.name, &other.source), (&selection.name, &selection.source), "{place}\n{text}");
                }
                other => panic!("{place}: {other:?}\n{text}"),
            }
        }
    }
    assert!(managed > 100 && decided > 10, "{managed} managed, {decided} decided by other tools");
}

#[test]
fn rejects_invalid_renovate_configuration() {
    let deep = format!("{{a: {}1{}}}", "[".repeat(200), "]".repeat(200));
    #[rustfmt::skip]
    let rows = [
        ("{ a: ",       "cannot read renovate.json: "),
        ("[]",          "expected a map"),
        (&*deep,        "nested too deep"),
    ];
    for (text, expected) in rows {
        let error = renovate::translate("renovate.json", text).unwrap_err().to_string();
        assert!(error.contains(expected), "{text}: {error}");
    }
    let empty = tempfile::tempdir().unwrap();
    for tool in [run::Tool::Renovate, run::Tool::Flux, run::Tool::ArgoCd] {
        assert!(run::translate(&run::Folder::new(empty.path()), tool).is_err(), "{tool:?}");
    }
}

#[cfg(unix)]
mod runs {
    use crate::support::http_double::{Double, ReceivedRequest, Reply};
    use crate::support::repository::Bare;
    use crate::support::tagboat::Tagboat;

    const WEB: &str = "apiVersion: argoproj.io/v1alpha1
kind: Application
metadata:
  name: web
  annotations:
    argocd-image-updater.argoproj.io/image-list: web=HOST/acme/any:~1.2
spec:
  source: { repoURL: git@acme.dev, path: web }
---
apiVersion: argoproj.io/v1alpha1
kind: Application
metadata: { name: api-prod }
spec:
  source:
    repoURL: git@acme.dev
    path: charts/api
    helm:
      valueFiles: [/api/prod.yaml]
      parameters: [{ name: image.tag, value: 1.2.0 }]
";
    const UPDATER: &str = "apiVersion: argocd-image-updater.argoproj.io/v1alpha1
kind: ImageUpdater
metadata: { name: team }
spec:
  applicationRefs:
  - namePattern: api-*
    images:
    - { alias: api, imageName: \"HOST/acme/any:^1\", manifestTargets: { helm: { tag: image.tag } } }
";
    const FLUX: &str = "apiVersion: image.toolkit.fluxcd.io/v1
kind: ImageRepository
metadata: { name: any, namespace: flux-system }
spec: { image: HOST/acme/any }
---
apiVersion: image.toolkit.fluxcd.io/v1
kind: ImagePolicy
metadata: { name: any, namespace: flux-system }
spec: { imageRepositoryRef: { name: any }, policy: { semver: { range: 1.2.1 } } }
";

    #[test]
    fn init_from_prints_translation_and_reports_the_rest() {
        let folder = super::folders().into_iter().find(|folder| folder.ends_with("flux")).unwrap();
        let folder = folder.display().to_string();
        let tagboat = Tagboat::new();
        let output = tagboat.run(&["init", "--from", "flux", "--stdout", "-C", &folder]);
        assert_eq!((output.code, super::config::parse(&output.stdout, "x").is_ok()), (0, true), "{output:?}");
        assert!(
            output.stderr.contains("not translated: ") && output.stderr.contains("secretRef: credentials"),
            "{output:?}"
        );
        let output = tagboat.run(&["init", "--from", "renovate", "--stdout", "-C", &folder]);
        assert!(output.code == 64 && output.stderr.contains("none of renovate.json, "), "{output:?}");
    }

    /// All references have the same image and tag, but each one is updated by its own policy: of an application, an
    /// `ImageUpdater`, an object of Flux, or a marker.
    #[tokio::test(flavor = "multi_thread")]
    async fn run_applies_policies_of_several_tools() {
        let tags = |_: &ReceivedRequest| Reply::tags(["1.2.0", "1.2.1", "1.2.2", "1.3.0", "2.0.0"]);
        let registry = Double::start(tags).await;
        let host = registry.host();
        #[rustfmt::skip]
        let files = [
            // path                     before                                                               after
            ("web/kustomization.yaml",  "images:\n- {name: HOST/acme/any, newTag: 1.2.0}\n",                 "1.2.2"),
            ("api/prod.yaml",           "image:\n  tag: 1.2.0 # of the chart\n",                             "1.3.0"),
            ("argo/apps.yaml",          WEB,                                                                 "1.3.0"),
            ("flux/app.yaml",           "tag: 1.2.0 # {\"$imagepolicy\": \"flux-system:any:tag\"}\n",        "1.2.1"),
            ("marked/wide.yaml",        "image: HOST/acme/any:1.2.0 # tagboat: wide\n",                      "2.0.0"),
            ("marked/narrow.yaml",      "image: HOST/acme/any:1.2.0 # tagboat: narrow\n",                    "1.2.2"),
            ("left/app.yaml",           "image: HOST/acme/any:1.2.0\n",                                      "1.2.0"),
            ("argo/updater.yaml",       UPDATER,                                                             ""),
            ("flux/objects.yaml",       FLUX,                                                                ""),
        ];
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        let config = format!(
            "policies: {{ wide: {{ semver: '*' }}, narrow: {{ semver: ~1.2 }} }}\nrules: [{{ images: ['**'], policy: ignore }}]\n\
             pull-requests: {{ group: all }}\nregistries: {{ '{host}': {{ plain-http: true }} }}\n"
        );
        let forge = format!("forge: {{ kind: local, folder: {} }}\n", folder.path().join("pulls").display());
        let written = files.map(|(path, text, _)| (path, text.replace("HOST", &host)));
        let all = written.iter().map(|(path, text)| (*path, &**text)).chain([("tagboat.yaml", &*config)]);
        bare.commit("main", &all.collect::<Vec<_>>(), "Deploy");
        let output = Tagboat::new().with_config(&forge).run(&["run", "-C", &bare.url(), "--format", "json"]);
        assert_eq!(output.code, 0, "{output:?}");
        for ((path, before), (_, _, tag)) in written.iter().zip(files) {
            let after = String::from_utf8(bare.file("tagboat/all", path)).unwrap();
            assert_eq!(after, before.replace("1.2.0", tag), "{path}: {output:?}");
        }
        assert_eq!(registry.received().iter().filter(|request| request.path().ends_with("/tags/list")).count(), 1);
    }
}

/// Every version of these versionings is stable in Renovate, so that `ignoreUnstable: false` changes nothing.
#[test]
fn unstable_versions_do_not_change_a_versioning_without_them() {
    #[rustfmt::skip]
    let rows = [
        // versioning                  allowedVersions          the policy has                  left
        (r"regex:^b(?<major>\\d+)$",   "",                      "pattern: \"^b(?<major>",       ""),
        ("redhat",                     "",                      "numeric-or-zero",              ""),
        ("loose",                      "",                      "shape: loose",                 ""),
        ("docker",                     "",                      "pre-releases: true",           ""),
        ("semver",                     "",                      "pre-releases: true",           ""),
        ("redhat",                     ", allowedVersions: '<9'", "",                           "the range <9 does not apply to a `redhat` versioning"),
    ];
    for (versioning, allowed, expected, left) in rows {
        let text = format!("{{ versioning: '{versioning}', ignoreUnstable: false{allowed} }}");
        let translation = renovate::translate("renovate.json", &text).unwrap();
        let has_left = translation.left.iter().any(|line| line.contains(left));
        assert!(
            translation.text.contains(expected) && (left.is_empty() == translation.left.is_empty()),
            "{text}: {translation:?}"
        );
        assert!(left.is_empty() || has_left, "{text}: {translation:?}");
        config::parse(&translation.text, "tagboat.yaml").unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}

/// A package rule comes before those that contain it, with their settings: the last one in Renovate takes precedence.
#[test]
fn package_rules_for_fewer_images_come_first() {
    let store = r"{ matchPackageNames: ['acme/store'], versioning: 'regex:^REL\\.(?<major>\\d{4})-(?<minor>\\d{2})$' }";
    let no_major = "{ matchDatasources: ['docker'], matchUpdateTypes: ['major'], enabled: false }";
    let acme = "{ matchPackageNames: ['acme/**'], minimumReleaseAge: '2 days' }";
    let off = "{ matchDatasources: ['docker'], enabled: false }";
    let on = "{ matchPackageNames: ['acme/api'], enabled: true }";
    let dev = "{ matchFileNames: ['dev/**'], minimumReleaseAge: null }";
    #[rustfmt::skip]
    let rows = [
        // rules                       images of the rules in order, and words that the first one has
        (vec![store, no_major],        vec!["[acme/store]", "[\"**\"]"],                     "policy: packageRules-0"),
        (vec![no_major, store],        vec!["[acme/store]", "[\"**\"]"],                     "policy: packageRules-1"),
        (vec![on, acme],               vec!["[acme/api]", "[\"acme/**\"]", "[\"**\"]"],      "min-age: \"2d\""),
        (vec![acme, store, acme],      vec!["[acme/store]", "[\"acme/**\"]", "[\"**\"]"],    "min-age: \"2d\""),
        (vec![off, on],                vec!["[acme/api]", "[\"**\"]"],                       ""),
        (vec![acme, off, store],       vec!["[acme/store]", "[\"acme/**\"]", "[\"**\"]"],    "policy: ignore"),
        (vec![dev, off],               vec!["[\"**\"]", "[\"**\"]"],                         "paths: [\"dev/**\"]"),
    ];
    for (rules, expected, first) in rows {
        let text = format!("{{ packageRules: [{}] }}", rules.join(", "));
        let translation = renovate::translate("renovate.json", &text).unwrap();
        let written = translation.text.split("\nrules:\n").nth(1).unwrap();
        let images: Vec<&str> =
            written.lines().filter_map(|line| line.trim_start().strip_prefix("- images: ")).collect();
        assert_eq!(images, expected, "{text}:\n{}", translation.text);
        let one = written.split("  # ").nth(1).unwrap();
        assert!(one.contains(first), "{first} in {one}");
        assert!(translation.left.iter().all(|line| !line.contains("versioning")), "{:?}", translation.left);
        config::parse(&translation.text, "tagboat.yaml").unwrap_or_else(|error| panic!("{text}: {error}"));
    }
}
