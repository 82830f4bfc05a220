//! What the configuration says about registries, made ready for those who ask them: files are read, variables looked up.

use std::path::Path;

use crate::config::{LimitSettings, RegistrySettings};
use crate::error::Error;
use crate::http::Profile;
use crate::registry::{Credential, HostSettings, Limits};
use crate::secret::Secret;

/// The settings of one registry. Paths in them start from `folder`.
pub(super) fn settings(folder: &Path, host: &str, written: &RegistrySettings) -> Result<HostSettings, Error> {
    let read = |file: &Option<String>, key: &str| file.as_ref().map(|file| bytes(folder, file, key, host)).transpose();
    let client_pem = read(&written.client_cert_file, "client-cert-file")?;
    let asked = written.mirror.as_deref().unwrap_or(host);
    Ok(HostSettings {
        plain_http: written.plain_http.unwrap_or_else(|| is_loopback(asked)),
        profile: Profile {
            ca_pem: read(&written.ca_file, "ca-file")?,
            client_pem: client_pem.map(|pem| Secret::new(&String::from_utf8_lossy(&pem))),
            ..Profile::default()
        },
        mirror: written.mirror.clone(),
        credential: credential(host, written)?,
        auth_hosts: written.auth_hosts.clone(),
        page_size: written.page_size,
        budget: written.budget,
        oci_layout: written.oci_layout.as_ref().map(|layout| folder.join(layout)),
    })
}

/// The limits that are written, and the usual ones for the rest.
pub(super) fn limits(written: &LimitSettings) -> Limits {
    let usual = Limits::default();
    let size = |written: Option<u64>, usual| written.and_then(|size| usize::try_from(size).ok()).unwrap_or(usual);
    Limits {
        body: size(written.answer, usual.body),
        tags: size(written.tags.map(u64::from), usual.tags),
        pages: size(written.pages.map(u64::from), usual.pages),
        request: written.request_time.unwrap_or(usual.request),
        image: written.image_time.unwrap_or(usual.image),
        ..usual
    }
}

/// A secret from a variable, or from the file that the variable with `_FILE` names.
pub(super) fn secret(variable: &str) -> Option<Secret> {
    let file = std::env::var_os(format!("{variable}_FILE")).filter(|path| !path.is_empty());
    let text = std::env::var(variable).ok().or_else(|| std::fs::read_to_string(file?).ok())?;
    Some(Secret::new(&text)).filter(|secret| !secret.is_empty())
}

fn credential(host: &str, written: &RegistrySettings) -> Result<Option<Credential>, Error> {
    let variable = |name: &Option<String>| {
        let found = name.as_deref().map(|name| {
            secret(name).ok_or_else(|| {
                Error::usage(format!("the variable {name}, which holds a credential for {host}, is not set"))
            })
        });
        found.transpose()
    };
    let (username, password) = (variable(&written.username_env)?, variable(&written.password_env)?);
    let token = variable(&written.token_env)?;
    Ok(match (username, password, token) {
        (_, _, Some(token)) => Some(Credential::Bearer(token)),
        (Some(username), Some(password), None) => Some(Credential::basic(username.reveal(), password)),
        _ => None,
    })
}

fn bytes(folder: &Path, file: &str, key: &str, host: &str) -> Result<Vec<u8>, Error> {
    let path = folder.join(file);
    std::fs::read(&path)
        .map_err(|error| Error::usage(format!("can't read {}, the {key} of {host}: {error}", path.display())))
}

/// Whether a registry or mirror is on this machine: nobody else can listen in there.
fn is_loopback(address: &str) -> bool {
    let bare = address.split_once("://").map_or(address, |(_, rest)| rest);
    let host = bare.split('/').next().unwrap_or(bare);
    let name = match host.strip_prefix('[').and_then(|rest| rest.split_once(']')) {
        Some((v6, _)) => v6,
        None => host.rsplit_once(':').map_or(host, |(name, _)| name),
    };
    name == "localhost" || name.parse::<std::net::IpAddr>().is_ok_and(|address| address.is_loopback())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn what_is_on_this_machine() {
        #[rustfmt::skip]
        let rows = [
            ("localhost:5000",             true),
            ("127.0.0.1:5000/hub",         true),
            ("http://127.0.0.1:5000",      true),
            ("[::1]:5000",                 true),
            ("docker.io",                  false),
            ("localhost.acme.dev:5000",    false),
            ("10.0.0.1:5000",              false),
        ];
        for (address, local) in rows {
            assert_eq!(is_loopback(address), local, "{address}");
        }
    }

    #[test]
    fn nothing_that_is_written_is_passed_over() {
        let folder = tempfile::tempdir().unwrap();
        let written = RegistrySettings {
            mirror: Some("127.0.0.1:5000".to_owned()),
            auth_hosts: vec!["auth.acme.dev".to_owned()],
            page_size: Some(100),
            budget: Some(7),
            oci_layout: Some("mirror".to_owned()),
            ..RegistrySettings::default()
        };
        let made = settings(folder.path(), "docker.io", &written).unwrap();
        assert!(made.plain_http && made.auth_hosts == ["auth.acme.dev"]);
        assert_eq!(
            (made.page_size, made.budget, made.oci_layout),
            (Some(100), Some(7), Some(folder.path().join("mirror")))
        );
        let absent = RegistrySettings { ca_file: Some("none.pem".to_owned()), ..RegistrySettings::default() };
        let error = settings(folder.path(), "acme.dev", &absent).unwrap_err();
        assert!(error.to_string().contains("the ca-file of acme.dev"), "{error}");
        let limits = limits(&LimitSettings { answer: Some(5), pages: Some(2), ..LimitSettings::default() });
        assert_eq!((limits.body, limits.pages, limits.tags), (5, 2, Limits::default().tags));
    }
}
