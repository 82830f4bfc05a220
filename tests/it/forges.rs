//! One table of life-cycle stories, told to every forge; and what is particular to one of them.

mod links;
mod toy;

use std::path::Path;
use std::time::Duration;

use rustls::pki_types::pem::PemObject;
use serde_json::json;
use tagboat::forge::{
    Address, App, FORGES, Forge, ForgeError, ForgeSettings, GivenCredentials, RemoteUrl, named, recognize,
};
use tagboat::http::{Client, ClientOptions, RetryPolicy};
use tagboat::plan::{Extras, MergeMethod, Proposal, PullRequest, PullRequestState};
use tagboat::refname::BranchName;
use tagboat::secret::Secret;
use tempfile::TempDir;

use crate::support::azure_devops::AZURE_DEVOPS;
use crate::support::bitbucket_cloud::BITBUCKET_CLOUD;
use crate::support::bitbucket_data_center::BITBUCKET_DATA_CENTER;
use crate::support::code_host::{InstalledApp, State};
use crate::support::double::{Answer, Double, Fault, READER, TOKEN, Vendor};
use crate::support::gitea::GITEA;
use crate::support::github::GITHUB;
use crate::support::gitlab::GITLAB;
use crate::support::repository::Bare;

/// A forge with a repository behind it, and a person who can act there.
struct World {
    name: &'static str,
    forge: Box<dyn Forge>,
    bare: Bare,
    /// None for `local`, whose person edits files.
    double: Option<Double>,
    folder: TempDir,
}

/// All doubles; `local` needs none.
const DOUBLES: &[&Vendor] = &[&GITHUB, &GITLAB, &GITEA, &BITBUCKET_CLOUD, &BITBUCKET_DATA_CENTER, &AZURE_DEVOPS];

fn worlds() -> Vec<World> {
    let doubles = DOUBLES.iter().map(|vendor| World::new(vendor));
    doubles.chain([World::local()]).collect()
}

fn settings(name: &str, api: &str, repository: &str, given: &GivenCredentials) -> ForgeSettings {
    let address = Address { api: api.to_owned(), repository: repository.to_owned() };
    let client = Client::new(&ClientOptions::default()).unwrap();
    let login = named(name).unwrap().login(&address, given, &client).unwrap();
    ForgeSettings {
        retry_policy: RetryPolicy {
            max_attempts: 3,
            min_wait: Duration::from_millis(5),
            max_wait: Duration::from_secs(2),
        },
        ..ForgeSettings::new(address, login.map(|login| login.credential), client)
    }
}

fn given(token: &str) -> GivenCredentials {
    GivenCredentials { token: Some(Secret::new(token)), ..GivenCredentials::default() }
}

fn connect(name: &str, api: &str, repository: &str, token: &str) -> Box<dyn Forge> {
    (named(name).unwrap().connect)(settings(name, api, repository, &given(token))).unwrap()
}

impl World {
    fn new(vendor: &'static Vendor) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "git");
        bare.commit("main", &[("file", "first")], "First");
        let double = Double::start(vendor, &bare.path);
        let forge = connect(vendor.name, &double.api_url, double.repository, TOKEN);
        Self { name: vendor.name, forge, bare, double: Some(double), folder }
    }

