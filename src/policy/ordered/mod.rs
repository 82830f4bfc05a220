//! Policies that order tags, one per file.

pub(crate) mod alphabetical;
pub(crate) mod calver;
pub(crate) mod git_history;
pub(crate) mod newest_build;
pub(crate) mod numerical;
pub(crate) mod pattern;
pub(crate) mod semver;
pub(crate) mod shape;
