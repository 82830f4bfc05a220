//! Policies that order tags, one per file.

pub(in crate::policy) mod alphabetical;
pub(in crate::policy) mod calver;
pub(in crate::policy) mod git_history;
pub(in crate::policy) mod newest_build;
pub(in crate::policy) mod numerical;
pub(in crate::policy) mod pattern;
pub(in crate::policy) mod semver;
pub(in crate::policy) mod shape;
