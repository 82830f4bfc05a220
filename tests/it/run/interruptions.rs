//! Interrupted runs: a run that opens, updates, closes and commits is killed, or gets a fault, at one of its requests, and then
//! a second run completes it. The end state is that of an undisturbed run.
//!
//! There are some thousand combinations. A part of them runs by default, and all with `TAGBOAT_TESTS_INTERRUPTIONS=all`.

use std::collections::BTreeSet;
use std::sync::atomic::{AtomicUsize, Ordering::Relaxed};
use std::sync::{Arc, Mutex};

use serde_json::{Value, json};
use tagboat::git::Repository;

use crate::support::double::{Answer, Fault, Interruption, Vendor};
use crate::support::repository::{git, git_with_input};
use crate::support::test_forge::{ALL, name};
use crate::support::world::{World, lines};

/// One of how many combinations runs by default.
const SHARE: usize = 40;

const CONFIG: &str = "\
rules: [{ paths: ['direct/**'], mode: commit }, {}]
pull-requests: { labels: [deploy], reviewers: [PERSON], auto-merge: squash }
git: { base: main }
";
const FILES: &[(&str, &str)] = &[
    ("api/app.yaml", "api:1.0"),
    ("old/app.yaml", "old:1.0"),
    ("web/app.yaml", "web:2.0"),
    ("direct/app.yaml", "direct:1.0"),
    ("mid/app.yaml", "mid:1.0"),
];

/// What happens at a request. Each status is that of a vendor with a bad day, or of a token that lost a right for a moment.
fn interruptions() -> Vec<(&'static str, Interruption)> {
    let status = |status| Interruption::Fault(Fault::Instead(Answer::new(status, json!({"message": "a fault"}))));
    vec![
        ("kill before the request", Interruption::KillBefore),
        ("kill after the request", Interruption::KillAfter),
        ("500", status(500)),
        ("503", status(503)),
        ("429", status(429)),
        ("403", status(403)),
        ("401", status(401)),
        ("422", status(422)),
        ("HTML", Interruption::Fault(Fault::Text("<html><body>Please log in</body></html>"))),
        ("an empty response", Interruption::Fault(Fault::Text(""))),
        ("a response that is cut off", Interruption::Fault(Fault::Cut)),
        ("a reset", Interruption::Fault(Fault::Reset)),
    ]
}

/// Returns a setup in which the next run opens, updates, closes and commits.
async fn prepared(vendor: Option<&'static Vendor>) -> World {
    let person = vendor.map_or_else(|| "rita".to_owned(), |vendor| (vendor.person)("rita"));
    let config = CONFIG.replace("PERSON", &json!(person).to_string());
    let images = "api:1.0 api:1.1 old:1.0 old:1.1 web:2.0 direct:1.0 mid:1.0 mid:1.1 mid:1.2";
    let mut world = World::new(vendor, &config, images, FILES).await;
    let report = world.run("").await;
    assert_eq!(world.forge.open_branches().len(), 3, "{}: {:?}", name(vendor), lines(&report));
    for image in ["api:1.2", "web:2.1", "direct:1.1"] {
        world.build(image);
    }
    world.commit("main", "old/app.yaml", "old:1.1");
    world.commit("main", "mid/app.yaml", "mid:1.1");
    world
}

