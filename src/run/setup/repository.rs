//! Opens the repository, with its login and the key that signs commits.

use crate::config::{self, Config};
use crate::error::Error;
use crate::forge::{self, RemoteUrl};
use crate::git::{self, Login, Repository};

use super::forge::{configured, forge_login};
use super::location::Location;
use super::variables::{secret, variable};

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
