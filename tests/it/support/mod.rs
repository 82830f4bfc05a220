//! What several tests share: real servers on loopback, doubles of forges, throw-away repositories.

#[cfg(unix)]
pub(crate) mod git_http;
#[cfg(unix)]
pub(crate) mod process;
#[cfg(unix)]
pub(crate) mod repository;
#[cfg(unix)]
pub(crate) mod ssh;
