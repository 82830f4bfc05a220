//! What every forge must do, on each double and on the `local` forge, and what only one of them does.

mod links;
mod toy;

use std::path::Path;
use std::time::Duration;

use serde_json::{Value, json};
use tagboat::forge::{App, FORGES, ForgeError, OperatorCredentials, RemoteUrl, named, recognize};
use tagboat::http::{Client, ClientOptions};
use tagboat::plan::{Done, Extras, MergeMethod, Metadata, Proposal, PullRequest, PullRequestState, Record};
use tagboat::refname::BranchName;
use tagboat::secret::Secret;

use crate::support::azure_devops::AZURE_DEVOPS;
use crate::support::bitbucket_cloud::BITBUCKET_CLOUD;
use crate::support::bitbucket_data_center::BITBUCKET_DATA_CENTER;
use crate::support::certificates::rsa_key;
use crate::support::code_host::{InstalledApp, State};
use crate::support::double::{Answer, Fault, READER, TOKEN, Vendor};
use crate::support::gitea::GITEA;
use crate::support::github::GITHUB;
use crate::support::gitlab::GITLAB;
use crate::support::test_forge::{ALL, TestForge, connect, given, settings};

/// Starts a forge whose repository has a first commit.
fn start(vendor: Option<&'static Vendor>) -> TestForge {
    let test = TestForge::new(vendor);
    test.bare.commit("main", &[("file", "first")], "First");
    test
}

fn all() -> impl Iterator<Item = TestForge> {
    ALL.iter().map(|vendor| start(*vendor))
}

fn doubles() -> impl Iterator<Item = &'static Vendor> {
    ALL.iter().copied().flatten()
}

/// Returns the write requests since the last call.
fn take_writes(test: &TestForge) -> Vec<String> {
    let Some(double) = &test.double else { return vec![] };
    let writes = double.writes();
    double.take_log();
    writes
}

async fn open(test: &TestForge, proposal: &Proposal) -> PullRequest {
    let written = test.forge.open(proposal).await.unwrap();
    assert!(written.warnings.is_empty(), "{}: {:?}", test.name, written.warnings);
    written.pull_request
}

fn branch(name: &str) -> BranchName {
    BranchName::new(name).unwrap()
}

fn proposal(name: &str, title: &str, body: &str) -> Proposal {
    Proposal {
        branch: branch(name),
        base: branch("main"),
        changes: vec![],
        files: std::collections::BTreeMap::new(),
        message: title.to_owned(),
        title: title.to_owned(),
        body: Record::new("api", title, &branch("main"), &[], Done::default()).wrap(body),
        extras: Extras::default(),
    }
}

/// A pushed branch and its proposal.
fn pushed(test: &TestForge, name: &str) -> Proposal {
    test.bare.commit(name, &[("file", "1.1")], "1.1");
    proposal(name, "Update api to 1.1", "api 1.0 → 1.1")
}

#[tokio::test]
async fn finds_the_pull_request_that_it_opened() {
    for test in all() {
        let mut wanted = pushed(&test, "tagboat/api");
        let labels = if test.forge.limits().labels { vec!["deploy".to_owned()] } else { vec![] };
        wanted.extras.metadata.labels.clone_from(&labels);
        let mut opened = open(&test, &wanted).await;
        // Some forges set labels of a new pull request, others need another request.
        let attached = test.forge.attach(&opened, &wanted.extras.metadata).await;
        assert_eq!(attached.done.labels, labels, "{}: {:?}", test.name, attached.warnings);
        opened.labels.clone_from(&labels);
        let listed = test.forge.open_pull_requests("tagboat/").await.unwrap();
        assert_eq!(listed, vec![opened.clone()], "{}", test.name);
        assert_eq!(opened.state, PullRequestState::Open);
        assert_eq!((&opened.branch, &opened.base), (&wanted.branch, &wanted.base), "{}", test.name);
        assert_eq!((&opened.title, &opened.body), (&wanted.title, &wanted.body), "{}", test.name);
        assert_eq!(opened.labels, labels, "{}", test.name);
        assert!(opened.url.contains("://"), "{}: {}", test.name, opened.url);
        if let Some(head) = opened.head {
            assert_eq!(Some(head.as_str().to_owned()), test.bare.head("tagboat/api"), "{}", test.name);
        }
        assert!(test.forge.open_pull_requests("other/").await.unwrap().is_empty(), "{}", test.name);
    }
}

