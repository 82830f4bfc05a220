//! The stage *publish*: prepares and writes one action after the other.

mod error;
mod image_facts;
mod prepare;
mod write;

use std::collections::BTreeMap;

use crate::forge::{ForgeError, Written};
use crate::git::GitError;
use crate::plan::{Action, ActionId, Draft, PullRequestLimits, Step};
use crate::refname::CommitId;

pub use error::PublishError;
pub(super) use image_facts::build_facts;
pub use prepare::{PreparedStep, ProposalContent};
pub(super) use prepare::{Publisher, commit_api};
use write::StepResult;

/// The results of a pass for each group and pull request.
#[derive(Debug)]
pub struct Published {
    /// The results, in the order of the actions.
    pub results: Vec<GroupResult>,
    /// Whether a direct commit moved the base, so that the remaining actions need another pass.
    pub(super) moved_base: bool,
}

/// The result of one action.
#[derive(Debug)]
pub struct GroupResult {
    /// The group or pull request; unique among the results of a pass.
    pub id: ActionId,
    /// The name of the group, for people.
    pub label: String,
    /// The prepared step; `None` if its preparation failed.
    pub step: Option<PreparedStep>,
    /// The pull request that was written; `Ok(None)` if none was.
    pub result: Result<Option<Written>, PublishError>,
    /// The direct commit that was pushed.
    pub commit: Option<CommitId>,
    /// What failed after the pull request was written.
    pub unfinished: Option<PublishError>,
}

impl Publisher<'_> {
    /// Publishes the direct commit, then the actions. Stops after a direct commit, since the actions are based on a commit
    /// that is no longer the newest.
    pub(super) async fn publish(
        &self,
        direct_commit: Option<Draft>,
        actions: Vec<Action>,
        mut limits: PullRequestLimits,
    ) -> Published {
        self.fetch_branches(&actions).await;
        let mut results = Vec::new();
        for action in direct_commit.map(Action::Commit).into_iter().chain(actions) {
            let result = self.publish_one(limits.admit(action)).await;
            if result.opened() {
                limits.count_opened();
            }
            let moved_base = self.lock.is_some() && result.committed();
            results.push(result);
            if moved_base {
                return Published { results, moved_base };
            }
        }
        Published { results, moved_base: false }
    }

    async fn publish_one(&self, action: Action) -> GroupResult {
        let (id, label) = (action.id(), action.label());
        let step = match self.prepare(action).await {
            Ok(step) => step,
            Err(error) => {
                return GroupResult { id, label, step: None, result: Err(error), commit: None, unfinished: None };
            }
        };
        let written = match self.lock {
            Some(lock) => {
                if !matches!(step, Step::Unchanged(..) | Step::Decline { .. } | Step::Leave { .. }) {
                    tracing::info!("writing {label}");
                }
                let _writing = lock.lock().await;
                self.write(&step).await
            }
            None => Ok(StepResult::default()),
        };
        match written {
            Ok(StepResult { written, commit, unfinished }) => {
                GroupResult { id, label, step: Some(step), result: Ok(written), commit, unfinished }
            }
            Err(error) => {
                GroupResult { id, label, step: Some(step), result: Err(error), commit: None, unfinished: None }
            }
        }
    }
}

impl GroupResult {
    /// Returns whether a pull request was opened, or would be.
    fn opened(&self) -> bool {
        matches!((&self.step, &self.result), (Some(PreparedStep::Publish { existing: None, .. }), Ok(_)))
    }

    /// Returns whether a direct commit succeeded, or would.
    pub(in crate::run) fn committed(&self) -> bool {
        matches!((&self.step, &self.result), (Some(PreparedStep::Commit(_)), Ok(_)))
    }

    fn lost_race(&self) -> bool {
        let mut errors = self.result.as_ref().err().into_iter().chain(&self.unfinished);
        errors.any(|error| {
            matches!(
                error,
                PublishError::Git(GitError::LostRace { .. }) | PublishError::Forge(ForgeError::BranchChanged { .. })
            )
        })
    }
}

impl Published {
    /// Returns how many pull requests were opened.
    pub(super) fn opened(&self) -> usize {
        self.results.iter().filter(|result| result.opened()).count()
    }

    /// Returns whether a write succeeded or failed.
    pub(super) fn did_something(&self) -> bool {
        let is_write = |result: &GroupResult| !matches!(result.result, Ok(None)) || result.committed();
        self.results.iter().any(is_write)
    }

    /// Returns whether a branch changed concurrently.
    pub(super) fn lost_race(&self) -> bool {
        self.results.iter().any(GroupResult::lost_race)
    }

    /// Returns the results of this pass, with those of an earlier pass for what it wrote and this one found unchanged.
    pub(super) fn after(mut self, earlier: Self) -> Self {
        let has_written = |result: &GroupResult| matches!(result.result, Ok(Some(_))) || result.committed();
        let written = earlier.results.into_iter().filter(has_written);
        let mut written = written.map(|result| (result.id.clone(), result)).collect::<BTreeMap<_, _>>();
        for result in &mut self.results {
            if let (Some(before), Ok(None)) = (written.remove(&result.id), &result.result) {
                *result = before;
            }
        }
        self.results.extend(written.into_values());
        self
    }
}
