//! One run, from the base branch to pull requests; done again, within bounds, where somebody else was faster.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::Arc;
use std::time::Duration;

use jiff::Timestamp;

use crate::config::{CommitWay, Config, Mode, PullRequests};
use crate::error::{Error, Exit, chain};
use crate::forge::{Commits, Forge, ForgeError, Written};
use crate::git::{Git, GitError};
use crate::manifest::{Finding, NoticeStatus, Occurrence, Place};
use crate::plan::{self, Draft, Grouping, Observed, Room, Ungrouped, Unknown};
use crate::policy::Outcome;
use crate::refname::{BranchName, CommitId};
use crate::registry::{Registry, Requests};
use crate::text::Position;

use super::base::Base;
use super::decide::{Decided, decide};
use super::publish::{PublishError, Publisher, Step};
use super::snapshot::CommitSnapshot;
use super::subjects::Scope;
use super::terms;

/// Everything outside that a run touches.
#[derive(Clone, Copy)]
pub struct World<'a> {
    /// The manifests repository.
    pub git: &'a dyn Git,
    /// Its pull requests; `None` where they can't be asked for, which is good enough to plan.
    pub forge: Option<&'a dyn Forge>,
    /// All registries.
    pub registry: &'a dyn Registry,
}

/// Held while something is written. Who takes it waits for the step under way, and no further one begins.
pub type Writing = Arc<tokio::sync::Mutex<()>>;

/// What is asked of a run.
#[derive(Debug, Clone, Default)]
pub struct Request {
    /// Whether anything is written.
    pub write: bool,
    /// What it is about.
    pub scope: Scope,
    /// Where people see this run.
    pub run_url: Option<String>,
    /// Whether the report is to tell when images were built, which takes a question about each.
    pub ages: bool,
    /// Taken for every step that writes.
    pub writing: Writing,
}

/// What a run found, decided and did.
#[derive(Debug)]
pub struct Ran {
    /// The branch that pull requests are for.
    pub base: BranchName,
    /// When it looked.
    pub at: Timestamp,
    /// What was found and decided.
    pub decided: Decided,
    /// What was to be done about every group, and how that went.
    pub steps: Vec<Finished>,
    /// Changes that have no group.
    pub ungrouped: Vec<Ungrouped>,
    /// The group of every change, by file and position.
    pub(super) groups: BTreeMap<(Arc<str>, Position), String>,
    /// Whether the last attempt moved the base by itself, so that the rest is to be made on it.
    moved: bool,
    /// Requests sent to registries.
    pub registry_requests: Requests,
    /// Requests sent to the forge.
    pub forge_requests: u64,
}

/// One group, done or failed.
#[derive(Debug)]
pub struct Finished {
    /// The group, or the branch where the group is not known.
    pub group: String,
    /// What was to be done; `None` if getting ready failed already.
    pub step: Option<Step>,
    /// What came of it; `Ok(None)` where nothing had to be written.
    pub result: Result<Option<Written>, PublishError>,
}

