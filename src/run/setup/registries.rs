//! Connects the registries, with the contents of the files and variables that the configuration names.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{LimitSettings, RegistrySettings};
use crate::error::Error;
use crate::http::ClientOptions;
use crate::registry::{HostSettings, Keychain, Limits, Login, Registries};
use crate::secret::Secret;

use super::configuration::Loaded;
use super::variables::secret;

/// Connects the registries with their settings, and with the credentials of docker.
pub fn registries(loaded: &Loaded, cache: Option<&Path>) -> Result<Registries, Error> {
    let mut settings = BTreeMap::new();
    for (host, written) in &loaded.config.registries {
        settings.insert(host.clone(), host_settings(&loaded.config.folder, host, written)?);
    }
    // Variables that are not Unicode are none that a keychain reads.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let registries = Registries::connect(settings, Keychain::new(variables.collect()), limits(&loaded.config.limits))?;
    Ok(match cache {
        Some(folder) => registries.with_cache(folder),
        None => registries,
    })
}

/// Returns the settings of one registry. Paths are relative to `folder`.
fn host_settings(folder: &Path, host: &str, written: &RegistrySettings) -> Result<HostSettings, Error> {
    let read = |file: &Option<String>, key: &str| file.as_ref().map(|file| bytes(folder, file, key, host)).transpose();
    let client_pem = read(&written.client_cert_file, "client-cert-file")?;
    Ok(HostSettings {
        plain_http: written.plain_http,
        client_options: ClientOptions {
            ca_pem: read(&written.ca_file, "ca-file")?,
            client_pem: client_pem.map(|pem| Secret::new(&String::from_utf8_lossy(&pem))),
            ..ClientOptions::default()
        },
        mirror: written.mirror.clone(),
        login: login(host, written)?,
        auth_hosts: written.auth_hosts.clone(),
        page_size: written.page_size,
        max_requests: written.max_requests,
        oci_layout: written.oci_layout.as_ref().map(|layout| folder.join(layout)),
    })
}

/// Returns the configured limits, and the defaults for the others.
fn limits(written: &LimitSettings) -> Limits {
    let default = Limits::default();
    let size = |written: Option<u64>, default| written.and_then(|size| usize::try_from(size).ok()).unwrap_or(default);
    Limits {
        max_response: size(written.max_response, default.max_response),
        max_tags: size(written.max_tags.map(u64::from), default.max_tags),
        max_pages: size(written.max_pages.map(u64::from), default.max_pages),
        request_timeout: written.request_timeout.unwrap_or(default.request_timeout),
        image_timeout: written.image_timeout.unwrap_or(default.image_timeout),
        ..default
    }
}

/// Returns the login of a registry. The configuration checks that a password has a user name; a token may have one.
fn login(host: &str, written: &RegistrySettings) -> Result<Option<Login>, Error> {
    let variable = |name: &str| {
        secret(name).ok_or_else(|| {
            Error::usage(format!("cannot read the credential for {host}: the variable {name} is not set"))
        })
    };
    let Some(name) = written.password_env.as_ref().or(written.token_env.as_ref()) else { return Ok(None) };
    let user = written.username_env.as_deref().map(variable).transpose()?;
    let user = user.map(|user| user.reveal().to_owned());
    Ok(Some(Login { user, secret: variable(name)?, source: format!("{name} (the configuration)") }))
}

fn bytes(folder: &Path, file: &str, key: &str, host: &str) -> Result<Vec<u8>, Error> {
    let path = folder.join(file);
    std::fs::read(&path)
        .map_err(|error| Error::usage(format!("cannot read the {key} of {host}: {}: {error}", path.display())))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn applies_every_setting() {
        let folder = tempfile::tempdir().unwrap();
        let written = RegistrySettings {
            mirror: Some("127.0.0.1:5000".to_owned()),
            plain_http: true,
            auth_hosts: vec!["auth.acme.dev".to_owned()],
            page_size: Some(100),
            max_requests: Some(7),
            oci_layout: Some("mirror".to_owned()),
            ..RegistrySettings::default()
        };
        let made = host_settings(folder.path(), "docker.io", &written).unwrap();
        assert!(made.plain_http && made.auth_hosts == ["auth.acme.dev"]);
        assert_eq!(
            (made.page_size, made.max_requests, made.oci_layout),
            (Some(100), Some(7), Some(folder.path().join("mirror")))
        );
        let absent = RegistrySettings { ca_file: Some("none.pem".to_owned()), ..RegistrySettings::default() };
        let error = host_settings(folder.path(), "acme.dev", &absent).unwrap_err();
        assert!(error.to_string().contains("read the ca-file of acme.dev"), "{error}");
        // Loopback is encrypted, too, unless the setting says otherwise.
        let written = RegistrySettings { plain_http: false, ..written };
        assert!(!host_settings(folder.path(), "localhost:5000", &written).unwrap().plain_http);
        let limits = limits(&LimitSettings { max_response: Some(5), max_pages: Some(2), ..LimitSettings::default() });
        assert_eq!((limits.max_response, limits.max_pages, limits.max_tags), (5, 2, Limits::default().max_tags));
    }
}
