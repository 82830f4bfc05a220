//! Policies that pin a tag, one per file.

pub(in crate::policy) mod digest;
pub(in crate::policy) mod exact;
pub(in crate::policy) mod follow;