    fn local() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "git");
        bare.commit("main", &[("file", "first")], "First");
        let pulls = folder.path().join("pulls");
        let forge = connect("local", pulls.to_str().unwrap(), "acme/gitops", "");
        Self { name: "local", forge, bare, double: None, folder }
    }

    fn with_token(&self, token: &str) -> Option<Box<dyn Forge>> {
        let double = self.double.as_ref()?;
        Some(connect(self.name, &double.api_url, double.repository, token))
    }

    fn end_by_hand(&self, number: u64, merge: bool) {
        if let Some(double) = &self.double {
            return double.hub(|hub| if merge { hub.merge(number) } else { hub.close(number) });
        }
        self.edit_file(number, |record| record["state"] = json!(if merge { "merged" } else { "closed" }));
    }

    fn label_by_hand(&self, number: u64, label: &str) {
        if let Some(double) = &self.double {
            return double.hub(|hub| hub.pull(number).unwrap().labels.push(label.to_owned()));
        }
        self.edit_file(number, |record| record["labels"].as_array_mut().unwrap().push(json!(label)));
    }

    fn comments(&self, number: u64) -> Vec<String> {
        if let Some(double) = &self.double {
            return double.hub(|hub| hub.pull(number).unwrap().comments.clone());
        }
        let mut comments = Vec::new();
        self.edit_file(number, |record| comments = serde_json::from_value(record["comments"].clone()).unwrap());
        comments
    }

    fn edit_file(&self, number: u64, edit: impl FnOnce(&mut serde_json::Value)) {
        let path = self.folder.path().join(format!("pulls/{number:04}.json"));
        let mut record = serde_json::from_slice(&std::fs::read(&path).unwrap()).unwrap();
        edit(&mut record);
        std::fs::write(&path, record.to_string()).unwrap();
    }

    /// Write requests since the last time.
    fn writes(&self) -> Vec<String> {
        let Some(double) = &self.double else { return vec![] };
        let writes = double.writes();
        double.take_log();
        writes
    }

    async fn opened(&self, proposal: &Proposal) -> PullRequest {
        let written = self.forge.open(proposal).await.unwrap();
        assert!(written.warnings.is_empty(), "{}: {:?}", self.name, written.warnings);
        written.pull_request
    }
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
        body: body.to_owned(),
        extras: Extras::default(),
    }
}

/// A pushed branch and its proposal.
fn pushed(world: &World, name: &str) -> Proposal {
    world.bare.commit(name, &[("file", "1.1")], "1.1");
    proposal(name, "Update api to 1.1", "api 1.0 → 1.1\n\n<!-- record -->")
}

#[tokio::test]
async fn opens_and_finds_again() {
    for world in worlds() {
        let mut wanted = pushed(&world, "tagboat/api");
        let labels = if world.forge.limits().labels { vec!["deploy".to_owned()] } else { vec![] };
        wanted.extras.labels.clone_from(&labels);
        let opened = world.opened(&wanted).await;
        let listed = world.forge.open_pull_requests("tagboat/").await.unwrap();
        assert_eq!(listed, vec![opened.clone()], "{}", world.name);
        assert_eq!(opened.state, PullRequestState::Open);
        assert_eq!((&opened.branch, &opened.base), (&wanted.branch, &wanted.base), "{}", world.name);
        assert_eq!((&opened.title, &opened.body), (&wanted.title, &wanted.body), "{}", world.name);
        assert_eq!(opened.labels, labels, "{}", world.name);
        assert!(opened.url.contains("://"), "{}: {}", world.name, opened.url);
        if let Some(head) = opened.head {
            assert_eq!(Some(head.as_str().to_owned()), world.bare.head("tagboat/api"), "{}", world.name);
        }
        assert!(world.forge.open_pull_requests("other/").await.unwrap().is_empty(), "{}", world.name);
    }
}

#[tokio::test]
async fn opening_twice_updates_the_first() {
    for world in worlds() {
        let first = world.opened(&pushed(&world, "tagboat/api")).await;
        let mut newer = pushed(&world, "tagboat/api");
        newer.title = "Update api to 1.2".to_owned();
        let second = world.opened(&newer).await;
        assert_eq!((first.number, second.title.as_str()), (second.number, "Update api to 1.2"), "{}", world.name);
        assert_eq!(world.forge.open_pull_requests("").await.unwrap().len(), 1, "{}", world.name);
    }
}

