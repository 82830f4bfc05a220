//! Groups changes into pull requests and names their branches.

use std::collections::BTreeMap;

use serde::Serialize;
use sha2::{Digest as _, Sha256};

use crate::config::Template;
use crate::refname::BranchName;

use super::proposal::{Change, Draft, GroupId};
use super::template::{TemplateError, render};
use super::values::ChangeValues;

/// Changes whose group or branch cannot be named, for one reason.
#[derive(Debug)]
pub struct Ungrouped {
    /// Why the template gives no group.
    pub error: TemplateError,
    /// The changes without a group.
    pub changes: Vec<Change>,
}

/// The templates of groups and branches.
#[derive(Debug, Clone, Copy)]
pub struct Grouping<'a> {
    /// The template of the group; changes with the same result share a pull request.
    pub group: &'a Template,
    /// The prefix of every branch.
    pub prefix: &'a str,
    /// The base branch, which no pull request may have as its own branch.
    pub base: &'a BranchName,
    /// The end of every branch, which tells the branches of different bases apart; empty for the default branch.
    pub suffix: &'a str,
    /// The template of the name after the prefix, from `group`; `None` for the built-in name.
    pub branch: Option<&'a Template>,
}

/// Groups changes into drafts. A template error for one change does not affect the others.
pub fn group(changes: Vec<Change>, grouping: &Grouping<'_>) -> (Vec<Draft>, Vec<Ungrouped>) {
    let mut failed = BTreeMap::<TemplateError, Vec<Change>>::new();
    let mut groups = BTreeMap::<String, Vec<Change>>::new();
    for change in changes {
        match key(&change, grouping.group) {
            Ok(key) => groups.entry(key).or_default().push(change),
            Err(error) => failed.entry(error).or_default().push(change),
        }
    }
    let mut drafts = BTreeMap::<BranchName, Draft>::new();
    for (group, mut changes) in groups {
        changes.sort_by(|a, b| (&a.path, a.position, &a.field).cmp(&(&b.path, b.position, &b.field)));
        let named = grouping.branch(&group).and_then(|branch| match drafts.get(&branch) {
            _ if branch == *grouping.base => Err(grouping.error(format!(
                "the branch of the group {group} is the base branch {branch}; set `pull-requests.branch-prefix` to a text that no other branch starts with"
            ))),
            Some(other) => {
                Err(grouping.error(format!("the groups {} and {group} have the same branch {branch}", other.name())))
            }
            None => Ok(branch),
        });
        match named {
            Ok(branch) => {
                let draft = Draft { group: GroupId::Named(group), branch: branch.clone(), changes };
                drafts.insert(branch, draft);
            }
            Err(error) => failed.entry(error).or_default().extend(changes),
        }
    }
    let mut drafts = drafts.into_values().collect::<Vec<_>>();
    drafts.sort_by(|a, b| a.group.cmp(&b.group));
    (drafts, failed.into_iter().map(|(error, changes)| Ungrouped { error, changes }).collect())
}

fn key(change: &Change, template: &Template) -> Result<String, TemplateError> {
    let key = render(template, &ChangeValues::of(change), str::to_owned)?.trim().to_owned();
    if key.is_empty() {
        return Err(TemplateError::new(
            template,
            "the result is empty; use `{{ environment or path_dir }}`, which is never empty",
        ));
    }
    Ok(key)
}

impl Grouping<'_> {
    /// Returns the branch of a group.
    pub fn branch(&self, group: &str) -> Result<BranchName, TemplateError> {
        #[derive(Serialize)]
        struct BranchValues<'a> {
            group: &'a str,
        }
        let rest = match self.branch {
            Some(template) => render(template, &BranchValues { group }, str::to_owned)?.trim().to_owned(),
            None => slug(group),
        };
        BranchName::new(&format!("{}{rest}{}", self.prefix, self.suffix)).map_err(|error| self.error(error.to_string()))
    }

    fn error(&self, cause: String) -> TemplateError {
        TemplateError::new(self.branch.unwrap_or(self.group), cause)
    }
}

