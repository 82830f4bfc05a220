//! Carries out what was decided: first everything is read and made ready, then, unless it is a dry run, written.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::forge::{ApiCommit, Commits, Forge, ForgeError, Written, link_styles};
use crate::git::{Author, Git, GitError};
use crate::manifest::{self, Refusal};
use crate::plan::{
    Action, Background, Draft, Extras, GROUP_TRAILER, Proposal, PullRequest, Record, RecordedChange, Templates,
    TextError, Texts, Wording, texts, wants_anew,
};
use crate::refname::{BranchName, CommitId};
use crate::registry::Registry;

use super::lookup::background;
use super::snapshot::{CommitSnapshot, ReadError, Snapshot};

/// Where things are published to, and how they are worded.
pub(super) struct Publisher<'a> {
    /// The repository.
    pub git: &'a dyn Git,
    /// Its pull requests; `None` where they can't be asked for, which is good enough to plan.
    pub forge: Option<&'a dyn Forge>,
    /// Tells what people want to know about the images that are proposed; `None` where no description is written.
    pub registry: Option<&'a dyn Registry>,
    /// The branch that pull requests are for.
    pub base: BranchName,
    /// What it points at.
    pub base_commit: CommitId,
    /// Its files.
    pub snapshot: &'a CommitSnapshot<'a>,
    /// Our branches on the remote, and what they point at.
    pub heads: &'a BTreeMap<BranchName, CommitId>,
    /// Makes the commits, where that isn't git.
    pub commits: Option<&'a dyn Commits>,
    /// Who commits, where git does.
    pub author: Author,
    /// Templates of title, body and commit message.
    pub templates: Templates,
    /// Labels and people.
    pub extras: Extras,
    /// How files are read again after an edit.
    pub options: &'a manifest::Options,
    /// Where people see this run.
    pub run_url: Option<String>,
    /// The time of the commits.
    pub now: jiff::Timestamp,
    /// Why nothing is opened or updated at this time; what people ask for themselves is done all the same.
    pub closed: Option<String>,
}

/// One group, made ready: nothing is left to find out.
#[derive(Debug)]
pub enum Step {
    /// A commit goes straight to the base branch.
    Commit {
        /// What it should be; its branch is the base.
        proposal: Box<Proposal>,
        /// What stands in the base in the files that change.
        before: BTreeMap<Arc<str>, Vec<u8>>,
    },
    /// Something has to be written.
    Publish {
        /// What it should be.
        proposal: Box<Proposal>,
        /// Whether the branch has to be pushed, and what it points at now.
        push: Option<Expected>,
        /// The pull request to bring up to date; `None` to open one.
        existing: Option<PullRequest>,
        /// What stands in the base in the files that change.
        before: BTreeMap<Arc<str>, Vec<u8>>,
    },
    /// Everything is as it should be.
    Unchanged(Draft, PullRequest),
    /// The pull request is to be closed and its branch deleted.
    Close {
        /// Which.
        existing: PullRequest,
        /// What its branch points at; `None` if it is gone.
        head: Option<CommitId>,
        /// Why.
        why: String,
    },
    /// It stays as it is.
    Leave {
        /// The group, or the branch where the group is not known.
        group: String,
        /// Its branch.
        branch: BranchName,
        /// The pull request, if there is one.
        existing: Option<PullRequest>,
        /// Why.
        why: String,
    },
}

/// What a branch is expected to point at when it is pushed to; `None` if it should not exist.
pub(super) type Expected = Option<CommitId>;