#[tokio::test]
async fn updates_in_place_and_then_sends_nothing() {
    for world in worlds() {
        let mut wanted = pushed(&world, "tagboat/api");
        let opened = world.opened(&wanted).await;
        world.label_by_hand(opened.number, "by-a-person");
        wanted.title = "Update api to 1.2".to_owned();
        wanted.body = "api 1.0 → 1.2".to_owned();
        wanted.extras.labels = vec!["deploy".to_owned()];
        let observed = world.forge.open_pull_requests("tagboat/").await.unwrap().remove(0);
        let updated = world.forge.update(&observed, &wanted).await.unwrap();
        assert!(updated.warnings.is_empty(), "{}: {:?}", world.name, updated.warnings);
        let now = world.forge.open_pull_requests("tagboat/").await.unwrap().remove(0);
        assert_eq!((now.number, &now.title, &now.body), (opened.number, &wanted.title, &wanted.body), "{}", world.name);
        let mut labels = now.labels.clone();
        labels.sort();
        if world.forge.limits().labels {
            assert_eq!(labels, ["by-a-person", "deploy"], "{}", world.name);
        }
        world.writes();
        world.forge.update(&now, &wanted).await.unwrap();
        assert_eq!(world.writes(), Vec::<String>::new(), "{}", world.name);
    }
}

#[tokio::test]
async fn closes_with_body_and_comment() {
    for world in worlds() {
        let opened = world.opened(&pushed(&world, "tagboat/api")).await;
        let closed =
            world.forge.close(&opened, "superseded <!-- closed by tagboat -->", "Nothing is left to change.").await;
        assert!(closed.unwrap().warnings.is_empty(), "{}", world.name);
        assert!(world.forge.open_pull_requests("").await.unwrap().is_empty(), "{}", world.name);
        let ended = world.forge.closed_pull_requests(&branch("tagboat/api")).await.unwrap();
        assert_eq!(ended.len(), 1, "{}", world.name);
        assert_eq!(ended[0].state, PullRequestState::Closed, "{}", world.name);
        assert_eq!(ended[0].body, "superseded <!-- closed by tagboat -->", "{}", world.name);
        assert_eq!(world.comments(opened.number), ["Nothing is left to change."], "{}", world.name);
    }
}

#[tokio::test]
async fn lists_closed_pull_requests_newest_first() {
    for world in worlds() {
        let wanted = pushed(&world, "tagboat/api");
        let first = world.opened(&wanted).await;
        world.end_by_hand(first.number, false);
        let second = world.opened(&wanted).await;
        assert_ne!(first.number, second.number, "{}", world.name);
        world.end_by_hand(second.number, true);
        let other = world.opened(&pushed(&world, "tagboat/web")).await;
        world.end_by_hand(other.number, false);
        let ended = world.forge.closed_pull_requests(&branch("tagboat/api")).await.unwrap();
        let told: Vec<_> = ended.iter().map(|ended| (ended.number, ended.state)).collect();
        let expected = [(second.number, PullRequestState::Merged), (first.number, PullRequestState::Closed)];
        assert_eq!(told, expected, "{}", world.name);
    }
}

#[tokio::test]
async fn ignores_pull_requests_of_forks() {
    for world in worlds() {
        let Some(double) = &world.double else { continue };
        let opened = world.opened(&pushed(&world, "tagboat/api")).await;
        double.hub(|hub| hub.pull(opened.number).unwrap().fork = true);
        assert!(world.forge.open_pull_requests("tagboat/").await.unwrap().is_empty(), "{}", world.name);
    }
}

#[tokio::test]
async fn reads_all_pages() {
    for world in worlds() {
        let Some(double) = &world.double else { continue };
        let opened = world.opened(&pushed(&world, "tagboat/api")).await;
        double.hub(|hub| {
            let first = hub.pull(opened.number).unwrap().clone();
            for number in 2..=230 {
                let head = if number == 230 { "tagboat/api".to_owned() } else { "other".to_owned() };
                hub.pulls.push(crate::support::code_host::Pull { number, head, base: "main".into(), ..first.clone() });
            }
            hub.bare.commit("other", &[("file", "x")], "x");
        });
        double.take_log();
        let found = world.forge.open_pull_requests("tagboat/").await.unwrap();
        let mut numbers: Vec<_> = found.iter().map(|pull| pull.number).collect();
        numbers.sort_unstable();
        assert_eq!(numbers, [1, 230], "{}", world.name);
        assert!(double.take_log().len() <= 5, "{}", world.name);
    }
}

