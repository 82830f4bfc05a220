//! A whole setup for runs: images in the embedded registry, manifests in a bare repository, and pull requests on the double
//! of a forge or in the files of the `local` forge.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Mutex;

use async_trait::async_trait;
use jiff::{Timestamp, ToSpan};
use serde_json::Value;
use tagboat::config::{self, Config};
use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};
use tagboat::git::{Git, Options, Repository};
use tagboat::image::{Digest, ImageFacts, ImageName, ImageReference, Platform, Tag};
use tagboat::registry::{HostSettings, Keychain, Registries, Registry, RegistryError, Requests, ResponseLimits};
use tagboat::report::{ProposalAction, RunReport};
use tagboat::run::{ReportContext, RunError, RunRequest, Scope, Services, run};

use super::double::Vendor;
use super::test_forge::TestForge;

/// Registry, repository, forge and configuration of a run.
pub(crate) struct World {
    pub(crate) forge: TestForge,
    pub(crate) config: Config,
    pub(crate) registry: UnreliableRegistries,
    git: Repository,
    embedded: EmbeddedRegistry,
    digests: BTreeMap<String, Digest>,
}

/// The registry host of all images, and the folder on it.
const IMAGES: &str = "ghcr.io/acme/";

impl World {
    /// Starts a setup on a vendor's double, or on the `local` forge. `images` are `NAME:TAG`, each built a day after the one
    /// before; `files` are paths and the references in each.
    pub(crate) async fn new(
        vendor: Option<&'static Vendor>,
        config: &str,
        images: &str,
        files: &[(&str, &str)],
    ) -> Self {
        let forge = TestForge::new(vendor);
        let embedded = EmbeddedRegistry::start().await.unwrap();
        let mirror = Some(format!("http://{}", embedded.host()));
        let hosts = BTreeMap::from([("ghcr.io".to_owned(), HostSettings { mirror, ..HostSettings::default() })]);
        let registries = Registries::connect(hosts, Keychain::default(), ResponseLimits::default()).unwrap();
        let registry = UnreliableRegistries { registries, incomplete: Mutex::default() };
        let git = Repository::from_url(&forge.bare.url(), Options::default()).await.unwrap();
        let config = config::parse(config, config::FILE_NAME).unwrap();
        let mut world = Self { forge, config, registry, git, embedded, digests: BTreeMap::new() };
        images.split_whitespace().for_each(|image| world.build(image));
        files.iter().for_each(|(path, references)| world.commit("main", path, references));
        world
    }

    /// CI builds and pushes an image, `NAME:TAG`, again if it exists. `NAME:TAG+` is for two platforms, whose digests are those of
    /// `NAME:TAG-amd64` and `NAME:TAG-arm64`. `NAME:TAG~` was built years before.
    pub(crate) fn build(&mut self, image: &str) {
        let (name, tag) = image.split_once(':').unwrap();
        let hour = i64::try_from(self.digests.len()).unwrap() * 24 + i64::from(self.digests.contains_key(image));
        let created = Timestamp::constant(1_767_225_600, 0) + hour.hours();
        let (tag, created) = match tag.strip_suffix('~') {
            Some(tag) => (tag, created - (24 * 2_000).hours()),
            None => (tag, created),
        };
        let mut push = |tag: &str, architectures: &[&str]| {
            let platform = |architecture: &&str| Platform::new(&format!("linux/{architecture}")).unwrap();
            let platforms = architectures.iter().map(platform).collect();
            let spec = ImageSpec { created, platforms, ..ImageSpec::default() };
            let digest = self.embedded.push(&format!("acme/{name}"), tag, &spec).unwrap();
            self.digests.insert(format!("{name}:{tag}"), digest);
        };
        match tag.strip_suffix('+') {
            Some(tag) => {
                push(&format!("{tag}-amd64"), &["amd64"]);
                push(&format!("{tag}-arm64"), &["arm64"]);
                push(tag, &["amd64", "arm64"]);
            }
            None => push(tag, &[]),
        }
    }

    /// Returns a manifest with these references, such as `api:1.0 web:2.0@`; after an `@`, the digest is filled in.
    pub(crate) fn manifest(&self, path: &str, references: &str) -> String {
        let mut text = format!("# {path}\nkind: Pod\nspec:\n  containers:");
        for reference in references.split_whitespace() {
            text += &format!("\n  - image: \"{}\" # kept", self.reference(reference));
        }
        text
    }

    /// Returns `ghcr.io/acme/api:1.0@sha256:…` for `api:1.0@`. After an `@`, there may be the tag that has the digest, or `none` for
    /// one that the registry does not have.
    pub(crate) fn reference(&self, text: &str) -> String {
        match text.split_once('@') {
            Some((tagged, of)) => format!("{IMAGES}{tagged}@{}", self.digest(tagged, of)),
            None => format!("{IMAGES}{text}"),
        }
    }

    fn digest(&self, tagged: &str, of: &str) -> String {
        let name = tagged.split(':').next().unwrap_or_default();
        match of {
            "none" => format!("sha256:{}", "f".repeat(64)),
            "" => self.digests[tagged].to_string(),
            tag => self.digests[&format!("{name}:{tag}")].to_string(),
        }
    }

