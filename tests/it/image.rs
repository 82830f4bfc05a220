//! The container image, built from the Dockerfile and run with `buildah`, without a network: the packages of Alpine (git,
//! ssh, a shell, certificates) are copied from this machine, and the program is the one under test. The rest follows the
//! Dockerfile.
#![cfg(target_os = "linux")]

use std::fs;
use std::path::Path;
use std::process::{Command, Output};

use tempfile::TempDir;

use crate::support::process::find;
use crate::support::repository::git;

const PROGRAM: &str = env!("CARGO_BIN_EXE_tagboat");

/// Creates a root file system in the folder `$1` with programs of this machine and the libraries of them and of `$2`.
const ROOT: &str = r#"
set -eu
root=$1 program=$2
for folder in bin etc tmp home "$(git --exec-path)" usr/local/etc; do mkdir -p "$root/$folder"; done
chmod 1777 "$root/tmp"
bring() { mkdir -p "$root$(dirname "$1")"; cp -L "$1" "$root$1"; }
libraries() { ldd "$1" | grep -o '/[^ ]*' | while read -r library; do [ -e "$root$library" ] || bring "$library"; done; }
for name in sh git ssh cat id ls touch mkdir; do bring "$(command -v "$name")"; libraries "$(command -v "$name")"; done
cp -L "$(command -v sh)" "$root/bin/sh"
for name in git-upload-pack git-receive-pack; do cp -L "$(command -v "$name" || echo "$(git --exec-path)/$name")" "$root$(git --exec-path)/$name"; done
libraries "$program"
for bundle in /etc/ssl/certs/ca-certificates.crt /etc/ssl/openssl.cnf; do [ ! -e "$bundle" ] || bring "$bundle"; done
echo 'root:x:0:0::/root:/bin/sh' > "$root/etc/passwd"
printf '#!/bin/sh\nexit 0\n' > "$root/bin/apk"
printf '#!/bin/sh\nfor name; do :; done\necho "$name:x:1000:1000::/home/$name:/bin/sh" >> /etc/passwd\n' > "$root/bin/adduser"
chmod +x "$root/bin/apk" "$root/bin/adduser"
tar -C "$root" -cf "$root.tar" .
"#;

/// `buildah` with a temporary storage folder.
struct Buildah {
    folder: TempDir,
}

impl Buildah {
    fn try_run(&self, arguments: &[&str]) -> Output {
        let at = |name: &str| self.folder.path().join(name).display().to_string();
        Command::new("buildah")
            // Plain folders: the other drivers leave mounts behind.
            .args(["--storage-driver=vfs", "--root", &at("storage"), "--runroot", &at("runs")])
            .args(arguments)
            .env("BUILDAH_ISOLATION", "chroot")
            .current_dir(self.folder.path())
            .output()
            .unwrap()
    }

    fn run(&self, arguments: &[&str]) -> String {
        let output = self.try_run(arguments);
        let [out, error] = [output.stdout, output.stderr].map(|bytes| String::from_utf8_lossy(&bytes).into_owned());
        assert!(output.status.success(), "{arguments:?}: {error}{out}");
        out
    }
}

impl Drop for Buildah {
    fn drop(&mut self) {
        self.try_run(&["rm", "--all"]);
    }
}

/// Creates a repository with one manifest, as a CI server checks it out: its owner is not the user in the container.
fn workspace(folder: &Path) {
    fs::create_dir(folder).unwrap();
    let manifest = "kind: Pod\nspec:\n  containers:\n  - image: registry.invalid/api:1.0\n";
    fs::write(folder.join("app.yaml"), manifest).unwrap();
    fs::write(folder.join("tagboat.yaml"), "rules: [{ policy: ignore }]\nforge: { kind: local, folder: pulls }\n")
        .unwrap();
    git(folder, &["init", "--quiet", "--initial-branch=main"]);
    git(folder, &["add", "--all"]);
    git(folder, &["-c", "user.name=a", "-c", "user.email=a@acme.dev", "commit", "--quiet", "--message=Deploy"]);
    git(folder, &["remote", "add", "origin", "file:///workspace"]);
    let owned = Command::new("chown").args(["-R", "1234:1234"]).arg(folder).status().unwrap();
    assert!(owned.success());
}

#[test]
fn runs_as_any_user_on_a_workspace_of_another_user() {
    if find("buildah").is_none() {
        return;
    }
    let buildah = Buildah { folder: tempfile::tempdir().unwrap() };
    let here = buildah.folder.path();
    if !buildah.try_run(&["from", "--name", "base", "scratch"]).status.success() {
        crate::support::skip("buildah cannot create containers here");
        return;
    }
    fs::copy(Path::new(env!("CARGO_MANIFEST_DIR")).join("Dockerfile"), here.join("Dockerfile")).unwrap();
    fs::copy(PROGRAM, here.join("tagboat-linux-amd64")).unwrap();
    let root = here.join("root").display().to_string();
    let made = Command::new("sh").args(["-c", ROOT, "sh", &root, PROGRAM]).output().unwrap();
    assert!(made.status.success(), "{}", String::from_utf8_lossy(&made.stderr));
    buildah.run(&["add", "--quiet", "base", "root.tar", "/"]);
    buildah.run(&["commit", "--quiet", "base", "docker.io/library/alpine:3.22"]);
    let given = ["--build-arg=PROGRAM=given", "--build-arg=TARGETARCH=amd64"];
    buildah.run(&[&["build", "--pull-never", "--tag=tagboat"], &given[..], &["."]].concat());
    let config = buildah.run(&["inspect", "--type=image", "tagboat"]);
    let config: serde_json::Value = serde_json::from_str(&config).unwrap();
    let config = &config["OCIv1"]["config"];
    assert_eq!((&config["User"], &config["Entrypoint"][0]), (&"1000:1000".into(), &"tagboat".into()), "{config:#}");

    workspace(&here.join("workspace"));
    buildah.run(&["from", "--pull-never", "--name=run", "tagboat"]);
    let volume = format!("{}:/workspace", here.join("workspace").display());
    let inside =
        |script: &str| buildah.run(&["run", "--user=4711:4711", "--volume", &volume, "run", "--", "sh", "-ec", script]);
    assert_eq!(inside("id -u; touch \"$HOME/x\" 2> /dev/null || echo unwritable").trim(), "4711\nunwritable");
    assert!(inside("tagboat list").contains("app.yaml"));
    let planned = inside("tagboat plan --format json");
    assert!(planned.contains("\"base\": \"main\""), "{planned}");
    assert!(inside("tagboat demo").contains("Next steps"));
    // ssh rejects a user without a name, so it works only for the user of the image.
    let own = buildah.run(&["run", "run", "--", "sh", "-ec", "id -u; ssh -V 2>&1"]);
    assert!(own.starts_with("1000\n") && own.contains("OpenSSH"), "{own}");
}
