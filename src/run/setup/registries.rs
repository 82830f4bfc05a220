//! Connects the registries, with the contents of the files and variables that the configuration names.

use std::collections::BTreeMap;
use std::path::Path;

use crate::config::{ConfigSource, LimitSettings, RegistrySettings};
use crate::docs::hint;
use crate::error::Error;
use crate::forge::RemoteUrl;
use crate::http::identity::PlatformEnv;
use crate::http::{ClientOptions, Url, is_loopback};
use crate::registry::{HostSettings, Keychain, Registries, RegistryLogin, ResponseLimits};
use crate::secret::Secret;

use super::configuration::Loaded;
use super::job_token::job_tokens;
use super::variables::secret;
use super::working_tree::WorkingTrees;

/// Connects the registries with their settings, and with the credentials of docker. `remote` is the URL of the git remote, if there
/// is one: a token that a person set for its server is not for the registries of other servers.
pub fn registries(loaded: &Loaded, cache: Option<&Path>, remote: Option<&str>) -> Result<Registries, Error> {
    let mut settings = BTreeMap::new();
    for (host, written) in &loaded.config.registries {
        settings.insert(host.clone(), host_settings(&loaded.certificates, host, written)?);
    }
    // Variables that are not Unicode are none that a keychain reads.
    let variables =
        std::env::vars_os().filter_map(|(name, value)| name.into_string().ok().zip(value.into_string().ok()));
    let host = remote.and_then(|url| RemoteUrl::parse(url).ok()).map(|remote| remote.host);
    let env = PlatformEnv::new(variables.collect()).with_remote_host(host).with_job_tokens(job_tokens());
    let keychain = Keychain::with_platform_env(env);
    let registries = Registries::connect(settings, keychain, limits(&loaded.config.limits))?;
    let Some(folder) = cache else { return Ok(registries) };
    WorkingTrees::of(loaded.root.as_deref()).refuse_commits_in_folder(folder).map_err(|error| {
        Error::usage(
            format!("cannot use the cache folder {}: {error}", folder.display()),
            hint!(
                "registries.md#caching",
                "choose a folder that no pull request can fill, such as one outside of the working tree"
            ),
        )
    })?;
    Ok(registries.with_cache(folder))
}

/// Returns the settings of one registry. `certificates` has the files of the repository.
fn host_settings(
    certificates: &BTreeMap<std::path::PathBuf, Vec<u8>>,
    host: &str,
    written: &RegistrySettings,
) -> Result<HostSettings, Error> {
    let ca_pem = written.ca_file.as_ref().map(|file| match (file.source, certificates.get(&file.value)) {
        (ConfigSource::Repository, Some(bytes)) => Ok(bytes.clone()),
        _ => bytes(&file.value, "ca-file", host),
    });
    let client_pem = written.client_cert_file.as_ref().map(|file| bytes(file, "client-cert-file", host)).transpose()?;
    Ok(HostSettings {
        is_of_repository: written.is_of_repository,
        plain_http: written.plain_http.is_some(),
        anonymous: anonymous_reason(host, written),
        client_options: ClientOptions {
            ca_pem: ca_pem.transpose()?,
            client_pem: client_pem.map(|pem| Secret::new(&String::from_utf8_lossy(&pem))),
            ..ClientOptions::default()
        },
        mirror: written.mirror.as_ref().map(|mirror| mirror.value.clone()),
        login: login(host, written)?,
        auth_hosts: written.auth_hosts.clone(),
        page_size: written.page_size,
        max_requests: written.max_requests,
        oci_layout: written.oci_layout.clone(),
    })
}