#[tokio::test]
async fn creates_no_second_pull_request_after_a_lost_response() {
    for world in worlds() {
        let Some(double) = &world.double else { continue };
        let wanted = pushed(&world, "tagboat/api");
        double.fail("POST", Fault::Lost(Answer::new(502, json!("bad gateway"))));
        let opened = world.opened(&wanted).await;
        assert_eq!(opened.title, wanted.title, "{}", world.name);
        let opening = format!("POST {}", double.take_log().iter().find(|r| r.method == "POST").unwrap().path);
        assert_eq!(double.hub(|hub| hub.pulls.len()), 1, "{}: {opening}", world.name);
        // And one that was not carried out is sent once more, after looking.
        double.fail("POST", Fault::Instead(Answer::new(502, json!("bad gateway"))));
        world.opened(&pushed(&world, "tagboat/web")).await;
        let sent = double.take_log();
        let methods: Vec<&str> = sent.iter().map(|r| r.method.as_str()).collect();
        assert!(methods.ends_with(&["POST", "GET", "POST"]), "{}: {methods:?}", world.name);
        assert_eq!(double.hub(|hub| hub.pulls.len()), 2, "{}", world.name);
    }
}

#[tokio::test]
async fn repeats_reads_and_waits_for_rate_limits() {
    for world in worlds() {
        let Some(double) = &world.double else { continue };
        double.fail("GET", Fault::Instead(Answer::new(503, json!("busy"))));
        double.fail("GET", Fault::Instead(Answer::new(429, json!({})).header("retry-after", "0")));
        assert!(world.forge.open_pull_requests("x/").await.unwrap().is_empty(), "{}", world.name);
        // A limit is met before anything is done, so that even a write may be sent again.
        double.fail("POST", Fault::Instead(Answer::new(429, json!({})).header("retry-after", "0")));
        world.opened(&pushed(&world, "tagboat/api")).await;
        (0..3).for_each(|_| double.fail("GET", Fault::Instead(Answer::new(500, json!("down")))));
        let error = world.forge.open_pull_requests("x/").await.unwrap_err();
        assert!(matches!(error, ForgeError::Unavailable { status: 500, .. }), "{}: {error}", world.name);
        assert!(error.hint().is_some());
        double.fail("GET", Fault::Instead(Answer::new(429, json!({})).header("retry-after", "3600")));
        let error = world.forge.open_pull_requests("x/").await.unwrap_err();
        assert!(matches!(error, ForgeError::RateLimited { wait: Some(_), .. }), "{}: {error}", world.name);
    }
}

#[tokio::test]
async fn reports_unexpected_responses() {
    for world in worlds() {
        let Some(double) = &world.double else { continue };
        world.opened(&pushed(&world, "tagboat/api")).await;
        for fault in [Fault::Cut, Fault::Instead(Answer::new(200, json!({"hello": "I am a proxy"})))] {
            double.fail("GET", fault);
            let error = world.forge.open_pull_requests("x/").await.unwrap_err();
            assert!(matches!(error, ForgeError::Malformed { .. }), "{}: {error:?}", world.name);
        }
    }
}

#[tokio::test]
async fn explains_rejected_tokens_and_missing_repositories() {
    for world in worlds() {
        let (Some(wrong), Some(reader)) = (world.with_token("wrong"), world.with_token(READER)) else { continue };
        let double = world.double.as_ref().unwrap();
        let error = wrong.open_pull_requests("x/").await.unwrap_err();
        assert!(matches!(error, ForgeError::Unauthorized { .. }), "{}: {error:?}", world.name);
        assert!(!format!("{error} {error:?}").contains("wrong\""), "{error:?}");
        let wanted = pushed(&world, "tagboat/api");
        let error = reader.open(&wanted).await.err().unwrap();
        assert!(matches!(error, ForgeError::Forbidden { .. }), "{}: {error:?}", world.name);
        assert!(error.hint().is_some_and(|hint| hint.contains("give the token")), "{}", world.name);
        let elsewhere = double.repository.replace("gitops", "missing");
        let missing = connect(world.name, &double.api_url, &elsewhere, TOKEN);
        let error = missing.check().await.unwrap_err();
        assert!(matches!(error, ForgeError::NotFound { .. }), "{}: {error:?}", world.name);
    }
}