/// Why a group could not be published. The others go on.
#[derive(Debug, thiserror::Error)]
pub enum PublishError {
    /// The repository refused, or could not be reached.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The forge refused, or could not be reached.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// A manifest can't be edited without touching something else.
    #[error(transparent)]
    Edit(#[from] Refusal),
    /// A file could not be read.
    #[error(transparent)]
    Read(#[from] ReadError),
    /// Title, body or commit message.
    #[error(transparent)]
    Text(#[from] TextError),
    /// Nobody to tell.
    #[error("there is no forge to open pull requests at")]
    NoForge,
}

impl PublishError {
    /// What to do next, as the layer that failed knows it.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Git(error) => error.hint(),
            Self::Forge(error) => error.hint(),
            Self::Text(error) => Some(error.hint()),
            _ => None,
        }
    }
}

impl Publisher<'_> {
    /// Reads what has to be known about one action; writes nothing.
    pub(super) async fn prepare(&self, action: Action) -> Result<Step, PublishError> {
        let (draft, existing) = match action {
            Action::Commit(draft) => return self.prepare_commit(draft).await,
            Action::Open(draft) => (draft, None),
            Action::Update(draft, existing) => (draft, Some(existing)),
            Action::Close(existing, why) => return self.prepare_close(existing, why).await,
            Action::CloseDuplicate(existing, why) => return Ok(Step::Close { existing, head: None, why }),
            Action::Leave { group, branch, existing, why } => {
                return Ok(Step::Leave { group, branch, existing, why });
            }
        };
        let files = self.contents(&draft)?;
        let anew = existing.as_ref().is_some_and(wants_anew);
        let push = match self.branch(&draft.branch, &files, existing.is_some() && !anew).await? {
            Branch::Missing => Some(None),
            Branch::Stale(head) => Some(Some(head)),
            Branch::Foreign(_, head) if anew => Some(Some(head)),
            Branch::Current => None,
            Branch::Foreign(who, _) => {
                let why = format!(
                    "{who} has committed to {}: it is theirs now; merge or delete it (see #someone-elses-commit)",
                    draft.branch
                );
                return Ok(Step::Leave { group: draft.group, branch: draft.branch, existing, why });
            }
        };
        match (push, existing) {
            (None, Some(existing)) if !anew && self.describes(&existing, &draft) => {
                Ok(Step::Unchanged(draft, existing))
            }
            (_, existing) if !anew && let Some(why) = self.closed.clone() => {
                Ok(Step::Leave { group: draft.group, branch: draft.branch, existing, why })
            }
            (push, existing) => {
                let proposal = Box::new(self.proposal(draft, files, existing.as_ref()).await?);
                let before = self.originals(proposal.files.keys())?;
                Ok(Step::Publish { proposal, push, existing, before })
            }
        }
    }

    async fn prepare_commit(&self, draft: Draft) -> Result<Step, PublishError> {
        if let Some(why) = self.closed.clone() {
            return Ok(Step::Leave { group: draft.group, branch: draft.branch, existing: None, why });
        }
        let files = self.contents(&draft)?;
        let proposal = Box::new(self.proposal(draft, files, None).await?);
        let before = self.originals(proposal.files.keys())?;
        Ok(Step::Commit { proposal, before })
    }

    async fn prepare_close(&self, existing: PullRequest, why: String) -> Result<Step, PublishError> {
        let head = self.heads.get(&existing.branch).cloned();
        if let Some(head) = &head
            && let Some(who) = self.stranger(&existing.branch, head).await?
        {
            let why = format!("{who} has committed to {}, so it is theirs to close", existing.branch);
            let (group, branch) = (existing.branch.to_string(), existing.branch.clone());
            return Ok(Step::Leave { group, branch, existing: Some(existing), why });
        }
        Ok(Step::Close { existing, head, why })
    }

    /// The new contents of every file of a draft, made from the base and checked by reading them again.
    fn contents(&self, draft: &Draft) -> Result<BTreeMap<Arc<str>, Vec<u8>>, PublishError> {
        let mut edits = BTreeMap::<Arc<str>, Vec<manifest::Edit>>::new();
        for change in &draft.changes {
            edits.entry(Arc::clone(&change.path)).or_default().extend(change.edits.iter().cloned());
        }
        let rewrite = |(path, edits): (Arc<str>, Vec<_>)| {
            let after = manifest::rewrite(&path, &self.snapshot.read(&path)?, &edits, self.options)?;
            Ok((path, after))
        };
        edits.into_iter().map(rewrite).collect()
    }

