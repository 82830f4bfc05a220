//! Branches of Tagboat that no draft and no open pull request accounts for.

use std::collections::BTreeSet;

use crate::config::Config;
use crate::plan::{DIRECT_COMMIT_TRAILER, Leftover, LeftoverContent, OpenPullRequests};
use crate::run::base::Base;
use crate::run::changes::Planned;
use crate::run::error::RunError;
use crate::run::request::Services;
use crate::run::settings;

use super::authorship::Authorship;

/// How many branches a run examines.
const MAX_LEFTOVERS: usize = 50;

/// Returns branches of Tagboat without a draft and without an open pull request, with their history. Each costs a request,
/// so of many only some are examined; which ones changes from run to run.
pub(super) async fn leftovers(
    services: Services<'_>,
    base: &Base,
    planned: &Planned,
    open: &OpenPullRequests,
    config: &Config,
) -> Result<Vec<Leftover>, RunError> {
    let Some(forge) = services.forge else { return Ok(Vec::new()) };
    let drafted = planned.drafts.iter().map(|draft| &draft.branch);
    let accounted = drafted.chain(open.all().map(|one| &one.branch)).chain([&base.name]).collect::<BTreeSet<_>>();
    let mut rest = base.heads.iter().filter(|(branch, _)| !accounted.contains(branch)).collect::<Vec<_>>();
    if rest.len() > MAX_LEFTOVERS {
        fastrand::shuffle(&mut rest);
        rest.truncate(MAX_LEFTOVERS);
    }
    let heads = rest.iter().map(|(branch, head)| ((*branch).clone(), (*head).clone())).collect::<Vec<_>>();
    if let Err(error) = services.git.fetch(&heads).await {
        // A branch that another run has just deleted, for example. The next run examines the rest.
        tracing::debug!("cannot examine branches without a pull request: {error}");
        return Ok(Vec::new());
    }
    let authorship = Authorship::new(&settings::author(config), services.forge);
    let mut leftovers = Vec::new();
    for (branch, head) in heads {
        let info = services.git.commit_info(&head)?;
        // The base branch of another run, to which it committed directly.
        if info.message.lines().any(|line| line == DIRECT_COMMIT_TRAILER) {
            continue;
        }
        let content = if authorship.is_own(&info) {
            LeftoverContent::OwnCommit(info.committed)
        } else if branch.side_branch_time().is_some() && services.git.is_ancestor(&head, &base.commit).await? {
            LeftoverContent::Base
        } else {
            continue;
        };
        let closed = forge.closed_pull_requests(&branch).await?;
        leftovers.push(Leftover { branch, head, content, closed });
    }
    Ok(leftovers)
}