#[tokio::test]
async fn names_the_missing_token() {
    for world in worlds() {
        let Some(double) = &world.double else { continue };
        let without = settings(world.name, &double.api_url, double.repository, &GivenCredentials::default());
        let error = match (named(world.name).unwrap().connect)(without) {
            Ok(forge) => forge.open_pull_requests("x/").await.unwrap_err(),
            Err(error) => error,
        };
        let told = format!("{error}; {}", error.hint().unwrap_or_default());
        assert_eq!(told.matches("token").count().min(2), 2, "{}: {told}", world.name);
    }
}

#[tokio::test]
async fn sends_no_text_beyond_the_limit() {
    for world in worlds() {
        let limits = world.forge.limits();
        if limits.body == usize::MAX {
            continue;
        }
        let mut wanted = pushed(&world, "tagboat/api");
        wanted.body = "é".repeat(limits.body);
        wanted.title = "é".repeat(limits.title);
        world.opened(&wanted).await;
        world.writes();
        let mut longer = pushed(&world, "tagboat/web");
        longer.body = "é".repeat(limits.body + 1);
        let error = world.forge.open(&longer).await.err().unwrap();
        assert!(matches!(error, ForgeError::TooLong { what: "body", .. }), "{}: {error:?}", world.name);
        assert_eq!(world.writes(), Vec::<String>::new(), "{}", world.name);
    }
}

#[tokio::test]
async fn waits_for_a_pushed_branch_and_refuses_a_missing_one() {
    for world in worlds() {
        let Some(double) = &world.double else { continue };
        let error = world.forge.open(&proposal("tagboat/none", "x", "y")).await.err().unwrap();
        assert!(matches!(error, ForgeError::Refused { .. } | ForgeError::NotFound { .. }), "{}: {error:?}", world.name);
        // One that was pushed a moment ago may be seen a little later.
        let wanted = pushed(&world, "tagboat/api");
        double.hub(|hub| hub.unseen.push(("tagboat/api".to_owned(), 1)));
        world.opened(&wanted).await;
    }
}

#[tokio::test]
async fn warns_about_people_that_cannot_be_set() {
    for world in worlds() {
        let Some(double) = &world.double else { continue };
        let limits = world.forge.limits();
        let mut wanted = pushed(&world, "tagboat/api");
        let person = DOUBLES.iter().find(|vendor| vendor.name == world.name).unwrap().person;
        wanted.extras.reviewers = vec![person("rita"), person("absent")];
        wanted.extras.assignees = vec![person("sam"), person("stranger")];
        wanted.extras.team_reviewers = vec![person("deployers")];
        wanted.extras.draft = true;
        let written = world.forge.open(&wanted).await.unwrap();
        let said = written.warnings.iter().map(ToString::to_string).collect::<Vec<_>>().join("\n");
        double.hub(|hub| {
            let pull = hub.pull(written.pull_request.number).unwrap();
            #[rustfmt::skip]
            let table = [
                // known                 is                        wanted                     named in a warning
                (limits.reviewers,      pull.reviewers.clone(),   vec!["rita".to_owned()],      person("absent")),
                (limits.assignees,      pull.assignees.clone(),   vec!["sam".to_owned()],       person("stranger")),
                (limits.team_reviewers, pull.teams.clone(),       vec!["deployers".to_owned()], String::new()),
            ];
            for (known, is, wanted, told) in table {
                assert_eq!(is, if known { wanted } else { vec![] }, "{}: {said}", world.name);
                assert!(!known || said.contains(&told), "{}: {said}", world.name);
            }
            assert_eq!(pull.draft, limits.drafts, "{}", world.name);
        });
        let unknown = [limits.reviewers, limits.assignees, limits.team_reviewers, limits.drafts];
        let unknown = unknown.iter().filter(|known| !**known).count();
        assert_eq!(said.matches("not supported by").count(), unknown, "{}: {said}", world.name);
    }
}