#[tokio::test]
async fn opening_twice_updates_the_first() {
    for test in all() {
        let first = open(&test, &pushed(&test, "tagboat/api")).await;
        let mut newer = pushed(&test, "tagboat/api");
        newer.title = "Update api to 1.2".to_owned();
        let second = open(&test, &newer).await;
        assert_eq!((first.number, second.title.as_str()), (second.number, "Update api to 1.2"), "{}", test.name);
        assert_eq!(test.forge.open_pull_requests("").await.unwrap().len(), 1, "{}", test.name);
    }
}

#[tokio::test]
async fn updates_in_place_and_then_sends_nothing() {
    for test in all() {
        let mut wanted = pushed(&test, "tagboat/api");
        let opened = open(&test, &wanted).await;
        test.edit(opened.number, |_, _, labels| labels.push("by-a-person".to_owned()));
        wanted.title = "Update api to 1.2".to_owned();
        wanted.body = "api 1.0 → 1.2".to_owned();
        let observed = test.forge.open_pull_requests("tagboat/").await.unwrap().remove(0);
        let updated = test.forge.update(&observed, &wanted).await.unwrap();
        assert!(updated.warnings.is_empty() && updated.is_changed, "{}: {:?}", test.name, updated.warnings);
        let labels = Metadata { labels: vec!["deploy".to_owned()], ..Metadata::default() };
        let supported = test.forge.limits().supported(&labels);
        // A request that is repeated changes nothing.
        for _ in 0..2 {
            let attached = test.forge.attach(&observed, &supported).await;
            assert_eq!(attached.done, supported, "{}: {:?}", test.name, attached.warnings);
        }
        let now = test.forge.open_pull_requests("tagboat/").await.unwrap().remove(0);
        assert_eq!((now.number, &now.title, &now.body), (opened.number, &wanted.title, &wanted.body), "{}", test.name);
        let mut labels = now.labels.clone();
        labels.sort();
        if test.forge.limits().labels {
            assert_eq!(labels, ["by-a-person", "deploy"], "{}", test.name);
        }
        take_writes(&test);
        test.forge.update(&now, &wanted).await.unwrap();
        assert_eq!(take_writes(&test), Vec::<String>::new(), "{}", test.name);
    }
}

#[tokio::test]
async fn closes_with_body_and_comment() {
    for test in all() {
        let opened = open(&test, &pushed(&test, "tagboat/api")).await;
        // An earlier run was interrupted after the comment.
        test.forge.comment(&opened, "Nothing is left to change.").await.unwrap();
        test.forge.comment(&opened, "Another comment.").await.unwrap();
        // Another run commented in the same moment.
        let repeated = test.forge.comment(&opened, "Nothing is left to change.").await.unwrap();
        test.forge.delete_comment(&opened, repeated).await.unwrap();
        let closed =
            test.forge.close(&opened, "superseded <!-- closed by tagboat -->", "Nothing is left to change.").await;
        assert!(closed.unwrap().warnings.is_empty(), "{}", test.name);
        assert!(test.forge.open_pull_requests("").await.unwrap().is_empty(), "{}", test.name);
        let closed = test.forge.closed_pull_requests(&branch("tagboat/api")).await.unwrap();
        assert_eq!(closed.len(), 1, "{}", test.name);
        assert_eq!(closed[0].state, PullRequestState::Closed, "{}", test.name);
        assert_eq!(closed[0].body, "superseded <!-- closed by tagboat -->", "{}", test.name);
        let comments = json!(["Nothing is left to change.", "Another comment."]);
        assert_eq!(test.pull(opened.number)["comments"], comments, "{}", test.name);
    }
}

#[tokio::test]
async fn lists_closed_pull_requests_newest_first() {
    for test in all() {
        let wanted = pushed(&test, "tagboat/api");
        let first = open(&test, &wanted).await;
        test.close(first.number);
        let second = open(&test, &wanted).await;
        assert_ne!(first.number, second.number, "{}", test.name);
        test.merge(second.number);
        let other = open(&test, &pushed(&test, "tagboat/web")).await;
        test.close(other.number);
        let closed = test.forge.closed_pull_requests(&branch("tagboat/api")).await.unwrap();
        let actual: Vec<_> = closed.iter().map(|closed| (closed.number, closed.state)).collect();
        let expected = [(second.number, PullRequestState::Merged), (first.number, PullRequestState::Closed)];
        assert_eq!(actual, expected, "{}", test.name);
    }
}

