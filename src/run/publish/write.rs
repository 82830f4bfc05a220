//! Carries out steps: pushes branches, then writes pull requests.

use std::borrow::Cow;

use crate::forge::{ApiCommit, Attached, Forge, ForgeError, Written};
use crate::git::GitError;
use crate::plan::{Done, Metadata, Proposal, PullRequest, Push, Record};
use crate::refname::{BranchName, CommitId};

use super::error::PublishError;
use super::prepare::{PreparedStep, Publisher};

/// What carrying out a step wrote.
#[derive(Debug, Default)]
pub(super) struct StepResult {
    /// The pull request.
    pub(super) written: Option<Written>,
    /// The direct commit.
    pub(super) commit: Option<CommitId>,
    /// What failed after that.
    pub(super) unfinished: Option<PublishError>,
}

impl Publisher<'_> {
    /// Carries out a step.
    pub(super) async fn write(&self, step: &PreparedStep) -> Result<StepResult, PublishError> {
        let written = match step {
            PreparedStep::Commit(content) => {
                let commit = self.commit(&content.proposal, Some(&self.base.commit)).await?;
                return Ok(StepResult { commit: Some(commit), ..StepResult::default() });
            }
            PreparedStep::Publish { content, push, existing } => {
                Some(self.write_pull_request(&content.proposal, push.as_ref(), existing.as_ref()).await?)
            }
            PreparedStep::Complete(_, existing) => Some(self.complete(existing.clone(), None).await?),
            PreparedStep::Close { existing, head, reason } => {
                let body = Record::mark_closed(&existing.body);
                let closed = self.forge()?.close(existing, &body, &reason.comment()).await?;
                let deleted = match head {
                    Some(head) => self.git.delete(&existing.branch, head).await,
                    None => Ok(()),
                };
                let unfinished = deleted.err().map(PublishError::Git);
                return Ok(StepResult { written: Some(closed), unfinished, ..StepResult::default() });
            }
            PreparedStep::DeleteBranch { branch, head } => {
                self.git.delete(branch, head).await?;
                None
            }
            PreparedStep::Unchanged(..) | PreparedStep::Decline { .. } | PreparedStep::Leave { .. } => None,
        };
        Ok(StepResult { written, ..StepResult::default() })
    }

    async fn write_pull_request(
        &self,
        proposal: &Proposal,
        push: Option<&Push>,
        existing: Option<&PullRequest>,
    ) -> Result<Written, PublishError> {
        let forge = self.forge()?;
        let mut proposal = Cow::Borrowed(proposal);
        if let (Some(push), Some(existing)) = (push, existing)
            && let Some(done) = self.changed_auto_merge(existing, push).await?
        {
            // Recorded before the push, which may disable auto-merge too.
            forge.set_body(existing, &Record::mark_done(&existing.body, done.clone())).await?;
            proposal.to_mut().body = Record::mark_done(&proposal.body, done);
        }
        let proposal = &*proposal;
        let pushed = match push {
            Some(push) => Some(self.commit(proposal, push.expected()).await?),
            None => None,
        };
        let written = match (existing, &pushed) {
            (None, _) => forge.open(proposal).await?,
            (Some(existing), None) => forge.update(existing, proposal).await?,
            (Some(existing), Some(head)) => match forge.update(existing, proposal).await {
                Ok(written) => written,
                // The push has changed the pull request already.
                Err(error) => {
                    let pull_request = PullRequest { head: Some(head.clone()), ..existing.clone() };
                    return Ok(Written { pull_request, is_changed: true, warnings: vec![error] });
                }
            },
        };
        let completed = self.complete(written.pull_request, pushed).await?;
        let warnings = written.warnings.into_iter().chain(completed.warnings).collect();
        Ok(Written { is_changed: true, warnings, ..completed })
    }

    /// Returns the new record if a person disabled auto-merge since this tool enabled it, or enabled it again. If the branch has
    /// another head than the record, an interrupted run pushed it, and that may have disabled auto-merge.
    async fn changed_auto_merge(&self, existing: &PullRequest, push: &Push) -> Result<Option<Done>, PublishError> {
        let done = Record::find(&existing.body).map(|record| record.done).unwrap_or_default();
        let replaced = push.expected().map(ToString::to_string).or_else(|| done.auto_merge.clone());
        if !self.step_settings.auto_merge
            || done.auto_merge.is_none()
            || (done.auto_merge != replaced && !done.auto_merge_declined)
        {
            return Ok(None);
        }
        let is_declined = !self.forge()?.has_auto_merge(existing).await?;
        let is_changed = is_declined != done.auto_merge_declined;
        Ok(is_changed.then_some(Done { auto_merge: replaced, auto_merge_declined: is_declined, ..done }))
    }

    /// Adds what a pull request lacks: labels, people, auto-merge. Then records what was added, so that a later run repeats
    /// what failed and leaves alone what a person removed. `pushed` is the new head, which the forge may not have processed
    /// yet.
    async fn complete(&self, mut pull_request: PullRequest, pushed: Option<CommitId>) -> Result<Written, PublishError> {
        let forge = self.forge()?;
        pull_request.head = pushed.or_else(|| self.base.heads.get(&pull_request.branch).cloned()).or(pull_request.head);
        let before = Record::find(&pull_request.body).map(|record| record.done).unwrap_or_default();
        let wanted = &self.step_settings.metadata;
        let missing = Record::missing(&pull_request, wanted);
        let Attached { done: added, mut warnings } =
            if missing.is_empty() { Attached::default() } else { forge.attach(&pull_request, &missing).await };
        pull_request.labels.extend(added.labels.iter().cloned());
        let mut done = before.clone();
        done.metadata.add(&added);
        // Labels that came with the pull request, or that a run added before it was interrupted.
        let present = Metadata { labels: pull_request.labels.clone(), ..Metadata::default() };
        done.metadata.add(&wanted.without(&wanted.without(&present)));
        let head = pull_request.head.as_ref().map(ToString::to_string);
        if self.step_settings.auto_merge
            && !before.is_auto_merge_settled(pull_request.head.as_ref())
            && let Some(method) = self.extras.auto_merge
        {
            match forge.enable_auto_merge(&pull_request, method).await {
                Ok(()) => done.auto_merge = head,
                Err(error) => {
                    let url = pull_request.url.clone();
                    warnings.push(ForgeError::NotAutoMerged { url, error: Box::new(error) });
                }
            }
        }
        if done == before {
            return Ok(Written { pull_request, is_changed: false, warnings });
        }
        let body = Record::mark_done(&pull_request.body, done);
        let recorded = match forge.set_body(&pull_request, &body).await {
            Ok(written) => written.pull_request,
            Err(error) => {
                warnings.push(error);
                return Ok(Written { pull_request, is_changed: true, warnings });
            }
        };
        let labels = pull_request.labels;
        Ok(Written {
            pull_request: PullRequest { head: pull_request.head, labels, ..recorded },
            is_changed: true,
            warnings,
        })
    }

    /// Checks that the remote still has the base that the branches of this run are built on.
    ///
    /// # Errors
    /// If it does not, so that the run is repeated on the new base. The push of a direct commit fails without this check.
    async fn check_base(&self, branch: &BranchName) -> Result<(), GitError> {
        let look_up = || self.base.replaced(self.git, self.config);
        match self.replaced_base.get_or_try_init(look_up).await?.clone() {
            Some(output) => Err(GitError::LostRace { operation: format!("push {branch}"), output }),
            None => Ok(()),
        }
    }

    fn forge(&self) -> Result<&dyn Forge, PublishError> {
        self.forge.ok_or(PublishError::NoForge)
    }

    /// Moves the branch of a proposal to one new commit on the base with the files of the proposal.
    async fn commit(&self, proposal: &Proposal, expected: Option<&CommitId>) -> Result<CommitId, PublishError> {
        let Proposal { branch, files, message, .. } = proposal;
        if *branch != self.base.name {
            self.check_base(branch).await?;
        }
        let executable = files.keys().find(|path| self.snapshot.is_executable(path));
        match (self.commits, executable) {
            (Some(commits), None) => {
                let commit = ApiCommit { branch, expected, base: &self.base.commit, files, message };
                return Ok(commits.commit(commit).await?);
            }
            (Some(_), Some(path)) => {
                tracing::warn!("pushing {branch} with git: {path} is executable, and a commit by API loses its mode");
            }
            (None, _) => {}
        }
        let commit = self.git.commit(&self.base.commit, files, message, &self.author, self.now).await?;
        self.git.push(branch, &commit, expected).await?;
        Ok(commit)
    }
}
