//! Prepares steps: reads the state of a branch and makes the files and texts of a proposal. Writes nothing.

use std::collections::BTreeMap;
use std::sync::Arc;

use jiff::Timestamp;
use tokio::sync::OnceCell;

use crate::config::{CommitWay, Config};
use crate::forge::{Commits, Forge, link_styles};
use crate::git::{Author, Git, GitError};
use crate::manifest;
use crate::plan::{
    self, Action, BranchState, Draft, Extras, FactsByReference, Proposal, PullRequest, Step, StepSettings, Templates,
    TextContext, TextError, Texts, texts,
};
use crate::refname::{BranchName, CommitId};
use crate::registry::Registry;
use crate::run::base::Base;
use crate::run::error::RunError;
use crate::run::observe::Authorship;
use crate::run::request::{RunRequest, Services};
use crate::run::settings;
use crate::run::snapshot::{CommitSnapshot, Snapshot as _, SnapshotError};

use super::error::PublishError;
use super::image_facts::image_facts;

/// The contents of files, by path.
type FileContents = BTreeMap<Arc<str>, Vec<u8>>;

/// The services and settings with which proposals are published.
pub(in crate::run) struct Publisher<'a> {
    /// The repository that commits are built in.
    pub(super) git: &'a dyn Git,
    /// Its pull requests.
    pub(super) forge: Option<&'a dyn Forge>,
    /// Registries for descriptions of images; `None` in a dry run, which writes no description.
    registry: Option<&'a dyn Registry>,
    /// The base branch, and the heads of Tagboat's branches.
    pub(super) base: &'a Base,
    /// Why the remote no longer has this base, looked up before the first push of a branch.
    pub(super) replaced_base: OnceCell<Option<String>>,
    /// The files of the head of the base branch.
    pub(super) snapshot: &'a CommitSnapshot<'a>,
    /// The settings of the run.
    pub(super) config: &'a Config,
    /// The forge's API for commits, if it creates them instead of git.
    pub(super) commits: Option<&'a dyn Commits>,
    /// The author of commits that git creates.
    pub(super) author: Author,
    /// Which commits are by Tagboat.
    authorship: Authorship,
    /// Templates of title, body and commit message.
    templates: Templates,
    /// Labels and people.
    pub(super) extras: Extras,
    /// Base, labels, people and schedule, on which steps depend.
    pub(super) step_settings: StepSettings,
    /// The options with which an edited file is read again.
    options: &'a manifest::FindOptions,
    /// The address of the CI job.
    run_url: Option<&'a str>,
    /// The time of the commits.
    pub(super) now: Timestamp,
    /// Held during each step that writes; `None` in a dry run.
    pub(super) lock: Option<&'a tokio::sync::Mutex<()>>,
}

/// A step with everything that it writes.
pub type PreparedStep = Step<Box<ProposalContent>>;

/// The content of a commit and its pull request.
#[derive(Debug)]
pub struct ProposalContent {
    /// The desired state.
    pub proposal: Proposal,
    /// The files in the base branch that the proposal changes.
    pub before: FileContents,
}

impl<'a> Publisher<'a> {
    /// Connects the results of earlier stages with the settings for commits and pull requests.
    pub(in crate::run) fn new(
        services: Services<'a>,
        config: &'a Config,
        request: &'a RunRequest,
        base: &'a Base,
        snapshot: &'a CommitSnapshot<'a>,
        options: &'a manifest::FindOptions,
        now: Timestamp,
    ) -> Result<Self, RunError> {
        let (author, extras) = (settings::author(config), settings::extras(config));
        let limits = services.forge.map(|forge| forge.limits());
        let step_settings = StepSettings {
            base: base.name.clone(),
            metadata: limits.map(|limits| limits.supported(&extras.metadata)).unwrap_or_default(),
            auto_merge: extras.auto_merge.is_some() && limits.is_some_and(|limits| limits.auto_merge),
            outside_schedule: settings::outside_schedule(&config.pull_requests.schedule, now),
        };
        Ok(Self {
            git: services.git,
            forge: services.forge,
            registry: request.write.then_some(services.registry),
            base,
            replaced_base: OnceCell::new(),
            snapshot,
            config,
            commits: commits(services, config)?,
            authorship: Authorship::new(&author, services.forge),
            author,
            templates: settings::templates(config),
            extras,
            step_settings,
            options,
            run_url: request.run_url.as_deref(),
            now,
            lock: request.write.then_some(&*request.write_lock),
        })
    }

    /// Fetches the branches of all actions at once. A failure is only logged: the fetch for one group then fails again and is
    /// reported with that group.
    pub(super) async fn fetch_branches(&self, actions: &[Action]) {
        let heads = actions.iter().filter_map(|action| self.head(action));
        let heads = heads.map(|(branch, head)| (branch.clone(), head.clone())).collect::<Vec<_>>();
        if let Err(error) = self.git.fetch(&heads).await {
            tracing::debug!("cannot fetch all branches at once: {error}");
        }
    }

    /// Decides on the step for an action and prepares everything that it writes.
    pub(super) async fn prepare(&self, action: Action) -> Result<PreparedStep, PublishError> {
        let files = match &action {
            Action::Open(draft) | Action::Update(draft, _) => self.edited_files(draft)?,
            _ => FileContents::new(),
        };
        let branch = self.branch_state(&action, &files).await?;
        Ok(match plan::step(action, branch, &self.step_settings) {
            Step::Commit(draft) => {
                let files = self.edited_files(&draft)?;
                Step::Commit(self.content(draft, files, None).await?)
            }
            Step::Publish { content: draft, push, existing } => {
                let content = self.content(draft, files, existing.as_ref()).await?;
                Step::Publish { content, push, existing }
            }
            Step::Complete(draft, existing) => Step::Complete(draft, existing),
            Step::Unchanged(draft, existing) => Step::Unchanged(draft, existing),
            Step::DeleteBranch { branch, head } => Step::DeleteBranch { branch, head },
            Step::Close { existing, head, reason } => Step::Close { existing, head, reason },
            Step::Decline { title, draft, number } => Step::Decline { title, draft, number },
            Step::Leave { title, branch, existing, reason } => Step::Leave { title, branch, existing, reason },
        })
    }

