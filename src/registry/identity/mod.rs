//! Registry passwords that the identity of the platform gives access to.

pub(super) mod azure;
pub(super) mod ecr;
pub(super) mod google;