/// Why a run could not be begun, or not be ended.
#[derive(Debug, thiserror::Error)]
pub enum RunError {
    /// The repository.
    #[error(transparent)]
    Git(#[from] GitError),
    /// The pull requests could not be listed.
    #[error(transparent)]
    Forge(#[from] ForgeError),
    /// The branch that pull requests are for is not there.
    #[error("the remote has no branch {0}")]
    NoBase(BranchName),
    /// Commits by API where there are none.
    #[error("this forge makes no commits by its API")]
    NoApi,
}

impl RunError {
    /// What to do next.
    pub fn hint(&self) -> Option<String> {
        match self {
            Self::Git(error) => error.hint(),
            Self::Forge(error) => error.hint(),
            Self::NoBase(_) => Some("set `git: { base: … }` in tagboat.yaml to a branch that is there".to_owned()),
            Self::NoApi => Some("leave `commits: api` out of `git:` in tagboat.yaml".to_owned()),
        }
    }
}

impl From<RunError> for Error {
    fn from(error: RunError) -> Self {
        let hint = error.hint();
        Self::new(Exit::Failed, chain(&error)).hint(hint)
    }
}

/// How often a run is done again after a lost race.
const RETRIES: u32 = 3;

/// Runs once. What failed for one image or group stands in the answer; an error means that nothing was done.
pub async fn run_once(world: World<'_>, config: &Config, request: &Request) -> Result<Ran, RunError> {
    let before = (world.registry.requests(), world.forge.map_or(0, Forge::requests));
    let mut ran = attempt(world, config, request, 0).await?;
    for retry in 1..=RETRIES {
        if ran.steps.iter().any(Finished::lost_a_race) {
            // Whoever was faster may be about to do more; two runs that collided should not do so again.
            tokio::time::sleep(Duration::from_millis(fastrand::u64(100..500) << retry)).await;
            tracing::info!("somebody else was faster: reading the newest base and trying again ({retry} of {RETRIES})");
        } else if !ran.moved {
            break;
        }
        let opened = ran.steps.iter().filter(|finished| finished.opened()).count();
        match attempt(world, config, request, opened).await {
            Ok(again) => ran = again.after(ran),
            // What was done stays done, and what lost its race is told as failed.
            Err(error) => {
                tracing::warn!("trying again failed: {error}");
                break;
            }
        }
    }
    if request.ages {
        ran.decided.date(world.registry).await;
    }
    let now = (world.registry.requests(), world.forge.map_or(0, Forge::requests));
    ran.registry_requests =
        Requests { registry: now.0.registry - before.0.registry, token: now.0.token - before.0.token };
    ran.forge_requests = now.1 - before.1;
    Ok(ran)
}

/// `opened` is how many pull requests an earlier attempt has opened.
async fn attempt(world: World<'_>, config: &Config, request: &Request, opened: usize) -> Result<Ran, RunError> {
    let settings = &config.pull_requests;
    let prefix = &settings.branch_prefix;
    let Base { name: base, commit, heads } = Base::fetch(world.git, config).await?;
    let base_commit = commit.ok_or_else(|| RunError::NoBase(base.clone()))?;
    let snapshot = CommitSnapshot::new(world.git, &base_commit)?;
    let now = Timestamp::now();

    let decided = decide(&snapshot, config, world.registry, &request.scope, now).await;
    let open = open(world.forge, prefix).await?;
    let (drafts, ungrouped) = drafts(&decided, &open, config, &request.scope);
    let straight = straight(&decided, &base);
    let groups = groups(drafts.iter().chain(&straight));
    let branches = open.iter().map(|one| &one.branch).collect::<BTreeSet<_>>().len();
    let room = Room::new(settings.max_open, settings.max_per_run, branches, opened);
    let ended = ended(world.forge, plan::asks_history(&drafts, &open)).await?;
    let observed = Observed {
        open,
        ended,
        unknown: unknown(&decided, &ungrouped),
        complete: request.scope.is_all(),
        hold_labels: settings.hold_labels.clone(),
    };
    let actions = plan::reconcile(drafts, &observed);
    let publisher = Publisher {
        git: world.git,
        forge: world.forge,
        registry: request.write.then_some(world.registry),
        base: base.clone(),
        base_commit,
        snapshot: &snapshot,
        heads: &heads,
        commits: commits(world.forge, world.git.signs(), config)?,
        author: terms::author(config),
        templates: terms::templates(config),
        extras: terms::extras(config),
        options: &decided.options,
        run_url: request.run_url.clone(),
        closed: terms::closed(&settings.schedule, now),
        now,
    };
    fetch(world.git, &actions, &heads).await;
    let actions = straight.map(plan::Action::Commit).into_iter().chain(actions);
    let (steps, moved) = publish_all(&publisher, actions, room, request).await;
    Ok(Ran {
        base,
        at: now,
        decided,
        steps,
        ungrouped,
        groups,
        moved,
        registry_requests: Requests::default(),
        forge_requests: 0,
    })
}

/// Fetches all branches of ours at once; what can't be had is told by the group that needs it.
async fn fetch(git: &dyn Git, actions: &[plan::Action], heads: &BTreeMap<BranchName, CommitId>) {
    let ours = actions.iter().filter_map(|action| Some((action.branch()?, heads.get(action.branch()?)?)));
    let ours = ours.map(|(branch, head)| (branch.clone(), head.clone())).collect::<Vec<_>>();
    if let Err(error) = git.fetch(&ours).await {
        tracing::debug!("the branches could not be fetched together: {error}");
    }
}

/// Groups changes. In a run about some images or files, only groups with one of them are drafts, and what their pull
/// requests say about others stays in them.
fn drafts(
    decided: &Decided,
    open: &[plan::PullRequest],
    config: &Config,
    scope: &Scope,
) -> (Vec<Draft>, Vec<Ungrouped>) {
    let settings = &config.pull_requests;
    let mut changes = decided.changes.clone();
    changes.retain(|change| change.mode == Mode::PullRequest);
    let asked = changes.iter().map(|change| (change.path.clone(), change.position)).collect::<BTreeSet<_>>();
    if !scope.is_all() {
        changes.extend(plan::carry_over(&decided.listed, open, |occurrence: &Occurrence| scope.covers(occurrence)));
    }
    let PullRequests { group, branch_prefix: prefix, branch, .. } = settings;
    let (mut drafts, ungrouped) = plan::group(changes, &Grouping { group, prefix, branch: branch.as_ref() });
    drafts.retain(|draft| draft.changes.iter().any(|change| asked.contains(&(change.path.clone(), change.position))));
    (drafts, ungrouped)
}

/// What goes straight to the base branch: one commit, whatever the groups.
fn straight(decided: &Decided, base: &BranchName) -> Option<Draft> {
    let changes = decided.changes.iter().filter(|change| change.mode == Mode::Commit).cloned().collect::<Vec<_>>();
    let draft = Draft { group: base.to_string(), branch: base.clone(), changes };
    (!draft.changes.is_empty()).then_some(draft)
}

async fn open(forge: Option<&dyn Forge>, prefix: &str) -> Result<Vec<plan::PullRequest>, ForgeError> {
    match forge {
        Some(forge) => forge.open_pull_requests(prefix).await,
        None => Ok(Vec::new()),
    }
}

async fn ended(forge: Option<&dyn Forge>, drafts: Vec<&Draft>) -> Result<Vec<plan::PullRequest>, ForgeError> {
    let mut ended = Vec::new();
    if let Some(forge) = forge {
        for draft in drafts {
            ended.extend(forge.ended_pull_requests(&draft.branch).await?);
        }
    }
    Ok(ended)
}

/// What nothing could be found out about: open pull requests about it are left alone.
fn unknown(decided: &Decided, ungrouped: &[Ungrouped]) -> Unknown {
    let key = |place: &Place| (place.path.to_string(), place.field.clone());
    let mut unknown = Unknown::default();
    for answer in &decided.answers {
        if let Outcome::Unknown(_) = answer.decision.outcome {
            unknown.places.extend(answer.places.iter().map(|place| key(decided.listed[*place].place())));
        }
    }
    unknown.places.extend(decided.refused.iter().map(|(place, _)| key(place)));
    let ungrouped = ungrouped.iter().flat_map(|one| &one.changes);
    unknown.places.extend(ungrouped.map(|change| (change.path.to_string(), change.field.clone())));
    for one in &decided.listed {
        if let Finding::Notice(notice) = &one.finding
            && notice.status == NoticeStatus::Held
            && notice.place.span.is_none()
        {
            unknown.files.insert(notice.place.path.to_string());
        }
    }
    unknown
}

/// The group of every change, by file and position.
fn groups<'a>(drafts: impl Iterator<Item = &'a Draft>) -> BTreeMap<(Arc<str>, Position), String> {
    let changes = drafts.flat_map(|draft| draft.changes.iter().map(|change| (change, &draft.group)));
    changes.map(|(change, group)| ((Arc::clone(&change.path), change.position), group.clone())).collect()
}

/// One action after the other, until one has moved the base: what comes after it would be made on what is no longer
/// there. Tells whether that was so.
async fn publish_all(
    publisher: &Publisher<'_>,
    actions: impl Iterator<Item = plan::Action>,
    mut room: Room,
    request: &Request,
) -> (Vec<Finished>, bool) {
    let mut steps = Vec::new();
    for action in actions {
        let finished = publish(publisher, room.admit(action), request).await;
        if finished.opened() {
            room.take();
        }
        let moved = request.write && finished.committed();
        steps.push(finished);
        if moved {
            return (steps, true);
        }
    }
    (steps, false)
}

async fn publish(publisher: &Publisher<'_>, action: plan::Action, request: &Request) -> Finished {
    let group = action.group();
    match publisher.prepare(action).await {
        Err(error) => Finished { group, step: None, result: Err(error) },
        Ok(step) => {
            let result = if request.write {
                let _writing = request.writing.lock().await;
                publisher.carry_out(&step).await
            } else {
                Ok(None)
            };
            Finished { group, step: Some(step), result }
        }
    }
}

impl Finished {
    /// Whether a pull request was opened, or would be.
    fn opened(&self) -> bool {
        matches!((&self.step, &self.result), (Some(Step::Publish { existing: None, .. }), Ok(_)))
    }

