//! Registries over HTTP: the embedded one, Debian's `docker-registry`, and doubles with the faults of real registries.
#![cfg(unix)]

use std::collections::BTreeMap;
use std::time::Duration;

use tagboat::http::RetryPolicy;
use tagboat::image::{ImageName, Tag};
use tagboat::registry::{HostSettings, Keychain, Registries, ResponseLimits};

mod aws;
mod certificates;
mod checks;
mod faults;
mod folders;
mod logins;
mod paging;
mod program;
mod real;
mod real_logins;
mod sources;
mod unreadable;
mod vendors;

/// Returns settings for plain HTTP, with an optional mirror.
fn plain(mirror: Option<&str>) -> HostSettings {
    HostSettings { plain_http: true, mirror: mirror.map(str::to_owned), ..HostSettings::default() }
}

/// Returns limits with short waits, for tests.
fn short_limits() -> ResponseLimits {
    ResponseLimits {
        request_timeout: Duration::from_millis(400),
        retry_policy: RetryPolicy {
            max_attempts: 2,
            max_wait: Duration::from_secs(2),
            min_wait: Duration::from_millis(5),
        },
        ..ResponseLimits::default()
    }
}

fn keychain(variables: &[(&str, &str)]) -> Keychain {
    let variables = variables.iter().map(|(name, value)| ((*name).to_owned(), (*value).to_owned()));
    Keychain::new(variables.collect())
}

/// Returns registries at plain HTTP hosts.
fn connect(hosts: &[&str], variables: &[(&str, &str)]) -> Registries {
    connect_with(hosts.iter().map(|host| ((*host).to_owned(), plain(None))), variables)
}

fn connect_with(settings: impl IntoIterator<Item = (String, HostSettings)>, variables: &[(&str, &str)]) -> Registries {
    let settings: BTreeMap<_, _> = settings.into_iter().collect();
    Registries::connect(settings, keychain(variables), short_limits()).unwrap()
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

/// Returns the name of a variable with a part of the credential for a host.
fn variable(host: &str, kind: &str) -> String {
    let host = host.to_ascii_uppercase().replace('-', "__").replace(['.', ':'], "_");
    format!("TAGBOAT_REGISTRY_{host}_{kind}")
}
