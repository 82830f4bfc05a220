//! Connects the forge, with the login from the environment.

use crate::config;
use crate::error::Error;
use crate::forge::{self, Address, Forge, ForgeKind, ForgeSettings, GivenCredentials, RemoteUrl};
use crate::http;
use crate::secret::Secret;

use super::configuration::Loaded;
use super::variables::{secret, variable};

/// The variable with the account of a token, for forges that need both.
const USER: &str = "TAGBOAT_FORGE_USER";

/// Connects the configured forge, or the one that hosts the remote.
pub fn forge(loaded: &Loaded, remote: &str) -> Result<Box<dyn Forge>, Error> {
    let settings = &loaded.config.forge;
    let parsed = RemoteUrl::parse(remote);
    let named = settings.kind.as_deref().map(|kind| forge::named(kind).ok_or_else(|| unknown_forge(kind)));
    let recognized = parsed.as_ref().ok().and_then(forge::recognize);
    let entry = named.transpose()?.or(recognized).ok_or_else(|| {
        Error::usage(format!("cannot connect to the forge: unknown forge of {remote}"))
            .hint(Some(format!("set `forge: {{ kind: … }}` in tagboat.yaml to one of {}", forge_kinds())))
    })?;
    let derived = parsed.ok().and_then(|remote| (entry.address)(&remote));
    let api = settings.folder.as_ref().map(|folder| loaded.config.folder.join(folder).display().to_string());
    let api = api.or_else(|| settings.url.clone()).or_else(|| derived.as_ref().map(|address| address.api.clone()));
    let repository = settings.repository.clone().or_else(|| derived.map(|address| address.repository));
    let local = settings.folder.is_some();
    let (Some(api), Some(repository)) = (api, repository.or_else(|| local.then(|| remote.to_owned()))) else {
        return Err(Error::usage(format!(
            "cannot connect to the forge: unknown address of the repository {remote} on {}",
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
    Error::usage(format!("cannot connect to the forge: unknown kind '{kind}'"))
        .hint(Some(format!("set `forge: {{ kind: … }}` in tagboat.yaml to one of {}", forge_kinds())))
}

fn forge_kinds() -> String {
    forge::FORGES.iter().map(|entry| entry.name).collect::<Vec<_>>().join(", ")
}

/// Returns the login for a repository at a forge. A token that is set for Tagboat comes before an App, and an App before
/// the token of CI.
pub(super) fn forge_login(kind: &ForgeKind, address: &Address) -> Result<Option<forge::Login>, Error> {
    let own = secret("TAGBOAT_FORGE_TOKEN");
    let app = match &own {
        Some(_) => None,
        None => variable("TAGBOAT_APP_ID").zip(secret("TAGBOAT_APP_PRIVATE_KEY")),
    };
    let given = GivenCredentials { token: own.or_else(|| ci_token(kind, &address.api)), user: variable(USER), app };
    let client = http::Client::new(&http::ClientOptions::default())?;
    Ok(kind.login(address, &given, &client)?)
}

/// Returns the forge that the configuration names, if it hosts the remote: git on another host does not get its token.
pub(super) fn configured(settings: &config::ForgeSettings, remote: &RemoteUrl) -> Option<&'static ForgeKind> {
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