#[tokio::test]
async fn ignores_pull_requests_of_forks() {
    for test in all() {
        let Some(double) = &test.double else { continue };
        let opened = open(&test, &pushed(&test, "tagboat/api")).await;
        double.host(|host| host.pull(opened.number).unwrap().fork = true);
        assert!(test.forge.open_pull_requests("tagboat/").await.unwrap().is_empty(), "{}", test.name);
    }
}

#[tokio::test]
async fn reads_all_pages() {
    for test in all() {
        let Some(double) = &test.double else { continue };
        let opened = open(&test, &pushed(&test, "tagboat/api")).await;
        double.host(|host| {
            let first = host.pull(opened.number).unwrap().clone();
            for number in 2..=230 {
                let head = if number == 230 { "tagboat/api".to_owned() } else { "other".to_owned() };
                host.pulls.push(crate::support::code_host::Pull { number, head, base: "main".into(), ..first.clone() });
            }
            host.bare.commit("other", &[("file", "x")], "x");
        });
        double.take_log();
        let found = test.forge.open_pull_requests("tagboat/").await.unwrap();
        let mut numbers: Vec<_> = found.iter().map(|pull| pull.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 230], "{}", test.name);
        assert!(double.take_log().len() <= 5, "{}", test.name);
    }
}

#[tokio::test]
async fn creates_no_second_pull_request_after_a_lost_response() {
    for test in all() {
        let Some(double) = &test.double else { continue };
        let wanted = pushed(&test, "tagboat/api");
        double.fail("POST", Fault::Lost(Answer::new(502, json!("bad gateway"))));
        let opened = open(&test, &wanted).await;
        assert_eq!(opened.title, wanted.title, "{}", test.name);
        let opening = format!("POST {}", double.take_log().iter().find(|r| r.method == "POST").unwrap().path);
        assert_eq!(double.host(|host| host.pulls.len()), 1, "{}: {opening}", test.name);
        // A request that was not carried out is sent once more, after a search.
        double.fail("POST", Fault::Instead(Answer::new(502, json!("bad gateway"))));
        open(&test, &pushed(&test, "tagboat/web")).await;
        let sent = double.take_log();
        let methods: Vec<&str> = sent.iter().map(|r| r.method.as_str()).collect();
        assert!(methods.ends_with(&["POST", "GET", "POST"]), "{}: {methods:?}", test.name);
        assert_eq!(double.host(|host| host.pulls.len()), 2, "{}", test.name);
    }
}

#[tokio::test]
async fn repeats_reads_and_waits_for_rate_limits() {
    for test in all() {
        let Some(double) = &test.double else { continue };
        double.fail("GET", Fault::Instead(Answer::new(503, json!("busy"))));
        double.fail("GET", Fault::Instead(Answer::new(429, json!({})).header("retry-after", "0")));
        assert!(test.forge.open_pull_requests("x/").await.unwrap().is_empty(), "{}", test.name);
        // A rate limit applies before anything is done, so that even a write is sent again.
        double.fail("POST", Fault::Instead(Answer::new(429, json!({})).header("retry-after", "0")));
        open(&test, &pushed(&test, "tagboat/api")).await;
        (0..3).for_each(|_| double.fail("GET", Fault::Instead(Answer::new(500, json!("down")))));
        let error = test.forge.open_pull_requests("x/").await.unwrap_err();
        assert!(matches!(error, ForgeError::Unavailable { status: 500, .. }), "{}: {error}", test.name);
        double.fail("GET", Fault::Instead(Answer::new(429, json!({})).header("retry-after", "3600")));
        let error = test.forge.open_pull_requests("x/").await.unwrap_err();
        assert!(matches!(error, ForgeError::RateLimited { wait: Some(_), .. }), "{}: {error}", test.name);
    }
}

#[tokio::test]
async fn reports_unexpected_responses() {
    for test in all() {
        let Some(double) = &test.double else { continue };
        open(&test, &pushed(&test, "tagboat/api")).await;
        for fault in [Fault::Cut, Fault::Instead(Answer::new(200, json!({"hello": "from a proxy"})))] {
            double.fail("GET", fault);
            let error = test.forge.open_pull_requests("x/").await.unwrap_err();
            assert!(matches!(error, ForgeError::Malformed { .. }), "{}: {error:?}", test.name);
        }
    }
}

