//! Connects repository, forge and registries from configuration and environment. Only this folder reads environment variables
//! and the files that a configuration names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};

use crate::config::{self, Config};
use crate::error::Error;
use crate::forge::{self, Address, Forge, ForgeKind, ForgeSettings, GivenCredentials, RemoteUrl};
use crate::git::{self, Login, Repository};
use crate::http;
use crate::registry::{Keychain, Registries};
use crate::secret::Secret;

use super::base::Base;
use super::snapshot::{CommitSnapshot, ReadError, Snapshot as _};

mod registries;
mod run_url;

use registries::secret;

/// Where the manifests are: a folder, or a URL to clone.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Location {
    /// A folder, in a checkout or not.
    Folder(PathBuf),
    /// A URL to clone.
    Url(String),
}

impl Location {
    /// Parses a path or a URL. An existing folder takes precedence over a remote of the same text.
    pub fn new(text: &str) -> Self {
        let remote = text.contains("://") || RemoteUrl::parse(text).is_ok();
        if remote && !Path::new(text).exists() { Self::Url(text.to_owned()) } else { Self::Folder(text.into()) }
    }
}

/// Returns the root of the checkout with a folder, or the folder itself outside a checkout.
pub fn checkout(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    // Messages show the path as typed.
    let root = absolute.ancestors().find(|above| above.join(".git").exists()).filter(|root| **root != *absolute);
    root.map_or_else(|| folder.to_owned(), Path::to_owned)
}

/// A configuration and its file.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// The configuration, or the defaults without a file.
    pub config: Config,
    /// The file, if there is one; for a cloned repository, relative to its root.
    pub file: Option<PathBuf>,
}

/// Reads the configuration from the named file, or from `tagboat.yaml` in the folder if it exists.
pub fn load(named: Option<&Path>, folder: &Path) -> Result<Loaded, Error> {
    let file = named.map_or_else(|| folder.join(config::FILE_NAME), Path::to_owned);
    match std::fs::read_to_string(&file) {
        Ok(text) => parse(&text, file),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
            Ok(Loaded { config: Config::default(), file: None })
        }
        Err(error) => Err(Error::usage(format!("read the configuration {}: {error}", file.display()))
            .hint(Some("correct --config or TAGBOAT_CONFIG, or omit both to run without a configuration"))),
    }
}

/// Reads the configuration of a cloned repository from its base branch.
pub async fn load_remote(named: Option<&Path>, git: &Repository) -> Result<Loaded, Error> {
    if named.is_some() {
        return load(named, Path::new("."));
    }
    match base(git, &Config::default()).await?.read(config::FILE_NAME) {
        Ok(bytes) => parse(&String::from_utf8_lossy(&bytes), config::FILE_NAME.into()),
        Err(ReadError::Missing(_)) => Ok(Loaded { config: Config::default(), file: None }),
        Err(error) => Err(Error::usage(format!("read {} in the base branch: {error}", config::FILE_NAME))),
    }
}

/// Returns the files of the base branch as the remote has it now.
pub async fn base<'a>(git: &'a Repository, config: &Config) -> Result<CommitSnapshot<'a>, Error> {
    let base = Base::fetch(git, config).await?;
    Ok(CommitSnapshot::new(git, &base.commit)?)
}

fn parse(text: &str, file: PathBuf) -> Result<Loaded, Error> {
    Ok(Loaded { config: config::parse(text, &file.display().to_string())?, file: Some(file) })
}

/// Opens the repository, with a login if a credential is configured.
pub async fn repository(location: &Location, config: &Config) -> Result<Repository, Error> {
    let options = git::Options::default();
    let opened = match location {
        Location::Folder(folder) => Repository::open(folder, &config.git.remote, options).await?,
        Location::Url(url) => Repository::from_url(url, options).await?,
    };
    log_in(opened, config).await
}

