//! A toy forge that has only an implementation of the public trait and a row: it must behave like every other forge, and no
//! forge may be named outside its file.

use std::path::Path;
use std::sync::{Arc, Mutex};

use async_trait::async_trait;
use tagboat::forge::{
    Access, Address, Attached, AuthScheme, ConnectionSettings, CreationRules, Credential, CredentialInput,
    CredentialKind, Difference, Forge, ForgeError, ForgeKind, Limits, OperatorCredentials, PullRequestComment,
    RemoteUrl, TokenVariable,
};
use tagboat::http::{Client, ClientOptions};
use tagboat::plan::{LinkStyle, MergeMethod, Metadata, Proposal, PullRequest, PullRequestState};
use tagboat::refname::BranchName;
use tagboat::secret::Secret;

use super::links::body;
use super::proposal;
use crate::support::source::{before_tests, literals, read_sources, tokens};

static TOY: ForgeKind = ForgeKind {
    name: "toy",
    label: "Toy",
    about: "a forge in memory",
    recognizes: |remote| remote.host.starts_with("toy."),
    address: |remote| Some(Address { api: format!("{}/api", remote.site()), repository: remote.path.clone() }),
    api_path: "/api",
    repository_paths: &["owner/name"],
    limits: Limits { labels: false, drafts: false, auto_merge: false, ..Limits::all(40, 1_000) },
    token_variables: &[
        TokenVariable::by_runner("TOY_CI_TOKEN", "TOY_SERVER", &["TOY_SERVER"]),
        TokenVariable::by_person("TOY_TOKEN"),
    ],
    other_job_tokens: &[],
    credentials: &[
        CredentialKind { input: CredentialInput::TokenOfAccount, scheme: AuthScheme::Basic, git_user: "toy-account" },
        CredentialKind::token(AuthScheme::Token, "toy"),
    ],
    permissions: "the scope `toys`",
    creation: CreationRules { exists: "is open", branch_not_visible: "who is that", overwrites: false },
    links: Some(LinkStyle {
        repository: |host, path| host.starts_with("toy.").then(|| format!("/box{path}")),
        commit: "/c/NEW",
        compare: "/c/OLD/to/NEW",
    }),
    run_pages: &["{TOY_RUN}"],
    connect: |settings| Ok(Box::new(Toy { settings, pulls: Mutex::default(), writes: Arc::default() })),
};

struct Toy {
    settings: ConnectionSettings,
    pulls: Mutex<Vec<PullRequest>>,
    writes: Arc<Mutex<Vec<String>>>,
}

impl Toy {
    fn find(&self, wanted: impl Fn(&PullRequest) -> bool) -> Vec<PullRequest> {
        self.pulls.lock().unwrap().iter().rev().filter(|pull| wanted(pull)).cloned().collect()
    }

    fn change(&self, number: u64, change: impl FnOnce(&mut PullRequest)) -> PullRequest {
        let mut pulls = self.pulls.lock().unwrap();
        let pull = pulls.iter_mut().find(|pull| pull.number == number).unwrap();
        change(pull);
        pull.clone()
    }

    fn wrote(&self, what: String) {
        self.writes.lock().unwrap().push(what);
    }
}

