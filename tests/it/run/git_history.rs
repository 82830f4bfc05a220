//! The policy `git-history`, which reads the clone of a source repository from disk.

use std::path::Path;

use tagboat::git::first_parents;
use tempfile::TempDir;

use crate::support::repository::{Bare, git};
use crate::support::tagboat::Tagboat;

/// A source repository: `one`, `two`, a side branch `side` merged as `three`, then `four`. Returns the ids in
/// this order, that of `side` last.
fn source(parent: &Path) -> (Bare, Vec<String>) {
    let bare = Bare::new(parent, "api");
    let commit = |branch: &str, name: &str| bare.commit(branch, &[(name, name)], name);
    let (one, two) = (commit("main", "one"), commit("main", "two"));
    git(&bare.path, &["branch", "side", &one]);
    let side = commit("side", "side");
    let three = git(&bare.path, &["commit-tree", "main^{tree}", "-p", "main", "-p", "side", "-m", "three"]);
    git(&bare.path, &["update-ref", "refs/heads/main", &three]);
    let four = commit("main", "four");
    (bare, vec![one, two, three, four, side])
}

fn ids(clone: &Path, from: Option<&str>) -> Vec<String> {
    let line = first_parents(clone, from).unwrap_or_else(|error| panic!("{error}"));
    line.commits.iter().rev().map(|id| id.as_str().to_owned()).collect()
}

#[test]
fn reads_first_parents_of_every_kind_of_clone() {
    let folder = TempDir::new().unwrap();
    let (bare, all) = source(folder.path());
    let line = &all[..4];
    assert_eq!(ids(&bare.path, None), line);
    assert_eq!(ids(&bare.path, Some("side")), [all[0].clone(), all[4].clone()]);
    assert_eq!(ids(&bare.path, Some(&all[1])), line[..2]);
    git(&bare.path, &["config", "uploadpack.allowFilter", "true"]);
    let clone = |name: &str, options: &[&str]| {
        let path = folder.path().join(name);
        git(folder.path(), &[&["clone", "--quiet"], options, &[&bare.url(), path.to_str().unwrap()]].concat());
        path
    };
    let full = clone("full", &[]);
    assert_eq!(ids(&full, None), line);
    // A branch that was never checked out is read from the remote-tracking branch.
    assert_eq!(ids(&full, Some("side")), [all[0].clone(), all[4].clone()]);
    assert_eq!(ids(&full, Some("origin/main")), line);
    let tree = folder.path().join("tree");
    git(&full, &["worktree", "add", "--quiet", "--detach", tree.to_str().unwrap()]);
    assert_eq!(ids(&tree, None), line);
    assert_eq!(ids(&clone("partial", &["--bare", "--filter=tree:0"]), None), line);
    let shallow = clone("shallow", &["--depth=2"]);
    assert_eq!(ids(&shallow, None), line[2..]);
    assert!(first_parents(&shallow, None).unwrap().shallow && !first_parents(&full, None).unwrap().shallow);
    assert!(first_parents(&full, Some("nope")).unwrap_err().to_string().contains("nope"));
    assert!(first_parents(folder.path(), None).unwrap_err().to_string().contains("cannot read the git repository"));
}

