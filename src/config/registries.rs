//! Checks what is said about registries: hosts, mirrors, limits, and the names of environment variables.

use std::collections::BTreeMap;

use super::config::{LimitSettings, RegistrySettings};
use super::duration::checked_duration;
use super::error::Problem;
use super::files::Files;
use super::schema::{LimitsSchema, RegistrySchema};
use super::syntax::located::Located;
use crate::image::ImageName;

/// Checks what is said about registries.
pub(super) fn registries(
    written: BTreeMap<Located<String>, RegistrySchema>,
    files: Files<'_>,
    problems: &mut Vec<Problem>,
) -> BTreeMap<String, RegistrySettings> {
    let mut registries = BTreeMap::new();
    for (host, written) in written {
        let name = checked_host(&host, problems);
        if let Some(mirror) = &written.mirror {
            check_mirror(mirror, problems);
        }
        for variable in [&written.username_env, &written.password_env, &written.token_env].into_iter().flatten() {
            check_variable(variable, problems);
        }
        check_login(&written, problems);
        let text = |written: Option<Located<String>>| written.map(|text| text.value);
        let settings = RegistrySettings {
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
            problems.push(Problem::new(host.place, format!("duplicate registry {name}")));
        }
    }
    registries
}

/// Returns a registry host as in normalized image names; `index.docker.io` is `docker.io`.
fn checked_host(host: &Located<String>, problems: &mut Vec<Problem>) -> String {
    // Something is a host if, put before a path, it is read as one.
    let as_host = |text: &str| {
        let name = ImageName::new(&format!("{text}/a/b")).ok()?;
        (name.path() == "a/b").then(|| name.registry().to_owned())
    };
    as_host(&host.value).unwrap_or_else(|| {
        let text = host.value.as_str();
        let bare = text.split_once("://").map_or(text, |(_, rest)| rest);
        let hint = match bare.split('/').next().and_then(as_host) {
            Some(near) => format!("write host and port only: {near}"),
            None => "write host and port as in image names: registry.example.com:5000".to_owned(),
        };
        problems.push(Problem::new(host.place, format!("'{text}' is not a registry host")).hint(hint));
        text.to_owned()
    })
}

/// A user name goes with a password or with a token, a password never without a user name, and never beside a token.
fn check_login(written: &RegistrySchema, problems: &mut Vec<Problem>) {
    let (at, what) = match (&written.username_env, &written.password_env, &written.token_env) {
        (Some(username), None, None) => (username, "missing `password-env` or `token-env`"),
        (None, Some(password), None) => (password, "missing `username-env`"),
        (_, Some(_), Some(token)) => (token, "`token-env` and `password-env` exclude each other"),
        _ => return,
    };
    let problem = Problem::new(at.place, what.to_owned());
    problems.push(problem.hint("name a variable each for user name and password; a token needs no user name"));
}

/// The message does not repeat what is written: it may be the secret itself.
fn check_variable(name: &Located<String>, problems: &mut Vec<Problem>) {
    let word = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.value.is_empty() || !name.value.chars().all(word) || name.value.starts_with(|c: char| c.is_ascii_digit()) {
        let problem = Problem::new(name.place, "not the name of an environment variable");
        problems.push(problem.hint("name the variable that holds the value, such as ACME_REGISTRY_PASSWORD"));
    }
}

/// A mirror is a host with perhaps a path, or a URL without credentials.
fn check_mirror(mirror: &Located<String>, problems: &mut Vec<Problem>) {
    let text = mirror.value.as_str();
    let url = if text.contains("://") { url::Url::parse(text) } else { url::Url::parse(&format!("https://{text}")) };
    let problem = match url {
        Ok(url) if !url.username().is_empty() || url.password().is_some() => {
            Problem::new(mirror.place, "the address of the mirror contains credentials")
                .hint("remove them, and configure credentials for the host of the mirror as for any registry")
        }
        Ok(url) if matches!(url.scheme(), "http" | "https") && url.host_str().is_some() && url.query().is_none() => {
            return;
        }
        _ => Problem::new(mirror.place, format!("invalid address of a mirror: '{text}'"))
            .hint("write host and port, and a path if needed: harbor.acme.internal/hub"),
    };
    problems.push(problem);
}

/// Checks limits.
pub(super) fn limits(written: LimitsSchema, problems: &mut Vec<Problem>) -> LimitSettings {
    LimitSettings {
        max_tags: at_least_one("max-tags", written.max_tags, problems),
        max_pages: at_least_one("max-pages", written.max_pages, problems),
        max_response: at_least_one("max-response-mib", written.max_response_mib, problems)
            .map(|mib| u64::from(mib) << 20),
        request_timeout: checked_duration(written.request_timeout.as_ref(), problems),
        image_timeout: checked_duration(written.image_timeout.as_ref(), problems),
    }
}

fn at_least_one(key: &str, written: Option<Located<u32>>, problems: &mut Vec<Problem>) -> Option<u32> {
    let written = written?;
    if written.value == 0 {
        problems.push(Problem::new(written.place, format!("`{key}` must be at least 1")));
    }
    Some(written.value)
}
