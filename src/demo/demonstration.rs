//! The steps of the demonstration. Each run is [`run::run`](fn@run::run), as in the command `run`. The repository, the forge
//! and the registries are connected here, because they need no credentials and no network.

use std::collections::BTreeMap;
use std::io;
use std::path::{Path, PathBuf};

use jiff::{Timestamp, ToSpan as _};

use sha2::Digest as _;

use crate::config::{self, Config};
use crate::error::Error;
use crate::forge::{self, Address, ConnectionSettings, Forge};
use crate::git::{self, Repository};
use crate::http;
use crate::image::Digest;
use crate::registry::{HostSettings, Keychain, Registries, ResponseLimits};
use crate::report::{RenderOptions, Renderer as _, RunReport, Text, TextStyle};
use crate::run::{self, ReportContext, RunRequest, Services};
use crate::temporary::{DEMONSTRATIONS, TemporaryFolder};
use crate::text::chain;

use super::registry::{EmbeddedRegistry, ImageSpec};
use super::remote;

/// The manifests in the git remote. `DIGEST` is replaced once the images exist.
const MANIFESTS: &[(&str, &str)] = &[
    ("tagboat.yaml", include_str!("../../fixtures/demo/tagboat.yaml")),
    ("apps/api/deployment.yaml", include_str!("../../fixtures/demo/apps/api/deployment.yaml")),
    ("apps/shop/values.yaml", include_str!("../../fixtures/demo/apps/shop/values.yaml")),
    ("apps/web/deployment.yaml", include_str!("../../fixtures/demo/apps/web/deployment.yaml")),
    ("apps/web/kustomization.yaml", include_str!("../../fixtures/demo/apps/web/kustomization.yaml")),
    ("apps/worker/deployment.yaml", include_str!("../../fixtures/demo/apps/worker/deployment.yaml")),
];

/// The images: host, repository, and tags in the order of their builds.
#[rustfmt::skip]
const IMAGES: &[(&str, &str, &[&str])] = &[
    ("ghcr.io",   "acme/api",      &["1.4.1", "1.4.2", "1.4.10", "1.4.3", "1.5.0-rc.1", "latest"]),
    ("ghcr.io",   "acme/web",      &["2.9", "2.10", "2.11"]),
    ("ghcr.io",   "acme/shop",     &["v2.9.0", "v2.9.1", "v2.10.0"]),
    ("ghcr.io",   "acme/worker",   &["f00dcafe-debug", "1c0ffee", "3d9b390", "a1b2c3d"]),
    ("ghcr.io",   "acme/metrics",  &["latest"]),
    ("docker.io", "library/nginx", &["1.27.2-alpine3.20", "1.27.3-alpine3.20", "1.27.3-alpine3.21", "1.27.3", "stable"]),
];

/// The services of the demonstration and the configuration of its runs. The registry stops when it is dropped.
struct Demonstration {
    registry: EmbeddedRegistry,
    /// The build time of the next image.
    clock: Timestamp,
    registries: Registries,
    git: Repository,
    forge: Box<dyn Forge>,
    config: Config,
}

/// Runs the demonstration and passes its output to `print`. `keep` keeps the temporary folder.
pub async fn run(options: RenderOptions, keep: bool, print: &mut (dyn FnMut(&str) + Send)) -> Result<(), Error> {
    let (folder, _temporary) = demonstration_folder(keep).map_err(|error| failed(&error))?;
    let mut demonstration = Demonstration::start(&folder).await?;
    let heading = |text: &str| format!("\n{}\n", options.paint(TextStyle::Heading, text));

    print(&heading("Setup: a registry, a git remote and a forge, all on this machine"));
    print(&services(&demonstration, &folder));
    print(&heading("1. tagboat run"));
    print(&Text.run(&demonstration.run().await?, options));
    print(&heading("The first pull request of this run"));
    print(&first_pull_request(&folder)?);
    print(&heading("2. tagboat run again: no new tags, so it writes nothing"));
    print(&Text.run(&demonstration.run().await?, options));
    print(&heading("3. CI pushes ghcr.io/acme/api:1.4.11, and tagboat run updates the pull request"));
    demonstration.push("acme/api", "1.4.11").map_err(|error| failed(&error))?;
    print(&Text.run(&demonstration.run().await?, options));
    print(&heading("Next steps"));
    print(&next_steps(&folder, keep));
    Ok(())
}

/// Creates the folder, and returns what removes it in the end unless it is to be kept.
fn demonstration_folder(keep: bool) -> io::Result<(PathBuf, Option<TemporaryFolder>)> {
    if keep {
        let folder = tempfile::Builder::new().prefix(DEMONSTRATIONS.prefix).tempdir()?;
        return Ok((folder.keep(), None));
    }
    let folder = TemporaryFolder::new(&DEMONSTRATIONS)?;
    Ok((folder.path().to_owned(), Some(folder)))
}

