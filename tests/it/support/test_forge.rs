//! A forge with a bare repository behind it: the double of a vendor or the `local` forge, and what a person does there.

use std::path::PathBuf;
use std::time::Duration;

use serde_json::{Value, json};
use tagboat::forge::{Address, ConnectionSettings, Forge, OperatorCredentials, named};
use tagboat::http::{Client, ClientOptions, RetryPolicy};
use tagboat::secret::Secret;
use tempfile::TempDir;

use super::azure_devops::AZURE_DEVOPS;
use super::bitbucket_cloud::BITBUCKET_CLOUD;
use super::bitbucket_data_center::BITBUCKET_DATA_CENTER;
use super::code_host::{Pull, State};
use super::double::{Double, TOKEN, Vendor};
use super::gitea::GITEA;
use super::github::GITHUB;
use super::gitlab::GITLAB;
use super::repository::Bare;

/// Forges that a test runs on; `None` is the `local` forge, which needs no double.
pub(crate) type Forges = &'static [Option<&'static Vendor>];

/// All forges.
pub(crate) const ALL: Forges = &[
    Some(&GITHUB),
    Some(&GITLAB),
    Some(&GITEA),
    Some(&BITBUCKET_CLOUD),
    Some(&BITBUCKET_DATA_CENTER),
    Some(&AZURE_DEVOPS),
    None,
];

/// A connected forge and the repository behind it.
pub(crate) struct TestForge {
    pub(crate) name: &'static str,
    pub(crate) forge: Box<dyn Forge>,
    pub(crate) bare: Bare,
    /// `None` for `local`, whose pull requests are files.
    pub(crate) double: Option<Double>,
    pub(crate) folder: TempDir,
}

/// Returns the name of a vendor in the table of forges.
pub(crate) fn name(vendor: Option<&Vendor>) -> &'static str {
    vendor.map_or("local", |vendor| vendor.name)
}

/// Returns credentials with this token.
pub(crate) fn given(token: &str) -> OperatorCredentials {
    OperatorCredentials { token: Some(Secret::new(token)), ..OperatorCredentials::default() }
}

/// Returns settings with short waits between attempts.
pub(crate) fn settings(name: &str, api: &str, repository: &str, given: &OperatorCredentials) -> ConnectionSettings {
    let address = Address { api: api.to_owned(), repository: repository.to_owned() };
    let client = Client::new(&ClientOptions::default()).unwrap();
    let login = named(name).unwrap().login(&address, given, &client).unwrap();
    let retry_policy =
        RetryPolicy { max_attempts: 3, min_wait: Duration::from_millis(5), max_wait: Duration::from_secs(2) };
    ConnectionSettings { retry_policy, ..ConnectionSettings::new(address, login.map(|login| login.credential), client) }
}

/// Connects to a forge with a token.
pub(crate) fn connect(name: &str, api: &str, repository: &str, token: &str) -> Box<dyn Forge> {
    (named(name).unwrap().connect)(settings(name, api, repository, &given(token))).unwrap()
}

impl TestForge {
    /// Starts a forge over an empty repository.
    pub(crate) fn new(vendor: Option<&'static Vendor>) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        let double = vendor.map(|vendor| Double::start(vendor, &bare.path));
        let forge = match &double {
            Some(double) => connect(name(vendor), &double.api_url, double.repository, TOKEN),
            None => connect("local", folder.path().join("pulls").to_str().unwrap(), "acme/gitops", ""),
        };
        Self { name: name(vendor), forge, bare, double, folder }
    }

    /// Returns all pull requests, with the fields that all forges have in common.
    pub(crate) fn pulls(&self) -> Vec<Value> {
        let Some(double) = &self.double else {
            let read = |number: u64| std::fs::read(self.file(number)).ok();
            return (1..).map_while(read).map(|bytes| serde_json::from_slice(&bytes).unwrap()).collect();
        };
        let view = |pull: &Pull| {
            json!({"number": pull.number, "branch": pull.head, "base": pull.base, "title": pull.title, "body": pull.body,
                   "labels": pull.labels, "comments": pull.comments.iter().map(|comment| &comment.text).collect::<Vec<_>>(), "auto-merge": pull.auto_merge,
                   "state": format!("{:?}", pull.state).to_lowercase()})
        };
        double.host(|host| host.pulls.iter().map(view).collect())
    }

