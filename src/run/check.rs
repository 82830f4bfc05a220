//! `tagboat check`: connects to everything that a run needs without writing, and continues after a failure.

use std::collections::{BTreeMap, BTreeSet};

use crate::config::Config;
use crate::docs::hint;
use crate::error::Error;
use crate::forge::Forge;
use crate::git;
use crate::govern::{CONFIGURATION, Listed, Status};
use crate::image::ImageName;
use crate::manifest::Finding;
use crate::policy::ExternalNeed;
use crate::registry::{Registries, RegistryAccess};
use crate::report::Check;
use crate::text::{chain, count_of};

use super::publish::commit_api;

/// Returns a warning for each path, glob and field of the configuration that matches nothing.
pub fn configuration(listed: &[Listed]) -> Vec<Check> {
    let held = listed.iter().filter_map(|one| match (&one.finding, &one.status) {
        (Finding::Notice(notice), Status::Held { reason, .. }) if notice.format == CONFIGURATION => {
            Some((&notice.place, reason))
        }
        _ => None,
    });
    held.map(|(place, reason)| {
        let message = format!("{}:{}: `{}`: {reason}", place.path, place.position.line, place.value);
        let next = hint!("formats.md#settings-without-effect", "correct `{}`, or remove it", place.field);
        Check::warning("configuration", message, next)
    })
    .collect()
}

/// Returns a failure for each clone of a policy in use that cannot be read.
pub fn histories(config: &Config, listed: &[Listed]) -> Vec<Check> {
    let mut clones = BTreeSet::new();
    for one in listed {
        if let Status::Managed(selection) = &one.status
            && let Some(ExternalNeed::History { clone, branch }) = selection.entry.policy.external_need()
        {
            clones.insert((clone, branch));
        }
    }
    let failure = |(clone, branch): (&str, Option<&str>)| {
        let error = git::first_parents(&config.folder.join(clone), branch).err()?;
        let next = hint!(
            "policies.md#git-history",
            "clone the source repository there, or correct `git-history` in the policy"
        );
        Some(Check::failed("git-history", format!("cannot read the history of {clone}: {}", chain(&error)), next))
    };
    clones.into_iter().filter_map(failure).collect()
}

/// Checks that the forge has the repository and supports what the configuration requires, and reports the rights of the token.
pub async fn forge(forge: Result<&dyn Forge, &Error>, config: &Config) -> Check {
    let forge = match forge {
        Ok(forge) => forge,
        Err(error) => return Check::failed("forge", error.message().to_owned(), error.hint().clone()),
    };
    if let Err(error) = commit_api(forge, config) {
        return Check::failed("forge", error.to_string(), error.hint());
    }
    match forge.check().await {
        Ok(access) => {
            let reachable = access.user.map_or("reachable".to_owned(), |user| format!("reachable as {user}"));
            let rights = (!access.rights.is_empty()).then(|| format!("rights: {}", access.rights.join(", ")));
            let remaining = access.remaining.map(|remaining| {
                format!(
                    "{} left before the rate limit",
                    count_of(usize::try_from(remaining).unwrap_or(usize::MAX), "request")
                )
            });
            let parts = [Some(reachable), rights, remaining].into_iter().flatten().collect::<Vec<_>>().join("; ");
            match access.new_name {
                None => Check::ok("forge", parts),
                Some(name) => Check::warning(
                    "forge",
                    format!("{parts}; the repository is now {name}"),
                    hint!(
                        "forges.md#renamed-repositories",
                        "change the URL of the remote, and `forge.repository` if it is set"
                    ),
                ),
            }
        }
        Err(error) => Check::failed("forge", chain(&error), error.hint()),
    }
}

/// Returns a warning if the cache folder cannot be written.
pub fn cache(registries: &Registries) -> Option<Check> {
    let (message, hint) = registries.check_cache().err()?;
    Some(Check::warning("cache", message, hint))
}

/// Checks every registry of a managed image with one of its images: the credential, its rights and the rate limit.
pub async fn registries(registries: &Registries, listed: &[Listed]) -> Vec<Check> {
    let mut hosts = BTreeMap::<&str, (&ImageName, usize)>::new();
    for one in listed {
        if let (Finding::Occurrence(found), Status::Managed(_)) = (&one.finding, &one.status) {
            let name = found.reference.name();
            hosts.entry(name.registry()).or_insert((name, 0)).1 += 1;
        }
    }
    let checks = hosts.into_iter().map(async |(host, (name, count))| match registries.check(name).await {
        Ok(access) => Check::ok(host, format!("{}; {}", summary(&access, name), count_of(count, "managed reference"))),
        Err(error) => {
            let operation = format!("cannot list the tags of {}", name.familiar());
            Check::failed(host, format!("{operation}: {}", chain(&error)), error.hint())
        }
    });
    futures_util::future::join_all(checks).await
}

/// Returns the credential, what it can list and pull, and the remaining requests of the rate limit.
fn summary(access: &RegistryAccess, name: &ImageName) -> String {
    let user = match (&access.credential, access.login_required) {
        _ if access.fallback_reason.is_some() => {
            format!("anonymous, because {}", access.fallback_reason.as_deref().unwrap_or_default())
        }
        (Some(source), true) => format!("with the credential from {source}"),
        (Some(source), false) => format!("anonymous access allowed, without the credential from {source}"),
        (None, _) => "anonymous".to_owned(),
    };
    let pulls = if access.can_pull { "" } else { ", cannot pull" };
    let left = access.rate_limit.as_ref();
    let left = left.map(|left| format!(", {} of {} requests left", left.remaining, left.limit)).unwrap_or_default();
    format!("{user}, lists {} of {name}{pulls}{left}", count_of(access.tags, "tag"))
}
