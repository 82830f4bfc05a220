//! Operations that are the same on every forge: open a pull request once, send only differences, close with a comment.

use crate::plan::{Proposal, PullRequest};

use super::error::ForgeError;
use super::forge::{Difference, Forge, PullRequestComment, Written};
use super::limits::Limits;

impl dyn Forge + '_ {
    /// Returns what this forge supports.
    pub fn limits(&self) -> Limits {
        self.kind().limits
    }

    /// Opens a pull request for a branch that has been pushed. If one is open already, that one is updated: there is never a
    /// second.
    pub async fn open(&self, proposal: &Proposal) -> Result<Written, ForgeError> {
        let kind = self.kind();
        kind.limits.check(&format!("open a pull request for {}", proposal.branch), &proposal.title, &proposal.body)?;
        let found = if kind.creation.overwrites { self.find_own(proposal).await? } else { None };
        let opened = match found {
            Some(found) => Opened::Existing(found),
            None => self.open_once(proposal).await?,
        };
        match opened {
            Opened::Existing(found) => self.update(&found, proposal).await,
            Opened::New(pull_request) => {
                let warnings = kind.limits.unsupported(proposal, kind.label);
                Ok(Written { pull_request, is_changed: true, warnings })
            }
        }
    }

    /// Updates title, body and base of an open pull request. Sends nothing if nothing differs. Draft is set at opening only,
    /// so that a pull request that was marked as ready stays ready.
    pub async fn update(&self, existing: &PullRequest, proposal: &Proposal) -> Result<Written, ForgeError> {
        self.limits().check(&format!("update {}", existing.url), &proposal.title, &proposal.body)?;
        self.change(existing, Difference::between(existing, proposal)).await
    }

    /// Updates the body of an open pull request. Sends nothing if it does not differ.
    pub async fn set_body(&self, existing: &PullRequest, body: &str) -> Result<Written, ForgeError> {
        self.limits().check(&format!("update {}", existing.url), "", body)?;
        self.change(existing, Difference::of_body(existing, body)).await
    }

    async fn change(&self, existing: &PullRequest, difference: Difference<'_>) -> Result<Written, ForgeError> {
        let is_changed = !difference.is_empty();
        let pull_request = if is_changed { self.edit(existing, &difference).await? } else { existing.clone() };
        Ok(Written { pull_request, is_changed, warnings: Vec::new() })
    }

    /// Closes a pull request with a comment, and with this body, in which the next run reads who closed it. Git deletes the
    /// branch.
    ///
    /// The comment comes first: the next run closes a pull request that is still open, and never looks for a comment that is
    /// missing on a closed one. After an interruption, the comment is not repeated.
    pub async fn close(&self, existing: &PullRequest, body: &str, comment: &str) -> Result<Written, ForgeError> {
        self.limits().check(&format!("close {}", existing.url), "", body)?;
        self.comment_once(existing, comment).await?;
        let pull_request = self.close_with(existing, body).await?;
        Ok(Written { pull_request, is_changed: true, warnings: Vec::new() })
    }

    /// Adds a comment that the pull request does not have. Runs at the same time may all add it: the oldest stays.
    async fn comment_once(&self, existing: &PullRequest, text: &str) -> Result<(), ForgeError> {
        let is_same = |one: &PullRequestComment| one.text.trim() == text.trim();
        if self.comments(existing).await?.iter().any(is_same) {
            return Ok(());
        }
        let id = self.comment(existing, text).await?;
        if self.comments(existing).await?.iter().any(|one| is_same(one) && one.id < id) {
            self.delete_comment(existing, id).await?;
        }
        Ok(())
    }

    /// Opens a pull request without ever creating a second one: after an ambiguous failure, it searches for an open one,
    /// then sends the request once more.
    async fn open_once(&self, proposal: &Proposal) -> Result<Opened, ForgeError> {
        let failure = match self.create_when_visible(proposal).await {
            Ok(pull_request) => return Ok(Opened::New(pull_request)),
            Err(failure) => failure,
        };
        let exists = failure.is_refusal(self.kind().creation.exists);
        if !exists && !failure.is_ambiguous() {
            return Err(failure);
        }
        match self.find_own(proposal).await? {
            Some(found) if exists => Ok(Opened::Existing(found)),
            Some(found) => Ok(Opened::New(found)),
            None if exists => Err(failure),
            None => self.create(proposal).await.map(Opened::New),
        }
    }

    /// Returns the open pull request of a proposal.
    ///
    /// # Errors
    /// If a person opened one with the same branch and base.
    async fn find_own(&self, proposal: &Proposal) -> Result<Option<PullRequest>, ForgeError> {
        let open = self.find_open(&proposal.branch).await?;
        match open.into_iter().find(|one| one.base == proposal.base) {
            Some(found) if !found.has_record() => {
                Err(ForgeError::NoRecord { branch: proposal.branch.clone(), url: found.url })
            }
            found => Ok(found),
        }
    }

    async fn create_when_visible(&self, proposal: &Proposal) -> Result<PullRequest, ForgeError> {
        let mut tried = 1;
        loop {
            match self.create(proposal).await {
                Err(failure) if failure.is_refusal(self.kind().creation.branch_not_visible) => {
                    let Some(pause) = self.retry_policy().wait(tried, None) else { return Err(failure) };
                    tokio::time::sleep(pause).await;
                }
                done => return done,
            }
            tried += 1;
        }
    }
}

/// The pull request of a proposal.
enum Opened {
    /// Created by this run.
    New(PullRequest),
    /// Created by an earlier run or request.
    Existing(PullRequest),
}

/// Returns the error for a repository that is not written as the forge's own form, `form`.
pub(super) fn not_a_repository(repository: &str, form: &str) -> ForgeError {
    ForgeError::Settings { reason: format!("`{}` is not a repository: write {form}", repository.escape_debug()) }
}

/// Returns the pull request of a response, or an error if its branch names are invalid.
pub(super) fn checked(action: &str, observed: Option<PullRequest>) -> Result<PullRequest, ForgeError> {
    let reason = "a branch name is not a valid git ref".to_owned();
    observed.ok_or_else(|| ForgeError::Malformed { action: action.to_owned(), reason })
}

/// Returns the warning that labels or people could not be set.
pub(super) fn not_set(what: &'static str, names: Vec<String>, on: &PullRequest, error: ForgeError) -> ForgeError {
    ForgeError::NotSet { what, names, url: on.url.clone(), error: Box::new(error) }
}

/// Returns the error for something that the forge did not do although its response has no error.
pub(super) fn silently_refused(action: &str, message: &str) -> ForgeError {
    ForgeError::refused(action, None, message)
}