    /// Returns the pull request of that number.
    pub(crate) fn pull(&self, number: u64) -> Value {
        let found = self.pulls().into_iter().find(|pull| pull["number"] == number);
        found.unwrap_or_else(|| panic!("there is no #{number}"))
    }

    /// Returns the branches of open pull requests.
    pub(crate) fn open_branches(&self) -> Vec<String> {
        self.open_branches_and_bases().into_iter().map(|(branch, _)| branch).collect()
    }

    /// Returns the branches and bases of open pull requests.
    pub(crate) fn open_branches_and_bases(&self) -> Vec<(String, String)> {
        let pulls = self.pulls();
        let open = pulls.iter().filter(|pull| pull["state"] == "open");
        let text = |field: &Value| field.as_str().unwrap().to_owned();
        open.map(|pull| (text(&pull["branch"]), text(&pull["base"]))).collect()
    }

    /// A person merges: the base branch moves to the head of the branch.
    pub(crate) fn merge(&self, number: u64) {
        self.bare.merge(self.pull(number)["branch"].as_str().unwrap(), "main");
        self.set_state(number, State::Merged);
    }

    /// A person closes without merging.
    pub(crate) fn close(&self, number: u64) {
        self.set_state(number, State::Closed);
    }

    fn set_state(&self, number: u64, state: State) {
        match &self.double {
            Some(double) => double.host(|host| host.pull(number).unwrap().state = state),
            None => self.edit_file(number, |pull| pull["state"] = json!(format!("{state:?}").to_lowercase())),
        }
    }

    /// A person changes title, body and labels.
    pub(crate) fn edit(&self, number: u64, edit: impl FnOnce(&mut String, &mut String, &mut Vec<String>)) {
        match &self.double {
            Some(double) => double.host(|host| {
                let pull = host.pull(number).unwrap();
                edit(&mut pull.title, &mut pull.body, &mut pull.labels);
            }),
            None => self.edit_file(number, |pull| {
                let text = |field: &Value| field.as_str().unwrap().to_owned();
                let (mut title, mut body) = (text(&pull["title"]), text(&pull["body"]));
                let mut labels: Vec<String> = serde_json::from_value(pull["labels"].clone()).unwrap();
                edit(&mut title, &mut body, &mut labels);
                (pull["title"], pull["body"], pull["labels"]) = (json!(title), json!(body), json!(labels));
            }),
        }
    }

    /// Adds another pull request for the same branch, as a race of two runs may leave it.
    pub(crate) fn duplicate(&self, number: u64, copy: u64) {
        match &self.double {
            Some(double) => double.host(|host| {
                let pull = Pull { number: copy, ..host.pull(number).unwrap().clone() };
                host.pulls.push(pull);
            }),
            None => {
                let mut pull = self.pull(number);
                pull["number"] = json!(copy);
                std::fs::write(self.file(copy), pull.to_string()).unwrap();
            }
        }
    }

    /// A person opens a pull request of the branch of another one for this base.
    pub(crate) fn open_by_person(&self, branch_of: u64, number: u64, base: &str) {
        self.duplicate(branch_of, number);
        self.retarget(number, base);
        self.set_state(number, State::Open);
        self.edit(number, |title, body, labels| {
            (*title, *body) = ("By hand".to_owned(), "words".to_owned());
            labels.clear();
        });
    }

    /// A person, or the forge when a branch is renamed, changes the base.
    pub(crate) fn retarget(&self, number: u64, base: &str) {
        match &self.double {
            Some(double) => double.host(|host| base.clone_into(&mut host.pull(number).unwrap().base)),
            None => self.edit_file(number, |pull| pull["base"] = json!(base)),
        }
    }

    fn file(&self, number: u64) -> PathBuf {
        self.folder.path().join(format!("pulls/{number:04}.json"))
    }

    /// Edits the file of a pull request of the `local` forge.
    pub(crate) fn edit_file(&self, number: u64, edit: impl FnOnce(&mut Value)) {
        let mut pull = serde_json::from_slice(&std::fs::read(self.file(number)).unwrap()).unwrap();
        edit(&mut pull);
        std::fs::write(self.file(number), pull.to_string()).unwrap();
    }
}
