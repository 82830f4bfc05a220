//! Which changes share a pull request, and the branch that belongs to a group.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::image::Tag;
use crate::refname::BranchName;

use super::proposal::{Change, Draft};
use super::template::{TemplateError, render};

/// What a group template can speak of; one change's worth.
#[derive(Serialize)]
struct Values<'a> {
    /// The whole normalised name: `docker.io/library/nginx`.
    image: &'a str,
    /// Its last component: `nginx`.
    name: &'a str,
    /// The file.
    path: &'a str,
    /// The folder of the file; `.` at the root.
    path_dir: &'a str,
    /// The policy, as written.
    policy: &'a str,
    /// `major`, `minor`, `patch`, `digest` or `other`.
    bump: &'static str,
}

/// Sorts changes into drafts by a template over (`image`, `name`, `path`, `path_dir`, `policy`, `bump`); the words
/// `image` and `all` are short for `{{ image }}` and for one group of everything.
pub fn group(changes: Vec<Change>, template: &str, prefix: &str) -> Result<Vec<Draft>, TemplateError> {
    let template = match template {
        "image" => "{{ image }}",
        "all" => "all",
        other => other,
    };
    let mut groups = BTreeMap::<String, Vec<Change>>::new();
    for change in changes {
        groups.entry(key(&change, template)?).or_default().push(change);
    }
    groups
        .into_iter()
        .map(|(group, mut changes)| {
            changes.sort_by(|a, b| (&a.path, a.position, &a.field).cmp(&(&b.path, b.position, &b.field)));
            let branch = branch(prefix, &group).map_err(|why| TemplateError { template: template.to_owned(), why })?;
            Ok(Draft { group, branch, changes })
        })
        .collect()
}

fn key(change: &Change, template: &str) -> Result<String, TemplateError> {
    let path_dir = change.path.rsplit_once('/').map_or(".", |(folder, _)| folder);
    let values = Values {
        image: change.to.name().as_str(),
        name: change.to.name().base(),
        path: &change.path,
        path_dir,
        policy: &change.policy,
        bump: bump(change),
    };
    let key = render(template, &values)?.trim().to_owned();
    if key.is_empty() {
        return Err(TemplateError { template: template.to_owned(), why: format!("it is empty for {}", change.path) });
    }
    Ok(key)
}

/// The first number that differs, read from the left.
fn bump(change: &Change) -> &'static str {
    match (change.from.tag(), change.to.tag()) {
        (Some(from), Some(to)) if from == to => "digest",
        (Some(from), Some(to)) => {
            numbers_differ_at(from, to).map_or("other", |at| ["major", "minor", "patch"][at.min(2)])
        }
        _ => "other",
    }
}

fn numbers_differ_at(from: &Tag, to: &Tag) -> Option<usize> {
    let numbers = |tag: &Tag| -> Vec<String> {
        let runs = tag.as_str().split(|c: char| !c.is_ascii_digit()).filter(|run| !run.is_empty());
        runs.map(|run| run.trim_start_matches('0').to_owned()).collect()
    };
    numbers(from).iter().zip(&numbers(to)).position(|(a, b)| a != b)
}

/// The branch of a group: readable, legal, and different for different groups. Slashes become dashes, since git can't
/// hold both `tagboat/apps` and `tagboat/apps/api`; where that or anything else loses something of the group's name,
/// six digits of its hash are added.
fn branch(prefix: &str, group: &str) -> Result<BranchName, String> {
    let slug = group
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '_' | '.' => c,
            'A'..='Z' => c.to_ascii_lowercase(),
            _ => '-',
        })
        .collect::<String>();
    let slug = slug.trim_matches(['-', '.']).replace("..", "-");
    let faithful = slug.len() <= 80 && slug.replace('-', "/") == group && !slug.ends_with(".lock");
    let name = if group == "." {
        format!("{prefix}root")
    } else if faithful {
        format!("{prefix}{slug}")
    } else {
        let hash = Sha256::digest(group.as_bytes());
        let short = slug.chars().take(80).collect::<String>();
        format!("{prefix}{}-{:02x}{:02x}{:02x}", short.trim_matches(['-', '.']), hash[0], hash[1], hash[2])
    };
    BranchName::new(&name).map_err(|error| error.to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn branches_are_legal_readable_and_distinct() {
        #[rustfmt::skip]
        let rows = [
            ("envs/prod",               "tagboat/envs-prod"),
            (".",                       "tagboat/root"),
            ("all",                     "tagboat/all"),
            ("docker.io/library/nginx", "tagboat/docker.io-library-nginx"),
        ];
        for (group, name) in rows {
            assert_eq!(branch("tagboat/", group).unwrap().as_str(), name, "{group}");
        }
        let lossy = ["envs-prod", "Envs/prod", "a..b", "a.lock", "-x-", "é", "a b", "..", &"long/".repeat(60)];
        let mut seen = std::collections::HashSet::new();
        for group in lossy {
            let name = branch("tagboat/", group).unwrap();
            assert!(seen.insert(name.clone()) && name.as_str().rsplit('-').next().unwrap().len() == 6, "{name}");
        }
    }
}
