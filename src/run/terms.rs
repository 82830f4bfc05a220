//! What the configuration says about commits and pull requests, as those want it who make them. Asks nobody.

use jiff::Timestamp;

use crate::config::{Config, Schedule};
use crate::git::Author;
use crate::plan::{Extras, Templates};

/// Why nothing is opened or updated now, if the schedule says so.
pub(super) fn closed(schedule: &Schedule, now: Timestamp) -> Option<String> {
    let opens = schedule.closed_until(now)?.strftime("%a %Y-%m-%d %H:%M %Q").to_string();
    Some(format!("outside the hours of pull-requests.schedule, which begin again {opens}"))
}

/// Who commits. The address is nobody's: a forge would show commits under an account that happens to have it.
pub(super) fn author(config: &Config) -> Author {
    let (name, email) =
        config.git.author.clone().unwrap_or_else(|| ("tagboat".into(), "tagboat@tagboat.invalid".into()));
    Author { name, email }
}

/// Templates of title, body and commit message.
pub(super) fn templates(config: &Config) -> Templates {
    let settings = &config.pull_requests;
    Templates {
        title: settings.title.clone(),
        body: settings.body.clone(),
        commit_message: settings.commit_message.clone(),
    }
}

/// Labels, people, and what else a pull request gets.
pub(super) fn extras(config: &Config) -> Extras {
    let settings = &config.pull_requests;
    Extras {
        labels: settings.labels.clone(),
        reviewers: settings.reviewers.clone(),
        team_reviewers: settings.team_reviewers.clone(),
        assignees: settings.assignees.clone(),
        draft: settings.draft,
        auto_merge: settings.auto_merge,
    }
}
