//! `tagboat edit` on a Kustomize repository and on Helm values: only the bytes of tags and digests change, and the output of
//! `kubectl kustomize` differs only in images.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use rayon::prelude::*;
use tagboat::config::Config;
use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};
use tagboat::image::{Digest, ImageReference, Tag};
use tagboat::manifest::{self, EditTarget, FindOptions, Finding};
use tagboat::registry::{HostSettings, Keychain, Registries, ResponseLimits};
use tagboat::run;
use tempfile::TempDir;

use crate::support::process::find;
use crate::support::repository::snapshot;
use crate::support::{shared, unpacked};

/// Images and their tags.
const IMAGES: &[(&str, &[&str])] = &[
    ("web", &["1.4.0", "1.4.1", "1.5.0-rc.1", "1.5.0-rc.2"]),
    ("hardened-web", &["1.4.0", "1.4.2"]),
    ("proxy", &["v2.0.0", "v2.0.1", "v2.0.10"]),
    ("shop", &["1.8", "1.9", "1.10"]),
];

/// Files and the replacements in each; `@IMAGE:TAG` means the digest of that tag.
#[rustfmt::skip]
const EDITS: &[(&str, &[(&str, &str)])] = &[
    ("kustomize/base/deployment.yaml",                 &[("web:1.4.0", "web:1.4.1"), ("proxy:v2.0.0", "proxy:v2.0.10")]),
    ("kustomize/overlays/dev/kustomization.yaml",      &[("1.5.0-rc.1", "1.5.0-rc.2")]),
    ("kustomize/overlays/staging/kustomization.yaml",  &[("v2.0.1", "v2.0.10")]),
    ("kustomize/overlays/prod/kustomization.yaml",     &[("1.4.0", "1.4.2"), ("@hardened-web:1.4.0", "@hardened-web:1.4.2")]),
    ("helm/values.yaml",                               &[("1.9", "1.10"), ("v2.0.0", "v2.0.10")]),
    // Without quotes, YAML reads 1.10 as the number 1.1.
    ("helm/values-prod.yaml",                          &[("1.8", "\"1.10\"")]),
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/run")
}

#[tokio::test]
async fn edits_change_only_tags_and_digests() {
    let embedded = EmbeddedRegistry::start().await.unwrap();
    let mut digests = BTreeMap::new();
    for (name, tags) in IMAGES {
        for (day, tag) in tags.iter().enumerate() {
            let created = jiff::Timestamp::from_second(86_400 * i64::try_from(day).unwrap()).unwrap();
            let spec = ImageSpec { created, ..ImageSpec::default() };
            digests.insert(format!("@{name}:{tag}"), embedded.push(&format!("acme/{name}"), tag, &spec).unwrap());
        }
    }
    let folder = TempDir::new().unwrap();
    for part in ["kustomize", "helm"] {
        for (path, bytes) in snapshot(&fixtures().join(part)) {
            let target = folder.path().join(path.strip_prefix(fixtures()).unwrap());
            if path.is_file() {
                std::fs::create_dir_all(target.parent().unwrap()).unwrap();
                let text = String::from_utf8(bytes).unwrap();
                std::fs::write(target, text.replace("DIGEST", &digests["@hardened-web:1.4.0"].to_string())).unwrap();
            }
        }
    }
    let mirror = Some(format!("http://{}", embedded.host()));
    let hosts = BTreeMap::from([("ghcr.io".to_owned(), HostSettings { mirror, ..HostSettings::default() })]);
    let registries = Registries::connect(hosts, Keychain::default(), ResponseLimits::default()).unwrap();

    let (before, rendered) = (snapshot(folder.path()), render(folder.path()));
    let edited = run::edit(folder.path(), &Config::default(), &registries, &run::Scope::ALL).await;
    assert!(edited.failed.is_empty() && edited.decisions.failures.is_empty(), "{:?}", edited.report());
    let mut expected = before;
    let real = |text: &str| digests.get(text).map_or_else(|| text.to_owned(), ToString::to_string);
    for (path, replaced) in EDITS {
        let file = expected.get_mut(&folder.path().join(path)).unwrap();
        let mut text = String::from_utf8(std::mem::take(file)).unwrap();
        for (from, to) in *replaced {
            assert_eq!(text.matches(&real(from)).count(), 1, "{from} in {path}");
            text = text.replace(&real(from), &real(to));
        }
        *file = text.into_bytes();
    }
    for (path, bytes) in snapshot(folder.path()) {
        let text = |bytes: &[u8]| String::from_utf8(bytes.to_vec()).unwrap();
        assert_eq!(text(&bytes), text(&expected[&path]), "{}", path.display());
    }
    differ_in_the_image_only(&rendered, &render(folder.path()));
}

/// Renders every overlay. Returns nothing and records a skip if kubectl is absent.
fn render(folder: &Path) -> Vec<String> {
    let Some(kubectl) = find("kubectl") else { return Vec::new() };
    let one = |overlay: &str| {
        let path = folder.join("kustomize/overlays").join(overlay);
        let output = Command::new(&kubectl).arg("kustomize").arg(path).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        String::from_utf8(output.stdout).unwrap()
    };
    ["dev", "staging", "prod"].map(one).into()
}

fn differ_in_the_image_only(before: &[String], after: &[String]) {
    for (before, after) in before.iter().zip(after) {
        assert_ne!(before, after);
        assert_eq!(before.lines().count(), after.lines().count(), "{after}");
        for (old, new) in before.lines().zip(after.lines()).filter(|(old, new)| old != new) {
            let image = |line: &str| {
                let written = line.trim_start_matches([' ', '-']).strip_prefix("image: ")?;
                ImageReference::new(written).ok().map(|reference| reference.name().clone())
            };
            assert!(image(old).is_some() && image(old) == image(new), "{old}\n{new}");
        }
    }
}