#[test]
fn orders_commit_tags_by_the_history_of_the_clone() {
    let tagboat = Tagboat::new();
    let (_bare, ids) = source(tagboat.home());
    let tag = |at: usize| format!("sha-{}", &ids[at][..7]);
    // The path is relative to the folder of the configuration.
    let folder = tagboat.home().join("manifests");
    std::fs::create_dir(&folder).unwrap();
    std::fs::write(
        folder.join("tagboat.yaml"),
        "policies: { main: { git-history: ../api.git, branch: main } }\nrules: [{ policy: main }]\n",
    )
    .unwrap();
    let write = |tag: &str| {
        let pod = format!("kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/api:{tag}\n");
        std::fs::write(folder.join("pod.yaml"), pod).unwrap();
    };
    let explain = |tags: &[String]| {
        let arguments = ["explain", "api", "--tags", "-", "-C", "manifests", "--format", "json"];
        tagboat.feed(&arguments, &tags.join("\n"))
    };
    let all: Vec<String> = (0..5).map(tag).chain(["latest".to_owned()]).collect();
    write(&tag(1));
    let report = explain(&all).json();
    assert_eq!((&report["outcome"], &report["chosen"]), (&"update".into(), &tag(3).into()), "{report:#}");
    assert_eq!(report["policy"], "{ git-history: \"../api.git\", branch: main }");
    let side = report["candidates"].as_array().unwrap().iter().find(|row| row["tag"] == tag(4).as_str()).unwrap();
    assert_eq!(side["reason"], format!("commit {} is not in main of ../api.git", &ids[4][..7]));
    // The current tag is on another branch: nothing is changed.
    write(&tag(4));
    let output = explain(&all);
    assert_eq!(output.json()["outcome"], "unknown", "{output:?}");
    // Without the clone, the outcome is unknown.
    write(&tag(1));
    std::fs::rename(tagboat.home().join("api.git"), tagboat.home().join("gone.git")).unwrap();
    let report = explain(&all).json();
    assert!(report["reason"].as_str().unwrap().contains("cannot read the history of main of ../api.git"), "{report:#}");
    // Without a configuration, the path is relative to the current folder.
    let typed = "{ git-history: gone.git }";
    let arguments =
        ["explain", "ghcr.io/acme/api", "--tags", "-", "--current", &tag(0), "--policy", typed, "--format", "json"];
    let report = tagboat.feed(&arguments, &all.join("\n")).json();
    assert_eq!(report["chosen"], tag(3).as_str(), "{report:#}");
}

/// A pull request may add the files of a bare repository that are links, and name it in `tagboat.yaml`.
#[cfg(unix)]
#[test]
fn shows_no_content_of_files_in_place_of_a_clone() {
    let tagboat = Tagboat::new();
    let checkout = tagboat.home().join("checkout");
    let (bare, _) = source(tagboat.home());
    git(tagboat.home(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let planted = tagboat.home().join("planted");
    std::fs::write(&planted, "planted-line-of-a-file\nother\n").unwrap();
    std::fs::write(
        checkout.join("pod.yaml"),
        "kind: Pod\nspec:\n  containers:\n  - image: ghcr.io/acme/api:sha-1234567\n",
    )
    .unwrap();
    for linked in ["HEAD", "config", "packed-refs", "commondir", "shallow", "refs/heads/main"] {
        // Where the attacker's folder is, and what `tagboat.yaml` calls it.
        for (folder, name) in [("checkout/evil", "evil"), ("checkout/evil", "link"), ("evil", "../evil")] {
            let evil = tagboat.home().join(folder);
            std::fs::create_dir_all(evil.join("refs/heads")).unwrap();
            std::fs::create_dir_all(evil.join("objects")).unwrap();
            std::fs::write(evil.join("HEAD"), "ref: refs/heads/main\n").unwrap();
            let _ = std::fs::remove_file(evil.join(linked));
            std::os::unix::fs::symlink(&planted, evil.join(linked)).unwrap();
            let _ = std::os::unix::fs::symlink("evil", checkout.join("link"));
            let config = format!("policies: {{ h: {{ git-history: {name} }} }}\nrules: [{{ policy: h }}]\n");
            std::fs::write(checkout.join("tagboat.yaml"), config).unwrap();
            let output =
                tagboat.feed(&["explain", "api", "--tags", "-", "-C", "checkout"], "sha-1234567\nsha-7654321\n");
            assert!(output.stdout.contains("cannot read the history of"), "{linked} {name}: {output:?}");
            assert!(!format!("{output:?}").contains("planted-line"), "{linked} {name}: {output:?}");
            let is_inside = folder.starts_with("checkout");
            assert_eq!(
                output.stdout.contains("is a bare repository in a working tree"),
                is_inside,
                "{linked}: {output:?}"
            );
            std::fs::remove_dir_all(evil).unwrap();
        }
    }
}
