//! What lies in a working tree is not the operator's: a pull request may have written it, and added symbolic links.

#![cfg(unix)]

use std::os::unix::fs::symlink;
use std::path::Path;

use crate::support::http_double::{Double, Reply};
use crate::support::repository::Bare;
use crate::support::repository::git;
use crate::support::tagboat::Tagboat;

const CREDENTIAL: &str = "registries: { a.test: { token-env: DEPLOY_TOKEN } }\n";

fn write(root: &Path, files: &[(&str, &str)]) {
    for (name, text) in files {
        let path = root.join(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        std::fs::write(path, text).unwrap();
    }
}

/// A job runs in the checkout of a pull request: no `--config` in it is the operator's.
#[test]
fn configuration_in_the_current_folder_belongs_to_the_repository() {
    let place = tempfile::tempdir().unwrap();
    let bare = Bare::new(place.path(), "gitops");
    bare.commit("main", &[("ci/op.yaml", CREDENTIAL), ("app.yaml", "image: x/y:1.0\n")], "Deploy");
    let url = format!("file://{}", bare.url().trim_start_matches("file://"));
    #[rustfmt::skip]
    let rows = [
        // the current folder has, and the command                  is refused because
        (".git",        "list --repository URL",                    "`token-env` is not allowed"),
        (".git",        "plan --repository URL",                    "`token-env` is not allowed"),
        (".git",        "run --dry-run --repository URL",           "`token-env` is not allowed"),
        (".git",        "check --repository URL",                   "`token-env` is not allowed"),
        (".git",        "edit -C deploy",                           "`token-env` is not allowed"),
        (".git",        "edit -C link",                             "a symbolic link leads out of the working tree"),
        (".git",        "plan -C link",                             "a symbolic link leads out of the working tree"),
        (".git",        "list -C link/apps",                        "a symbolic link leads out of the working tree"),
        (".git",        "edit -C submodule",                        "ci/op.yaml of the repository: no such file"),
        ("no git",      "edit -C deploy",                           "`token-env` is not allowed"),
        ("no git",      "edit -C link",                             "a symbolic link leads out of the working tree"),
        ("no git",      "list --repository URL",                    ""),
    ];
    for (has, command, refusal) in rows {
        let tagboat = Tagboat::new().with("DEPLOY_TOKEN", "planted-deploy-token");
        let home = tagboat.home();
        write(home, &[("ci/op.yaml", CREDENTIAL), ("deploy/app.yaml", "image: x/y:1.0\n"), ("submodule/app.yaml", "")]);
        let outside = tempfile::tempdir().unwrap();
        write(outside.path(), &[("apps/app.yaml", "image: x/y:1.0\n")]);
        symlink(outside.path(), home.join("link")).unwrap();
        if has == ".git" {
            git(home, &["init", "--quiet"]);
            write(home, &[("submodule/.git", "gitdir: ../.git/modules/submodule\n")]);
        }
        let command = command.replace("URL", &url);
        let arguments: Vec<&str> = command.split(' ').chain(["--config", "ci/op.yaml"]).collect();
        let output = tagboat.run(&arguments);
        let expected = if refusal.is_empty() { 0 } else { 64 };
        assert!(output.code == expected && output.log.contains(refusal), "{has}, {command}: {output:?}");
    }
}

/// No working tree is around a bare repository, so what is beside it is the operator's.
#[test]
fn configuration_beside_a_bare_repository_is_the_operators() {
    let tagboat = Tagboat::new().with("DEPLOY_TOKEN", "planted-deploy-token");
    let place = tempfile::tempdir().unwrap();
    let bare = Bare::new(place.path(), "gitops");
    bare.commit("main", &[("app.yaml", "kind: Pod\n")], "Deploy");
    let home = tagboat.home();
    git(home, &["clone", "--quiet", "--bare", &bare.url(), "bare.git"]);
    git(home, &["clone", "--quiet", "--no-checkout", &bare.url(), "empty"]);
    write(home, &[("op.yaml", &format!("{CREDENTIAL}forge: {{ kind: local, folder: pulls }}\n"))]);
    #[rustfmt::skip]
    let rows = [
        // command                                         code  what is logged
        ("run --dry-run -C bare.git --config op.yaml",     0,    ""),
        ("run --dry-run -C empty --config op.yaml",        0,    ""),
        ("list -C bare.git",                               64,   "this command needs a working tree"),
        ("edit -C bare.git",                               64,   "use `tagboat plan`, which reads the base branch"),
        ("edit -C empty",                                  64,   "no files are checked out there"),
        ("list --config https://acme.test/op.yaml",        64,   "name a file, not a URL"),
    ];
    for (command, code, logged) in rows {
        let output = tagboat.run(&command.split(' ').collect::<Vec<_>>());
        assert!(output.code == code && output.log.contains(logged), "{command}: {output:?}");
        assert!(!output.log.contains("op.yaml of the"), "{command}: {output:?}");
    }
}

/// A link is never skipped silently, and its name matches globs.
#[test]
fn links_to_manifests_are_ignored_rows() {
    let tagboat = Tagboat::new();
    let bare = Bare::new(tagboat.home(), "gitops");
    bare.commit("main", &[("shared/pod.data", "image: x/y:1.0\n")], "Deploy");
    let links = [("120000", "apps/pod.yaml", "../shared/pod.data"), ("120000", "apps/folder", "../shared")];
    bare.commit_modes("main", &links, "Link");
    git(tagboat.home(), &["clone", "--quiet", &bare.url(), "checkout"]);
    write(tagboat.home(), &[("op.yaml", "paths: { include: ['apps/**'] }\n")]);
    for repository in ["checkout", &bare.url()] {
        let output = tagboat.run(&["list", "-C", repository, "--config", "op.yaml", "--format", "json"]);
        let rows: Vec<_> = output.json().as_array().unwrap().iter().map(|row| row["path"].clone()).collect();
        assert!(rows == ["apps/pod.yaml"] && output.stdout.contains("\"ignored\""), "{repository}: {output:?}");
    }
    let edited = tagboat.run(&["edit", "-C", "checkout", "--path", "apps/*.yaml"]);
    assert!(edited.code == 0 && !edited.stdout.contains("no file matches"), "{edited:?}");
}

/// Neither the base branch of the one nor that of the other checkout has this file.
#[test]
fn configuration_in_the_checkout_of_the_current_folder_is_not_used_for_another_one() {
    let (tagboat, other) = (Tagboat::new(), tempfile::tempdir().unwrap());
    git(tagboat.home(), &["init", "--quiet"]);
    git(other.path(), &["init", "--quiet"]);
    write(tagboat.home(), &[("mine.yaml", "rules: [{ policy: ignore }]\n"), ("here/app.yaml", "image: x/y:1.0\n")]);
    write(other.path(), &[("app.yaml", "image: x/y:1.0\n"), ("theirs.yaml", "rules: [{ policy: ignore }]\n")]);
    let there = other.path().display().to_string();
    for command in ["list", "plan", "edit", "run", "check"] {
        let output = tagboat.run(&[command, "-C", &there, "--config", "mine.yaml"]);
        let refused = "cannot use the configuration mine.yaml: it is in the working tree of the current folder";
        assert!(output.code == 64 && output.stderr.contains(refused), "{command}: {output:?}");
    }
    let theirs = other.path().join("theirs.yaml").display().to_string();
    for arguments in [["list", "-C", &there, "--config", &theirs], ["list", "-C", "here", "--config", "mine.yaml"]] {
        let output = tagboat.run(&arguments);
        assert!(output.code == 0 && output.stdout.contains("ignored"), "{arguments:?}: {output:?}");
    }
}

/// The settings of the base branch are a symbolic link, in the checkout as well: it is the same one.
#[test]
fn settings_that_are_a_link_are_one_error() {
    let place = tempfile::tempdir().unwrap();
    let bare = Bare::new(place.path(), "gitops");
    bare.commit_modes("main", &[("120000", "tagboat.yaml", "other.yaml"), ("100644", "other.yaml", "{}\n")], "Link");
    let tagboat = Tagboat::new();
    git(tagboat.home(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let output = tagboat.run(&["run", "--dry-run", "-C", "checkout"]);
    assert_eq!(output.code, 64, "{output:?}");
    let expected = "error: cannot read tagboat.yaml of the repository: not a regular file in commit ";
    assert!(output.stderr.starts_with(expected) && !output.stderr.contains("differs"), "{output:?}");
}

#[test]
fn a_deleted_current_folder_is_an_error() {
    let tagboat = Tagboat::new().started_by(
        ["sh", "-c", "mkdir gone && cd gone && rmdir ../gone && exec \"$@\"", "sh"].map(str::to_owned).to_vec(),
    );
    for command in ["list", "edit", "init --stdout", "plan", "run --dry-run", "list -C ."] {
        let output = tagboat.run(&command.split(' ').collect::<Vec<_>>());
        assert_eq!((output.code, &*output.stdout), (64, ""), "{command}: {output:?}");
        let expected = "error: cannot read the current folder: No such file or directory";
        assert!(output.stderr.contains(expected), "{command}: {output:?}");
    }
}

/// A link in a checkout may lead into another one, and an unpacked archive has links without git.
#[test]
fn neither_reads_nor_writes_through_links_of_a_working_tree() {
    for has_git in [true, false] {
        let outside = tempfile::tempdir().unwrap();
        write(outside.path(), &[("clone/tags.txt", "planted-line\n"), ("folder/tags.txt", "planted-line\n")]);
        git(&outside.path().join("clone"), &["init", "--quiet"]);
        let before = files(outside.path());
        let tagboat = Tagboat::new();
        let home = tagboat.home();
        write(home, &[("apps/app.yaml", "image: nginx:1.0\n"), ("operator.yaml", "rules: [{ policy: ignore }]\n")]);
        if has_git {
            git(home, &["init", "--quiet"]);
        }
        symlink(outside.path().join("clone"), home.join("clone")).unwrap();
        symlink(outside.path().join("folder"), home.join("folder")).unwrap();
        symlink(outside.path().join("folder"), home.join("apps/folder")).unwrap();
        symlink(outside.path().join("new.yaml"), home.join("apps/tagboat.yaml")).unwrap();
        symlink(outside.path().join("folder/tags.txt"), home.join("tags.txt")).unwrap();
        for command in [
            "edit -C apps --config operator.yaml --report clone/r.json",
            "edit --config operator.yaml --report folder/r.json",
            "edit -C apps --config operator.yaml --report apps/folder/r.json",
            "edit -C apps --config operator.yaml --report folder/../r.json",
            "edit -C apps --config operator.yaml --junit clone/j.xml",
            "edit -C apps --config operator.yaml --cache-dir clone/c",
            "init -C apps --force",
            "explain nginx --current 1.0 --policy semver --tags tags.txt",
            "explain nginx --current 1.0 --policy semver --tags clone/tags.txt",
        ] {
            let output = tagboat.run(&command.split(' ').collect::<Vec<_>>());
            let refused = output.code != 0 && output.log.contains("a symbolic link is not followed");
            assert!(refused, "{command}, git: {has_git}: {output:?}");
            let has_hint = !command.starts_with("init") || output.log.contains("hint: remove the symbolic link");
            assert!(has_hint, "{command}: {output:?}");
            assert!(!format!("{output:?}").contains("planted-line"), "{command}: {output:?}");
            assert_eq!(files(outside.path()), before, "{command}, git: {has_git}");
        }
    }
}

fn files(folder: &Path) -> Vec<String> {
    let all = ["", "clone", "folder"].map(|name| std::fs::read_dir(folder.join(name)).unwrap());
    let mut names: Vec<String> = all.into_iter().flatten().map(|it| it.unwrap().path().display().to_string()).collect();
    names.sort();
    names
}

/// A pull request can change the URL of a submodule in `.gitmodules`.
#[tokio::test(flavor = "multi_thread")]
async fn sends_no_token_to_the_host_that_a_submodule_chose() {
    let server = Double::start(|_| Reply::new(401, "").header("www-authenticate", "Basic realm=\"x\"")).await;
    let other = format!("http://{}/a/sub.git", server.host());
    let same = format!("http://{}/a/outer.git", server.host());
    #[rustfmt::skip]
    let rows = [
        // the remote around it             how sub is there     the folder     is used
        ("https://git.acme.test/a/b.git",   "submodule",         "sub",         false),
        ("https://git.acme.test/a/b.git",   "submodule",         "sub/deep",    false),
        ("https://git.acme.test/a/b.git",   "submodule",         "link",        false),
        ("git@git.acme.test:a/b.git",       "submodule",         "sub",         false),
        ("/srv/a/b.git",                    "submodule",         "sub",         false),
        ("",                                "submodule",         "sub",         false),
        (&*same,                            "submodule",         "sub",         true),
        ("git@127.0.0.1:a/b.git",           "submodule",         "sub",         false),
        // The person who cloned it chose its remote.
        ("https://git.acme.test/a/b.git",   "clone",             "sub",         true),
        ("https://git.acme.test/a/b.git",   "linked",            "sub",         true),
    ];
    for (outer, kind, folder, is_used) in rows {
        let tagboat = Tagboat::new().with("TAGBOAT_FORGE_TOKEN", "planted-forge-token");
        let (home, place) = (tagboat.home().to_owned(), tempfile::tempdir().unwrap());
        git(&home, &["init", "--quiet"]);
        std::fs::create_dir(home.join(".git/modules")).unwrap();
        if !outer.is_empty() {
            git(&home, &["remote", "add", "origin", outer]);
        }
        match kind {
            "submodule" => git(&home, &["init", "--quiet", "--separate-git-dir", ".git/modules/sub", "sub"]),
            "clone" => git(&home, &["init", "--quiet", "sub"]),
            _ => {
                let main = Bare::new(place.path(), "main");
                main.commit("main", &[("deep/app.yaml", "image: x/y:1.0\n")], "Deploy");
                git(place.path(), &["clone", "--quiet", &main.url(), "clone"]);
                git(&place.path().join("clone"), &["remote", "remove", "origin"]);
                let sub = home.join("sub").display().to_string();
                git(&place.path().join("clone"), &["worktree", "add", "--quiet", "--detach", &sub])
            }
        };
        git(&home.join("sub"), &["remote", "add", "origin", &other]);
        write(&home, &[("sub/deep/app.yaml", "image: x/y:1.0\n")]);
        symlink("sub", home.join("link")).unwrap();
        for command in ["plan", "run", "check"] {
            let before = server.received().len();
            let output = tagboat.run(&[command, "-C", folder]);
            let is_refused = output.code == 64 && output.stderr.contains("cannot use the submodule");
            assert_eq!(is_refused, !is_used, "{outer}, {kind}, {command}: {output:?}");
            assert_eq!(server.received().len() > before, is_used, "{outer}, {kind}, {command}: {output:?}");
        }
        // These need no remote.
        assert_eq!(tagboat.run(&["list", "-C", folder]).code, 0);
    }
}

/// git uses a folder that looks like a bare repository, and its configuration starts programs and names the remote.
#[test]
fn uses_no_bare_repository_among_the_files_of_a_working_tree() {
    let place = tempfile::tempdir().unwrap();
    let bare = Bare::new(place.path(), "gitops");
    bare.commit("main", &[("svc/app.yaml", "image: x/y:1.0\n")], "Deploy");
    let planted = |started: &Path| {
        format!(
            "[core]\n repositoryformatversion = 0\n bare = true\n sshCommand = touch {0}; false\n[credential]\n helper = \"!touch {0}; false\"\n\
             [remote \"origin\"]\n url = git@127.0.0.1:a/b.git\n",
            started.display()
        )
    };
    for folder in ["svc", "svc/deep", "link"] {
        for has_common_folder in [false, true] {
            let tagboat = Tagboat::new().with("TAGBOAT_GIT_PASSWORD", "planted-login-of-git");
            let checkout = tagboat.home().join("checkout");
            git(tagboat.home(), &["clone", "--quiet", &bare.url(), "checkout"]);
            let started = tagboat.home().join("started");
            let objects = if has_common_folder { "svc/common/objects/k" } else { "svc/objects/k" };
            let refs = if has_common_folder { "svc/common/refs/k" } else { "svc/refs/k" };
            write(
                &checkout,
                &[("svc/HEAD", "ref: refs/heads/main\n"), (objects, ""), (refs, ""), ("svc/deep/app.yaml", "")],
            );
            let config = if has_common_folder { "svc/common/config" } else { "svc/config" };
            write(&checkout, &[(config, &planted(&started))]);
            if has_common_folder {
                write(&checkout, &[("svc/commondir", "common\n"), ("svc/common/HEAD", "ref: refs/heads/main\n")]);
            }
            symlink("svc", checkout.join("link")).unwrap();
            let folder = checkout.join(folder);
            for command in ["plan", "run", "check"] {
                let output = tagboat.run(&[command, "-C", folder.to_str().unwrap()]);
                let text = format!("{}{}", output.stdout, output.log);
                assert!(
                    output.code != 0 && text.contains("bare repository in the working tree"),
                    "{command}: {output:?}"
                );
                assert!(!started.exists(), "{command}: {output:?}");
            }
        }
    }
    // One in no working tree is a repository like any other.
    let tagboat = Tagboat::new();
    git(tagboat.home(), &["clone", "--quiet", "--bare", &bare.url(), "mirror.git"]);
    let output = tagboat.run(&["plan", "-C", tagboat.home().join("mirror.git").to_str().unwrap()]);
    assert!(!output.log.contains("bare repository in the working tree"), "{output:?}");
}

#[test]
fn plan_reads_the_settings_of_the_base_branch_where_nothing_is_checked_out() {
    let place = tempfile::tempdir().unwrap();
    let bare = Bare::new(place.path(), "gitops");
    // No request is sent for an image that is ignored.
    let files = [("tagboat.yaml", "rules: [{ policy: ignore }]\n"), ("app.yaml", "image: 127.0.0.1:1/x/y:1.0\n")];
    bare.commit("main", &files, "Deploy");
    for way in ["--bare", "--no-checkout", "--quiet"] {
        let clone = place.path().join(way);
        git(place.path(), &["clone", "--quiet", way, &bare.url(), clone.to_str().unwrap()]);
        let tagboat = Tagboat::new().with_config("forge: { kind: local, folder: pulls }\n");
        let output = tagboat.run(&["plan", "-C", clone.to_str().unwrap()]);
        assert_eq!(output.code, 0, "{way}: {output:?}");
    }
}
