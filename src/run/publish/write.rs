//! Carries out steps: pushes branches, then writes pull requests.

use crate::forge::{ApiCommit, Forge, ForgeError, Written};
use crate::plan::{CloseReason, Proposal, PullRequest, Push, Record};
use crate::refname::CommitId;

use super::error::PublishError;
use super::prepare::{PreparedStep, Publisher};

impl Publisher<'_> {
    /// Carries out a step. Returns the pull request that was written.
    pub(super) async fn write(&self, step: &PreparedStep) -> Result<Option<Written>, PublishError> {
        match step {
            PreparedStep::Commit(content) => {
                self.commit(&content.proposal, Some(self.base_commit)).await?;
                Ok(None)
            }
            PreparedStep::Publish { content, push, existing } => {
                self.write_pull_request(&content.proposal, push.as_ref(), existing.as_ref()).await.map(Some)
            }
            PreparedStep::Close { existing, head, reason } => {
                self.close(existing, head.as_ref(), *reason).await.map(Some)
            }
            PreparedStep::Unchanged(..) | PreparedStep::Leave { .. } => Ok(None),
        }
    }

    async fn write_pull_request(
        &self,
        proposal: &Proposal,
        push: Option<&Push>,
        existing: Option<&PullRequest>,
    ) -> Result<Written, PublishError> {
        let forge = self.forge()?;
        let pushed = match push {
            Some(push) => Some(self.commit(proposal, push.expected()).await?),
            None => None,
        };
        let mut written = match existing {
            Some(existing) => forge.update(existing, proposal).await?,
            None => forge.open(proposal).await?,
        };
        // The forge may not have processed the push yet.
        written.pull_request.head = pushed.or(written.pull_request.head);
        // Some forges disable auto-merge at every push. If a person disables it, it stays disabled until the next push.
        if (push.is_some() || existing.is_none())
            && let Some(method) = self.extras.auto_merge
            && forge.limits().auto_merge
            && let Err(error) = forge.enable_auto_merge(&written.pull_request, method).await
        {
            let url = written.pull_request.url.clone();
            written.warnings.push(ForgeError::NotAutoMerged { url, error: Box::new(error) });
        }
        Ok(written)
    }

    async fn close(
        &self,
        existing: &PullRequest,
        head: Option<&CommitId>,
        reason: CloseReason,
    ) -> Result<Written, PublishError> {
        let body = Record::mark_closed(&existing.body);
        let written = self.forge()?.close(existing, &body, &reason.comment()).await?;
        if let Some(head) = head {
            self.git.delete(&existing.branch, head).await?;
        }
        Ok(written)
    }

    fn forge(&self) -> Result<&dyn Forge, PublishError> {
        self.forge.ok_or(PublishError::NoForge)
    }

    /// Moves the branch of a proposal to one new commit on the base with the files of the proposal.
    async fn commit(&self, proposal: &Proposal, expected: Option<&CommitId>) -> Result<CommitId, PublishError> {
        let Proposal { branch, files, message, .. } = proposal;
        let executable = files.keys().find(|path| self.snapshot.is_executable(path));
        match (self.commits, executable) {
            (Some(commits), None) => {
                let commit = ApiCommit { branch, expected, base: self.base_commit, files, message };
                return Ok(commits.commit(commit).await?);
            }
            (Some(_), Some(path)) => {
                tracing::warn!("pushing {branch} with git: {path} is executable, and a commit by API loses its mode");
            }
            (None, _) => {}
        }
        let commit = self.git.commit(self.base_commit, files, message, &self.author, self.now).await?;
        self.git.push(branch, &commit, expected).await?;
        Ok(commit)
    }
}