#[tokio::test]
async fn explains_rejected_tokens_and_missing_repositories() {
    for test in all() {
        let Some(double) = &test.double else { continue };
        let [wrong, reader] =
            ["wrong", READER].map(|token| connect(test.name, &double.api_url, double.repository, token));
        let error = wrong.open_pull_requests("x/").await.unwrap_err();
        assert!(matches!(error, ForgeError::Unauthorized { .. }), "{}: {error:?}", test.name);
        assert!(!format!("{error} {error:?}").contains("wrong\""), "{error:?}");
        let wanted = pushed(&test, "tagboat/api");
        let error = reader.open(&wanted).await.err().unwrap();
        assert!(matches!(error, ForgeError::Forbidden { .. }), "{}: {error:?}", test.name);
        assert!(error.hint().contains("give the token"), "{}", test.name);
        let elsewhere = double.repository.replace("gitops", "missing");
        let missing = connect(test.name, &double.api_url, &elsewhere, TOKEN);
        let error = missing.check().await.unwrap_err();
        assert!(matches!(error, ForgeError::NotFound { .. }), "{}: {error:?}", test.name);
    }
}

#[tokio::test]
async fn names_the_missing_token() {
    for test in all() {
        let Some(double) = &test.double else { continue };
        let without = settings(test.name, &double.api_url, double.repository, &OperatorCredentials::default());
        let error = match (named(test.name).unwrap().connect)(without) {
            Ok(forge) => forge.open_pull_requests("x/").await.unwrap_err(),
            Err(error) => error,
        };
        let actual = format!("{error}; {}", error.hint());
        assert_eq!(actual.matches("token").count().min(2), 2, "{}: {actual}", test.name);
    }
}

#[tokio::test]
async fn sends_no_text_beyond_the_limit() {
    for test in all() {
        let limits = test.forge.limits();
        if limits.body == usize::MAX {
            continue;
        }
        let mut wanted = pushed(&test, "tagboat/api");
        wanted.body = "é".repeat(limits.body);
        wanted.title = "é".repeat(limits.title);
        open(&test, &wanted).await;
        take_writes(&test);
        let mut longer = pushed(&test, "tagboat/web");
        longer.body = "é".repeat(limits.body + 1);
        let error = test.forge.open(&longer).await.err().unwrap();
        assert!(matches!(error, ForgeError::TooLong { what: "body", .. }), "{}: {error:?}", test.name);
        assert_eq!(take_writes(&test), Vec::<String>::new(), "{}", test.name);
    }
}

#[tokio::test]
async fn waits_for_a_pushed_branch_and_reports_a_missing_one() {
    for test in all() {
        let Some(double) = &test.double else { continue };
        let error = test.forge.open(&proposal("tagboat/none", "x", "y")).await.err().unwrap();
        assert!(matches!(error, ForgeError::Refused { .. } | ForgeError::NotFound { .. }), "{}: {error:?}", test.name);
        // A branch that was just pushed may become visible a little later.
        let wanted = pushed(&test, "tagboat/api");
        double.host(|host| host.unseen.push(("tagboat/api".to_owned(), 1)));
        open(&test, &wanted).await;
    }
}

#[tokio::test]
async fn warns_about_people_that_cannot_be_set() {
    for test in all() {
        let Some(double) = &test.double else { continue };
        let limits = test.forge.limits();
        let mut wanted = pushed(&test, "tagboat/api");
        let person = doubles().find(|vendor| vendor.name == test.name).unwrap().person;
        wanted.extras.metadata.reviewers = vec![person("rita"), person("absent")];
        wanted.extras.metadata.assignees = vec![person("sam"), person("missing")];
        wanted.extras.metadata.team_reviewers = vec![person("deployers")];
        wanted.extras.draft = true;
        let written = test.forge.open(&wanted).await.unwrap();
        let supported = limits.supported(&wanted.extras.metadata);
        let attached = test.forge.attach(&written.pull_request, &supported).await;
        let warnings = written.warnings.iter().chain(&attached.warnings);
        let warnings = warnings.map(ToString::to_string).collect::<Vec<_>>().join("\n");
        // Once more for those that failed, beside those that succeeded.
        let missing = supported.without(&attached.done);
        let again = test.forge.attach(&written.pull_request, &missing).await;
        assert_eq!((again.done.is_empty(), again.warnings.is_empty()), (true, missing.is_empty()), "{}", test.name);
        double.host(|host| {
            let pull = host.pull(written.pull_request.number).unwrap();
            #[rustfmt::skip]
            let table = [
                // supported             actual                    expected                   named in a warning
                (limits.reviewers,      pull.reviewers.clone(),   vec!["rita".to_owned()],      person("absent")),
                (limits.assignees,      pull.assignees.clone(),   vec!["sam".to_owned()],       person("missing")),
                (limits.team_reviewers, pull.teams.clone(),       vec!["deployers".to_owned()], String::new()),
            ];
            for (supported, actual, expected, in_warning) in table {
                assert_eq!(actual, if supported { expected } else { vec![] }, "{}: {warnings}", test.name);
                assert!(!supported || warnings.contains(&in_warning), "{}: {warnings}", test.name);
            }
            assert_eq!(pull.draft, limits.drafts, "{}", test.name);
        });
        let unsupported = [limits.reviewers, limits.assignees, limits.team_reviewers, limits.drafts];
        let unsupported = unsupported.iter().filter(|supported| !**supported).count();
        assert_eq!(warnings.matches("not supported by").count(), unsupported, "{}: {warnings}", test.name);
    }
}

