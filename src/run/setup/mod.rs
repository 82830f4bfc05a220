//! The composition root: from configuration and environment to a repository, a forge and registries. The only place
//! that reads environment variables and the files that a configuration names.

use std::collections::BTreeMap;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use crate::config::{self, Config};
use crate::error::Error;
use crate::forge::{self, Address, App, Forge, ForgeSettings, RemoteUrl};
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
    /// In a checkout, or anywhere.
    Folder(PathBuf),
    /// To be cloned for the run.
    Url(String),
}

impl Location {
    /// Reads what was typed: whatever git takes for a remote and no folder of that name exists for.
    pub fn new(text: &str) -> Self {
        let remote = text.contains("://") || RemoteUrl::parse(text).is_ok();
        if remote && !Path::new(text).exists() { Self::Url(text.to_owned()) } else { Self::Folder(text.into()) }
    }
}

/// The root of the checkout that a folder is in, where git reads and the configuration stands; else the folder itself.
pub fn checkout(folder: &Path) -> PathBuf {
    let absolute = std::path::absolute(folder).unwrap_or_else(|_| folder.to_owned());
    // The path as it was typed reads better in messages.
    let root = absolute.ancestors().find(|above| above.join(".git").exists()).filter(|root| **root != *absolute);
    root.map_or_else(|| folder.to_owned(), Path::to_owned)
}

/// A configuration, and where it stands.
#[derive(Debug, Clone, Default)]
pub struct Loaded {
    /// What it says, or the defaults.
    pub config: Config,
    /// The file, if there is one; of a repository that was cloned, from its root.
    pub file: Option<PathBuf>,
}

/// Reads the configuration: the file that was named, else `tagboat.yaml` in the folder, else none.
pub fn load(named: Option<&Path>, folder: &Path) -> Result<Loaded, Error> {
    let file = named.map_or_else(|| folder.join(config::FILE_NAME), Path::to_owned);
    match std::fs::read_to_string(&file) {
        Ok(text) => parse(&text, file),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound && named.is_none() => {
            Ok(Loaded { config: Config::default(), file: None })
        }
        Err(error) => Err(Error::usage(format!("can't read the configuration {}: {error}", file.display()))
            .hint(Some("check --config and TAGBOAT_CONFIG, or leave both out to go without"))),
    }
}

/// Reads the configuration of a repository that was cloned, from its base branch.
pub async fn load_remote(named: Option<&Path>, git: &Repository) -> Result<Loaded, Error> {
    if named.is_some() {
        return load(named, Path::new("."));
    }
    match base(git, &Config::default()).await?.read(config::FILE_NAME) {
        Ok(bytes) => parse(&String::from_utf8_lossy(&bytes), config::FILE_NAME.into()),
        Err(ReadError::Missing(_)) => Ok(Loaded { config: Config::default(), file: None }),
        // To go on without what it says would be a guess.
        Err(error) => Err(Error::usage(format!("can't read {} of the base branch: {error}", config::FILE_NAME))),
    }
}

/// The files of the base branch, newest state.
pub async fn base<'a>(git: &'a Repository, config: &Config) -> Result<CommitSnapshot<'a>, Error> {
    let base = Base::fetch(git, config).await?;
    Ok(CommitSnapshot::new(git, &base.commit)?)
}

fn parse(text: &str, file: PathBuf) -> Result<Loaded, Error> {
    Ok(Loaded { config: config::parse(text, &file.display().to_string())?, file: Some(file) })
}

/// Opens the repository, and logs in where there is something to log in with.
pub async fn repository(location: &Location, config: &Config) -> Result<Repository, Error> {
    let options = git::Options::default();
    let opened = match location {
        Location::Folder(folder) => Repository::open(folder, &config.git.remote, options).await?,
        Location::Url(url) => Repository::from_url(url, options).await?,
    };
    log_in(opened, config).await
}

/// Signs with what the configuration names, else with the SSH key of the environment.
pub fn sign(repository: Repository, config: &Config) -> Result<Repository, Error> {
    let Some(config::SignSettings { format, key }) = &config.git.sign else {
        return Ok(match secret("TAGBOAT_SIGNING_KEY") {
            Some(key) => repository.with_ssh_key(&key)?,
            None => repository,
        });
    };
    let file = config.folder.join(key);
    // An SSH key stands in a file; any other format has a keyring of its own.
    let key = match *format {
        "ssh" => std::path::absolute(&file).unwrap_or(file).display().to_string(),
        _ => key.clone(),
    };
    Ok(repository.with_signing(git::Signing { format, key }))
}

/// Logs in with what is given for git alone, else with the token for the forge that the remote is on.
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
    let entry = forge::recognise(&remote).or_else(|| configured(settings, &remote));
    let Some((entry, address)) = entry.and_then(|entry| Some((entry, (entry.address)(&remote)?))) else {
        return Ok(None);
    };
    let account = entry.git_user_of_account.filter(|_| variable(USER).is_some());
    let user = account.unwrap_or(entry.git_user).to_owned();
    if let Some(app) = app(entry, &address)? {
        return Ok(Some(Login { user, password: app.token().await? }));
    }
    Ok(token(entry, &address.api).map(|password| Login { user, password }))
}

