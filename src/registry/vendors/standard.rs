//! Every registry that keeps to the distribution specification.

use super::super::surroundings::Surroundings;
use super::vendor::Vendor;

/// A registry without peculiarities.
pub(super) struct Standard;

impl Vendor for Standard {
    fn name(&self) -> &'static str {
        "standard"
    }

    fn serves(&self, _: &str, _: &Surroundings) -> bool {
        true
    }
}
