//! File names that are not UTF-8, folders that cannot be read, and names that act on a terminal or a CI runner.
#![cfg(unix)]

use std::ffi::OsStr;
use std::os::unix::ffi::OsStrExt as _;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;
use std::process::Command;

use crate::support::process::find;
use crate::support::repository::{Bare, git};
use crate::support::skip;
use crate::support::tagboat::Tagboat;

/// Writes a pod with an image below a folder.
fn write(root: &Path, path: &[u8]) {
    let path = root.join(OsStr::from_bytes(path));
    std::fs::create_dir_all(path.parent().unwrap()).unwrap();
    std::fs::write(path, "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/api:1.0\n").unwrap();
}

#[test]
fn names_that_are_not_utf_8_are_ignored_with_an_escaped_name() {
    let folder = tempfile::tempdir().unwrap();
    let bare = Bare::new(folder.path(), "gitops");
    bare.commit("main", &[("a.yaml", "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/api:1.0\n")], "Deploy");
    git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let checkout = folder.path().join("checkout");
    for path in [&b"b\xff.yaml"[..], b"caf\xe9/c.yaml", b"picture\xff.png", b"skipped/d\xff.yaml"] {
        write(&checkout, path);
    }
    git(&checkout, &["add", "."]);
    git(&checkout, &["-c", "user.name=A", "-c", "user.email=a@b.c", "commit", "--quiet", "-m", "Names"]);
    git(&checkout, &["push", "--quiet"]);
    let tagboat = Tagboat::new().with_config("paths: { exclude: [skipped/**] }\n");
    for repository in [checkout.display().to_string(), bare.url()] {
        let listed = tagboat.run(&["list", "-C", &repository, "--format", "json"]);
        assert_eq!(listed.code, 0, "{}", listed.stderr);
        let rows = listed.json();
        let text = |value: &serde_json::Value| value.as_str().unwrap().to_owned();
        let row = |row: &serde_json::Value| ["path", "status", "reason"].map(|key| text(&row[key]));
        let rows: Vec<_> = rows.as_array().unwrap().iter().map(row).collect();
        let ignored = |path: &str| [path, "ignored", "the name is not UTF-8"].map(str::to_owned);
        assert_eq!(rows[0][0], "a.yaml");
        assert_eq!(rows[1..], [ignored("b\\xff.yaml"), ignored("caf\\xe9/c.yaml")], "{repository}");
    }
}

#[test]
fn folders_that_cannot_be_read_are_held() {
    let Some(setpriv) = find("setpriv") else { return };
    let folder = tempfile::tempdir().unwrap();
    let root = folder.path().join("manifests");
    for path in [&b"a/a.yaml"[..], b"private/b.yaml", b"skipped/c.yaml"] {
        write(&root, path);
    }
    let program = folder.path().join("tagboat");
    std::fs::copy(env!("CARGO_BIN_EXE_tagboat"), &program).unwrap();
    std::fs::write(folder.path().join("operator.yaml"), "paths: { exclude: [skipped/**, absent/**] }\n").unwrap();
    std::fs::set_permissions(folder.path(), std::fs::Permissions::from_mode(0o755)).unwrap();
    for name in ["private", "skipped"] {
        std::fs::set_permissions(root.join(name), std::fs::Permissions::from_mode(0o000)).unwrap();
    }
    let mut command = Command::new(setpriv);
    command.args(["--reuid=54321", "--regid=54321", "--clear-groups"]).arg(&program).env_clear();
    command.args(["list", "--config", "operator.yaml", "-C", "manifests"]).current_dir(folder.path());
    let output = command.output().unwrap();
    for name in ["private", "skipped"] {
        std::fs::set_permissions(root.join(name), std::fs::Permissions::from_mode(0o755)).unwrap();
    }
    let (text, error) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    if error.starts_with("setpriv: ") {
        return skip(&format!("cannot run as another user: {error}"));
    }
    assert_eq!((output.status.code(), &*error), (Some(0), ""));
    assert!(
        text.contains("\nprivate\n  1:1    held: cannot read the folder: Permission denied (os error 13)\n"),
        "{text}"
    );
    // What the other one matches is unknown.
    assert!(text.contains("absent/**") && !text.contains("skipped/**"), "{text}");
}