#[tokio::test]
async fn enables_auto_merge_where_supported() {
    for world in worlds() {
        let opened = world.opened(&pushed(&world, "tagboat/api")).await;
        let said = world.forge.enable_auto_merge(&opened, MergeMethod::Squash).await;
        if !world.forge.limits().auto_merge {
            assert!(matches!(said, Err(ForgeError::NotSupported { .. })), "{}: {said:?}", world.name);
            continue;
        }
        said.unwrap_or_else(|error| panic!("{}: {error}", world.name));
        let double = world.double.as_ref().unwrap();
        let is = double.hub(|hub| hub.pull(1).map(|pull| (pull.auto_merge.clone(), pull.state)));
        assert_eq!(is, Some((Some("squash".to_owned()), State::Open)), "{}", world.name);
    }
}

/// GitHub refuses, and GitLab would merge at once.
#[tokio::test]
async fn refuses_auto_merge_without_a_check_to_wait_for() {
    for vendor in [&GITHUB, &GITLAB] {
        let world = World::new(vendor);
        let opened = world.opened(&pushed(&world, "tagboat/api")).await;
        let double = world.double.as_ref().unwrap();
        double.hub(|hub| hub.pull(1).unwrap().pipeline = false);
        let error = world.forge.enable_auto_merge(&opened, MergeMethod::Merge).await.unwrap_err();
        assert!(matches!(error, ForgeError::Refused { .. }), "{}: {error:?}", world.name);
        assert_eq!(double.hub(|hub| hub.pull(1).unwrap().state), State::Open, "{}", world.name);
    }
}

#[tokio::test]
async fn opens_for_review_where_drafts_are_not_supported() {
    let world = World::new(&GITHUB);
    let double = world.double.as_ref().unwrap();
    double.hub(|hub| hub.drafts = false);
    let mut wanted = pushed(&world, "tagboat/api");
    wanted.extras.draft = true;
    world.opened(&wanted).await;
    assert_eq!(double.hub(|hub| (hub.pulls.len(), hub.pull(1).unwrap().draft)), (1, false));
}

/// Runs that write at once wait for each other.
#[tokio::test(flavor = "multi_thread", worker_threads = 4)]
async fn local_runs_write_one_at_a_time() {
    let world = World::local();
    let pulls = world.folder.path().join("pulls");
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
    for world in worlds() {
        let access = world.forge.check().await.unwrap();
        assert!(!access.rights.is_empty(), "{}: {access:?}", world.name);
        assert!(world.forge.requests() <= 3, "{}", world.name);
        assert_eq!(world.writes(), Vec::<String>::new(), "{}", world.name);
    }
}

#[tokio::test]
async fn costs_one_request_when_nothing_changes() {
    for world in worlds() {
        for name in ["tagboat/api", "tagboat/web"] {
            world.opened(&pushed(&world, name)).await;
        }
        let before = world.forge.requests();
        world.forge.open_pull_requests("tagboat/").await.unwrap();
        assert!(world.forge.requests() - before <= 1, "{}", world.name);
    }
}

#[tokio::test]
async fn github_reports_an_archived_repository() {
    let world = World::new(&GITHUB);
    let wanted = pushed(&world, "tagboat/api");
    world.double.as_ref().unwrap().hub(|hub| hub.archived = true);
    for error in [world.forge.check().await.err(), world.forge.open(&wanted).await.err()] {
        assert!(matches!(error, Some(ForgeError::Archived { .. })), "{error:?}");
    }
}