#[tokio::test]
async fn enables_auto_merge_where_supported() {
    for test in all() {
        let opened = open(&test, &pushed(&test, "tagboat/api")).await;
        let result = test.forge.enable_auto_merge(&opened, MergeMethod::Squash).await;
        if !test.forge.limits().auto_merge {
            assert!(matches!(result, Err(ForgeError::NotSupported { .. })), "{}: {result:?}", test.name);
            continue;
        }
        result.unwrap_or_else(|error| panic!("{}: {error}", test.name));
        let double = test.double.as_ref().unwrap();
        assert!(test.forge.has_auto_merge(&opened).await.unwrap(), "{}", test.name);
        let is = double.host(|host| host.pull(1).map(|pull| (pull.auto_merge.clone(), pull.state)));
        assert_eq!(is, Some((Some("squash".to_owned()), State::Open)), "{}", test.name);
    }
}

/// GitHub rejects the request, and GitLab would merge at once.
#[tokio::test]
async fn refuses_auto_merge_without_a_check_to_wait_for() {
    for vendor in [&GITHUB, &GITLAB] {
        let test = start(Some(vendor));
        let opened = open(&test, &pushed(&test, "tagboat/api")).await;
        let double = test.double.as_ref().unwrap();
        double.host(|host| host.pull(1).unwrap().pipeline = false);
        let error = test.forge.enable_auto_merge(&opened, MergeMethod::Merge).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused { .. }), "{}: {error:?}", test.name);
        assert_eq!(double.host(|host| host.pull(1).unwrap().state), State::Open, "{}", test.name);
    }
}

#[tokio::test]
async fn opens_for_review_where_drafts_are_not_supported() {
    let test = start(Some(&GITHUB));
    let double = test.double.as_ref().unwrap();
    double.host(|host| host.drafts = false);
    let mut wanted = pushed(&test, "tagboat/api");
    wanted.extras.draft = true;
    open(&test, &wanted).await;
    assert_eq!(double.host(|host| (host.pulls.len(), host.pull(1).unwrap().draft)), (1, false));
}

#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn local_runs_write_one_at_a_time() {
    let test = start(None);
    let pulls = test.folder.path().join("pulls");
    let opening = (0..24).map(|number| {
        let forge = connect("local", pulls.to_str().unwrap(), "acme/gitops", "");
        let name = format!("tagboat/{}", number % 12);
        tokio::spawn(async move { forge.open(&proposal(&name, "x", "y")).await.unwrap().pull_request.number })
    });
    let mut numbers = futures_util::future::join_all(opening.collect::<Vec<_>>()).await;
    let mut numbers = numbers.drain(..).map(Result::unwrap).collect::<Vec<_>>();
    numbers.sort_unstable();
    assert_eq!(numbers, (1..=12).flat_map(|number| [number, number]).collect::<Vec<_>>());
}

#[tokio::test]
async fn check_reports_the_rights_of_the_token() {
    for test in all() {
        let access = test.forge.check().await.unwrap();
        assert!(!access.rights.is_empty(), "{}: {access:?}", test.name);
        assert!(test.forge.requests() <= 3, "{}", test.name);
        assert_eq!(take_writes(&test), Vec::<String>::new(), "{}", test.name);
    }
}

#[tokio::test]
async fn sends_one_request_when_nothing_changes() {
    for test in all() {
        for name in ["tagboat/api", "tagboat/web"] {
            open(&test, &pushed(&test, name)).await;
        }
        let before = test.forge.requests();
        test.forge.open_pull_requests("tagboat/").await.unwrap();
        // Some lists truncate descriptions, which are then read one by one.
        let lists_descriptions = test.double.as_ref().is_none_or(|double| double.vendor.lists_descriptions);
        let most = if lists_descriptions { 1 } else { 3 };
        assert!(test.forge.requests() - before <= most, "{}", test.name);
    }
}

