//! Connects the forge, with the login from the environment.

use std::path::{Component, Path, PathBuf};

use crate::config::{self, ConfigSource, Setting};
use crate::docs::hint;
use crate::error::Error;
use crate::forge::{self, Address, ConnectionSettings, Forge, ForgeKind, OperatorCredentials, RemoteUrl, TokenOwner};
use crate::http;
use crate::secret::Secret;
use crate::text::code_list;

use super::configuration::Loaded;
use super::job_token::secret_for;
use super::regular_file::path_without_links;
use super::variables::{secret, variable};
use super::working_tree::WorkingTrees;

/// The variable with the account of a token, for forges that need both.
const USER: &str = "TAGBOAT_FORGE_USER";

/// The variable with the address of the forge, set by the operator.
const URL: &str = "TAGBOAT_FORGE_URL";

/// The variable with the token for the forge.
const TOKEN: &str = "TAGBOAT_FORGE_TOKEN";

/// Connects the configured forge, or the one that hosts the remote.
pub fn forge(loaded: &Loaded, remote: &str) -> Result<Box<dyn Forge>, Error> {
    let settings = &loaded.config.forge;
    let parsed = RemoteUrl::parse(remote).ok();
    let kind = kind(settings, remote, parsed.as_ref())?;
    let url = url(settings)?;
    let derived = parsed.as_ref().and_then(|remote| (kind.address)(remote));
    let folder = settings.folder.as_ref().map(|folder| folder_of(loaded, folder)).transpose()?;
    let local = folder.is_some();
    if !kind.is_server() && !local {
        return Err(Error::usage(
            format!("cannot connect to the forge: missing `forge.folder`, which `kind: {}` needs", kind.name),
            hint!(
                "forges.md#other-servers",
                "set `forge: {{ kind: {}, folder: ../pulls }}` in the configuration",
                kind.name
            ),
        ));
    }
    let api = folder
        .or_else(|| url.as_ref().map(|url| kind.api_at(&url.value)))
        .or_else(|| derived.as_ref().map(|address| address.api.clone()));
    let repository = settings.repository.clone().or_else(|| derived.map(|address| address.repository));
    let (Some(api), Some(repository)) = (api, repository.or_else(|| local.then(|| remote.to_owned()))) else {
        return Err(Error::usage(
            format!("cannot connect to the forge: unknown address of the repository {remote} on {}", kind.label),
            hint!("forges.md#other-servers", "set `forge: {{ url: …, repository: owner/name }}` in the configuration"),
        ));
    };
    let client = http::Client::new(&http::ClientOptions::default())?;
    let address = Address { api, repository };
    let login = if local { None } else { forge_login(kind, &address)? };
    if login.is_some() {
        let by_operator = url.is_some_and(|url| url.source == ConfigSource::Operator);
        kind.check_destination(&address.api, parsed.as_ref(), by_operator).map_err(|error| {
            Error::usage(
                format!("cannot connect to the forge: {error}"),
                hint!("security.md#where-secrets-go", "set {URL} to the https address of this server if you trust it"),
            )
        })?;
    }
    if login.is_none() && kind.is_server() {
        return Err(no_token(kind, &address.api));
    }
    Ok((kind.connect)(ConnectionSettings::new(address, login.map(|login| login.credential), client))?)
}

/// Returns the error for a forge without a token. One that is set and is for another server was withheld, and that is logged.
fn no_token(kind: &ForgeKind, api: &str) -> Error {
    let host = http::Url::parse(api).ok().and_then(|url| Some(url.host_str()?.to_owned())).unwrap_or_default();
    let mut names = std::iter::once(TOKEN).chain(kind.token_variables.iter().map(|token| token.name));
    match names.find(|name| variable(name).is_some()) {
        Some(set) => Error::usage(
            format!(
                "cannot connect to the forge: {} needs a token, and that of {set} is for another server",
                kind.label
            ),
            hint!("security.md#where-secrets-go", "set {TOKEN} to a token that was made for {host}"),
        ),
        None => Error::usage(
            format!("cannot connect to the forge: {} needs a token", kind.label),
            hint!("forges.md#tokens", "set {TOKEN} to a token for {host}"),
        ),
    }
}

