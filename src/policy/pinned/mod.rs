//! Policies that pin a tag, one per file.

pub(crate) mod digest;
pub(crate) mod exact;
pub(crate) mod follow;