#[tokio::test]
async fn github_reports_an_archived_repository() {
    let test = start(Some(&GITHUB));
    let wanted = pushed(&test, "tagboat/api");
    test.double.as_ref().unwrap().host(|host| host.archived = true);
    for error in [test.forge.check().await.err(), test.forge.open(&wanted).await.err()] {
        assert!(matches!(error, Some(ForgeError::Archived { .. })), "{error:?}");
    }
}

#[tokio::test]
async fn sends_one_user_agent_to_github() {
    let test = start(Some(&GITHUB));
    test.forge.open_pull_requests("").await.unwrap();
    let log = test.double.as_ref().unwrap().take_log();
    let agents: Vec<_> = log[0].headers.iter().filter(|(name, _)| name == "user-agent").collect();
    assert_eq!(agents, [&("user-agent".to_owned(), concat!("tagboat/", env!("CARGO_PKG_VERSION")).to_owned())]);
}

#[tokio::test]
async fn github_closes_a_pull_request_whose_branch_is_deleted() {
    let test = start(Some(&GITHUB));
    open(&test, &pushed(&test, "tagboat/api")).await;
    test.bare.delete("tagboat/api");
    assert!(test.forge.open_pull_requests("").await.unwrap().is_empty());
    let closed = test.forge.closed_pull_requests(&branch("tagboat/api")).await.unwrap();
    assert_eq!(closed[0].state, PullRequestState::Closed);
}

#[tokio::test]
async fn reports_a_timeout() {
    for test in all() {
        let Some(double) = &test.double else { continue };
        let mut short = settings(test.name, &double.api_url, double.repository, &given(TOKEN));
        short.timeout = Duration::from_millis(100);
        let forge = (named(test.name).unwrap().connect)(short).unwrap();
        (0..3).for_each(|_| double.fail("GET", Fault::Slow(Duration::from_secs(2))));
        let error = forge.open_pull_requests("x/").await.unwrap_err();
        assert!(matches!(error, ForgeError::Unreachable { .. }), "{}: {error:?}", test.name);
    }
}

/// A write is sent again with its method and body, on the same server, or not at all.
#[tokio::test]
async fn follows_no_redirect_that_changes_a_write() {
    const ELSEWHERE: &str = "https://127.0.0.2:9/api";
    #[rustfmt::skip]
    let rows = [
        // status, location             expected
        (301, "/elsewhere",             "unexpected response: refused redirect from … it would change the method of a write"),
        (303, "/elsewhere",             "unexpected response: refused redirect from … it would change the method of a write"),
        (302, "https://127.0.0.2:9/_signin", "the forge rejected the token (401): the request was redirected to the sign-in page"),
        (307, ELSEWHERE,                "unexpected response: refused redirect from … it leads a write to another server"),
        (308, ELSEWHERE,                "unexpected response: refused redirect from … it leads a write to another server"),
    ];
    for (status, location, expected) in rows {
        let test = start(Some(&GITEA));
        let wanted = pushed(&test, "tagboat/api");
        let moved = Answer::new(status, Value::Null).header("location", location);
        // One for the request, one for the attempt after the search for a pull request that it may have opened.
        (0..2).for_each(|_| test.double.as_ref().unwrap().fail("POST", Fault::Instead(moved.clone())));
        let error = test.forge.open(&wanted).await.unwrap_err().to_string();
        assert!(expected.split('…').all(|part| error.contains(part)), "{status} {location}: {error}");
    }
    let test = start(Some(&GITEA));
    let wanted = pushed(&test, "tagboat/api");
    let route = "/api/v1/repos/acme/gitops/pulls";
    let moved = Answer::new(307, Value::Null).header("location", route);
    test.double.as_ref().unwrap().fail("POST", Fault::Instead(moved));
    assert_eq!(test.forge.open(&wanted).await.unwrap().pull_request.title, wanted.title);
}

/// People and later versions of Tagboat read the files of `local`.
#[tokio::test]
async fn local_files_keep_their_format() {
    let test = start(None);
    let mut wanted = pushed(&test, "tagboat/api");
    wanted.body = "api 1.0 → 1.1\n\n<!-- record -->".to_owned();
    wanted.extras.metadata.labels = vec!["deploy".to_owned()];
    wanted.extras.metadata.reviewers = vec!["rita".to_owned()];
    let opened = open(&test, &wanted).await;
    test.forge.attach(&opened, &wanted.extras.metadata).await;
    test.forge.close(&opened, &wanted.body, "Nothing is left to change.\nReally.").await.unwrap();
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/forge/local");
    for file in ["0001.json", "0001.md"] {
        let written = std::fs::read_to_string(test.folder.path().join("pulls").join(file)).unwrap();
        assert_eq!(written, std::fs::read_to_string(expected.join(file)).unwrap(), "{file}");
    }
}