/// Returns the kind of forge that the configuration names, or that is known to have the remote.
fn kind(
    settings: &config::ForgeSettings,
    remote: &str,
    parsed: Option<&RemoteUrl>,
) -> Result<&'static ForgeKind, Error> {
    if let Some(Setting { value: name, source }) = &settings.kind {
        let named = forge::named(name).ok_or_else(|| Error::internal(format!("unknown kind of forge `{name}`")))?;
        return match parsed.and_then(recognized).filter(|known| named.is_server() && known.name != named.name) {
            // The token of one forge would be sent to another one.
            Some(known) if *source == ConfigSource::Repository => Err(Error::usage(
                format!(
                    "cannot connect to the forge: {remote} is on {}, and `forge.kind` of the repository is `{name}`",
                    known.label
                ),
                hint!(
                    "security.md#settings-and-who-may-set-them",
                    "remove `forge.kind`, or set it in a file outside the repository, and pass that file with --config"
                ),
            )),
            _ => Ok(named),
        };
    }
    parsed.and_then(recognized).ok_or_else(|| {
        let kinds = code_list(forge::FORGES.iter().map(|forge| forge.name));
        Error::usage(
            format!("cannot determine the forge of {remote}"),
            hint!("forges.md#other-servers", "set `forge: {{ kind: … }}` in the configuration to one of {kinds}"),
        )
    })
}

/// Returns the forge that certainly hosts a remote: by its host, or because its CI runs this job.
pub(super) fn recognized(remote: &RemoteUrl) -> Option<&'static ForgeKind> {
    forge::recognize(remote).or_else(|| forge::recognize_by_runner(remote, variable))
}

/// Returns the address of the forge: from the environment, else from the configuration.
///
/// # Errors
/// If the variable has a credential, which every request would send and messages could show.
fn url(settings: &config::ForgeSettings) -> Result<Option<Setting<String>>, Error> {
    let Some(value) = variable(URL) else { return Ok(settings.url.clone()) };
    let url = http::Url::parse(&value).map_err(|error| {
        Error::usage(
            format!("invalid {URL}: {error}"),
            hint!("forges.md#other-servers", "write the address of the server, such as https://git.example.com"),
        )
    })?;
    if !url.username().is_empty() || url.password().is_some() || url.query().is_some() {
        return Err(Error::usage(
            format!("invalid {URL}: it has a user name, a password or a query"),
            hint!("forges.md#tokens", "remove it, and set the token in TAGBOAT_FORGE_TOKEN"),
        ));
    }
    Ok(Some(Setting { value, source: ConfigSource::Operator }))
}

/// Returns the folder of a `local` forge. The repository names only folders inside itself.
fn folder_of(loaded: &Loaded, folder: &Setting<PathBuf>) -> Result<String, Error> {
    let path = &folder.value;
    let written = loaded.root.as_deref().and_then(|root| path.strip_prefix(root).ok()).unwrap_or(path);
    // git reads every file there.
    let is_of_git = |part: Component<'_>| part.as_os_str().eq_ignore_ascii_case(".git");
    let is_inside = |root: &Path| {
        let inside = path.strip_prefix(root).is_ok_and(|inside| path_without_links(root, inside).is_ok());
        inside && !written.components().any(is_of_git)
    };
    if folder.source == ConfigSource::Repository && !loaded.root.as_deref().is_some_and(is_inside) {
        return Err(Error::usage(
            format!(
                "cannot connect to the forge: `forge.folder` of the repository is no folder of its working tree: {}",
                written.display()
            ),
            hint!(
                "security.md#settings-and-who-may-set-them",
                "set it in a file outside the repository, and pass that file with --config"
            ),
        ));
    }
    // The operator may name a folder of the working tree.
    WorkingTrees::of(loaded.root.as_deref()).refuse_links(path).map_err(|error| {
        Error::usage(
            format!("cannot connect to the forge: cannot use {}: {error}", path.display()),
            hint!(
                "security.md#settings-and-who-may-set-them",
                "set `forge.folder` to a folder outside the working tree"
            ),
        )
    })?;
    Ok(path.display().to_string())
}

/// Returns the login for a repository at a forge. A token that is set for Tagboat comes before an App, and an App before
/// the token of CI.
pub(super) fn forge_login(kind: &ForgeKind, address: &Address) -> Result<Option<forge::ForgeLogin>, Error> {
    let own = secret_for(TOKEN, &address.api, |server| kind.is_same_server(server, &address.api))?;
    let app = if own.is_some() { None } else { app()? };
    let token = if own.is_some() { own } else { ci_token(kind, &address.api)? };
    let given = OperatorCredentials { token, user: variable(USER), app };
    let client = http::Client::new(&http::ClientOptions::default())?;
    Ok(kind.login(address, &given, &client)?)
}

