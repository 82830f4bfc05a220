//! Docker's `config.json` and containers' `auth.json`: the credential for an image path of a host. Pure.
//!
//! Formats: docker's `cli/config/configfile`, `containers-auth.json(5)`, Kubernetes' `kubernetes.io/dockerconfigjson`.

use std::collections::BTreeMap;

use base64::Engine;
use base64::alphabet::STANDARD;
use base64::engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig};
use serde::Deserialize;

use crate::secret::Secret;

use super::super::credential::RegistryCredential;

/// Some tools omit the padding.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The content of one file.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
pub(crate) struct DockerConfig {
    auths: BTreeMap<String, AuthEntry>,
    #[serde(rename = "credHelpers")]
    helpers: BTreeMap<String, String>,
    #[serde(rename = "credsStore")]
    store: Option<String>,
}

/// The stored credential of one key. `Debug` shows nothing, because it may be secret.
#[derive(Default, Deserialize)]
#[serde(default)]
struct AuthEntry {
    auth: Option<String>,
    username: Option<String>,
    password: Option<String>,
    identitytoken: Option<String>,
    registrytoken: Option<String>,
}

impl std::fmt::Debug for AuthEntry {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Entry(…)")
    }
}

/// The matching entry of a file.
#[derive(Debug, PartialEq, Eq)]
pub(crate) enum ConfigMatch {
    /// A stored credential, and its key.
    Credential(RegistryCredential, String),
    /// The name of a credential helper, and the key to look up.
    Helper(String, String),
}

impl DockerConfig {
    /// Returns the credential for `host/path`, or the helper that has it, in docker's order: a helper for the host, a stored
    /// credential, the helper for all hosts. `aliases` are other names under which credentials for `host` are stored.
    pub(crate) fn find(&self, host: &str, aliases: &[&str], path: &str) -> Result<Option<ConfigMatch>, String> {
        let is_host = |key: &str| {
            // The port of HTTPS is not in normalized names.
            [key, key.strip_suffix(":443").unwrap_or(key)].iter().any(|key| *key == host || aliases.contains(key))
        };
        if let Some((key, helper)) = self.helpers.iter().find(|(key, _)| is_host(&bare(key))) {
            return Ok(Some(ConfigMatch::Helper(helper.clone(), key.clone())));
        }
        // The longest key that is a prefix of the path, as in containers-auth.json(5).
        let mut best: Option<(usize, RegistryCredential, &String)> = None;
        for (key, entry) in &self.auths {
            let bare = bare(key);
            let (key_host, key_path) = bare.split_once('/').unwrap_or((&bare, ""));
            let within = key_path.is_empty()
                || path.strip_prefix(key_path).is_some_and(|rest| rest.is_empty() || rest.starts_with('/'));
            if !is_host(key_host) || !within || best.as_ref().is_some_and(|(length, ..)| key_path.len() <= *length) {
                continue;
            }
            let credential = entry.credential().map_err(|cause| format!("auths, `{key}`: {cause}"))?;
            best = credential.map(|credential| (key_path.len(), credential, key)).or(best);
        }
        if let Some((_, credential, key)) = best {
            return Ok(Some(ConfigMatch::Credential(credential, key.clone())));
        }
        Ok(self.store.as_ref().filter(|store| !store.is_empty()).map(|store| {
            // Docker's stores have Docker Hub under the URL of its first API.
            let key = if host == "docker.io" { "https://index.docker.io/v1/" } else { host };
            ConfigMatch::Helper(store.clone(), key.to_owned())
        }))
    }
}

impl AuthEntry {
    /// Returns the stored credential; `None` for the empty entries that docker leaves when a store has the secret.
    fn credential(&self) -> Result<Option<RegistryCredential>, &'static str> {
        let set = |text: &Option<String>| text.as_deref().filter(|text| !text.is_empty()).map(Secret::new);
        if let Some(token) = set(&self.registrytoken) {
            return Ok(Some(RegistryCredential::Bearer(token)));
        }
        if let Some(token) = set(&self.identitytoken) {
            return Ok(Some(RegistryCredential::RefreshToken(token)));
        }
        if let Some(auth) = self.auth.as_deref().filter(|auth| !auth.is_empty()) {
            let bytes = BASE64.decode(auth.trim()).map_err(|_| "`auth` is not base64")?;
            let text = String::from_utf8(bytes).map_err(|_| "`auth` does not decode to text")?;
            let (user, password) = text.split_once(':').ok_or("`auth` does not decode to user:password")?;
            return Ok(Some(pair(user, &Secret::new(password.trim_end_matches('\0')))));
        }
        match (&self.username, set(&self.password)) {
            (Some(user), Some(password)) => Ok(Some(pair(user, &password))),
            _ => Ok(None),
        }
    }
}