/// Enables signing with the key of the configuration, or with the SSH key in the environment.
pub fn sign(repository: Repository, config: &Config) -> Result<Repository, Error> {
    let Some(config::SignSettings { format, key }) = &config.git.sign else {
        return Ok(match secret("TAGBOAT_SIGNING_KEY") {
            Some(key) => repository.with_ssh_key(&key)?,
            None => repository,
        });
    };
    let file = config.folder.join(key);
    // An SSH key is a file. Other formats name a key in their own keyring.
    let key = match *format {
        "ssh" => std::path::absolute(&file).unwrap_or(file).display().to_string(),
        _ => key.clone(),
    };
    Ok(repository.with_signing(git::Signing { format, key }))
}

/// Adds the login for git, or the token of the forge that hosts the remote.
pub async fn log_in(repository: Repository, config: &Config) -> Result<Repository, Error> {
    Ok(match login(repository.url(), &config.forge).await? {
        Some(login) => repository.with_login(&login),
        None => repository,
    })
}

async fn login(url: &str, settings: &config::ForgeSettings) -> Result<Option<Login>, Error> {
    if let Some(password) = secret("TAGBOAT_GIT_PASSWORD") {
        let user = variable("TAGBOAT_GIT_USER").unwrap_or_else(|| "tagboat".to_owned());
        return Ok(Some(Login { user, password }));
    }
    let Ok(remote) = RemoteUrl::parse(url) else { return Ok(None) };
    let entry = forge::recognize(&remote).or_else(|| configured(settings, &remote));
    let Some((entry, address)) = entry.and_then(|entry| Some((entry, (entry.address)(&remote)?))) else {
        return Ok(None);
    };
    let Some(login) = forge_login(entry, &address)? else { return Ok(None) };
    let password = login.credential.token().await?;
    Ok(Some(Login { user: login.git_user.to_owned(), password }))
}

/// The variable with the account of a token, for forges that need both.
const USER: &str = "TAGBOAT_FORGE_USER";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns the login for a repository at a forge. A token that is set for Tagboat comes before an App, and an App before
/// the token of CI.
fn forge_login(kind: &ForgeKind, address: &Address) -> Result<Option<forge::Login>, Error> {
    let own = secret("TAGBOAT_FORGE_TOKEN");
    let app = variable("TAGBOAT_APP_ID").zip(secret("TAGBOAT_APP_PRIVATE_KEY")).filter(|_| own.is_none());
    let given = GivenCredentials { token: own.or_else(|| ci_token(kind, &address.api)), user: variable(USER), app };
    let client = http::Client::new(&http::ClientOptions::default())?;
    Ok(kind.login(address, &given, &client)?)
}

/// The forge that the configuration names, if it is where the remote is: git on another host does not get its token.
fn configured(settings: &config::ForgeSettings, remote: &RemoteUrl) -> Option<&'static ForgeKind> {
    let hosts_remote = match &settings.url {
        Some(url) => http::origin(&http::Url::parse(url).ok()?) == remote.site(),
        None => settings.folder.is_none(),
    };
    if hosts_remote { settings.kind.as_deref().and_then(forge::named) } else { None }
}

/// Returns the token that a forge's own CI sets, if it is for that server.
fn ci_token(kind: &ForgeKind, api: &str) -> Option<Secret> {
    let is_for = |variable: &&forge::TokenVariable| {
        let server = variable.server.and_then(|name| std::env::var(name).ok()).filter(|server| !server.is_empty());
        server.is_none_or(|server| kind.is_same_server(&server, api))
    };
    kind.token_variables.iter().filter(is_for).find_map(|variable| secret(variable.name))
}

