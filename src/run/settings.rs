//! Settings of the configuration for commits and pull requests, in the types of `git` and `plan`. Pure.

use jiff::Timestamp;

use crate::config::{Config, Schedule};
use crate::git::Author;
use crate::plan::{Extras, Grouping, LeaveReason, Metadata, Templates};
use crate::refname::BranchName;

/// Returns the reason to leave groups alone if the schedule allows no changes now.
pub(super) fn outside_schedule(schedule: &Schedule, now: Timestamp) -> Option<LeaveReason> {
    let opens = schedule.closed_until(now)?.strftime("%a %Y-%m-%d %H:%M %Q").to_string();
    Some(LeaveReason::OutsideSchedule { opens })
}

/// Returns the author of commits. The default address belongs to no account, so no forge attributes the commits to one.
pub(super) fn author(config: &Config) -> Author {
    let (name, email) =
        config.git.author.clone().unwrap_or_else(|| ("tagboat".into(), "tagboat@tagboat.invalid".into()));
    Author { name, email }
}

/// Returns the templates of groups and branches for a base, whose branches end with `suffix`.
pub(super) fn grouping<'a>(config: &'a Config, base: &'a BranchName, suffix: &'a str) -> Grouping<'a> {
    let settings = &config.pull_requests;
    let (group, prefix, branch) = (&settings.group, &settings.branch_prefix, settings.branch.as_ref());
    Grouping { group, prefix, base, suffix, branch }
}

/// Returns the templates of title, body and commit message.
pub(super) fn templates(config: &Config) -> Templates {
    let settings = &config.pull_requests;
    Templates {
        title: settings.title.clone(),
        body: settings.body.clone(),
        commit_message: settings.commit_message.clone(),
    }
}

/// Returns labels, people and merge settings of pull requests.
pub(super) fn extras(config: &Config) -> Extras {
    let settings = &config.pull_requests;
    Extras {
        metadata: Metadata {
            labels: settings.labels.clone(),
            reviewers: settings.reviewers.clone(),
            team_reviewers: settings.team_reviewers.clone(),
            assignees: settings.assignees.clone(),
        },
        draft: settings.draft,
        auto_merge: settings.auto_merge,
    }
}
