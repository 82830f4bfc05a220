//! Registry passwords for the identity of the platform.

pub(super) mod azure;
pub(super) mod ecr;
pub(super) mod google;