#[async_trait]
impl Forge for Toy {
    fn kind(&self) -> &'static ForgeKind {
        &TOY
    }

    async fn open_pull_requests(&self, prefix: &str) -> Result<Vec<PullRequest>, ForgeError> {
        Ok(self.find(|pull| pull.state == PullRequestState::Open && pull.branch.as_str().starts_with(prefix)))
    }

    async fn closed_pull_requests(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        Ok(self.find(|pull| pull.state != PullRequestState::Open && pull.branch == *branch))
    }

    async fn find_open(&self, branch: &BranchName) -> Result<Vec<PullRequest>, ForgeError> {
        Ok(self.find(|pull| pull.state == PullRequestState::Open && pull.branch == *branch))
    }

    async fn create(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let action = format!("open {}", proposal.branch);
        if !matches!(self.settings.credential, Some(Credential::Basic { .. })) {
            let message = "an account is needed".to_owned();
            return Err(ForgeError::Forbidden { action, status: 403, message, permissions: TOY.permissions });
        }
        if !self.find_open(&proposal.branch).await?.is_empty() {
            return Err(ForgeError::Refused { action, status: None, message: "it is open".to_owned() });
        }
        let mut pulls = self.pulls.lock().unwrap();
        let number = pulls.len() as u64 + 1;
        let created = PullRequest {
            number,
            url: format!("{}/{number}", self.settings.address.api),
            branch: proposal.branch.clone(),
            base: proposal.base.clone(),
            state: PullRequestState::Open,
            head: None,
            title: proposal.title.clone(),
            body: proposal.body.clone(),
            labels: vec![],
        };
        pulls.push(created.clone());
        self.wrote(format!("create {number}"));
        Ok(created)
    }

    async fn attach(&self, _: &PullRequest, _: &Metadata) -> Attached {
        Attached::default()
    }

    async fn edit(&self, existing: &PullRequest, difference: &Difference<'_>) -> Result<PullRequest, ForgeError> {
        self.wrote(format!("edit {}", existing.number));
        Ok(self.change(existing.number, |pull| {
            difference.title.inspect(|title| (*title).clone_into(&mut pull.title));
            difference.body.inspect(|body| (*body).clone_into(&mut pull.body));
        }))
    }

    async fn close_with(&self, existing: &PullRequest, body: &str) -> Result<PullRequest, ForgeError> {
        self.wrote(format!("close {}", existing.number));
        Ok(self.change(existing.number, |pull| {
            pull.state = PullRequestState::Closed;
            body.clone_into(&mut pull.body);
        }))
    }

    async fn comments(&self, _: &PullRequest) -> Result<Vec<PullRequestComment>, ForgeError> {
        Ok(Vec::new())
    }

    async fn comment(&self, existing: &PullRequest, text: &str) -> Result<u64, ForgeError> {
        self.wrote(format!("comment {}: {text}", existing.number));
        Ok(1)
    }

    async fn delete_comment(&self, existing: &PullRequest, id: u64) -> Result<(), ForgeError> {
        self.wrote(format!("delete comment {id} of {}", existing.number));
        Ok(())
    }

    async fn check(&self) -> Result<Access, ForgeError> {
        Ok(Access { user: None, rights: vec!["play".to_owned()], remaining: None, new_name: None })
    }

    fn requests(&self) -> u64 {
        self.writes.lock().unwrap().len() as u64
    }
}

/// Connects with a token, as `run::setup` does: address and login come from the row.
fn connect(user: Option<&str>) -> (Box<dyn Forge>, &'static str) {
    let client = Client::new(&ClientOptions::default()).unwrap();
    let remote = RemoteUrl::parse("https://toy.acme.test/acme/gitops.git").unwrap();
    let address = (TOY.address)(&remote).unwrap();
    let user = user.map(str::to_owned);
    let given =
        OperatorCredentials { token: Some(Secret::new("t")), user, app: Some(("1".into(), Secret::new("key"))) };
    let login = TOY.login(&address, &given, &client).unwrap().unwrap();
    let forge = (TOY.connect)(ConnectionSettings::new(address, Some(login.credential), client)).unwrap();
    (forge, login.git_user)
}

#[tokio::test]
async fn has_the_life_cycle_of_every_forge() {
    let (forge, _) = connect(Some("me"));
    let mut wanted = proposal("tagboat/api", "Update api to 1.1", "api");
    wanted.extras.metadata.labels = vec!["deploy".to_owned()];
    wanted.extras.draft = true;
    let opened = forge.open(&wanted).await.unwrap();
    let warnings: Vec<_> = opened.warnings.iter().map(ToString::to_string).collect();
    assert_eq!(
        warnings,
        [
            "cannot set labels of tagboat/api: not supported by Toy",
            "cannot open a draft for tagboat/api: not supported by Toy"
        ]
    );
    wanted.title = "Update api to 1.2".to_owned();
    assert_eq!(
        forge.open(&wanted).await.unwrap().pull_request.title,
        "Update api to 1.2",
        "no second pull request is opened"
    );
    let open = forge.open_pull_requests("tagboat/").await.unwrap();
    assert_eq!(open.len(), 1);
    let before = forge.requests();
    forge.update(&open[0], &wanted).await.unwrap();
    assert_eq!(forge.requests(), before, "nothing differs, so nothing is sent");
    wanted.title = "x".repeat(41);
    let error = forge.update(&open[0], &wanted).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        format!("cannot update {}: the title has 41 characters; the forge allows 40", open[0].url)
    );
    let error = forge.enable_auto_merge(&open[0], MergeMethod::Merge).await.unwrap_err();
    assert_eq!(error.to_string(), "cannot enable auto-merge for tagboat/api: not supported by Toy");
    let closed = forge.close(&open[0], "superseded", "Superseded.").await.unwrap();
    assert!(closed.warnings.is_empty() && closed.pull_request.state == PullRequestState::Closed);
    let closed = forge.closed_pull_requests(&wanted.branch).await.unwrap();
    assert_eq!(closed.iter().map(|pull| pull.body.as_str()).collect::<Vec<_>>(), ["superseded"]);
}