/// Returns why no credential may be sent to a registry: settings of a repository choose a connection that others can read, without
/// TLS or with their own certificate authority. A connection to this machine is the exception.
fn anonymous_reason(host: &str, written: &RegistrySettings) -> Option<&'static str> {
    let mirror = written.mirror.as_ref();
    let url = mirror_url(mirror.map_or(host, |mirror| &mirror.value));
    let is_plain = url.as_ref().is_none_or(|url| url.scheme() == "http");
    let plain_mirror = if is_plain { mirror.map(|mirror| mirror.source) } else { None };
    let reason = if written.plain_http.or(plain_mirror) == Some(ConfigSource::Repository) {
        WITHOUT_TLS
    } else if written.ca_file.as_ref().is_some_and(|file| file.source == ConfigSource::Repository) {
        OTHER_AUTHORITY
    } else {
        return None;
    };
    (!url.is_some_and(|url| is_loopback(&url))).then_some(reason)
}

/// Parses a host or the URL of a mirror as the registry client does, which decides about its scheme: `HTTP://` is `http://`.
fn mirror_url(address: &str) -> Option<Url> {
    if address.contains("://") { Url::parse(address).ok() } else { Url::parse(&format!("https://{address}")).ok() }
}

const WITHOUT_TLS: &str = "tagboat.yaml of the repository turns off TLS for this registry";
const OTHER_AUTHORITY: &str = "tagboat.yaml of the repository sets `ca-file` for this registry";

/// Returns the configured limits, and the defaults for the others.
fn limits(written: &LimitSettings) -> ResponseLimits {
    let default = ResponseLimits::default();
    let size = |written: Option<u64>, default| written.and_then(|size| usize::try_from(size).ok()).unwrap_or(default);
    ResponseLimits {
        max_response: size(written.max_response, default.max_response),
        max_tags: size(written.max_tags.map(u64::from), default.max_tags),
        max_pages: size(written.max_pages.map(u64::from), default.max_pages),
        request_timeout: written.request_timeout.unwrap_or(default.request_timeout),
        image_timeout: written.image_timeout.unwrap_or(default.image_timeout),
        ..default
    }
}

/// Returns the login of a registry. The configuration checks that a password has a user name; a token may have one.
fn login(host: &str, written: &RegistrySettings) -> Result<Option<RegistryLogin>, Error> {
    let variable = |name: &str| {
        secret(name)?.ok_or_else(|| {
            Error::usage(
                format!("cannot read the credential for {host}: the variable {name} is not set"),
                hint!(
                    "registries.md#where-credentials-come-from",
                    "set the variable, or remove its name from the configuration"
                ),
            )
        })
    };
    let Some(name) = written.password_env.as_ref().or(written.token_env.as_ref()) else { return Ok(None) };
    let user = written.username_env.as_deref().map(variable).transpose()?;
    let user = user.map(|user| user.reveal().to_owned());
    Ok(Some(RegistryLogin { user, secret: variable(name)?, source: format!("{name} (the configuration)") }))
}

