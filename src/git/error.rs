//! What can go wrong with git.

/// Why git did not do what it was asked.
#[derive(Debug, thiserror::Error)]
pub enum GitError {}