/// Returns the credential for a user and secret of docker's helpers and files: the user `<token>` marks a refresh token.
pub(crate) fn pair(user: &str, secret: &Secret) -> RegistryCredential {
    if user == "<token>" {
        RegistryCredential::RefreshToken(secret.clone())
    } else {
        RegistryCredential::basic(user, secret.clone())
    }
}

/// Returns a key without scheme and API version: `https://index.docker.io/v1/` → `index.docker.io`.
fn bare(key: &str) -> String {
    let key = key.strip_prefix("https://").or(key.strip_prefix("http://")).unwrap_or(key).trim_end_matches('/');
    key.strip_suffix("/v1").or(key.strip_suffix("/v2")).unwrap_or(key).to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn find(json: &str, host: &str, path: &str) -> Result<Option<ConfigMatch>, String> {
        let config: DockerConfig = serde_json::from_str(json).unwrap();
        config.find(host, if host == "docker.io" { &["index.docker.io"] } else { &[] }, path)
    }

    fn basic(user: &str, password: &str, key: &str) -> Result<Option<ConfigMatch>, String> {
        Ok(Some(ConfigMatch::Credential(RegistryCredential::basic(user, Secret::new(password)), key.to_owned())))
    }

    #[test]
    fn finds_entries_by_host_and_path() {
        // dTpw = u:p, YTpiOmM= = a:b:c
        let stored = r#"{"auths": {
            "https://index.docker.io/v1/": {"auth": "dTpw"},
            "ghcr.io": {"auth": "YTpiOmM"},
            "ghcr.io/acme": {"username": "acme", "password": "x"},
            "ghcr.io/acme/api": {"auth": ""},
            "r.acme:5000": {"identitytoken": "refresh", "auth": "dTpw"},
            "b.acme": {"registrytoken": "direct"},
            "https://s.acme:443/v2/": {"auth": "dTpw"},
            "t.acme": {"username": "<token>", "password": "refresh"},
            "bad.acme": {"auth": "%%%"}
        }}"#;
        #[rustfmt::skip]
        let rows = [
            ("docker.io",   "library/nginx", basic("u", "p", "https://index.docker.io/v1/")),
            ("ghcr.io",     "other/api",     basic("a", "b:c", "ghcr.io")),
            ("ghcr.io",     "acme/api",      basic("acme", "x", "ghcr.io/acme")),
            ("ghcr.io",     "acmex/api",     basic("a", "b:c", "ghcr.io")),
            ("r.acme:5000", "a",             Ok(Some(ConfigMatch::Credential(RegistryCredential::RefreshToken(Secret::new("refresh")), "r.acme:5000".into())))),
            ("r.acme",      "a",             Ok(None)),
            ("s.acme",      "a",             basic("u", "p", "https://s.acme:443/v2/")),
            ("b.acme",      "a",             Ok(Some(ConfigMatch::Credential(RegistryCredential::Bearer(Secret::new("direct")), "b.acme".into())))),
            ("t.acme",      "a",             Ok(Some(ConfigMatch::Credential(RegistryCredential::RefreshToken(Secret::new("refresh")), "t.acme".into())))),
            ("bad.acme",    "a",             Err("auths, `bad.acme`: `auth` is not base64".to_owned())),
        ];
        for (host, path, expected) in rows {
            assert_eq!(find(stored, host, path), expected, "{host}/{path}");
        }
    }

    #[test]
    fn prefers_host_helpers_then_stored_entries_then_the_store() {
        let both = r#"{"credHelpers": {"ghcr.io": "gh"}, "credsStore": "desktop",
                       "auths": {"ghcr.io": {"auth": "dTpw"}, "quay.io": {"auth": "dTpw"}, "docker.io": {}}}"#;
        let helper = |name: &str, key: &str| Ok(Some(ConfigMatch::Helper(name.to_owned(), key.to_owned())));
        assert_eq!(find(both, "ghcr.io", "a"), helper("gh", "ghcr.io"));
        assert_eq!(find(both, "quay.io", "a"), basic("u", "p", "quay.io"));
        assert_eq!(find(both, "docker.io", "a"), helper("desktop", "https://index.docker.io/v1/"));
        assert_eq!(find("{}", "docker.io", "a"), Ok(None));
    }
}