#[tokio::test]
async fn github_gets_one_user_agent() {
    let world = World::new(&GITHUB);
    world.forge.open_pull_requests("").await.unwrap();
    let log = world.double.as_ref().unwrap().take_log();
    let agents: Vec<_> = log[0].headers.iter().filter(|(name, _)| name == "user-agent").collect();
    assert_eq!(agents, [&("user-agent".to_owned(), concat!("tagboat/", env!("CARGO_PKG_VERSION")).to_owned())]);
}

#[tokio::test]
async fn github_closes_a_pull_request_whose_branch_is_deleted() {
    let world = World::new(&GITHUB);
    world.opened(&pushed(&world, "tagboat/api")).await;
    world.bare.delete("tagboat/api");
    assert!(world.forge.open_pull_requests("").await.unwrap().is_empty());
    let ended = world.forge.closed_pull_requests(&branch("tagboat/api")).await.unwrap();
    assert_eq!(ended[0].state, PullRequestState::Closed);
}

#[tokio::test]
async fn times_out() {
    for world in worlds() {
        let Some(double) = &world.double else { continue };
        let mut impatient = settings(world.name, &double.api_url, double.repository, &given(TOKEN));
        impatient.timeout = Duration::from_millis(100);
        let forge = (named(world.name).unwrap().connect)(impatient).unwrap();
        (0..3).for_each(|_| double.fail("GET", Fault::Slow(Duration::from_secs(2))));
        let error = forge.open_pull_requests("x/").await.unwrap_err();
        assert!(matches!(error, ForgeError::Unreachable { .. }), "{}: {error:?}", world.name);
    }
}

/// What `local` writes is read by people and by later versions.
#[tokio::test]
async fn local_files_keep_their_format() {
    let world = World::local();
    let mut wanted = pushed(&world, "tagboat/api");
    wanted.extras.labels = vec!["deploy".to_owned()];
    wanted.extras.reviewers = vec!["rita".to_owned()];
    let opened = world.opened(&wanted).await;
    world.forge.close(&opened, &wanted.body, "Nothing is left to change.\nReally.").await.unwrap();
    let expected = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/forge/local");
    for file in ["0001.json", "0001.md"] {
        let written = std::fs::read_to_string(world.folder.path().join("pulls").join(file)).unwrap();
        assert_eq!(written, std::fs::read_to_string(expected.join(file)).unwrap(), "{file}");
    }
}

/// The token of a CI is for the server of that CI.
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
        ("github",        "nonsense",                  "https://api.github.com",              false),
    ];
    for (name, server, api, same) in table {
        assert_eq!(named(name).unwrap().is_same_server(server, api), same, "{name} {server} {api}");
    }
}

/// The private key of an App, as GitHub gives it out, and its public half.
fn rsa_key(folder: &Path) -> (Secret, Vec<u8>) {
    let file = folder.join("app.pem");
    let arguments = ["-q", "-t", "rsa", "-b", "2048", "-m", "PEM", "-N", "", "-f", file.to_str().unwrap()];
    assert!(std::process::Command::new("ssh-keygen").args(arguments).status().unwrap().success());
    let pem = std::fs::read_to_string(file).unwrap();
    assert!(pem.starts_with("-----BEGIN RSA PRIVATE KEY-----"));
    let der = rustls::pki_types::PrivateKeyDer::from_pem_slice(pem.as_bytes()).unwrap();
    let signing = rustls::crypto::ring::sign::any_supported_type(&der).unwrap();
    // Behind the algorithm of a SubjectPublicKeyInfo (RFC 5280) of 2048 bits.
    (Secret::new(&pem), signing.public_key().unwrap()[24..].to_vec())
}