    /// Returns a text with the references in it: `<api:1.0@>` for [`reference`](Self::reference), and `<=api:1.0>` for a digest.
    pub(crate) fn expand(&self, text: &str) -> String {
        let expanded = |captures: &regex::Captures<'_>| match captures[1].strip_prefix('=') {
            Some(tagged) => match tagged.split_once('@') {
                Some((name, of)) => self.digest(name, of),
                None => self.digest(tagged, ""),
            },
            None => self.reference(&captures[1]),
        };
        regex::Regex::new("<([^<> ]+)>").unwrap().replace_all(text, expanded).into_owned()
    }

    /// A person commits a manifest.
    pub(crate) fn commit(&self, branch: &str, path: &str, references: &str) {
        self.forge.bare.commit(branch, &[(path, &self.manifest(path, references))], "By hand");
    }

    /// Runs `tagboat run`, for all images or for these only.
    pub(crate) async fn run(&self, images: &str) -> RunReport {
        self.run_with(&self.git, images).await.unwrap_or_else(|error| panic!("{error}"))
    }

    /// Runs with another view of the repository, as another process has it.
    pub(crate) async fn run_with(&self, git: &dyn Git, images: &str) -> Result<RunReport, RunError> {
        let services = Services { git, forge: Some(&*self.forge.forge), registry: &self.registry };
        let images = images.split_whitespace().map(|image| ImageReference::new(&self.reference(image)).unwrap());
        let request = RunRequest {
            write: true,
            scope: Scope { images: images.collect(), paths: None },
            run_url: None,
            ..RunRequest::default()
        };
        Ok(run(services, &self.config, &request).await?.report(&ReportContext::default()))
    }

    /// Opens the repository as another process does.
    pub(crate) async fn another_git(&self) -> Repository {
        Repository::from_url(&self.forge.bare.url(), Options::default()).await.unwrap()
    }

    /// Returns everything that a run can change: branches and pull requests.
    pub(crate) fn state(&self) -> (BTreeMap<String, String>, Vec<Value>) {
        (self.forge.bare.branches(), self.forge.pulls())
    }

    /// A person changes the title, adds notes to the body, and adds a label.
    pub(crate) fn reword(&self, number: u64, new_title: &str, note: &str, label: &str) {
        self.forge.edit(number, |title, body, labels| {
            new_title.clone_into(title);
            *body = format!("{note} before\n{body}\n{note} after");
            labels.push(label.to_owned());
        });
    }
}

/// Returns the results of a run, one per line: `open tagboat/api: TITLE`, `leave tagboat/api: REASON`, `failed api: REASON`.
pub(crate) fn lines(report: &RunReport) -> Vec<String> {
    let proposals = report.proposals.iter().map(|one| {
        let action = match one.action {
            ProposalAction::Commit => "commit",
            ProposalAction::Open => "open",
            ProposalAction::Update => "update",
            ProposalAction::Unchanged => "unchanged",
            ProposalAction::Close => "close",
            ProposalAction::Delete => "delete",
            ProposalAction::Leave => "leave",
        };
        format!(
            "{action} {}: {}",
            one.branch,
            one.reason.as_ref().map_or_else(|| one.title.clone(), ToString::to_string)
        )
    });
    let failed = report.failed.iter().map(|one| format!("failed {}: {}", one.subject.as_str(), one.reason));
    proposals.chain(failed).collect()
}

/// Registries in which the tag lists of some images are incomplete.
pub(crate) struct UnreliableRegistries {
    registries: Registries,
    incomplete: Mutex<BTreeSet<String>>,
}

impl UnreliableRegistries {
    /// Makes the tag list of an image incomplete from now on.
    pub(crate) fn make_incomplete(&self, image: &str) {
        self.incomplete.lock().unwrap().insert(format!("{IMAGES}{image}"));
    }

    /// Makes all tag lists complete again.
    pub(crate) fn make_complete(&self) {
        self.incomplete.lock().unwrap().clear();
    }
}

#[async_trait]
impl Registry for UnreliableRegistries {
    async fn tags(&self, name: &ImageName) -> Result<Vec<Tag>, RegistryError> {
        if self.incomplete.lock().unwrap().contains(name.as_str()) {
            return Err(RegistryError::IncompleteTagList {
                image: name.to_string(),
                cause: "page 2 is missing".to_owned(),
            });
        }
        self.registries.tags(name).await
    }

    async fn digest(&self, name: &ImageName, tag: &Tag) -> Result<Digest, RegistryError> {
        self.registries.digest(name, tag).await
    }

    async fn facts(&self, name: &ImageName, tag: &Tag) -> Result<ImageFacts, RegistryError> {
        self.registries.facts(name, tag).await
    }

    async fn facts_of(&self, name: &ImageName, digest: &Digest) -> Result<ImageFacts, RegistryError> {
        self.registries.facts_of(name, digest).await
    }

    fn requests(&self) -> Requests {
        self.registries.requests()
    }
}