/// Returns the id and the private key of an App.
///
/// # Errors
/// If only one of them is set: another account would open the pull requests.
fn app() -> Result<Option<(String, Secret)>, Error> {
    let absent = |name: &str, other: &str| {
        Error::usage(
            format!("cannot log in as an App: {name} is not set, but {other} is"),
            hint!("forges.md#tokens", "set {name}, or remove {other}"),
        )
    };
    match (variable("TAGBOAT_APP_ID"), secret("TAGBOAT_APP_PRIVATE_KEY")?) {
        (Some(id), Some(key)) => Ok(Some((id, key))),
        (Some(_), None) => Err(absent("TAGBOAT_APP_PRIVATE_KEY", "TAGBOAT_APP_ID")),
        (None, Some(_)) => Err(absent("TAGBOAT_APP_ID", "TAGBOAT_APP_PRIVATE_KEY")),
        (None, None) => Ok(None),
    }
}

/// Returns where the forge is, if that is not the server of the remote: git does not get its token then.
pub(super) fn elsewhere(settings: &config::ForgeSettings, remote: &RemoteUrl) -> Result<Option<String>, Error> {
    Ok(match (url(settings)?, &settings.folder) {
        (Some(Setting { value, .. }), _) => {
            let is_here = http::Url::parse(&value).is_ok_and(|url| http::origin(&url) == remote.site());
            (!is_here).then_some(value)
        }
        (None, folder) => folder.as_ref().map(|folder| folder.value.display().to_string()),
    })
}

/// Returns the token that people or a CI system set for this forge, unless it is for another server.
fn ci_token(kind: &ForgeKind, api: &str) -> Result<Option<Secret>, Error> {
    let is_for_api = |token: &&forge::TokenVariable| match token.owner(variable) {
        TokenOwner::Person => true,
        TokenOwner::Server(server) => kind.is_same_server(&server, api),
        TokenOwner::Unknown => false,
    };
    let tokens = kind.token_variables.iter().filter(is_for_api);
    let read = |token: &forge::TokenVariable| secret_for(token.name, api, |server| kind.is_same_server(server, api));
    tokens.map(read).find_map(Result::transpose).transpose()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn reports_a_remote_of_no_known_forge() {
        for remote in ["/srv/git/apps.git", "https://git.acme.dev/a/b.git"] {
            let parsed = RemoteUrl::parse(remote).ok();
            let error = kind(&config::ForgeSettings::default(), remote, parsed.as_ref()).err().unwrap();
            assert_eq!(error.message(), format!("cannot determine the forge of {remote}"));
        }
    }

    #[test]
    fn repository_names_no_other_forge_than_the_host_certainly_is() {
        use ConfigSource::{Operator, Repository};
        #[rustfmt::skip]
        let rows = [
            // kind             who named it  remote                              is used
            ("gitlab",          Repository,   "https://github.com/a/b",           false),
            ("gitea",           Repository,   "git@gitlab.com:a/b.git",           false),
            ("github",          Repository,   "https://acme.test/scm/p/r.git",    false),
            ("gitlab",          Operator,     "https://github.com/a/b",           true),
            ("github",          Repository,   "https://github.com/a/b",           true),
            ("gitlab",          Repository,   "https://git.acme.test/a/b",        true),
            ("local",           Repository,   "https://github.com/a/b",           true),
        ];
        for (name, source, remote, is_used) in rows {
            let settings = config::ForgeSettings {
                kind: Some(Setting { value: name.to_owned(), source }),
                ..config::ForgeSettings::default()
            };
            let found = kind(&settings, remote, RemoteUrl::parse(remote).ok().as_ref());
            assert_eq!(found.is_ok(), is_used, "{name} {source:?} {remote}");
        }
    }

    #[test]
    fn forge_token_is_for_remotes_on_the_forge_only() {
        #[rustfmt::skip]
        let rows = [
            // forge                                                    remote                              git gets its token
            ("kind: github",                                            "https://git.acme.dev/a/b.git",     true),
            ("kind: github, url: 'https://git.acme.dev/api/v3'",        "https://git.acme.dev/a/b.git",     true),
            ("kind: gitea, url: 'https://git.acme.dev'",                "https://git.acme.dev/a/b.git",     true),
            ("kind: gitlab, url: 'https://git.acme.dev/api/v4'",        "https://git.acme.dev/a/b.git",     true),
            ("kind: github, url: 'https://git.acme.dev/api/v3'",        "http://git.acme.dev/a/b.git",      false),
            ("kind: github, url: 'https://git.acme.dev/api/v3'",        "https://mirror.acme.dev/a/b.git",  false),
            ("kind: local, folder: pulls",                              "https://git.acme.dev/a/b.git",     false),
        ];
        for (forge, remote, expected) in rows {
            let config = config::parse(&format!("forge: {{ {forge} }}"), "t").unwrap();
            let is_here = elsewhere(&config.forge, &RemoteUrl::parse(remote).unwrap()).unwrap().is_none();
            assert_eq!(is_here, expected, "{forge} and {remote}");
        }
    }
}
