//! `tagboat edit` on a Kustomize repository and on Helm values: the bytes of the tags and digests change, nothing else does,
//! and what `kubectl kustomize` renders differs in the image only.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::process::Command;

use tagboat::config::Config;
use tagboat::demo::registry::{ImageSpec, Registry as Embedded};
use tagboat::image::ImageReference;
use tagboat::registry::{HostSettings, Keychain, Limits, Registries};
use tagboat::run;
use tempfile::TempDir;

use crate::support::process::find;
use crate::support::repository::snapshot;

/// Images and their tags.
const IMAGES: &[(&str, &[&str])] = &[
    ("web", &["1.4.0", "1.4.1", "1.5.0-rc.1", "1.5.0-rc.2"]),
    ("hardened-web", &["1.4.0", "1.4.2"]),
    ("proxy", &["v2.0.0", "v2.0.1", "v2.0.10"]),
    ("shop", &["1.8", "1.9", "1.10"]),
];

/// Files, and what is replaced in each; `@IMAGE:TAG` stands for a digest.
#[rustfmt::skip]
const EDITS: &[(&str, &[(&str, &str)])] = &[
    ("kustomize/base/deployment.yaml",                 &[("web:1.4.0", "web:1.4.1"), ("proxy:v2.0.0", "proxy:v2.0.10")]),
    ("kustomize/overlays/dev/kustomization.yaml",      &[("1.5.0-rc.1", "1.5.0-rc.2")]),
    ("kustomize/overlays/staging/kustomization.yaml",  &[("v2.0.1", "v2.0.10")]),
    ("kustomize/overlays/prod/kustomization.yaml",     &[("1.4.0", "1.4.2"), ("@hardened-web:1.4.0", "@hardened-web:1.4.2")]),
    ("helm/values.yaml",                               &[("1.9", "1.10"), ("v2.0.0", "v2.0.10")]),
    // A number would lose its zero.
    ("helm/values-prod.yaml",                          &[("1.8", "\"1.10\"")]),
];

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/run")
}

#[tokio::test]
async fn only_the_image_changes() {
    let embedded = Embedded::start().await.unwrap();
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
    let registries = Registries::connect(hosts, Keychain::default(), Limits::default()).unwrap();

    let (before, rendered) = (snapshot(folder.path()), render(folder.path()));
    let edited = run::edit(folder.path(), &Config::default(), &registries, &[]).await;
    assert!(edited.failed.is_empty() && edited.decided.failures.is_empty(), "{:?}", edited.report());
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

/// What every overlay becomes; nothing, and a word about it, where kubectl is absent.
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