/// Returns what a run leaves in the end: branches with their files, and pull requests. Commit ids depend on the time.
fn end_state(world: &World) -> Value {
    let bare = &world.forge.bare;
    let ids = regex::Regex::new("[0-9a-f]{40}").unwrap();
    // A run removes the side branch of an API commit that a killed one left behind after an hour: another may still need it.
    let side_branch = regex::Regex::new(r"\.[0-9a-f]{16}$").unwrap();
    let branches = bare.branches().into_keys().filter(|branch| !side_branch.is_match(branch)).map(|branch| {
        // What the branch adds to its parent; an older parent has other files of the base.
        let change = git(&bare.path, &["diff-tree", "-p", &branch]);
        let change = change.lines().skip(1).collect::<Vec<_>>();
        let message = git(&bare.path, &["log", "-1", "--format=%B", &branch]);
        json!([branch, change, ids.replace_all(&message, "ID")])
    });
    let mut branches = branches.collect::<Vec<_>>();
    branches.sort_by_key(ToString::to_string);
    let pulls = world.forge.pulls().into_iter().map(|mut pull| {
        pull["body"] = json!(ids.replace_all(pull["body"].as_str().unwrap(), "ID"));
        pull["number"] = Value::Null;
        pull
    });
    let mut pulls = pulls.collect::<Vec<_>>();
    pulls.sort_by_key(ToString::to_string);
    let reviewers = world.forge.double.as_ref().map(|double| {
        double.host(|host| {
            host.pulls.iter().map(|pull| (pull.head.clone(), pull.reviewers.clone())).collect::<BTreeSet<_>>()
        })
    });
    json!({"branches": branches, "pulls": pulls, "reviewers": reviewers})
}

/// Interrupts the run in a setup at one request, then runs again. Returns how the end state differs.
async fn interrupt(vendor: &'static Vendor, number: usize, interruption: Interruption, expected: &Value) -> String {
    let world = prepared(Some(vendor)).await;
    let double = world.forge.double.as_ref().unwrap();
    let kill = double.interrupt(number, interruption);
    let git = world.another_git().await;
    tokio::select! {
        // The futures of the run are dropped, as a kill ends the process: nothing of it runs any more.
        () = kill.notified() => {}
        // Whether it fails is no matter.
        _ = world.run_with(&git, "") => {}
    }
    double.clear_interruption();
    let report = world.run("").await;
    let actual = end_state(&world);
    if actual == *expected {
        return String::new();
    }
    format!("{:?}\n{}", lines(&report), difference(expected, &actual))
}

#[test]
fn second_run_completes_an_interrupted_one() {
    let share = if std::env::var("TAGBOAT_TESTS_INTERRUPTIONS").is_ok_and(|value| value == "all") { 1 } else { SHARE };
    let runtime = || tokio::runtime::Builder::new_multi_thread().worker_threads(1).enable_all().build().unwrap();
    let mut combinations = Vec::new();
    for vendor in ALL.iter().filter_map(|vendor| *vendor) {
        let (requests, expected) = runtime().block_on(async {
            let world = prepared(Some(vendor)).await;
            let double = world.forge.double.as_ref().unwrap();
            double.take_log();
            world.run("").await;
            let requests = double.take_log().len();
            world.run("").await;
            (requests, Arc::new(end_state(&world)))
        });
        for number in 0..requests {
            let kinds = interruptions().into_iter();
            combinations.extend(kinds.map(|kind| (vendor, number, kind, Arc::clone(&expected))));
        }
    }
    let all = combinations.len();
    let chosen = combinations.into_iter().step_by(share).collect::<Vec<_>>();
    let (next, wrong) = (AtomicUsize::new(0), Mutex::new(Vec::new()));
    let work = || {
        while let Some((vendor, number, (what, interruption), expected)) = chosen.get(next.fetch_add(1, Relaxed)) {
            let difference = runtime().block_on(interrupt(vendor, *number, interruption.clone(), expected));
            if !difference.is_empty() {
                wrong.lock().unwrap().push(format!("{}, {what} at request {number}: {difference}", vendor.name));
            }
        }
    };
    std::thread::scope(|scope| (0..4).for_each(|_| drop(scope.spawn(work))));
    let (done, wrong) = (chosen.len(), wrong.into_inner().unwrap());
    println!("{done} of {all} interruptions");
    assert!(wrong.is_empty(), "{} of {done} end differently:\n{}", wrong.len(), wrong.join("\n"));
}

fn difference(expected: &Value, actual: &Value) -> String {
    let lines = |value: &Value| serde_json::to_string_pretty(value).unwrap();
    let (expected, actual) = (lines(expected), lines(actual));
    let difference = similar::TextDiff::from_lines(&expected, &actual);
    difference.unified_diff().context_radius(1).to_string()
}

