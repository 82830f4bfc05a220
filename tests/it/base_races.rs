//! The base branch changes at any request of a command that reads it, its settings included.
#![cfg(unix)]

use crate::support::git_http::{Change, Server, serve_changing};
use crate::support::github::GITHUB;
use crate::support::racing_git::RacingGit;
use crate::support::repository::{Bare, git};
use crate::support::tagboat::{ProgramOutput, Tagboat};
use crate::support::world::{World, lines};

/// Moves `main` to a commit that does not have the old one in its history.
const REWRITE: &str = "git -C gitops.git update-ref refs/heads/main refs/keep/other";

/// Renames the default branch.
const RENAME: &str = "git -C gitops.git branch -m main trunk";

/// Runs a command on a remote that changes, or returns `None` without a server.
fn run(command: &str, change: Change<'_>) -> Option<ProgramOutput> {
    let place = tempfile::tempdir().unwrap();
    let bare = Bare::new(place.path(), "gitops");
    let settings = |policy: &str| format!("rules: [{{ policy: {policy} }}]\n");
    let app = |tag: &str| format!("image: 127.0.0.1:1/acme/api:{tag}\n");
    bare.commit("main", &[("app.yaml", &app("1.0")), ("tagboat.yaml", &settings("shape"))], "Deploy");
    let old = git(&bare.path, &["rev-parse", "main"]);
    git(&bare.path, &["update-ref", "-d", "refs/heads/main"]);
    bare.commit("main", &[("app.yaml", &app("2.0")), ("tagboat.yaml", &settings("ignore"))], "Rewrite");
    git(&bare.path, &["update-ref", "refs/keep/other", "main"]);
    git(&bare.path, &["update-ref", "refs/heads/main", &old]);
    // As a server that hides what no branch has.
    git(&bare.path, &["config", "transfer.hideRefs", "refs/keep"]);
    let server: Server = serve_changing(place.path(), change)?;
    let operator = "rules: [{ policy: ignore }]\nrepository-config: required\nforge: { kind: local, folder: pulls }\n";
    let url = format!("{}/gitops.git", server.public_url);
    let arguments = command.split(' ').chain(["-C", &url]).collect::<Vec<_>>();
    Some(Tagboat::new().with_config(operator).run(&arguments))
}

#[test]
fn reads_the_settings_again_when_the_base_branch_changes() {
    let every = |command, protocol, requests: std::ops::Range<usize>| {
        requests
            .flat_map(move |request| [REWRITE, RENAME].map(|way| (command, Change { protocol, request, command: way })))
    };
    let rows = every("run", 0, 0..5)
        .chain(every("run", 2, 1..7))
        .chain(every("plan", 0, 1..3))
        .chain(every("list", 0, 1..3))
        .chain(every("check", 0, 1..3))
        .collect::<Vec<_>>();
    let (mut rewrites, mut renames) = (0, 0);
    let results = std::thread::scope(|scope| {
        let parts = rows
            .chunks(rows.len().div_ceil(4))
            .map(|part| scope.spawn(|| part.iter().map(|(command, change)| run(command, *change)).collect::<Vec<_>>()));
        let parts = parts.collect::<Vec<_>>();
        parts.into_iter().flat_map(|part| part.join().unwrap()).collect::<Vec<_>>()
    });
    for ((command, change), output) in rows.iter().zip(results) {
        let Some(output) = output else { return };
        // The server has no forge to check.
        let is_done = output.code == 0 || *command == "check" && output.stdout.contains("the base branch is");
        assert!(is_done && !output.stderr.contains("has no branch"), "{command}, {change:?}: {output:?}");
        let is_retried = output.log.contains("retrying on the newest base");
        match change.command {
            REWRITE => rewrites += usize::from(is_retried),
            _ => renames += usize::from(is_retried),
        }
    }
    assert!(rewrites >= 6 && renames >= 6, "the changes are at requests that matter: {rewrites}, {renames}");
}

/// A force push removes the newest commit of the base before each use of the remote by a run that opens a pull request, and by
/// one that updates it.
#[tokio::test]
async fn publishes_no_commit_that_a_force_push_removes_during_the_run() {
    for config in ["git: { commits: push }", "git: { base: main, commits: api }"] {
        let (mut opened, mut updated) = (true, true);
        let mut calls = 0;
        while opened || updated {
            opened = opened && removes_commit_during_run(config, calls, false).await;
            updated = updated && removes_commit_during_run(config, calls, true).await;
            calls += 1;
        }
        assert!(calls > 5, "the changes are at calls that matter: {calls}");
    }
}

/// Returns whether the run uses the remote as often as that.
async fn removes_commit_during_run(config: &str, call: usize, is_open: bool) -> bool {
    let mut world = World::new(Some(&GITHUB), config, "api:1.0 api:1.1", &[("api/app.yaml", "api:1.0")]).await;
    if is_open {
        assert_eq!(world.run("").await.failed, []);
        world.build("api:1.2");
    }
    let bare = world.forge.bare.path.clone();
    let kept = git(&bare, &["rev-parse", "main"]);
    world.forge.bare.commit("main", &[("dropped.txt", "secret")], "By mistake");
    let change = Box::new(move || drop(git(&bare, &["update-ref", "refs/heads/main", &kept])));
    let racing = RacingGit::changing_before(world.another_git().await, call, change);
    let report = world.run_with(&racing, "").await.unwrap();
    if !racing.has_changed() {
        return false;
    }
    let what = format!("{config}, call {call}: {:?}", lines(&report));
    assert_eq!(report.failed, [], "{what}");
    let changed = git(&world.forge.bare.path, &["diff", "--name-only", "main...tagboat/api"]);
    assert_eq!(changed, "api/app.yaml", "{what}");
    assert!(!world.run("").await.has_changes(), "{what}");
    true
}
