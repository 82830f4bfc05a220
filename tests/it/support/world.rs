//! A small world that stories are told in: images in the embedded registry, manifests in a bare repository, and pull
//! requests at GitHub's double or in the files of the `local` forge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;
use std::time::Duration;

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan};
use serde_json::{Value, json};
use tagboat::config::{self, Config};
use tagboat::demo::registry::{ImageSpec, Registry as Embedded};
use tagboat::forge::{Address, Forge, ForgeSettings, GivenCredentials, named};
use tagboat::git::{Git, Options, Repository};
use tagboat::http::{Client, ClientOptions, RetryPolicy};
use tagboat::image::{Digest, ImageFacts, ImageName, ImageReference, Tag};
use tagboat::registry::{HostSettings, Keychain, Limits, Registries, Registry, RegistryError, Requests};
use tagboat::report::{ProposalAction, RunReport};
use tagboat::run::{ReportContext, Request, RunError, Scope, Services, run};
use tagboat::secret::Secret;
use tempfile::TempDir;

use super::code_host::{Pull, State};
use super::double::{Double, TOKEN, Vendor};
use super::repository::Bare;

/// All of it.
pub(crate) struct World {
    pub(crate) bare: Bare,
    /// None for `local`, whose person edits files.
    pub(crate) double: Option<Double>,
    pub(crate) config: Config,
    pub(crate) registry: Listing,
    git: Repository,
    forge: Box<dyn Forge>,
    embedded: Embedded,
    digests: BTreeMap<String, Digest>,
    folder: TempDir,
}

/// The host that all images of a world are on, and the folder in it.
const IMAGES: &str = "ghcr.io/acme/";

impl World {
    /// Starts one at a code host, or with the `local` forge. `images` are `NAME:TAG`, each built a day after the one before; `files` are paths with the references
    /// that stand in each.
    pub(crate) async fn new(host: Option<&'static Vendor>, config: &str, images: &str, files: &[(&str, &str)]) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let embedded = Embedded::start().await.unwrap();
        let bare = Bare::new(folder.path(), "gitops");
        let double = host.map(|vendor| Double::start(vendor, &bare.path));
        let (api, repository) = match &double {
            Some(double) => (double.api_url.clone(), double.repository),
            None => (folder.path().join("pulls").display().to_string(), "acme/gitops"),
        };
        let address = Address { api, repository: repository.to_owned() };
        let client = Client::new(&ClientOptions::default()).unwrap();
        let retry_policy =
            RetryPolicy { max_attempts: 3, min_wait: Duration::from_millis(5), max_wait: Duration::from_secs(2) };
        let kind = named(host.map_or("local", |vendor| vendor.name)).unwrap();
        let given = GivenCredentials { token: Some(Secret::new(TOKEN)), ..GivenCredentials::default() };
        let credential = kind.login(&address, &given, &client).unwrap().map(|login| login.credential);
        let settings = ForgeSettings { retry_policy, ..ForgeSettings::new(address, credential, client) };
        let forge = (kind.connect)(settings).unwrap();
        let mirror = Some(format!("http://{}", embedded.host()));
        let hosts = BTreeMap::from([("ghcr.io".to_owned(), HostSettings { mirror, ..HostSettings::default() })]);
        let registries = Registries::connect(hosts, Keychain::default(), Limits::default()).unwrap();
        let registry = Listing { registries, lost: Mutex::default() };
        let git = Repository::from_url(&bare.url(), Options::default()).await.unwrap();
        let config = config::parse(config, config::FILE_NAME).unwrap();
        let digests = BTreeMap::new();
        let mut world = Self { bare, double, config, registry, git, forge, embedded, digests, folder };
        images.split_whitespace().for_each(|image| world.build(image));
        files.iter().for_each(|(path, references)| world.commit("main", path, references));
        world
    }