#[test]
fn sends_a_ci_token_to_its_server_only() {
    #[rustfmt::skip]
    let table = [
        // forge          the CI's server              the API                                same
        ("github",        "https://github.com",        "https://api.github.com",              true),
        ("github",        "https://github.com/",       "https://api.github.com/",             true),
        ("github",        "https://github.com",        "https://github.acme.test/api/v3",     false),
        ("github",        "https://acme.ghe.com",      "https://api.acme.ghe.com",            true),
        ("github",        "https://github.acme.test",  "https://github.acme.test/api/v3",     true),
        ("gitea",         "https://github.com",        "https://codeberg.org/api/v1",         false),
        ("gitea",         "https://gitea.acme.test",   "https://gitea.acme.test/api/v1",      true),
        ("azure-devops",  "https://dev.azure.com/acme/", "https://dev.azure.com",             true),
        ("azure-devops",  "https://acme.visualstudio.com/", "https://dev.azure.com",          true),
        ("azure-devops",  "https://dev.azure.com/acme/", "https://tfs.acme.test",             false),
        ("azure-devops",  "https://tfs.acme.test/tfs/Main/", "https://tfs.acme.test",         true),
        ("github",        "not a URL",                 "https://api.github.com",              false),
    ];
    for (name, server, api, same) in table {
        assert_eq!(named(name).unwrap().is_same_server(server, api), same, "{name} {server} {api}");
    }
}

#[tokio::test]
async fn app_gets_and_renews_tokens() {
    let test = start(Some(&GITHUB));
    let (key, public_key) = rsa_key(test.folder.path());
    let double = test.double.as_ref().unwrap();
    let installed = |lifetime| {
        let (id, token) = ("Iv23liTagboat".to_owned(), String::new());
        double.host(|host| {
            host.app = Some(InstalledApp { id, public_key: public_key.clone(), token, issued: 0, lifetime })
        });
    };
    let connect = |id: &str, key: &Secret| {
        let given = OperatorCredentials { app: Some((id.to_owned(), key.clone())), ..OperatorCredentials::default() };
        (named("github").unwrap().connect)(settings("github", &double.api_url, double.repository, &given)).unwrap()
    };
    // (lifetime of a token in seconds, tokens for three requests)
    for (lifetime, tokens) in [(3600, 1), (200, 3)] {
        installed(lifetime);
        let forge = connect("Iv23liTagboat", &key);
        for _ in 0..3 {
            forge.open_pull_requests("").await.unwrap();
        }
        assert_eq!(double.host(|host| host.app.as_ref().unwrap().issued), tokens);
    }
    let (other, _) = rsa_key(tempfile::tempdir().unwrap().path());
    for (id, key) in [("Iv23liTagboat", &other), ("another", &key)] {
        let error = connect(id, key).open_pull_requests("").await.unwrap_err();
        assert!(matches!(error, ForgeError::Unauthorized { .. }), "{error:?}");
    }
    for bad in ["", "-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----"] {
        let client = Client::new(&ClientOptions::default()).unwrap();
        let error = App::new("1", &Secret::new(bad), &double.api_url, "acme/gitops", client).unwrap_err();
        assert!(error.to_string().contains("private key"), "{error}");
    }
}

/// An API token of an account is sent with the e-mail address of the account.
#[tokio::test]
async fn bitbucket_cloud_accepts_a_token_with_a_user() {
    let test = start(Some(&BITBUCKET_CLOUD));
    let double = test.double.as_ref().unwrap();
    let given = OperatorCredentials { user: Some("bot@acme.test".to_owned()), ..given(TOKEN) };
    let with_user = settings("bitbucket-cloud", &double.api_url, double.repository, &given);
    let forge = (named("bitbucket-cloud").unwrap().connect)(with_user).unwrap();
    assert!(forge.open_pull_requests("x/").await.unwrap().is_empty());
}

