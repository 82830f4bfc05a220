//! All registries that follow the distribution specification.

use super::vendor::Vendor;
use crate::http::identity::PlatformEnv;

/// A registry that follows the specification.
pub(super) struct Standard;

impl Vendor for Standard {
    fn name(&self) -> &'static str {
        "standard"
    }

    fn serves(&self, _: &str, _: &PlatformEnv) -> bool {
        true
    }
}