    fn originals<'p>(
        &self,
        paths: impl Iterator<Item = &'p Arc<str>>,
    ) -> Result<BTreeMap<Arc<str>, Vec<u8>>, ReadError> {
        paths.map(|path| Ok((Arc::clone(path), self.snapshot.read(path)?))).collect()
    }

    /// Whether the branch holds just this on files that the base has not changed since. To be proposed anew, it has to
    /// stand on the newest base: a branch that was merged once, even if that was reverted since, has nothing left that
    /// a pull request could be opened for.
    async fn branch(
        &self,
        branch: &BranchName,
        files: &BTreeMap<Arc<str>, Vec<u8>>,
        proposed: bool,
    ) -> Result<Branch, PublishError> {
        let Some(head) = self.heads.get(branch) else { return Ok(Branch::Missing) };
        if let Some(who) = self.stranger(branch, head).await? {
            return Ok(Branch::Foreign(who, head.clone()));
        }
        let parents = self.git.commit_info(head)?.parents;
        let [parent] = &parents[..] else { return Ok(Branch::Stale(head.clone())) };
        if !proposed && *parent != self.base_commit {
            return Ok(Branch::Stale(head.clone()));
        }
        let (ours, below) = (CommitSnapshot::new(self.git, head)?, CommitSnapshot::new(self.git, parent)?);
        let changed = changed_paths(&below, &ours);
        let fresh = |path: &str| below.blob(path) == self.snapshot.blob(path);
        if changed.len() != files.len() || !files.keys().all(|path| changed.contains(&&**path) && fresh(path)) {
            return Ok(Branch::Stale(head.clone()));
        }
        for (path, wanted) in files {
            if ours.read(path)? != *wanted {
                return Ok(Branch::Stale(head.clone()));
            }
        }
        Ok(Branch::Current)
    }

    /// Who else has committed to a branch of ours, if anybody has. Our commits carry our address as committer, or that
    /// of a forge that made them for us, which changes when somebody amends or rebases, and name their group.
    async fn stranger(&self, branch: &BranchName, head: &CommitId) -> Result<Option<String>, GitError> {
        self.git.fetch(&[(branch.clone(), head.clone())]).await?;
        let info = self.git.commit_info(head)?;
        let by_forge = self.forge.and_then(Forge::commits).map(Commits::committers).unwrap_or_default();
        let by_us = info.committer.email == self.author.email || by_forge.contains(&info.committer.email);
        let ours = by_us && info.message.contains(GROUP_TRAILER);
        Ok((!ours).then(|| info.author.name.clone()))
    }

    /// Whether an open pull request says what it should, so that nothing has to be sent.
    fn describes(&self, existing: &PullRequest, draft: &Draft) -> bool {
        let wanted = draft.changes.iter().map(RecordedChange::of);
        let labels = self.forge.is_some_and(|forge| forge.limits().labels);
        let labelled = !labels || Record::missing_labels(existing, &self.extras.labels).is_empty();
        labelled && Record::find(&existing.body).is_some_and(|record| wanted.eq(record.changes))
    }

    async fn proposal(
        &self,
        draft: Draft,
        files: BTreeMap<Arc<str>, Vec<u8>>,
        existing: Option<&PullRequest>,
    ) -> Result<Proposal, TextError> {
        let Draft { group, branch, changes } = draft;
        let background = match self.registry {
            Some(registry) => background(registry, changes.iter().flat_map(|change| [&change.from, &change.to])).await,
            None => Background::new(),
        };
        let limits = self.forge.map(Forge::limits);
        let wording = Wording {
            templates: &self.templates,
            background: &background,
            links: &link_styles(),
            run_url: self.run_url.as_deref(),
            labels: &self.extras.labels,
            longest_title: limits.map_or(usize::MAX, |limits| limits.title),
            longest_body: limits.map_or(usize::MAX, |limits| limits.body),
        };
        let Texts { title, body, commit_message: message } = texts(&group, &changes, existing, &wording)?;
        let mut extras = self.extras.clone();
        if let Some(existing) = existing {
            extras.labels = Record::missing_labels(existing, &extras.labels);
        }
        Ok(Proposal { base: self.base.clone(), message, extras, group, branch, changes, files, title, body })
    }

    /// Writes one step: pushes, then tells the forge. Gives back the pull request that was written to.
    pub(super) async fn carry_out(&self, step: &Step) -> Result<Option<Written>, PublishError> {
        if let Step::Commit { proposal, .. } = step {
            self.commit(proposal, Some(&self.base_commit)).await?;
            return Ok(None);
        }
        let forge = self.forge.ok_or(PublishError::NoForge)?;
        match step {
            Step::Publish { proposal, push, existing, .. } => {
                let pushed = match push {
                    Some(expected) => Some(self.commit(proposal, expected.as_ref()).await?),
                    None => None,
                };
                let mut written = match existing {
                    Some(existing) => forge.update(existing, proposal).await?,
                    None => forge.open(proposal).await?,
                };
                // A forge may not have seen the push yet.
                written.pull_request.head = pushed.or(written.pull_request.head);
                // Some forges forget it at every push; what a person has switched off stays so until then.
                if let Some(how) = self.extras.auto_merge.filter(|_| forge.limits().auto_merge)
                    && (push.is_some() || existing.is_none())
                    && let Err(error) = forge.merge_when_ready(&written.pull_request, how).await
                {
                    let url = written.pull_request.url.clone();
                    written.warnings.push(ForgeError::NotMerging { url, source: Box::new(error) });
                }
                Ok(Some(written))
            }
            Step::Close { existing, head, why } => {
                let body = Record::mark_closed(&existing.body);
                let written = forge.close(existing, &body, &format!("Closed by Tagboat: {why}.")).await?;
                if let Some(head) = head {
                    self.git.delete(&existing.branch, head).await?;
                }
                Ok(Some(written))
            }
            Step::Commit { .. } | Step::Unchanged(..) | Step::Leave { .. } => Ok(None),
        }
    }
}