/// Azure DevOps truncates descriptions in lists; the record for the next run is at the end.
#[tokio::test]
async fn azure_devops_reads_complete_descriptions() {
    let test = start(Some(&AZURE_DEVOPS));
    let mut wanted = pushed(&test, "tagboat/api");
    wanted.body = format!("{}<!-- record -->", "long ".repeat(200));
    open(&test, &wanted).await;
    let found = test.forge.open_pull_requests("tagboat/").await.unwrap();
    assert_eq!(found[0].body, wanted.body);
}

/// Both Bitbuckets read a missing list of reviewers as an empty list.
#[tokio::test]
async fn update_keeps_the_reviewers() {
    for vendor in [&BITBUCKET_CLOUD, &BITBUCKET_DATA_CENTER] {
        let test = start(Some(vendor));
        let mut wanted = pushed(&test, "tagboat/api");
        wanted.extras.metadata.reviewers = vec!["rita".to_owned()];
        let opened = open(&test, &wanted).await;
        test.forge.attach(&opened, &wanted.extras.metadata).await;
        wanted.title = "Update api to 1.2".to_owned();
        test.forge.update(&opened, &wanted).await.unwrap();
        let reviewers = test.double.as_ref().unwrap().host(|host| host.pull(1).unwrap().reviewers.clone());
        assert_eq!(reviewers, ["rita"], "{}", test.name);
    }
}

#[tokio::test]
async fn names_a_malformed_local_file() {
    let test = start(None);
    open(&test, &pushed(&test, "tagboat/api")).await;
    test.edit_file(1, |record| record["state"] = json!("mergd"));
    let error = test.forge.open_pull_requests("").await.unwrap_err();
    let message = error.to_string();
    assert!(message.contains("0001.json: invalid record of a pull request at line "), "{message}");
    assert!(message.contains("its state is open, merged or closed"), "{message}");
}

/// The folder may be in a checkout, where other programs leave files and a pull request adds links.
#[cfg(unix)]
#[tokio::test]
async fn local_forge_follows_no_link_and_quotes_no_file() {
    let test = start(None);
    open(&test, &pushed(&test, "tagboat/api")).await;
    let (pulls, outside) = (test.folder.path().join("pulls"), tempfile::tempdir().unwrap());
    let secret = outside.path().join("secret.json");
    for text in [
        r#"{"token": "s3cret"}"#,
        r#"{"number": "s3cret"}"#,
        r#"{"s3cret": 1}"#,
        r#"["s3cret"]"#,
        "\"s3cret\"",
        "s3cret",
    ] {
        std::fs::write(&secret, text).unwrap();
        std::fs::copy(&secret, pulls.join("credentials.json")).unwrap();
        let message = test.forge.open_pull_requests("").await.unwrap_err().to_string();
        assert!(message.contains("credentials.json: invalid record") && !message.contains("s3cret"), "{message}");
    }
    std::fs::remove_file(pulls.join("credentials.json")).unwrap();
    std::os::unix::fs::symlink(&secret, pulls.join("0002.json")).unwrap();
    let message = test.forge.open_pull_requests("").await.unwrap_err().to_string();
    assert!(message.contains("0002.json: it is not a regular file"), "{message}");
    std::fs::remove_file(pulls.join("0002.json")).unwrap();
    for target in ["absent", "secret.json"] {
        std::fs::remove_file(pulls.join(".lock")).unwrap();
        std::os::unix::fs::symlink(outside.path().join(target), pulls.join(".lock")).unwrap();
        let message = test.forge.create(&pushed(&test, "tagboat/web")).await.unwrap_err().to_string();
        assert!(message.contains(".lock: it is not a regular file"), "{message}");
    }
    assert_eq!(std::fs::read_dir(outside.path()).unwrap().count(), 1);
}

#[test]
fn every_forge_has_a_double_and_recognizes_its_remotes() {
    for entry in FORGES {
        let has_double = doubles().any(|vendor| vendor.name == entry.name);
        assert!(has_double || entry.name == "local", "{} has no double", entry.name);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/forge").join(entry.name).join("remotes.tsv");
        let table = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let [url, recognized, api, repository] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let remote = RemoteUrl::parse(url).unwrap();
            assert_eq!((entry.recognizes)(&remote), recognized == "yes", "{}: {url}", entry.name);
            let address = (entry.address)(&remote);
            let actual = address.map_or(("-".into(), "-".into()), |address| (address.api, address.repository));
            assert_eq!(actual, (api.to_owned(), repository.to_owned()), "{}: {url}", entry.name);
            if recognized == "yes" {
                assert_eq!(recognize(&remote).map(|entry| entry.name), Some(entry.name), "{url}");
            }
        }
    }
}