    fn head<'b>(&'b self, action: &'b Action) -> Option<(&'b BranchName, &'b CommitId)> {
        let branch = action.branch()?;
        Some((branch, self.base.heads.get(branch)?))
    }

    /// Returns the state of the branch that a step depends on. `files` are the desired files of the branch.
    async fn branch_state(&self, action: &Action, files: &FileContents) -> Result<BranchState, PublishError> {
        let Some((branch, head)) = self.head(action) else { return Ok(BranchState::Missing) };
        let head = head.clone();
        if let Some(author) = self.foreign_committer(branch, &head).await? {
            return Ok(BranchState::Foreign { head, author });
        }
        let parents = self.git.commit_info(&head)?.parents;
        let (is_current, is_on_base) = match &parents[..] {
            [parent] if !files.is_empty() => {
                // A parent that a force push removed from the base would return to it with the merge.
                let is_current =
                    self.has_exactly(&head, parent, files)? && self.git.is_ancestor(parent, &self.base.commit).await?;
                (is_current, *parent == self.base.commit)
            }
            _ => (false, false),
        };
        Ok(BranchState::Managed { head, is_current, is_on_base })
    }

    /// Returns the author of the head of a branch, unless Tagboat created it.
    async fn foreign_committer(&self, branch: &BranchName, head: &CommitId) -> Result<Option<String>, GitError> {
        self.git.fetch(&[(branch.clone(), head.clone())]).await?;
        let info = self.git.commit_info(head)?;
        Ok(if self.authorship.is_own(&info) { None } else { Some(info.author.name) })
    }

    /// Returns whether a commit changes exactly these files to these contents, and the base has not changed the files since.
    fn has_exactly(&self, head: &CommitId, parent: &CommitId, files: &FileContents) -> Result<bool, PublishError> {
        let (after_commit, before_commit) =
            (CommitSnapshot::new(self.git, head)?, CommitSnapshot::new(self.git, parent)?);
        let changed = after_commit.changed_paths(&before_commit);
        let is_fresh = |path: &str| before_commit.blob(path) == self.snapshot.blob(path);
        if changed.len() != files.len() || !files.keys().all(|path| changed.contains(&&**path) && is_fresh(path)) {
            return Ok(false);
        }
        for (path, expected) in files {
            if after_commit.read(path)? != *expected {
                return Ok(false);
            }
        }
        Ok(true)
    }

    /// Returns the files of a draft: those of the base with its edits, checked by reading them again.
    fn edited_files(&self, draft: &Draft) -> Result<FileContents, PublishError> {
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

    async fn content(
        &self,
        draft: Draft,
        files: FileContents,
        existing: Option<&PullRequest>,
    ) -> Result<Box<ProposalContent>, PublishError> {
        let original = |path: &Arc<str>| Ok((Arc::clone(path), self.snapshot.read(path)?));
        let before = files.keys().map(original).collect::<Result<FileContents, SnapshotError>>()?;
        let proposal = self.proposal(draft, files, existing).await?;
        Ok(Box::new(ProposalContent { proposal, before }))
    }

    async fn proposal(
        &self,
        draft: Draft,
        files: FileContents,
        existing: Option<&PullRequest>,
    ) -> Result<Proposal, TextError> {
        let image_facts = match self.registry {
            Some(registry) => {
                let references = draft.changes.iter().flat_map(|change| [&change.from, &change.to]);
                image_facts(registry, references).await
            }
            None => FactsByReference::new(),
        };
        let limits = self.forge.map(|forge| forge.limits());
        let context = TextContext {
            base: &self.base.name,
            templates: &self.templates,
            image_facts: &image_facts,
            links: &link_styles(),
            run_url: self.run_url,
            longest_title: limits.map_or(usize::MAX, |limits| limits.title),
            longest_body: limits.map_or(usize::MAX, |limits| limits.body),
        };
        let Texts { title, body, commit_message: message } = texts(draft.name(), &draft.changes, existing, &context)?;
        let Draft { branch, changes, .. } = draft;
        Ok(Proposal {
            base: self.base.name.clone(),
            message,
            extras: self.extras.clone(),
            branch,
            changes,
            files,
            title,
            body,
        })
    }
}

/// Returns the forge's API for commits, if it creates them. It uses its own author and signature, so with a configured author or
/// signing key git creates them.
fn commits<'a>(services: Services<'a>, config: &Config) -> Result<Option<&'a dyn Commits>, RunError> {
    let Some(forge) = services.forge else { return Ok(None) };
    match (config.git.commits, commit_api(forge, config)?) {
        (Some(CommitWay::Push), _) => Ok(None),
        (None, _) if config.git.author.is_some() || services.git.signs() => Ok(None),
        (_, commits) => Ok(commits),
    }
}

/// Returns the forge's API for commits, if it has one.
///
/// # Errors
/// If it has none and the configuration requires it.
pub(in crate::run) fn commit_api<'a>(
    forge: &'a dyn Forge,
    config: &Config,
) -> Result<Option<&'a dyn Commits>, RunError> {
    match (config.git.commits, forge.commits()) {
        (Some(CommitWay::Api), None) => Err(RunError::NoCommitApi(forge.kind().label)),
        (_, commits) => Ok(commits),
    }
}