/// The base has another current tag, and the run that says so in the pull request ends after its push.
#[tokio::test]
async fn second_run_corrects_the_texts_of_a_branch_that_is_current() {
    for vendor in ALL {
        let images = "api:1.0 api:1.1 api:1.2";
        let world = World::new(*vendor, "", images, &[("api/app.yaml", "api:1.0")]).await;
        world.run("").await;
        let mut old_texts = None;
        world.forge.edit(1, |title, body, _| old_texts = Some((title.clone(), body.clone())));
        world.commit("main", "api/app.yaml", "api:1.1");
        world.run("").await;
        let updated = end_state(&world);
        world.forge.edit(1, |title, body, _| (*title, *body) = old_texts.clone().unwrap());
        assert_ne!(end_state(&world), updated, "{}", name(*vendor));
        world.run("").await;
        let actual = end_state(&world);
        assert_eq!(actual, updated, "{}:\n{}", name(*vendor), difference(&updated, &actual));
        assert!(!world.run("").await.has_changes(), "{}", name(*vendor));
    }
}

/// 16 runs at the same time make the same commits and add the same comments within a second.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn sixteen_runs_at_once_end_like_one() {
    for vendor in ALL {
        let undisturbed = prepared(*vendor).await;
        undisturbed.run("").await;
        undisturbed.run("").await;
        let world = prepared(*vendor).await;
        let mut repositories: Vec<Repository> = Vec::new();
        for _ in 0..16 {
            repositories.push(world.another_git().await);
        }
        let runs = repositories.iter().map(|git| world.run_with(git, ""));
        for report in futures_util::future::join_all(runs).await {
            report.unwrap_or_else(|error| panic!("{}: {error}", name(*vendor)));
        }
        world.run("").await;
        let (expected, actual) = (end_state(&undisturbed), end_state(&world));
        assert_eq!(actual, expected, "{}:\n{}", name(*vendor), difference(&expected, &actual));
    }
}

/// Branches that an interrupted run left: without a pull request, and one on which a commit was prepared.
#[tokio::test]
async fn removes_branches_that_were_left_behind() {
    for vendor in ALL {
        let world = World::new(*vendor, "", "api:1.0 api:1.1", &[("api/app.yaml", "api:1.0")]).await;
        let path = world.forge.bare.path.clone();
        let now = jiff::Timestamp::now().as_second();
        let commit = |age: i64, email: &str| {
            let text = format!(
                "tree {}\nparent {}\nauthor t <{email}> {time} +0000\ncommitter t <{email}> {time} +0000\n\nUpdate\n\nTagboat-Group: x\n",
                git(&path, &["rev-parse", "main^{tree}"]),
                git(&path, &["rev-parse", "main"]),
                time = now - age,
            );
            git_with_input(&path, &["hash-object", "-w", "-t", "commit", "--stdin"], &text)
        };
        let side = |age: i64| format!("tagboat/api.{:08x}0000000a", now - age);
        let base = git(&path, &["rev-parse", "main"]);
        let rows = [
            ("tagboat/old".to_owned(), commit(4_000, "tagboat@tagboat.invalid"), false),
            ("tagboat/young".to_owned(), commit(3_000, "tagboat@tagboat.invalid"), true),
            ("tagboat/by-a-person".to_owned(), commit(4_000, "person@example.com"), true),
            ("tagboat/on-the-base".to_owned(), base.clone(), true),
            (side(4_000), base.clone(), false),
            (side(3_000), base, true),
        ];
        for (branch, head, _) in &rows {
            git(&path, &["update-ref", &format!("refs/heads/{branch}"), head]);
        }
        let report = world.run("").await;
        let branches = world.forge.bare.branches();
        for (branch, _, stays) in &rows {
            assert_eq!(branches.contains_key(branch), *stays, "{}: {branch}: {:?}", name(*vendor), lines(&report));
        }
        let removed = lines(&report).into_iter().filter(|line| line.starts_with("delete ")).count();
        assert_eq!(removed, 2, "{}: {:?}", name(*vendor), lines(&report));
        assert!(!world.run("").await.has_changes(), "{}", name(*vendor));
    }
}
