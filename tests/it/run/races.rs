//! Concurrent changes: between the reads and the pushes of a run, and two runs at the same time.

use std::path::PathBuf;

use tagboat::report::ProposalAction;

use crate::support::github::GITHUB;
use crate::support::racing_git::RacingGit;
use crate::support::repository::{Bare, git, git_with_input};
use crate::support::test_forge::{ALL, name};
use crate::support::world::{World, lines};

const IMAGES: &str = "api:1.0 api:1.1 web:2.0 web:2.1";
const FILES: &[(&str, &str)] = &[("api/app.yaml", "api:1.0"), ("web/app.yaml", "web:2.0")];
const BRANCH: &str = "refs/heads/tagboat/api";

async fn world() -> World {
    World::new(Some(&GITHUB), "git: { commits: push }", IMAGES, FILES).await
}

/// Puts a commit on `tagboat/api` as another run would, a different one for each number.
fn push_by_another_run(bare: PathBuf, number: usize) -> Box<dyn FnOnce() + Send> {
    Box::new(move || {
        let message = format!("Run {number}\n\nTagboat-Group: api");
        let (person, tree) = ("A Person <person@example.com>", "main^{tree}");
        let commit = git(&bare, &["commit-tree", tree, "-p", "main", "-m", &message]);
        // The committer marks a commit as one by Tagboat.
        let text = git(&bare, &["cat-file", "commit", &commit]);
        let text = text.replace(person, "tagboat <tagboat@tagboat.invalid>");
        let commit = git_with_input(&bare, &["hash-object", "-w", "-t", "commit", "--stdin"], &text);
        git(&bare, &["update-ref", BRANCH, &commit]);
    })
}

#[tokio::test]
async fn leaves_a_branch_untouched_when_a_person_pushes_first() {
    let mut world = world().await;
    assert_eq!(world.run("").await.failed, []);
    world.build("api:1.2");
    let bare = Bare { path: world.forge.bare.path.clone() };
    let by_person = world.manifest("api/app.yaml", "api:1.1 sidecar:7");
    let racing = RacingGit::new(
        world.another_git().await,
        [Box::new(move || drop(bare.commit("tagboat/api", &[("api/app.yaml", &by_person)], "By hand"))) as Box<_>],
    );
    let report = world.run_with(&racing, "").await.unwrap();
    let results = lines(&report);
    assert!(results[0].starts_with("leave tagboat/api: commit by A Person"), "{results:?}");
    assert!(report.failed.is_empty(), "{results:?}");
    assert_eq!(racing.pushes(), 1, "no push over a commit by another person");
    let kept = String::from_utf8(world.forge.bare.file("tagboat/api", "api/app.yaml")).unwrap();
    assert_eq!(kept, world.manifest("api/app.yaml", "api:1.1 sidecar:7"));
}

#[tokio::test]
async fn retries_when_another_run_pushes_first() {
    let world = world().await;
    let racing = RacingGit::new(world.another_git().await, [push_by_another_run(world.forge.bare.path.clone(), 1)]);
    let report = world.run_with(&racing, "").await.unwrap();
    assert_eq!(
        lines(&report),
        [
            "open tagboat/api: Update ghcr.io/acme/api from 1.0 to 1.1 in api",
            "open tagboat/web: Update ghcr.io/acme/web from 2.0 to 2.1 in web",
        ],
        "the report includes the results of the first attempt"
    );
    assert_eq!(racing.pushes(), 3);
    let pushed = String::from_utf8(world.forge.bare.file("tagboat/api", "api/app.yaml")).unwrap();
    assert_eq!(pushed, world.manifest("api/app.yaml", "api:1.1"));
    assert!(!world.run("").await.has_changes());
}

#[tokio::test]
async fn stops_after_three_retries() {
    let world = world().await;
    let path = &world.forge.bare.path;
    // The push of `web` is the second one.
    let pushes = (1..10).map(|number| -> Box<dyn FnOnce() + Send> {
        if number == 2 { Box::new(|| ()) } else { push_by_another_run(path.clone(), number) }
    });
    let racing = RacingGit::new(world.another_git().await, pushes);
    let report = world.run_with(&racing, "").await.unwrap();
    assert_eq!(racing.pushes(), 5, "one for web, four for api");
    let [failed] = &report.failed[..] else { panic!("{report:?}") };
    assert!(failed.reason.contains("the branch changed concurrently"), "{failed:?}");
    assert!(failed.hint.is_some());
    assert_eq!(world.forge.open_branches(), ["tagboat/web"]);
}

