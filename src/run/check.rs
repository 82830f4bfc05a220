//! `tagboat check`: asks everything that a run would ask first, reads only, and goes on after what fails.

use std::collections::BTreeMap;

use crate::error::{Error, chain};
use crate::forge::Forge;
use crate::git::Git;
use crate::govern::{Listed, Status};
use crate::image::ImageName;
use crate::manifest::Finding;
use crate::registry::{Access, Registries};
use crate::report::Check;

/// The repository: is the remote there, and which branch would pull requests be for.
pub async fn git(git: &dyn Git, url: &str, base: Option<&crate::refname::BranchName>) -> Check {
    let asked = async {
        let base = match base {
            Some(base) => base.clone(),
            None => git.default_branch().await?,
        };
        let heads = git.remote_branches(&base, "").await?;
        Ok::<_, crate::git::GitError>((heads.contains_key(&base), base))
    };
    match asked.await {
        Ok((true, base)) => Check::ok("git", format!("{url} can be read; pull requests are for {base}")),
        Ok((false, base)) => Check::failed(
            "git",
            format!("{url} has no branch {base}"),
            Some("set `git: { base: … }` in tagboat.yaml".to_owned()),
        ),
        Err(error) => Check::failed("git", chain(&error), error.hint()),
    }
}

/// The forge: is the repository there, and what may the token do.
pub async fn forge(forge: Result<&dyn Forge, &Error>) -> Check {
    let forge = match forge {
        Ok(forge) => forge,
        Err(error) => return Check::failed("forge", error.message().to_owned(), error.advice().map(str::to_owned)),
    };
    match forge.check().await {
        Ok(access) => {
            let user = access.user.map(|user| format!("as {user}"));
            let rights = (!access.rights.is_empty()).then(|| format!("rights: {}", access.rights.join(", ")));
            let left = access.remaining.map(|left| format!("{left} requests left before the rate limit"));
            let parts = [Some("answers".to_owned()), user, rights, left];
            Check::ok("forge", parts.into_iter().flatten().collect::<Vec<_>>().join("; "))
        }
        Err(error) => Check::failed("forge", chain(&error), error.hint()),
    }
}

/// Every registry that governed images are in: who asks there, and what that may do with one of its images.
pub async fn registries(registries: &Registries, listed: &[Listed]) -> Vec<Check> {
    let mut hosts = BTreeMap::<&str, (&ImageName, usize)>::new();
    for one in listed {
        if let (Finding::Occurrence(found), Status::Governed(_)) = (&one.finding, &one.status) {
            let name = found.reference.name();
            hosts.entry(name.registry()).or_insert((name, 0)).1 += 1;
        }
    }
    let asks = hosts.into_iter().map(async |(host, (name, count))| match registries.check(name).await {
        Ok(access) => Check::ok(host, format!("{}; {count} references are there", told(&access, name))),
        Err(error) => Check::failed(host, chain(&error), error.hint()),
    });
    futures_util::future::join_all(asks).await
}

/// Which credential, what it may do, and how much is left.
fn told(access: &Access, name: &ImageName) -> String {
    let user = match (&access.credential, access.login_required) {
        _ if access.fallback_reason.is_some() => {
            format!("anonymous, for {}", access.fallback_reason.as_deref().unwrap_or_default())
        }
        (Some(source), true) => format!("with the credential from {source}"),
        (Some(source), false) => format!("open to all, the credential from {source} is not wanted"),
        (None, _) => "anonymous".to_owned(),
    };
    let pulls = if access.can_pull { "" } else { ", may not ask for digests" };
    let left = access.rate_limit.as_ref();
    let left = left.map(|left| format!(", {} requests left of {}", left.remaining, left.limit)).unwrap_or_default();
    format!("{user}, lists {} tags of {name}{pulls}{left}", access.tags)
}
