//! Who the platform says that this process is: access to the clouds without their SDKs.
//!
//! Each is a handful of plain requests; the SDKs would more than double the tree and bring a second TLS library.

pub(super) mod aws;
pub(super) mod azure;
pub(super) mod google;
mod sigv4;