impl Publisher<'_> {
    /// Makes the branch of a proposal hold its files, in one commit on the base.
    async fn commit(&self, proposal: &Proposal, expected: Option<&CommitId>) -> Result<CommitId, PublishError> {
        let Proposal { branch, files, message, .. } = proposal;
        let program = files.keys().find(|path| self.snapshot.is_executable(path));
        match (self.commits, program) {
            (Some(commits), None) => {
                let wanted = ApiCommit { branch, expected, base: &self.base_commit, files, message };
                return Ok(commits.commit(wanted).await?);
            }
            (Some(_), Some(path)) => {
                tracing::warn!("{branch} is pushed by git: {path} is executable, which the forge's API would not keep");
            }
            (None, _) => {}
        }
        let commit = self.git.commit(&self.base_commit, files, message, &self.author, self.now).await?;
        self.git.push(branch, &commit, expected).await?;
        Ok(commit)
    }
}

/// What is found on the remote under the name of one of our branches.
enum Branch {
    Missing,
    Current,
    Stale(CommitId),
    /// Whose, and what the branch points at.
    Foreign(String, CommitId),
}

fn changed_paths<'a>(below: &'a CommitSnapshot<'_>, above: &'a CommitSnapshot<'_>) -> Vec<&'a str> {
    let added = above.files().iter().filter(|file| below.blob(&file.path) != Some(&*file.blob));
    let removed = below.files().iter().filter(|file| above.blob(&file.path).is_none());
    added.chain(removed).map(|file| &*file.path).collect()
}