    /// CI builds and pushes an image.
    pub(crate) fn build(&mut self, image: &str) {
        let (name, tag) = image.split_once(':').unwrap();
        let day = i64::try_from(self.digests.len()).unwrap() * 24;
        let created = Timestamp::constant(1_767_225_600, 0) + day.hours();
        let spec = ImageSpec { created, ..ImageSpec::default() };
        let digest = self.embedded.push(&format!("acme/{name}"), tag, &spec).unwrap();
        self.digests.insert(image.to_owned(), digest);
    }

    /// The bytes of a manifest with these references, such as `api:1.0 web:2.0@`, where a digest belongs after the `@`.
    pub(crate) fn manifest(&self, path: &str, references: &str) -> String {
        let mut text = format!("# {path}\nkind: Pod\nspec:\n  containers:");
        for reference in references.split_whitespace() {
            text += &format!("\n  - image: \"{}\" # kept", self.reference(reference));
        }
        text
    }

    /// `ghcr.io/acme/api:1.0@sha256:…` for `api:1.0@`.
    pub(crate) fn reference(&self, text: &str) -> String {
        match text.strip_suffix('@') {
            Some(tagged) => format!("{IMAGES}{tagged}@{}", self.digests[tagged]),
            None => format!("{IMAGES}{text}"),
        }
    }

    /// A person commits a manifest.
    pub(crate) fn commit(&self, branch: &str, path: &str, references: &str) {
        self.bare.commit(branch, &[(path, &self.manifest(path, references))], "By hand");
    }

