//! The sources of credentials, in their order of precedence.

use std::collections::{BTreeMap, HashMap};
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use tokio::sync::OnceCell;

use crate::secret::Secret;

use super::super::credential::{RegistryLogin, ResolvedCredential};
use super::super::vendors::Vendor;
use super::docker_config::{ConfigMatch, DockerConfig};
use super::helper;
use crate::http::identity::PlatformEnv;

/// All sources of credentials for registries:
///
/// 1. `TAGBOAT_REGISTRY_<HOST>_USERNAME` and `_PASSWORD`, or `_TOKEN`, each also as `…_FILE` with the path of a file;
/// 2. the file that `REGISTRY_AUTH_FILE` names;
/// 3. docker's `config.json` (in `DOCKER_CONFIG` or `~/.docker`; a Kubernetes secret mounted there is
///    `.dockerconfigjson`), with its credential helpers;
/// 4. containers' `auth.json`;
/// 5. the identity that the platform gives to the process, at the registries of that platform.
#[derive(Debug)]
pub struct Keychain {
    env: PlatformEnv,
    /// Results of helpers and platforms, by the key of the lookup: each runs once.
    lookups: Mutex<HashMap<String, Arc<OnceCell<SourceLookup>>>>,
}

/// The credential of one source, or the source and its problem.
type SourceLookup = Result<Option<ResolvedCredential>, String>;

impl Default for Keychain {
    /// Returns a keychain without credentials.
    fn default() -> Self {
        Self::new(BTreeMap::new())
    }
}

impl Keychain {
    /// Returns a keychain for these environment variables, and the files that they name.
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        Self::with_platform_env(PlatformEnv::new(environment))
    }

    /// Returns a keychain for an environment.
    pub fn with_platform_env(env: PlatformEnv) -> Self {
        Self { env, lookups: Mutex::default() }
    }

    /// Returns the environment, from which vendors recognize their registries.
    pub(crate) fn platform_env(&self) -> &PlatformEnv {
        &self.env
    }

    /// Returns the credential for an image path of a host, from the first source that has one. The error names the source and
    /// its problem.
    pub(crate) async fn find(&self, host: &str, vendor: &dyn Vendor, path: &str) -> SourceLookup {
        if let Some(found) = self.in_variables(host, vendor)? {
            return Ok(Some(found));
        }
        for file in self.files()? {
            let label = file.display();
            let config: DockerConfig = match std::fs::read(&file) {
                Ok(bytes) => serde_json::from_slice(&bytes)
                    // The text of the error could quote a secret, so it has only the position.
                    .map_err(|e| format!("{label}:{}:{}: invalid docker configuration", e.line(), e.column()))?,
                Err(error) => return Err(format!("{label}: {error}")),
            };
            match config.find(host, vendor.config_keys(), path).map_err(|cause| format!("{label}: {cause}"))? {
                Some(ConfigMatch::Credential(credential, key)) => {
                    return Ok(Some(ResolvedCredential {
                        credential,
                        source: format!("{label} ({key})"),
                        from_platform: false,
                    }));
                }
                Some(ConfigMatch::Helper(name, key)) => {
                    if let Some(found) = self.run_helper(&name, &key).await? {
                        return Ok(Some(found));
                    }
                }
                None => {}
            }
        }
        self.once(format!("identity {host}"), vendor.identity(host, &self.env)).await
    }

    fn in_variables(&self, host: &str, vendor: &dyn Vendor) -> SourceLookup {
        let Some(prefix) = variable_prefix(host) else { return Ok(None) };
        let user = self.value(&format!("{prefix}_USERNAME"))?;
        for kind in ["PASSWORD", "TOKEN"] {
            let name = format!("{prefix}_{kind}");
            let Some(secret) = self.value(&name)? else { continue };
            if user.is_none() && kind == "PASSWORD" {
                return Err(format!("{name} is set, but not {prefix}_USERNAME"));
            }
            let user = user.map(|user| user.reveal().to_owned());
            return Ok(Some(RegistryLogin { user, secret, source: name }.resolve(vendor.token_user())));
        }
        Ok(None)
    }

    /// Returns the value of a variable, or the content of the file that the same variable with `_FILE` names.
    fn value(&self, name: &str) -> Result<Option<Secret>, String> {
        if let Some(value) = self.env.secret(name) {
            return Ok(Some(value));
        }
        let file = format!("{name}_FILE");
        let Some(path) = self.env.variable(&file) else { return Ok(None) };
        let text = self.env.read(Path::new(path)).map_err(|cause| format!("{file}: {cause}"))?;
        let secret = Secret::new(&text);
        Ok(if secret.is_empty() { None } else { Some(secret) })
    }

    /// Returns the files that exist, in order. The file of `REGISTRY_AUTH_FILE` must exist.
    fn files(&self) -> Result<Vec<PathBuf>, String> {
        let env = &self.env;
        let below = |variable: &str, rest: &str| env.variable(variable).map(|folder| Path::new(folder).join(rest));
        let docker = |file: &str| below("DOCKER_CONFIG", file).or_else(|| env.home(&format!(".docker/{file}")));
        let mut files = Vec::new();
        if let Some(named) = env.variable("REGISTRY_AUTH_FILE").map(PathBuf::from) {
            if !named.is_file() {
                return Err(format!("cannot find {}, which REGISTRY_AUTH_FILE names", named.display()));
            }
            files.push(named);
        }
        let usual = [
            docker("config.json"),
            docker(".dockerconfigjson"),
            below("XDG_RUNTIME_DIR", "containers/auth.json"),
            below("XDG_CONFIG_HOME", "containers/auth.json").or_else(|| env.home(".config/containers/auth.json")),
        ];
        files.extend(usual.into_iter().flatten().filter(|path| path.is_file()));
        Ok(files)
    }

    async fn run_helper(&self, name: &str, server: &str) -> SourceLookup {
        self.once(format!("helper {name} {server}"), async {
            let credential = helper::run(name, server, &self.env.inherited(), helper::TIMEOUT).await?;
            let source = format!("docker-credential-{name}");
            Ok(credential.map(|credential| ResolvedCredential { credential, source, from_platform: false }))
        })
        .await
    }

    /// Returns the result of a lookup that runs once, for however many images.
    async fn once(&self, key: String, lookup: impl Future<Output = SourceLookup>) -> SourceLookup {
        let cell = {
            let mut lookups = self.lookups.lock().unwrap_or_else(PoisonError::into_inner);
            lookups.entry(key).or_default().clone()
        };
        cell.get_or_init(|| lookup).await.clone()
    }
}