/// What an App asks for comes to light with every kind of request: REST, GraphQL, and git's login.
#[tokio::test]
async fn app_gets_and_renews_tokens() {
    let world = World::new(&GITHUB);
    let (key, public_key) = rsa_key(world.folder.path());
    let double = world.double.as_ref().unwrap();
    let installed = |life| {
        let (id, token) = ("Iv23liTagboat".to_owned(), String::new());
        double.hub(|hub| hub.app = Some(InstalledApp { id, public_key: public_key.clone(), token, issued: 0, life }));
    };
    let connect = |id: &str, key: &Secret| {
        let given = GivenCredentials { app: Some((id.to_owned(), key.clone())), ..GivenCredentials::default() };
        (named("github").unwrap().connect)(settings("github", &double.api_url, double.repository, &given)).unwrap()
    };
    // (seconds that a token is good for, tokens for three requests)
    for (life, tokens) in [(3600, 1), (200, 3)] {
        installed(life);
        let forge = connect("Iv23liTagboat", &key);
        for _ in 0..3 {
            forge.open_pull_requests("").await.unwrap();
        }
        assert_eq!(double.hub(|hub| hub.app.as_ref().unwrap().issued), tokens);
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

/// An account's API token goes with its e-mail.
#[tokio::test]
async fn bitbucket_cloud_takes_a_token_with_a_user() {
    let world = World::new(&BITBUCKET_CLOUD);
    let double = world.double.as_ref().unwrap();
    let given = GivenCredentials { user: Some("bot@acme.test".to_owned()), ..given(TOKEN) };
    let with_user = settings("bitbucket-cloud", &double.api_url, double.repository, &given);
    let forge = (named("bitbucket-cloud").unwrap().connect)(with_user).unwrap();
    assert!(forge.open_pull_requests("x/").await.unwrap().is_empty());
}

/// Azure DevOps shortens descriptions in listings; the record for the next run is at the end.
#[tokio::test]
async fn azure_devops_reads_long_descriptions_whole() {
    let world = World::new(&AZURE_DEVOPS);
    let mut wanted = pushed(&world, "tagboat/api");
    wanted.body = format!("{}<!-- record -->", "long ".repeat(200));
    world.opened(&wanted).await;
    let found = world.forge.open_pull_requests("tagboat/").await.unwrap();
    assert_eq!(found[0].body, wanted.body);
}

/// Both Bitbuckets take a list of reviewers that is left out for an empty one.
#[tokio::test]
async fn an_update_keeps_the_reviewers() {
    for vendor in [&BITBUCKET_CLOUD, &BITBUCKET_DATA_CENTER] {
        let world = World::new(vendor);
        let mut wanted = pushed(&world, "tagboat/api");
        wanted.extras.reviewers = vec!["rita".to_owned()];
        let opened = world.opened(&wanted).await;
        wanted.title = "Update api to 1.2".to_owned();
        world.forge.update(&opened, &wanted).await.unwrap();
        let reviewers = world.double.as_ref().unwrap().hub(|hub| hub.pull(1).unwrap().reviewers.clone());
        assert_eq!(reviewers, ["rita"], "{}", world.name);
    }
}

#[tokio::test]
async fn names_a_broken_local_file() {
    let world = World::local();
    world.opened(&pushed(&world, "tagboat/api")).await;
    world.edit_file(1, |record| record["state"] = json!("mergd"));
    let error = world.forge.open_pull_requests("").await.unwrap_err();
    assert!(error.to_string().contains("0001.json") && error.to_string().contains("mergd"), "{error}");
}

#[test]
fn every_forge_has_a_double_and_recognises_its_remotes() {
    for entry in FORGES {
        let has_double = DOUBLES.iter().any(|vendor| vendor.name == entry.name);
        assert!(has_double || entry.name == "local", "{} has no double", entry.name);
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/forge").join(entry.name).join("remotes.tsv");
        let table = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let [url, recognized, api, repository] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let remote = RemoteUrl::parse(url).unwrap();
            assert_eq!((entry.recognizes)(&remote), recognized == "yes", "{}: {url}", entry.name);
            let address = (entry.address)(&remote);
            let told = address.map_or(("-".into(), "-".into()), |address| (address.api, address.repository));
            assert_eq!(told, (api.to_owned(), repository.to_owned()), "{}: {url}", entry.name);
            if recognized == "yes" {
                assert_eq!(recognize(&remote).map(|entry| entry.name), Some(entry.name), "{url}");
            }
        }
    }
}
