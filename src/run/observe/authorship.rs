//! Which commits are by Tagboat. Pure.

use crate::forge::{Commits, Forge};
use crate::git::{Author, CommitInfo};
use crate::plan::GROUP_TRAILER;

/// The committers of commits by Tagboat.
pub(in crate::run) struct Authorship {
    emails: Vec<String>,
}

impl Authorship {
    /// The configured author, and the forge where it creates commits by API.
    pub(in crate::run) fn new(author: &Author, forge: Option<&dyn Forge>) -> Self {
        let mut emails = forge.and_then(Forge::commits).map(Commits::committers).unwrap_or_default();
        emails.push(author.email.clone());
        Self { emails }
    }

    /// Returns whether Tagboat created a commit: it has a trailer with its group, and its committer is Tagboat or a forge
    /// that creates commits by API. An amended or rebased commit has another committer.
    pub(in crate::run) fn is_own(&self, commit: &CommitInfo) -> bool {
        self.emails.contains(&commit.committer.email) && commit.message.contains(GROUP_TRAILER)
    }
}