    /// `tagboat run`, or about these images only.
    pub(crate) async fn run(&self, images: &str) -> RunReport {
        self.run_with(&self.git, images).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// The same through another repository object, as another process would have it.
    pub(crate) async fn run_with(&self, git: &dyn Git, images: &str) -> Result<RunReport, RunError> {
        let services = Services { git, forge: Some(&*self.forge), registry: &self.registry };
        let images = images.split_whitespace().map(|image| ImageReference::new(&self.reference(image)).unwrap());
        let request = Request {
            write: true,
            scope: Scope { images: images.collect(), paths: None },
            run_url: None,
            ..Request::default()
        };
        Ok(run(services, &self.config, &request).await?.report(&ReportContext::default()))
    }

    /// The repository as another process would open it.
    pub(crate) async fn another_git(&self) -> Repository {
        Repository::from_url(&self.bare.url(), Options::default()).await.unwrap()
    }

    /// Everything that a run could write to: branches and pull requests.
    pub(crate) fn state(&self) -> (BTreeMap<String, String>, Vec<Value>) {
        (self.bare.branches(), self.pulls())
    }

    /// All pull requests, with the fields that both forges have in common.
    pub(crate) fn pulls(&self) -> Vec<Value> {
        match &self.double {
            Some(double) => double.hub(|hub| {
                let view = |pull: &Pull| {
                    json!({"number": pull.number, "branch": pull.head, "title": pull.title, "body": pull.body,
                           "labels": pull.labels, "comments": pull.comments, "auto-merge": pull.auto_merge,
                           "state": format!("{:?}", pull.state).to_lowercase()})
                };
                hub.pulls.iter().map(view).collect()
            }),
            None => {
                let read = |number: u64| std::fs::read(self.file(number)).ok();
                (1..).map_while(read).map(|bytes| serde_json::from_slice(&bytes).unwrap()).collect()
            }
        }
    }

    /// The only pull request of that number.
    pub(crate) fn pull(&self, number: u64) -> Value {
        self.pulls()
            .into_iter()
            .find(|pull| pull["number"] == number)
            .unwrap_or_else(|| panic!("there is no #{number}"))
    }

    /// Branches of open pull requests.
    pub(crate) fn open(&self) -> Vec<String> {
        let pulls = self.pulls();
        let open = pulls.iter().filter(|pull| pull["state"] == "open");
        open.map(|pull| pull["branch"].as_str().unwrap().to_owned()).collect()
    }

    /// A person merges, where nothing else was merged meanwhile.
    pub(crate) fn merge(&self, number: u64) {
        let branch = self.pull(number)["branch"].as_str().unwrap().to_owned();
        let head = self.bare.branches()[&branch].clone();
        super::repository::git(&self.bare.path, &["update-ref", "refs/heads/main", &head]);
        self.end(number, State::Merged);
    }

    /// A person closes without merging.
    pub(crate) fn close(&self, number: u64) {
        self.end(number, State::Closed);
    }

    fn end(&self, number: u64, state: State) {
        match &self.double {
            Some(double) => double.hub(|hub| hub.pull(number).unwrap().state = state),
            None => self.edit_file(number, |pull| pull["state"] = json!(format!("{state:?}").to_lowercase())),
        }
    }

    /// A person changes title, body and labels.
    pub(crate) fn edit(&self, number: u64, edit: impl FnOnce(&mut String, &mut String, &mut Vec<String>)) {
        match &self.double {
            Some(double) => double.hub(|hub| {
                let pull = hub.pull(number).unwrap();
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

    /// A person writes a title, adds to the body, and adds a label.
    pub(crate) fn reword(&self, number: u64, words: &str, note: &str, label: &str) {
        self.edit(number, |title, body, labels| {
            words.clone_into(title);
            *body = format!("{note} before\n{body}\n{note} after");
            labels.push(label.to_owned());
        });
    }

    /// Another pull request about the same branch, as a race of two runs may have left it.
    pub(crate) fn duplicate(&self, number: u64, copy: u64) {
        match &self.double {
            Some(double) => double.hub(|hub| {
                let pull = Pull { number: copy, ..hub.pull(number).unwrap().clone() };
                hub.pulls.push(pull);
            }),
            None => {
                let mut pull = self.pull(number);
                pull["number"] = json!(copy);
                std::fs::write(self.file(copy), pull.to_string()).unwrap();
            }
        }
    }

    fn file(&self, number: u64) -> std::path::PathBuf {
        self.folder.path().join(format!("pulls/{number:04}.json"))
    }

    fn edit_file(&self, number: u64, edit: impl FnOnce(&mut Value)) {
        let mut pull = self.pull(number);
        edit(&mut pull);
        std::fs::write(self.file(number), pull.to_string()).unwrap();
    }
}

/// What a run says, a line each: `open tagboat/api: TITLE`, `leave tagboat/api: WHY`, `failed api: WHY`.
pub(crate) fn lines(report: &RunReport) -> Vec<String> {
    let proposals = report.proposals.iter().map(|one| {
        let action = match one.action {
            ProposalAction::Commit => "commit",
            ProposalAction::Open => "open",
            ProposalAction::Update => "update",
            ProposalAction::Unchanged => "unchanged",
            ProposalAction::Close => "close",
            ProposalAction::Leave => "leave",
        };
        format!("{action} {}: {}", one.branch, one.reason.as_ref().unwrap_or(&one.title))
    });
    let failed = report.failed.iter().map(|one| format!("failed {}: {}", one.subject.as_str(), one.reason));
    proposals.chain(failed).collect()
}

/// The registries of a world, in which the lists of some images can't be had to their end for a while.
pub(crate) struct Listing {
    registries: Registries,
    lost: Mutex<BTreeSet<String>>,
}

impl Listing {
    /// From now on nobody can list the tags of this image.
    pub(crate) fn lose(&self, image: &str) {
        self.lost.lock().unwrap().insert(format!("{IMAGES}{image}"));
    }

    /// All lists can be had again.
    pub(crate) fn find_all(&self) {
        self.lost.lock().unwrap().clear();
    }
}

#[async_trait]
impl Registry for Listing {
    async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        if self.lost.lock().unwrap().contains(name.as_str()) {
            return Err(RegistryError::IncompleteTagList { image: name.to_string(), why: "page 2 is lost".to_owned() });
        }
        self.registries.tags(name).await
    }

    async fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError> {
        self.registries.digest(name, tag).await
    }

    async fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError> {
        self.registries.facts(name, tag).await
    }

    fn requests(&self) -> Requests {
        self.registries.requests()
    }
}