/// The account that a token belongs to, for forges that want both.
const USER: &str = "TAGBOAT_FORGE_USER";

fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// The App that stands for a token, where one is given and no token is.
fn app(entry: &forge::Entry, address: &Address) -> Result<Option<Arc<App>>, Error> {
    let (id, key) = (variable("TAGBOAT_APP_ID"), secret("TAGBOAT_APP_PRIVATE_KEY"));
    let (Some(id), Some(key)) = (id, key) else { return Ok(None) };
    if !entry.takes_app || secret("TAGBOAT_FORGE_TOKEN").is_some() {
        return Ok(None);
    }
    let client = http::Client::new(&http::ClientOptions::default())?;
    Ok(Some(Arc::new(App::new(&id, &key, &address.api, &address.repository, client)?)))
}

/// The forge that the configuration names, if it is where the remote is: git on another host does not get its token.
fn configured(settings: &config::ForgeSettings, remote: &RemoteUrl) -> Option<&'static forge::Entry> {
    let there = match &settings.url {
        Some(url) => http::origin(&http::Url::parse(url).ok()?) == remote.site(),
        None => settings.folder.is_none(),
    };
    settings.kind.as_deref().and_then(forge::named).filter(|_| there)
}

/// The token for a forge: ours, else the one that the forge's own CI sets, if it is for that server.
fn token(entry: &forge::Entry, api: &str) -> Option<Secret> {
    let is_for = |variable: &&forge::TokenVariable| {
        let server = variable.server.and_then(|name| std::env::var(name).ok()).filter(|server| !server.is_empty());
        server.is_none_or(|server| entry.is_same_server(&server, api))
    };
    let known = entry.token_variables.iter().filter(is_for);
    secret("TAGBOAT_FORGE_TOKEN").or_else(|| known.into_iter().find_map(|variable| secret(variable.name)))
}

/// Connects the forge: the one that the configuration names, else the one that the remote is on.
pub fn forge(loaded: &Loaded, remote: &str) -> Result<Box<dyn Forge>, Error> {
    let settings = &loaded.config.forge;
    let parsed = RemoteUrl::parse(remote);
    let named = settings.kind.as_deref().map(|kind| forge::named(kind).ok_or_else(|| unknown_forge(kind)));
    let recognised = parsed.as_ref().ok().and_then(forge::recognise);
    let entry = named.transpose()?.or(recognised).ok_or_else(|| {
        Error::usage(format!("can't tell which forge {remote} is on"))
            .hint(Some(format!("set `forge: {{ kind: … }}` in tagboat.yaml, to one of {}", forge_kinds())))
    })?;
    let derived = parsed.ok().and_then(|remote| (entry.address)(&remote));
    let api = settings.folder.as_ref().map(|folder| loaded.config.folder.join(folder).display().to_string());
    let api = api.or_else(|| settings.url.clone()).or_else(|| derived.as_ref().map(|address| address.api.clone()));
    let repository = settings.repository.clone().or_else(|| derived.map(|address| address.repository));
    let local = settings.folder.is_some();
    let (Some(api), Some(repository)) = (api, repository.or_else(|| local.then(|| remote.to_owned()))) else {
        return Err(Error::usage(format!("can't tell where {} has the repository of {remote}", entry.name))
            .hint(Some("set `forge: { url: …, repository: owner/name }` in tagboat.yaml")));
    };
    let client = http::Client::new(&http::ClientOptions::default())?;
    let address = Address { api, repository };
    let app = app(entry, &address)?;
    let token = token(entry, &address.api).filter(|_| app.is_none());
    let settings = ForgeSettings { app, user: variable(USER), ..ForgeSettings::new(address, token, client) };
    Ok((entry.connect)(settings)?)
}

fn unknown_forge(kind: &str) -> Error {
    Error::usage(format!("there is no forge of the kind '{kind}'"))
        .hint(Some(format!("known kinds: {}", forge_kinds())))
}

fn forge_kinds() -> String {
    forge::FORGES.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}

/// Connects the registries, with what the configuration says about each and credentials from where docker has them.
pub fn registries(loaded: &Loaded, cache: Option<&Path>) -> Result<Registries, Error> {
    let mut settings = BTreeMap::new();
    for (host, written) in &loaded.config.registries {
        settings.insert(host.clone(), registries::settings(&loaded.config.folder, host, written)?);
    }
    let limits = registries::limits(&loaded.config.limits);
    // A variable that is no text can't be one that is looked for.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let registries = Registries::connect(settings, Keychain::new(variables.collect()), limits)?;
    Ok(match cache {
        Some(folder) => registries.with_cache(folder),
        None => registries,
    })
}

/// Where people see this run, from what CI systems set.
pub fn run_url() -> Option<String> {
    run_url::run_url(variable)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_token_is_for_the_forge_that_the_remote_is_on() {
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
            assert_eq!(entry.map(|entry| entry.git_user), user, "{forge} and {remote}");
        }
    }
}