impl Demonstration {
    /// Starts the registry, pushes the images, and creates the git remote and the forge.
    async fn start(folder: &Path) -> Result<Self, Error> {
        let registry = EmbeddedRegistry::start().await.map_err(|error| failed(&error))?;
        let mut clock = Timestamp::constant(1_767_225_600, 0);
        let mut shop = None;
        for (_, path, tags) in IMAGES {
            for tag in *tags {
                let digest = push(&registry, &mut clock, path, tag).map_err(|error| failed(&error))?;
                shop = if *tag == "v2.9.1" { Some(digest) } else { shop };
            }
        }
        let digest = shop.map(|digest| digest.to_string()).unwrap_or_default();
        let files = MANIFESTS.iter().map(|(path, text)| (*path, text.replace("DIGEST", &digest).into_bytes()));
        let bare = folder.join("gitops.git");
        remote::create(&bare, &files.collect::<Vec<_>>()).map_err(|error| failed(&*error))?;
        let git = Repository::from_url(&bare.display().to_string(), git::Options::default()).await?;
        let config = config::parse(MANIFESTS[0].1, config::FILE_NAME)?;
        let mirror = |host: &str| {
            (
                host.to_owned(),
                HostSettings {
                    mirror: Some(format!("http://{}", registry.host())),
                    client_options: local(),
                    ..HostSettings::default()
                },
            )
        };
        let hosts = IMAGES.iter().map(|(host, ..)| mirror(host)).collect::<BTreeMap<_, _>>();
        let registries = Registries::connect(hosts, Keychain::new(BTreeMap::new()), ResponseLimits::default())?;
        let forge = local_forge(&folder.join("pull-requests"))?;
        Ok(Self { registry, clock, registries, git, forge, config })
    }

    fn push(&mut self, path: &str, tag: &str) -> Result<Digest, crate::image::DigestError> {
        push(&self.registry, &mut self.clock, path, tag)
    }

    async fn run(&self) -> Result<RunReport, Error> {
        let services = Services { git: &self.git, forge: Some(&*self.forge), registry: &self.registries };
        let request = RunRequest { write: true, ..RunRequest::default() };
        Ok(run::run(services, &self.config, &request).await?.report(&ReportContext::default()))
    }
}

/// Adds an image that was built a day after the previous one, from another commit.
fn push(
    registry: &EmbeddedRegistry,
    clock: &mut Timestamp,
    path: &str,
    tag: &str,
) -> Result<Digest, crate::image::DigestError> {
    *clock += 26.hours();
    let hash = sha2::Sha256::digest(format!("{path}:{tag}"));
    let revision = hash[..20].iter().map(|byte| format!("{byte:02x}")).collect::<String>();
    let labels = [
        ("org.opencontainers.image.source", format!("https://github.com/{path}")),
        ("org.opencontainers.image.revision", revision),
    ];
    let labels = labels.into_iter().map(|(key, value)| (key.to_owned(), value)).collect();
    registry.push(path, tag, &ImageSpec { created: *clock, labels, platforms: Vec::new() })
}

/// Returns the options of connections to this machine, which no proxy can make.
fn local() -> http::ClientOptions {
    http::ClientOptions { no_proxy: true, ..http::ClientOptions::default() }
}

fn local_forge(folder: &Path) -> Result<Box<dyn Forge>, Error> {
    let entry = forge::named("local").ok_or_else(|| Error::internal("cannot connect the local forge"))?;
    let address = Address { api: folder.display().to_string(), repository: "acme/gitops".to_owned() };
    let client = http::Client::new(&local())?;
    Ok((entry.connect)(ConnectionSettings::new(address, None, client))?)
}

/// Returns the addresses of the services, and the images with their tags.
fn services(demonstration: &Demonstration, folder: &Path) -> String {
    let mut text = format!(
        "  registry       {}, in place of ghcr.io and docker.io\n  git remote     {}\n  pull requests  {}\n\n  Tags of the images, in the order of their builds:\n",
        demonstration.registry.host(),
        folder.join("gitops.git").display(),
        folder.join("pull-requests").display(),
    );
    for (host, path, tags) in IMAGES {
        text.push_str(&format!("  {:<25}{}\n", format!("{host}/{path}"), tags.join("  ")));
    }
    text
}

/// Returns the file of the first pull request, without its hidden record, which is data for the next run.
fn first_pull_request(folder: &Path) -> Result<String, Error> {
    let page = std::fs::read_to_string(folder.join("pull-requests/0001.md")).map_err(|error| failed(&error))?;
    let visible = page.lines().filter(|line| !line.starts_with("<!--"));
    Ok(visible.map(|line| format!("  {line}").trim_end().to_owned() + "\n").collect())
}

/// Returns what to do after the demonstration.
fn next_steps(folder: &Path, keep: bool) -> String {
    let folder = folder.display();
    if keep {
        return format!(
            "  Inspect the git remote and the pull requests:\n  git -C {folder}/gitops.git log --oneline --graph --all\n  git -C {folder}/gitops.git show tagboat/apps-api\n  ls {folder}/pull-requests\n"
        );
    }
    "  To inspect the git remote and the pull requests, run `tagboat demo --keep`.\n  In your own repository, run `tagboat list`, then `tagboat plan`. Neither writes anything.\n".to_owned()
}

fn failed(error: &dyn std::error::Error) -> Error {
    Error::internal(format!("cannot continue the demonstration: {}", chain(error)))
}
