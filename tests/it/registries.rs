//! Registries over the wire: the embedded one, Debian's `docker-registry`, and doubles of what registries do wrong.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::time::Duration;

use tagboat::http::RetryPolicy;
use tagboat::image::{ImageName, Tag};
use tagboat::registry::{HostSettings, Keychain, Limits, Registries};

mod checks;
mod faults;
mod folders;
mod logins;
mod paging;
mod program;
mod real;
mod real_logins;
mod sources;
mod vendors;

/// Plain HTTP, perhaps at another place.
fn plain(mirror: Option<&str>) -> HostSettings {
    HostSettings { plain_http: true, mirror: mirror.map(str::to_owned), ..HostSettings::default() }
}

/// Limits that a test need not wait for.
fn hasty() -> Limits {
    Limits {
        request_timeout: Duration::from_millis(400),
        retry_policy: RetryPolicy {
            max_attempts: 2,
            max_wait: Duration::from_secs(2),
            min_wait: Duration::from_millis(5),
        },
        ..Limits::default()
    }
}

fn keychain(variables: &[(&str, &str)]) -> Keychain {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Keychain::new(variables.collect())
}

/// Registries at plain HTTP hosts.
fn connect(hosts: &[&str], variables: &[(&str, &str)]) -> Registries {
    connect_with(hosts.iter().map(|host| ((*host).to_owned(), plain(None))), variables)
}

fn connect_with(settings: impl IntoIterator<Item = (String, HostSettings)>, variables: &[(&str, &str)]) -> Registries {
    let settings: BTreeMap<_, _> = settings.into_iter().collect();
    Registries::connect(settings, keychain(variables), hasty()).unwrap()
}

fn name(text: impl AsRef<str>) -> ImageName {
    ImageName::new(text.as_ref()).unwrap()
}

fn tag(text: &str) -> Tag {
    Tag::new(text).unwrap()
}

fn texts(tags: Vec<Tag>) -> Vec<String> {
    tags.iter().map(Tag::to_string).collect()
}

/// The variable that holds something of the credential for a host.
fn variable(host: &str, kind: &str) -> String {
    let host: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("TAGBOAT_REGISTRY_{host}_{kind}")
}
