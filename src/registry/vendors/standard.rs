//! Every registry that keeps to the distribution specification.

use super::vendor::Vendor;

/// A registry without peculiarities.
pub(super) struct Standard;

impl Vendor for Standard {
    fn name(&self) -> &'static str {
        "registry"
    }

    fn serves(&self, _: &str) -> bool {
        true
    }
}