/// Changes the tag of every reference: every kustomization that built before still builds without the network, and only images
/// differ. `TAGBOAT_WHOLE_CORPUS` adds the large repositories.
#[test]
fn kustomizations_of_real_manifests_still_build_after_edits() {
    let Some(kubectl) = find("kubectl") else { return };
    let Some(corpus) = shared("corpus") else { return };
    let Some(unpacked) = unpacked(&corpus.join("manifests.tar.zst")) else { return };
    let is_kustomization = |name: &std::ffi::OsStr| {
        ["kustomization.yaml", "kustomization.yml", "Kustomization"].iter().any(|one| name == *one)
    };
    let whole = std::env::var_os("TAGBOAT_WHOLE_CORPUS").is_some();
    let repositories = std::fs::read_dir(unpacked.path().join("dev")).unwrap().flatten();
    let files: Vec<PathBuf> = repositories
        .map(|entry| ignore::WalkBuilder::new(entry.path()).standard_filters(false).build().flatten())
        .map(|walk| walk.filter(|entry| entry.path().is_file()).map(ignore::DirEntry::into_path).collect::<Vec<_>>())
        .filter(|files| whole || files.len() < 150)
        .flatten()
        .collect();
    let kustomizations = files.iter().filter(|file| file.file_name().is_some_and(is_kustomization));
    let kustomizations: Vec<&Path> = kustomizations.filter_map(|file| file.parent()).collect();
    let build = |folder: &&Path| {
        let mut command = Command::new(&kubectl);
        // Remote bases fail immediately.
        command.arg("kustomize").arg(folder).env("GIT_ALLOW_PROTOCOL", "file");
        for name in ["http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY"] {
            command.env(name, "http://127.0.0.1:9");
        }
        command.env_remove("NO_PROXY").env_remove("no_proxy");
        let output = command.output().unwrap();
        output.status.success().then(|| String::from_utf8_lossy(&output.stdout).into_owned())
    };
    let before: Vec<Option<String>> = kustomizations.par_iter().map(build).collect();
    let edited = files.par_iter().map(|file| usize::from(bump_all(unpacked.path(), file))).sum::<usize>();
    let after: Vec<Option<String>> = kustomizations
        .par_iter()
        .zip(&before)
        .map(|(folder, before)| before.as_ref().and_then(|_| build(folder)))
        .collect();
    let (mut built, mut changed, mut failures) = (0, 0, Vec::new());
    for ((folder, before), after) in kustomizations.iter().zip(&before).zip(&after) {
        let Some(before) = before else { continue };
        built += 1;
        changed += usize::from(Some(before) != after.as_ref());
        let other = match after {
            Some(after) => other_than_images(before, after),
            None => Some("it no longer builds".to_owned()),
        };
        failures.extend(other.map(|what| format!("{}: {what}", folder.display())));
    }
    println!(
        "{} kustomizations, {built} build without the network; {edited} files edited; {changed} render other images, \
         {} anything else",
        kustomizations.len(),
        failures.len()
    );
    assert!(failures.is_empty() && changed > 0, "{}", failures.join("\n"));
}

/// Changes the tag of every reference in a file to 2024. Returns whether the file changed.
fn bump_all(root: &Path, file: &Path) -> bool {
    let Some(path) = file
        .strip_prefix(root)
        .ok()
        .and_then(Path::to_str)
        .filter(|path| manifest::reads(path, &FindOptions::default()))
    else {
        return false;
    };
    let (bytes, options) = (std::fs::read(file).unwrap(), FindOptions::default());
    let mut edits = Vec::new();
    for finding in manifest::find(path, &bytes, &options) {
        let Finding::Occurrence(occurrence) = finding else { continue };
        let tag = occurrence.reference.tag().map(|_| Tag::new("2024").unwrap());
        let digest =
            occurrence.reference.digest().map(|_| Digest::new(&format!("sha256:{}", "5e".repeat(32))).unwrap());
        edits.extend(manifest::edits(&occurrence, &EditTarget { tag, digest, ..EditTarget::default() }).unwrap());
    }
    let after = manifest::rewrite(path, &bytes, &edits, &options).unwrap();
    std::fs::write(file, &after).unwrap();
    after != bytes
}

/// Returns the first line that differs in anything but a tag, a digest, or the hash in a name that kustomize generates.
fn other_than_images(before: &str, after: &str) -> Option<String> {
    let hash = regex::Regex::new("-[2456789bcdfghkmt]{10}\\b").unwrap();
    let new = regex::Regex::new("\"?2024\"?|[0-9a-f]{64}").unwrap();
    if before.lines().count() != after.lines().count() {
        return Some("the number of lines differs".to_owned());
    }
    let pairs = before.lines().zip(after.lines());
    pairs.filter(|(old, now)| old != now && hash.replace_all(old, "") != hash.replace_all(now, "")).find_map(
        |(old, now)| {
            // The pieces between the new tags and digests are in the old line, in the same order.
            let mut rest = old;
            let fits = new.is_match(now)
                && new.split(now).all(|piece| match rest.find(piece.trim_matches('"')) {
                    Some(at) => {
                        rest = &rest[at + piece.trim_matches('"').len()..];
                        true
                    }
                    None => false,
                });
            (!fits).then(|| format!("{old}\n{now}"))
        },
    )
}