fn bytes(path: &Path, key: &str, host: &str) -> Result<Vec<u8>, Error> {
    std::fs::read(path).map_err(|error| {
        Error::usage(
            format!("cannot read the {key} of {host}: {}: {error}", path.display()),
            hint!("registries.md#mirrors-certificates-offline", "correct the path, or remove the key"),
        )
    })
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::config::Setting;

    #[test]
    fn applies_every_setting() {
        let written = RegistrySettings {
            mirror: Some(Setting { value: "127.0.0.1:5000".to_owned(), source: ConfigSource::Operator }),
            plain_http: Some(ConfigSource::Operator),
            auth_hosts: vec!["auth.acme.dev".to_owned()],
            page_size: Some(100),
            max_requests: Some(7),
            oci_layout: Some("mirror".into()),
            ..RegistrySettings::default()
        };
        let settings = |host: &str, written: &RegistrySettings| host_settings(&BTreeMap::new(), host, written);
        let made = settings("docker.io", &written).unwrap();
        assert!(made.plain_http && made.auth_hosts == ["auth.acme.dev"]);
        assert_eq!((made.page_size, made.max_requests, made.oci_layout), (Some(100), Some(7), Some("mirror".into())));
        let absent = Some(Setting { value: "none.pem".into(), source: ConfigSource::Operator });
        let absent = RegistrySettings { ca_file: absent, ..RegistrySettings::default() };
        let error = settings("acme.dev", &absent).unwrap_err();
        assert!(error.to_string().contains("read the ca-file of acme.dev"), "{error}");
        // Loopback is encrypted, too, unless the setting says otherwise.
        let written = RegistrySettings { plain_http: None, ..written };
        assert!(!settings("localhost:5000", &written).unwrap().plain_http);
        let limits = limits(&LimitSettings { max_response: Some(5), max_pages: Some(2), ..LimitSettings::default() });
        assert_eq!(
            (limits.max_response, limits.max_pages, limits.max_tags),
            (5, 2, ResponseLimits::default().max_tags)
        );
    }

    #[test]
    fn sends_no_credential_over_a_connection_that_the_repository_weakens() {
        use ConfigSource::{Operator, Repository};
        #[rustfmt::skip]
        let rows = [
            // host            mirror                                       plain-http         ca-file            why anonymous
            ("acme.dev",       None,                                        None,              None,              None),
            ("acme.dev",       None,                                        Some(Operator),    None,              None),
            ("acme.dev",       None,                                        Some(Repository),  None,              Some(WITHOUT_TLS)),
            ("127.0.0.1:5000", None,                                        Some(Repository),  None,              None),
            ("localhost",      None,                                        Some(Repository),  None,              None),
            ("acme.dev",       Some(("http://mirror.dev", Repository)),     None,              None,              Some(WITHOUT_TLS)),
            ("acme.dev",       Some(("HTTP://mirror.dev", Repository)),     None,              None,              Some(WITHOUT_TLS)),
            ("acme.dev",       Some((" http://mirror.dev", Repository)),    None,              None,              Some(WITHOUT_TLS)),
            ("acme.dev",       Some(("ht\ttp://mirror.dev", Repository)),   None,              None,              Some(WITHOUT_TLS)),
            ("acme.dev",       Some(("http:mirror.dev/://127.0.0.1", Repository)), None,       None,              Some(WITHOUT_TLS)),
            ("acme.dev",       Some(("http://mirror.dev/hub", Operator)),   None,              None,              None),
            ("acme.dev",       Some(("https://mirror.dev", Repository)),    None,              None,              None),
            ("acme.dev",       Some(("http://127.0.0.1:5000", Repository)), None,              None,              None),
            ("acme.dev",       Some(("127.0.0.1:5000/hub", Repository)),    Some(Repository),  None,              None),
            ("127.0.0.1:5000", Some(("mirror.dev", Repository)),            Some(Repository),  None,              Some(WITHOUT_TLS)),
            ("acme.dev",       Some(("127.0.0.1.evil.dev", Repository)),    Some(Repository),  None,              Some(WITHOUT_TLS)),
            ("acme.dev",       None,                                        None,              Some(Operator),    None),
            ("acme.dev",       None,                                        None,              Some(Repository),  Some(OTHER_AUTHORITY)),
            ("acme.dev",       None,                                        Some(Repository),  Some(Repository),  Some(WITHOUT_TLS)),
            ("127.0.0.1:5000", None,                                        None,              Some(Repository),  None),
            ("acme.dev",       Some(("mirror.dev", Repository)),            None,              Some(Repository),  Some(OTHER_AUTHORITY)),
            ("acme.dev",       Some(("localhost:5000", Repository)),        None,              Some(Repository),  None),
        ];
        for (host, mirror, plain_http, ca_file, expected) in rows {
            let mirror = mirror.map(|(value, source)| Setting { value: value.to_owned(), source });
            let ca_file = ca_file.map(|source| Setting { value: "ca.pem".into(), source });
            let written = RegistrySettings { mirror, plain_http, ca_file, ..RegistrySettings::default() };
            assert_eq!(anonymous_reason(host, &written), expected, "{host} {written:?}");
        }
    }
}