    /// Whether it is about the base branch itself, and nothing failed.
    fn committed(&self) -> bool {
        matches!((&self.step, &self.result), (Some(Step::Commit { .. }), Ok(_)))
    }

    fn lost_a_race(&self) -> bool {
        let lost = matches!(&self.result, Err(PublishError::Git(GitError::LostRace { .. })));
        lost || matches!(&self.result, Err(PublishError::Forge(ForgeError::LostRace { .. })))
    }
}

impl Ran {
    /// What an earlier attempt of the same run did is not forgotten because the later one found it done.
    fn after(mut self, earlier: Self) -> Self {
        let was_done = |finished: &Finished| matches!(finished.result, Ok(Some(_))) || finished.committed();
        let done = earlier.steps.into_iter().filter(was_done);
        let mut done = done.map(|finished| (finished.group.clone(), finished)).collect::<BTreeMap<_, _>>();
        for finished in &mut self.steps {
            if let (Some(before), Ok(None)) = (done.remove(&finished.group), &finished.result) {
                *finished = before;
            }
        }
        self.steps.extend(done.into_values());
        self
    }
}

/// The forge, where it makes the commits. It makes them in its own name only, and with its own signature.
fn commits<'a>(
    forge: Option<&'a dyn Forge>,
    signs: bool,
    config: &Config,
) -> Result<Option<&'a dyn Commits>, RunError> {
    let Some(forge) = forge else { return Ok(None) };
    match (config.git.commits, forge.commits()) {
        (Some(CommitWay::Api), None) => Err(RunError::NoApi),
        (Some(CommitWay::Push), _) => Ok(None),
        (None, _) if config.git.author.is_some() || signs => Ok(None),
        (_, commits) => Ok(commits),
    }
}