#[tokio::test]
async fn retries_a_direct_commit_when_the_base_moves() {
    let config = "rules: [{ paths: ['api/**'], mode: commit }, {}]\ngit: { base: main, commits: push }";
    let world = World::new(Some(&GITHUB), config, IMAGES, FILES).await;
    let bare = Bare { path: world.forge.bare.path.clone() };
    let by_hand = move || drop(bare.commit("main", &[("other.txt", "by hand")], "By hand"));
    let racing = RacingGit::new(world.another_git().await, [Box::new(by_hand) as Box<_>]);
    let report = world.run_with(&racing, "").await.unwrap();
    assert_eq!(report.failed, [], "{:?}", lines(&report));
    assert_eq!(racing.pushes(), 3, "one is lost, one goes to main, one to tagboat/web");
    assert_eq!(world.forge.bare.file("main", "other.txt"), b"by hand");
    assert_eq!(world.forge.bare.file("main", "api/app.yaml"), world.manifest("api/app.yaml", "api:1.1").into_bytes());
    assert_eq!(git(&world.forge.bare.path, &["rev-list", "--count", "main"]), "4", "no commit is rewritten");
    let head = git(&world.forge.bare.path, &["rev-parse", "main"]);
    let committed = report.proposals.iter().find(|row| row.action == ProposalAction::Commit).unwrap();
    assert_eq!(committed.head.as_deref(), Some(head.as_str()), "the direct commit is the head of the base branch");
}

/// The default branch is renamed, deleted or moved after the run has read it.
#[tokio::test]
async fn retries_on_the_new_default_branch() {
    let ways: [&[&[&str]]; 2] = [
        &[&["branch", "-m", "main", "trunk"]],
        &[&["branch", "trunk", "main"], &["symbolic-ref", "HEAD", "refs/heads/trunk"]],
    ];
    for (vendor, commands) in ALL.iter().flat_map(|vendor| ways.map(|way| (vendor, way))) {
        let world = World::new(*vendor, "git: { commits: push }", IMAGES, FILES).await;
        let name = format!("{} {commands:?}", name(*vendor));
        let bare = world.forge.bare.path.clone();
        let change = move || commands.iter().for_each(|command| drop(git(&bare, command)));
        let racing = RacingGit::new(world.another_git().await, [Box::new(change) as Box<_>]);
        let report = world.run_with(&racing, "").await.unwrap();
        assert_eq!(report.failed, [], "{name}: {:?}", lines(&report));
        assert_eq!(report.about.base.as_deref(), Some("trunk"), "{name}");
        let open = world.forge.forge.open_pull_requests("tagboat/").await.unwrap();
        let bases = open.iter().map(|pull| (pull.branch.as_str(), pull.base.as_str())).collect::<Vec<_>>();
        let mut sorted = bases.clone();
        sorted.sort_unstable();
        assert_eq!(sorted, [("tagboat/api", "trunk"), ("tagboat/web", "trunk")], "{name}");
        assert!(!world.run("").await.has_changes(), "{name}");
    }
}

#[tokio::test]
async fn concurrent_runs_open_one_pull_request_per_group() {
    for vendor in ALL {
        let name = name(*vendor);
        let world = World::new(*vendor, "", IMAGES, FILES).await;
        let (one, two) = (world.another_git().await, world.another_git().await);
        let (one, two) = tokio::join!(world.run_with(&one, ""), world.run_with(&two, ""));
        for report in [one.unwrap(), two.unwrap()] {
            assert_eq!(report.failed, [], "{name}: {:?}", lines(&report));
            assert_eq!(report.proposals.len(), 2, "{name}");
        }
        let mut open = world.forge.open_branches();
        open.sort();
        assert_eq!(open, ["tagboat/api", "tagboat/web"], "{name}");
        assert_eq!(world.forge.pulls().len(), 2, "{name}: no pull request was opened and closed again");
        assert!(!world.run("").await.has_changes(), "{name}");
    }
}