/// Returns the built-in branch name of a group: readable, legal, and different for different groups. Slashes become dashes
/// because git cannot have both `tagboat/apps` and `tagboat/apps/api`. Where that is ambiguous or another character is
/// replaced, six digits of a hash are added.
fn slug(group: &str) -> String {
    let slug = group
        .chars()
        .map(|c| match c {
            'a'..='z' | '0'..='9' | '_' | '.' => c,
            'A'..='Z' => c.to_ascii_lowercase(),
            _ => '-',
        })
        .collect::<String>();
    let slug = slug.trim_matches(['-', '.']).replace("..", "-");
    let is_unambiguous = slug.len() <= 80 && slug.replace('-', "/") == group && !slug.ends_with(".lock");
    if group == "." {
        "root".to_owned()
    } else if is_unambiguous {
        slug.to_owned()
    } else {
        let hash = Sha256::digest(group.as_bytes());
        let short = slug.chars().take(80).collect::<String>();
        format!("{}-{:02x}{:02x}{:02x}", short.trim_matches(['-', '.']), hash[0], hash[1], hash[2])
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(path: &str, to: &str) -> Change {
        Change::example(path, "nginx:1.27", to)
    }

    /// Returns `GROUP on BRANCH` for every draft, then `failed COUNT: REASON`.
    fn describe_drafts(changes: Vec<Change>, group: &str, branch: Option<&str>) -> Vec<String> {
        let template = |text: &str| Template { text: text.to_owned(), source: "t.yaml:2".to_owned() };
        let (group_template, branch) = (template(group), branch.map(template));
        let base = BranchName::new("tagboat/base").unwrap();
        let grouping =
            Grouping { group: &group_template, prefix: "tagboat/", base: &base, suffix: "", branch: branch.as_ref() };
        let (drafts, failed) = super::group(changes, &grouping);
        let drafts = drafts.iter().map(|draft| format!("{} on {}", draft.name(), draft.branch));
        let failed = failed.iter().map(|one| format!("failed {}: {}", one.changes.len(), one.error.cause));
        drafts.chain(failed).collect()
    }

    #[test]
    fn groups_by_template_and_names_branches() {
        let changes = || {
            vec![
                change("envs/prod/a.yaml", "nginx:1.28"),
                change("envs/dev/b.yaml", "nginx:1.28"),
                change("c.yaml", "nginx:2.0"),
            ]
        };
        #[rustfmt::skip]
        let rows = [
            ("{{ path_dir }}",                    None,                          vec![". on tagboat/root", "envs/dev on tagboat/envs-dev", "envs/prod on tagboat/envs-prod"]),
            ("all",                               None,                          vec!["all on tagboat/all"]),
            ("{{ name }} {{ bump }}",             None,                          vec!["nginx major on tagboat/nginx-major-8e5157", "nginx minor on tagboat/nginx-minor-b4795e"]),
            ("{{ environment or path_dir }}",     None,                          vec![". on tagboat/root", "dev on tagboat/dev", "prod on tagboat/prod"]),
            ("{{ environment }}",                 None,                          vec!["dev on tagboat/dev", "prod on tagboat/prod", "failed 1: the result is empty; use `{{ environment or path_dir }}`, which is never empty"]),
            ("{{ environment or 'none' }}",       Some("to/{{ group }}"),        vec!["dev on tagboat/to/dev", "none on tagboat/to/none", "prod on tagboat/to/prod"]),
            ("{{ environment or 'none' }}",       Some("images"),                vec!["dev on tagboat/images",
                "failed 1: the groups dev and none have the same branch tagboat/images", "failed 1: the groups dev and prod have the same branch tagboat/images"]),
            ("{{ environment or 'base' }}",       None,                          vec!["dev on tagboat/dev", "prod on tagboat/prod",
                "failed 1: the branch of the group base is the base branch tagboat/base; set `pull-requests.branch-prefix` to a text that no other branch starts with"]),
            ("{{ path_dir }}",                    Some("{{ group }}"),           vec!["envs/dev on tagboat/envs/dev", "envs/prod on tagboat/envs/prod",
                "failed 1: invalid branch name `tagboat/.`: it contains `..` or `@{`, or ends with a dot"]),
        ];
        for (group, branch, expected) in rows {
            assert_eq!(describe_drafts(changes(), group, branch), expected, "{group} {branch:?}");
        }
    }

    #[test]
    fn branch_names_are_legal_readable_and_distinct() {
        #[rustfmt::skip]
        let rows = [
            ("envs/prod",               "envs-prod"),
            (".",                       "root"),
            ("all",                     "all"),
            ("docker.io/library/nginx", "docker.io-library-nginx"),
        ];
        for (group, name) in rows {
            assert_eq!(slug(group), name, "{group}");
        }
        let lossy = ["envs-prod", "Envs/prod", "a..b", "a.lock", "-x-", "é", "a b", "..", &"long/".repeat(60)];
        let mut seen = std::collections::HashSet::new();
        for group in lossy {
            let name = BranchName::new(&format!("tagboat/{}", slug(group))).unwrap();
            assert!(seen.insert(name.clone()) && name.as_str().rsplit('-').next().unwrap().len() == 6, "{name}");
        }
    }
}
