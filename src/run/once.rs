//! One pass through the pipeline, from the base branch to pull requests: one function and one type per stage. *Look up* and *choose*
//! alternate image by image, and are called together.

use jiff::Timestamp;

use crate::config::Config;
use crate::govern::Listed;
use crate::plan::{self, ProposedReferences, PullRequestLimits};

use super::base::Base;
use super::changes::{Planned, plan_changes};
use super::discover::{Discovered, discover, govern_all};
use super::error::RunError;
use super::lookup::{Decisions, look_up_and_choose};
use super::observe::{Desired, observe, open_pull_requests};
use super::publish::{Published, Publisher};
use super::request::{RunRequest, Services};
use super::settings;
use super::snapshot::{CommitSnapshot, Snapshot as _};
use super::subjects::Scope;

/// The result of one pass: the output of each stage.
#[derive(Debug)]
pub struct Attempt {
    /// The base branch.
    pub(super) base: Base,
    /// What the run covers.
    pub scope: Scope,
    /// The globs of the scope that match no file.
    pub unmatched_paths: Vec<String>,
    /// The time at which the pass started to look up images.
    pub at: Timestamp,
    /// Every finding with its status: managed, held or ignored.
    pub listed: Vec<Listed>,
    /// The decision for every managed reference.
    pub decisions: Decisions,
    /// The changes and their groups.
    pub planned: Planned,
    /// What was done about each group and pull request.
    pub published: Published,
}

/// Runs the pipeline once. A failure for one image or group is part of the result. After an error, nothing was
/// written. `opened` is the number of pull requests that earlier passes of the same run opened.
pub async fn run_once(
    services: Services<'_>,
    config: &Config,
    request: &RunRequest,
    opened: usize,
) -> Result<Attempt, RunError> {
    let base = Base::fetch(services.git, config).await?;
    let snapshot = CommitSnapshot::new(services.git, &base.commit)?;
    let at = Timestamp::now();

    let Discovered { findings, options, automation, .. } = discover(&snapshot, config);
    let listed = govern_all(findings, config, &automation);
    let suffix = base.branch_suffix(services.git).await?;
    let grouping = settings::grouping(config, &base.name, &suffix);
    let open = open_pull_requests(services, &grouping).await?;
    let proposed = ProposedReferences::new(&open.own);
    let decisions = look_up_and_choose(&listed, config, services.registry, &request.scope, &proposed, at).await;
    let planned = plan_changes(&listed, &decisions, &proposed, &grouping, &request.scope);
    let desired = Desired { listed: &listed, decisions: &decisions, planned: &planned };
    let observed = observe(services, open, &base, desired, config, request.scope.is_all(), at).await?;
    let limits = PullRequestLimits::new(&config.pull_requests, &observed.open.own, opened);
    let actions = plan::reconcile(planned.drafts.clone(), &observed);
    let publisher = Publisher::new(services, config, request, &base, &snapshot, &options, at)?;
    let published = publisher.publish(planned.direct_commit.clone(), actions, limits).await;

    let (scope, unmatched_paths) = (request.scope.clone(), request.scope.unmatched_paths(&snapshot.names()));
    Ok(Attempt { base, scope, unmatched_paths, at, listed, decisions, planned, published })
}