#[tokio::test]
async fn takes_login_and_hints_from_its_row() {
    assert_eq!(connect(Some("me")).1, "toy-account");
    let (forge, git_user) = connect(None);
    assert_eq!(git_user, "toy");
    let error = forge.open(&proposal("tagboat/api", "x", "y")).await.unwrap_err();
    assert!(error.hint().contains("the scope `toys`"), "{:?}", error.hint());
    let remote = RemoteUrl::parse("git@toy.acme.test:acme/gitops.git").unwrap();
    assert!((TOY.recognizes)(&remote));
    assert!(TOY.is_same_server("https://toy.acme.test", "https://toy.acme.test/api"));
    assert!(!TOY.is_same_server("https://toy.acme.test", "https://toy.other.test/api"));
}

#[test]
fn takes_links_from_its_row() {
    let body = body("https://toy.acme.test/acme/api", &[TOY.links.unwrap()]);
    assert!(body.contains("](https://toy.acme.test/box/acme/api/c/bbbbbbbb)"), "{body}");
    assert!(body.contains("](https://toy.acme.test/box/acme/api/c/aaaaaaaa/to/bbbbbbbb)"), "{body}");
}

/// Names of forges, in lower case and without spaces, dots, dashes and underscores.
const NAMES: &[&str] = &["github", "gitlab", "gitea", "forgejo", "bitbucket", "azuredevops", "devazure"];

/// Files outside `src/forge/forges/` that may name a forge, and why.
#[rustfmt::skip]
const MAY_NAME_FORGES: &[(&str, &str)] = &[
    ("src/cli/args.rs",               "the address of the documentation"),
    ("src/demo/demonstration.rs",      "the source label of the image in the demonstration"),
    ("src/docs.rs",                   "the address of the documentation"),
    ("src/interop/renovate/files.rs", "paths at which Renovate finds its configuration"),
    ("src/manifest/formats/yaml.rs",  "files of CI systems, which hold no manifests"),
    ("src/manifest/keys/jobs.rs",     "CI systems, whose files name images under keys of their own"),
    ("src/manifest/keys/single.rs",   "the pipes of a CI system, which are no images"),
    ("src/registry/vendors/ghcr.rs",  "GitHub's registry and the token of its CI"),
    ("src/registry/vendors/gitea.rs", "Gitea's and Forgejo's registry and the token of their CI"),
    ("src/registry/vendors/gitlab.rs", "GitLab's registry and the token of its CI"),
    ("src/registry/vendors/mod.rs",   "the rows of the registries of GitLab and Gitea"),
    ("src/report/github.rs",          "the renderers for GitHub Actions"),
    ("src/report/mod.rs",             "the rows of the renderers for GitHub Actions"),
];

/// A new forge needs no change outside its file and its row. Comments may name forges.
#[test]
fn no_code_outside_its_file_names_a_forge() {
    let mut found = std::collections::BTreeMap::<String, Vec<String>>::new();
    for (file, source) in read_sources(Path::new(env!("CARGO_MANIFEST_DIR"))) {
        if file.starts_with("src/forge/forges/") {
            continue;
        }
        let code = before_tests(&source);
        for token in tokens(code).into_iter().chain(literals(code)) {
            let bare = token.text.to_lowercase().replace([' ', '.', '-', '_'], "");
            if NAMES.iter().any(|name| bare.contains(name)) {
                found.entry(file.clone()).or_default().push(format!("{file}:{}: {}", token.line, token.text));
            }
        }
    }
    let may = |file: &str| MAY_NAME_FORGES.iter().any(|(allowed, _)| *allowed == file);
    let wrong = found.iter().filter(|(file, _)| !may(file)).flat_map(|(_, lines)| lines.clone()).collect::<Vec<_>>();
    assert!(wrong.is_empty(), "move to the row of the forge, or list with a reason:\n{}", wrong.join("\n"));
    let unused = MAY_NAME_FORGES.iter().filter(|(file, _)| !found.contains_key(*file)).collect::<Vec<_>>();
    assert!(unused.is_empty(), "these files name no forge: {unused:?}");
}
