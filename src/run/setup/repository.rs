//! Opens the repository, with its login and the key that signs commits.

use std::path::Path;

use crate::config::{self, Config};
use crate::docs::hint;
use crate::error::Error;
use crate::forge::{self, RemoteUrl, Scheme};
use crate::git::{self, Login, Repository};
use crate::http;
use crate::secret::Secret;

use super::forge::{elsewhere, forge_login, recognized};
use super::job_token::{is_for, is_on, refuse_job_token, secret_for};
use super::location::{Location, invalid_url};
use super::variables::{secret, variable};
use super::working_tree::{around_submodule, root};

/// The variables with a login for git.
const USER: &str = "TAGBOAT_GIT_USER";
const PASSWORD: &str = "TAGBOAT_GIT_PASSWORD";

/// Opens the repository, with a login if a credential is configured.
pub async fn repository(location: &Location, config: &Config) -> Result<Repository, Error> {
    let options = git::Options { pass_env: config.git.pass_env.clone(), ..git::Options::default() };
    let opened = match location {
        Location::Folder(folder) => {
            let opened = Repository::open(folder, &config.git.remote, options).await?;
            refuse_submodule_elsewhere(folder, &config.git.remote)?;
            opened
        }
        Location::Url(url) => Repository::from_url(url, options).await.map_err(|error| invalid_url(url, error))?,
    };
    opened.logins_of_urls().try_for_each(|(url, login)| check_login(url, login))?;
    log_in(opened, config).await
}

/// Checks that the remote of a submodule is on the host of the repository around it: a pull request can change its URL in
/// `.gitmodules`, and the host of the remote receives the token of the forge.
fn refuse_submodule_elsewhere(folder: &Path, remote: &str) -> Result<(), Error> {
    let Some(outer) = around_submodule(folder) else { return Ok(()) };
    let of = |root: &Path| git::remote_url(root, remote).and_then(|url| RemoteUrl::parse(&url).ok());
    let (Some(own), outer) = (of(&root(folder)), of(&outer)) else { return Ok(()) };
    if outer.is_some_and(|outer| is_on(&own, &outer.site())) {
        return Ok(());
    }
    Err(Error::usage(
        format!(
            "cannot use the submodule {}: its remote is on {}, and that of the repository around it is not",
            folder.display(),
            own.host
        ),
        hint!("security.md#where-secrets-go", "name its repository with --repository URL if you trust this host"),
    ))
}

/// Returns the URL of the remote of the checkout with a folder, for commands that need no git; `None` if there is no such remote.
pub fn remote(folder: &Path, config: &Config) -> Option<String> {
    git::remote_url(&root(folder), &config.git.remote)
}

/// Enables signing with the key of the configuration, or with the SSH key in the environment.
pub fn sign(repository: Repository, config: &Config) -> Result<Repository, Error> {
    let Some(config::SignSettings { format, key }) = &config.git.sign else {
        return Ok(match secret("TAGBOAT_SIGNING_KEY")? {
            Some(key) => repository.with_ssh_key(&key)?,
            None => repository,
        });
    };
    Ok(repository.with_signing(git::Signing { format, key: key.clone() }))
}

/// Adds the login for git, or the token of the forge that hosts the remote.
pub async fn log_in(repository: Repository, config: &Config) -> Result<Repository, Error> {
    Ok(match login(repository.url(), &config.forge).await? {
        Some(login) => repository.with_login(&login),
        None => repository,
    })
}

async fn login(url: &str, settings: &config::ForgeSettings) -> Result<Option<Login>, Error> {
    let remote = RemoteUrl::parse(url).ok();
    let is_on_remote = |server: &str| remote.as_ref().is_some_and(|remote| is_on(remote, server));
    let for_git = |name: &str| secret_for(name, url, is_on_remote);
    let password = for_git(PASSWORD)?;
    let Some(remote) = &remote else { return Ok(None) };
    if is_readable_by_others(remote) {
        tracing::warn!("no login is sent to {} without TLS", remote.host);
        return Ok(None);
    }
    if let Some(password) = password {
        let user = variable(USER).unwrap_or_else(|| "tagboat".to_owned());
        let may_log_in = is_for(USER, &Secret::new(&user), url, is_on_remote);
        return Ok(if may_log_in { Some(Login { user, password }) } else { None });
    }
    let elsewhere = elsewhere(settings, remote)?;
    let named = settings.kind.as_ref().and_then(|kind| forge::named(&kind.value));
    let named = if elsewhere.is_none() { named } else { None };
    let kind = recognized(remote).or(named);
    let Some((kind, address)) = kind.and_then(|kind| Some((kind, (kind.address)(remote)?))) else {
        // The kind of forge may be in a file that has yet to be fetched. Forges accept a token with any user name.
        let token = for_git("TAGBOAT_FORGE_TOKEN")?;
        if let (Some(forge), Some(_)) = (&elsewhere, &token) {
            tracing::warn!("git does not send TAGBOAT_FORGE_TOKEN to {url}: it is for {forge}");
            return Ok(None);
        }
        return Ok(token.map(|password| Login { user: "x-access-token".to_owned(), password }));
    };
    let Some(login) = forge_login(kind, &address)? else { return Ok(None) };
    let password = login.credential.token().await?;
    Ok(Some(Login { user: login.git_user.to_owned(), password }))
}

/// Checks that a login in the URL of a git remote may be sent to it: only with TLS, and no token of this job to another server.
fn check_login(url: &str, login: &Login) -> Result<(), Error> {
    let Ok(remote) = RemoteUrl::parse(url) else { return Ok(()) };
    if is_readable_by_others(&remote) && login.has_secret() {
        return Err(Error::usage(
            format!("cannot log in to {url}: the password or token in this URL is not sent without TLS"),
            hint!("security.md#where-secrets-go", "use the https address of {}, or remove the login", remote.host),
        ));
    }
    refuse_job_token(&remote, url, login)
}

/// Returns whether a login for a remote is sent without TLS, and not only on this machine.
fn is_readable_by_others(remote: &RemoteUrl) -> bool {
    let is_here = || http::Url::parse(&remote.site()).is_ok_and(|site| http::is_loopback(&site));
    remote.scheme == Scheme::Http && !is_here()
}