/// Returns the prefix of the variables for a host, such as `TAGBOAT_REGISTRY_GHCR_IO`: in capitals, with `_` for a dot and for the
/// colon before a port, and `__` for a hyphen. No two hosts share a prefix, since anyone could register the other one. A host with
/// other characters has no variables.
pub(crate) fn variable_prefix(host: &str) -> Option<String> {
    let mut prefix = "TAGBOAT_REGISTRY_".to_owned();
    for c in host.chars() {
        match c {
            '.' | ':' => prefix.push('_'),
            '-' => prefix.push_str("__"),
            c if c.is_ascii_alphanumeric() => prefix.push(c.to_ascii_uppercase()),
            _ => return None,
        }
    }
    Some(prefix)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn variables_belong_to_one_host() {
        #[rustfmt::skip]
        let rows = [
            ("ghcr.io",                Some("GHCR_IO")),
            ("localhost:5000",         Some("LOCALHOST_5000")),
            ("registry.acme.com",      Some("REGISTRY_ACME_COM")),
            ("registry-acme.com",      Some("REGISTRY__ACME_COM")),
            ("registry--acme.com",     Some("REGISTRY____ACME_COM")),
            ("us-docker.pkg.dev",      Some("US__DOCKER_PKG_DEV")),
            ("registry_acme.com",      None),
            ("[::1]:5000",             None),
        ];
        for (host, expected) in rows {
            let prefix = variable_prefix(host);
            assert_eq!(
                prefix.as_deref().and_then(|prefix| prefix.strip_prefix("TAGBOAT_REGISTRY_")),
                expected,
                "{host}"
            );
        }
    }
}