/// Connects the configured forge, or the one that hosts the remote.
pub fn forge(loaded: &Loaded, remote: &str) -> Result<Box<dyn Forge>, Error> {
    let settings = &loaded.config.forge;
    let parsed = RemoteUrl::parse(remote);
    let named = settings.kind.as_deref().map(|kind| forge::named(kind).ok_or_else(|| unknown_forge(kind)));
    let recognized = parsed.as_ref().ok().and_then(forge::recognize);
    let entry = named.transpose()?.or(recognized).ok_or_else(|| {
        Error::usage(format!("connect the forge: unknown forge of {remote}"))
            .hint(Some(format!("set `forge: {{ kind: … }}` in tagboat.yaml to one of {}", forge_kinds())))
    })?;
    let derived = parsed.ok().and_then(|remote| (entry.address)(&remote));
    let api = settings.folder.as_ref().map(|folder| loaded.config.folder.join(folder).display().to_string());
    let api = api.or_else(|| settings.url.clone()).or_else(|| derived.as_ref().map(|address| address.api.clone()));
    let repository = settings.repository.clone().or_else(|| derived.map(|address| address.repository));
    let local = settings.folder.is_some();
    let (Some(api), Some(repository)) = (api, repository.or_else(|| local.then(|| remote.to_owned()))) else {
        return Err(Error::usage(format!(
            "connect the forge: unknown address of the repository {remote} on {}",
            entry.name
        ))
        .hint(Some("set `forge: { url: …, repository: owner/name }` in tagboat.yaml")));
    };
    let client = http::Client::new(&http::ClientOptions::default())?;
    let address = Address { api, repository };
    let credential = forge_login(entry, &address)?.map(|login| login.credential);
    Ok((entry.connect)(ForgeSettings::new(address, credential, client))?)
}

fn unknown_forge(kind: &str) -> Error {
    Error::usage(format!("connect the forge: unknown kind '{kind}'"))
        .hint(Some(format!("set `forge: {{ kind: … }}` in tagboat.yaml to one of {}", forge_kinds())))
}

fn forge_kinds() -> String {
    forge::FORGES.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}

/// Connects the registries with their settings, and with the credentials of docker.
pub fn registries(loaded: &Loaded, cache: Option<&Path>) -> Result<Registries, Error> {
    let mut settings = BTreeMap::new();
    for (host, written) in &loaded.config.registries {
        settings.insert(host.clone(), registries::settings(&loaded.config.folder, host, written)?);
    }
    let limits = registries::limits(&loaded.config.limits);
    // Variables that are not Unicode are none that a keychain reads.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let registries = Registries::connect(settings, Keychain::new(variables.collect()), limits)?;
    Ok(match cache {
        Some(folder) => registries.with_cache(folder),
        None => registries,
    })
}

/// Returns the address of the CI job from the variables of CI systems.
pub fn run_url() -> Option<String> {
    run_url::run_url(variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn forge_token_is_for_remotes_on_the_forge_only() {
        #[rustfmt::skip]
        let rows = [
            // forge                                                    remote                              git logs in as
            ("kind: github",                                            "https://git.acme.dev/a/b.git",     Some("x-access-token")),
            ("kind: github, url: 'https://git.acme.dev/api/v3'",        "https://git.acme.dev/a/b.git",     Some("x-access-token")),
            ("kind: gitlab, url: 'https://git.acme.dev/api/v4'",        "https://git.acme.dev/a/b.git",     Some("oauth2")),
            ("kind: github, url: 'https://git.acme.dev/api/v3'",        "http://git.acme.dev/a/b.git",      None),
            ("kind: github, url: 'https://git.acme.dev/api/v3'",        "https://mirror.acme.dev/a/b.git",  None),
            ("kind: local, folder: pulls",                              "https://git.acme.dev/a/b.git",     None),
        ];
        for (forge, remote, user) in rows {
            let config = config::parse(&format!("forge: {{ {forge} }}"), "t").unwrap();
            let entry = configured(&config.forge, &RemoteUrl::parse(remote).unwrap());
            let git_user = entry.and_then(|entry| Some(entry.credentials.last()?.git_user));
            assert_eq!(git_user, user, "{forge} and {remote}");
        }
    }
}
