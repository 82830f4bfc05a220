//! The input of a run besides its configuration.

use std::sync::Arc;

use crate::forge::Forge;
use crate::git::Git;
use crate::registry::Registry;

use super::subjects::Scope;

/// The services that a run uses.
#[derive(Clone, Copy)]
pub struct Services<'a> {
    /// The manifests repository.
    pub git: &'a dyn Git,
    /// The forge with its pull requests. With `None`, a plan shows every pull request as new.
    pub forge: Option<&'a dyn Forge>,
    /// All registries.
    pub registry: &'a dyn Registry,
}

/// What a run covers and whether it writes.
#[derive(Debug, Clone, Default)]
pub struct RunRequest {
    /// Whether branches and pull requests are written.
    pub write: bool,
    /// The images and files that the run covers.
    pub scope: Scope,
    /// The address of the CI job.
    pub run_url: Option<String>,
    /// Whether the report shows when images were built, which needs one more lookup for each.
    pub ages: bool,
    /// Held during each step that writes.
    pub write_lock: WriteLock,
}

/// A lock that is held during each step that writes. A task that takes it waits for the step in progress, and no other step starts.
pub type WriteLock = Arc<tokio::sync::Mutex<()>>;
