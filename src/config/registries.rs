//! Validates the settings of registries: hosts, mirrors, limits, and the names of environment variables.

use std::collections::BTreeMap;

use super::config::{LimitSettings, RegistrySettings};
use super::error::Problem;
use super::files::ConfigFiles;
use super::schema::{LimitsSchema, RegistrySchema};
use super::source::ConfigSource;
use super::syntax::located::Located;
use super::values::duration::checked_time_limit;
use crate::docs::page;
use crate::image::registry_host;

/// Returns the settings of registries by normalized host, and reports invalid ones.
pub(super) fn registries(
    written: BTreeMap<Located<String>, RegistrySchema>,
    files: ConfigFiles<'_>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, RegistrySettings> {
    let mut registries = BTreeMap::new();
    for (host, written) in written {
        let name = checked_host(&host, problems);
        if let Some(mirror) = &written.mirror {
            check_mirror(mirror, problems);
        }
        for (variable, example) in [
            (&written.username_env, "username-env: REGISTRY_USER"),
            (&written.password_env, "password-env: REGISTRY_PASSWORD"),
            (&written.token_env, "token-env: REGISTRY_TOKEN"),
        ] {
            variable.iter().for_each(|variable| check_variable(variable, example, CREDENTIALS, problems));
        }
        check_login(&written, problems);
        let text = |written: Option<Located<String>>| written.map(|text| text.value);
        let settings = RegistrySettings {
            is_of_repository: files.source(host.place) == ConfigSource::Repository,
            mirror: written.mirror.map(|mirror| files.setting(mirror)),
            ca_file: written.ca_file.map(|file| files.path(file)),
            client_cert_file: written.client_cert_file.map(|file| files.path(file).value),
            plain_http: written.plain_http.filter(|plain| plain.value).map(|plain| files.source(plain.place)),
            username_env: text(written.username_env),
            password_env: text(written.password_env),
            token_env: text(written.token_env),
            auth_hosts: written.auth_hosts.iter().map(|host| checked_host(host, problems)).collect(),
            page_size: at_least_one("page-size", written.page_size, problems),
            max_requests: written.max_requests,
            oci_layout: written.oci_layout.map(|layout| files.path(layout).value),
        };
        if registries.insert(name.clone(), settings).is_some() {
            problems.push(
                Problem::new(host.place, format!("duplicate registry `{name}`"))
                    .hint(format!("write all settings of `{name}` below one key")),
            );
        }
    }
    registries
}

/// Returns a registry host as in normalized image names; `index.docker.io` is `docker.io`.
fn checked_host(host: &Located<String>, problems: &mut Vec<Problem>) -> String {
    registry_host(&host.value).unwrap_or_else(|| {
        let text = host.value.as_str();
        let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
        let hint = match bare.split('/').next().and_then(registry_host) {
            Some(near) => format!("write only the host and port: `{near}`"),
            None => "write the host and port as in image names: `registry.example.com:5000`".to_owned(),
        };
        problems.push(Problem::new(host.place, format!("invalid registry host `{text}`")).hint(hint));
        text.to_owned()
    })
}

/// Returns whether two hosts are the same registry: `index.docker.io` is `docker.io`, in any case.
pub(super) fn is_same_host(one: &str, other: &str) -> bool {
    one == other || registry_host(one).is_some_and(|one| registry_host(other).as_deref() == Some(&one))
}

/// The section that documents the keys of credentials.
const CREDENTIALS: &str = page!("registries.md#where-credentials-come-from");

/// Reports variables that are no complete credential. A user name needs a password or a token, a password needs a user
/// name, and a token can be alone.
fn check_login(written: &RegistrySchema, problems: &mut Vec<Problem>) {
    let (at, message, hint) = match (&written.username_env, &written.password_env, &written.token_env) {
        (Some(username), None, None) => (
            username,
            "missing `password-env` or `token-env`",
            "name the variable that holds the password or the token, as in `password-env: REGISTRY_PASSWORD`",
        ),
        (None, Some(password), None) => (
            password,
            "missing `username-env`",
            "name the variable that holds the user name, as in `username-env: REGISTRY_USER`",
        ),
        (_, Some(_), Some(token)) => {
            (token, "both `password-env` and `token-env` are set", "remove one of them: a token replaces the password")
        }
        _ => return,
    };
    problems.push(Problem::new(at.place, message).hint(hint).documented_at(CREDENTIALS));
}

/// Reports an invalid name of an environment variable. The message does not contain the text, which may be the secret itself.
pub(super) fn check_variable(
    name: &Located<String>,
    example: &str,
    section: &'static str,
    problems: &mut Vec<Problem>,
) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.value.is_empty() || !name.value.chars().all(word) || name.value.starts_with(|c: char| c.is_ascii_digit()) {
        let problem = Problem::new(name.place, "invalid name of an environment variable");
        let problem = problem.hint(format!("write the name of the variable, not its value, as in `{example}`"));
        problems.push(problem.documented_at(section));
    }
}

/// Reports a mirror that is neither a host with an optional path nor a URL without credentials.
fn check_mirror(mirror: &Located<String>, problems: &mut Vec<Problem>) {
    let text = mirror.value.as_str();
    let url = if text.contains("://") { url::Url::parse(text) } else { url::Url::parse(&format!("https://{text}")) };
    let problem = match url {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Problem::new(mirror.place, "invalid mirror: the URL contains credentials")
                .hint("remove them, and set the credentials of the mirror as those of a registry")
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && url.query().is_none() => {
            return;
        }
        // A query may be a token.
        Ok(url) if url.query().is_some() => Problem::new(mirror.place, "invalid mirror: the URL has a query")
            .hint("remove it, and set the credentials of the mirror as those of a registry"),
        _ => Problem::new(mirror.place, format!("invalid mirror `{text}`"))
            .hint("write the host, with port and path if needed: `mirror: harbor.acme.internal/hub`"),
    };
    problems.push(problem.documented_at(page!("registries.md#mirrors-certificates-offline")));
}

/// Returns the limits, and reports invalid ones.
pub(super) fn limits(written: LimitsSchema, problems: &mut Vec<Problem>) -> LimitSettings {
    LimitSettings {
        max_tags: at_least_one("max-tags", written.max_tags, problems),
        max_pages: at_least_one("max-pages", written.max_pages, problems),
        max_response: at_least_one("max-response-mib", written.max_response_mib, problems)
            .map(|mib| u64::from(mib) << 20),
        request_timeout: checked_time_limit("request-timeout", written.request_timeout.as_ref(), problems),
        image_timeout: checked_time_limit("image-timeout", written.image_timeout.as_ref(), problems),
    }
}

fn at_least_one(key: &str, written: Option<Located<u32>>, problems: &mut Vec<Problem>) -> Option<u32> {
    let written = written?;
    if written.value == 0 {
        let problem = Problem::new(written.place, format!("`{key}`: expected at least 1, found 0"));
        problems.push(problem.hint(format!("write `{key}: 1` or more, or remove the key to use its default")));
    }
    Some(written.value)
}
