//! Every registry that keeps to the distribution specification.

use super::vendor::Vendor;
use crate::http::identity::PlatformEnv;

/// A registry without peculiarities.
pub(super) struct Standard;

impl Vendor for Standard {
    fn name(&self) -> &'static str {
        "standard"
    }

    fn serves(&self, _: &str, _: &PlatformEnv) -> bool {
        true
    }
}
