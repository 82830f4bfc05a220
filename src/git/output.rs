//! Parses the machine-readable output of the `git` program. Pure.

use std::collections::BTreeMap;

use crate::refname::{BranchName, CommitId, RefNameError};

/// The oldest supported git: the first with `GIT_CONFIG_GLOBAL` (2.32, June 2021). Other requirements are older:
/// `GIT_CONFIG_COUNT` (2.31), `rev-parse --path-format` (2.31) and `fetch --no-write-fetch-head` (2.29).
pub(super) const OLDEST: (u32, u32) = (2, 32);

/// Parses major and minor number in the output of `git version`, such as `git version 2.39.5 (Apple Git-154)`.
pub(super) fn version(text: &str) -> Option<(u32, u32)> {
    let mut numbers = text.trim().strip_prefix("git version ")?.split('.');
    Some((numbers.next()?.parse().ok()?, numbers.next()?.parse().ok()?))
}

/// Parses the keys and values in the output of `git config --list -z`, in order. A key without a value means *true*
/// (git-config(1), *Values*).
pub(super) fn config(text: &str) -> Vec<(String, String)> {
    let entries = text.split('\0').filter(|entry| !entry.is_empty());
    entries
        .map(|entry| {
            let (key, value) = entry.split_once('\n').unwrap_or((entry, "true"));
            (key.to_owned(), value.to_owned())
        })
        .collect()
}

/// Parses the output of `git ls-remote --heads`: returns the branches that start with `prefix`, and the one named `base`.
///
/// The output has more branches, because git matches a pattern at the end of a ref name. Names that [`BranchName`] rejects
/// are skipped: they are neither the base nor a branch of Tagboat.
pub(super) fn branches(
    text: &str,
    base: &BranchName,
    prefix: &str,
) -> Result<BTreeMap<BranchName, CommitId>, RefNameError> {
    let mut found = BTreeMap::new();
    for line in text.lines() {
        let Some((commit, name)) = line.split_once("\trefs/heads/") else { continue };
        if name != base.as_str() && !name.starts_with(prefix) {
            continue;
        }
        if let Ok(branch) = BranchName::new(name) {
            found.insert(branch, CommitId::new(commit)?);
        }
    }
    Ok(found)
}

/// Parses the branch that `HEAD` names, and its commit, in the output of `git ls-remote --symref … HEAD`.
pub(super) fn head(text: &str) -> Option<Result<(BranchName, CommitId), RefNameError>> {
    let mut values = text.lines().filter_map(|line| line.strip_suffix("\tHEAD"));
    let name = values.next()?.strip_prefix("ref: refs/heads/")?;
    let commit = values.next()?;
    Some(BranchName::new(name).and_then(|name| Ok((name, CommitId::new(commit)?))))
}

/// Returns why `git push --porcelain` did not update a ref: the text in brackets, such as `[rejected] (stale info)`.
pub(super) fn refusal(text: &str) -> Option<&str> {
    text.lines().find_map(|line| Some(line.strip_prefix("!\t")?.split_once('\t')?.1))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[rustfmt::skip]
    fn parses_versions() {
        for (text, read) in [
            ("git version 2.47.3\n",                 Some((2, 47))),
            ("git version 2.39.5 (Apple Git-154)\n", Some((2, 39))),
            ("git version 2.48.1.windows.1\n",       Some((2, 48))),
            ("git version 3.0.rc1\n",                Some((3, 0))),
            ("hub version 2.14.2\n",                 None),
            ("",                                     None),
        ] {
            assert_eq!(version(text), read, "{text}");
        }
        assert!((2, 30) < OLDEST && (3, 0) > OLDEST);
    }

    #[test]
    fn parses_configuration_with_and_without_values() {
        let text = "core.bare\nfalse\0http.https://x/.extraheader\nAuthorization: a\nb\0remote.origin.promisor\0";
        let read = config(text);
        let read: Vec<_> = read.iter().map(|(key, value)| (key.as_str(), value.as_str())).collect();
        assert_eq!(
            read,
            [
                ("core.bare", "false"),
                ("http.https://x/.extraheader", "Authorization: a\nb"),
                ("remote.origin.promisor", "true")
            ]
        );
    }

    #[test]
    fn keeps_only_the_base_and_branches_with_the_prefix() {
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let text = format!(
            "{a}\trefs/heads/main\n{b}\trefs/heads/tagboat/api\n{b}\trefs/heads/x/refs/heads/main\n\
             {b}\trefs/heads/other\n{b}\trefs/heads/tagboat/-\u{7f}\nwarning: noise\n"
        );
        let main = BranchName::new("main").unwrap();
        let found = branches(&text, &main, "tagboat/").unwrap();
        let found: Vec<_> = found.iter().map(|(branch, commit)| (branch.as_str(), commit.as_str())).collect();
        assert_eq!(found, [("main", a.as_str()), ("tagboat/api", b.as_str())]);
        assert!(branches("abc\trefs/heads/main\n", &main, "tagboat/").is_err(), "a truncated id");
    }

    #[test]
    fn parses_the_default_branch() {
        let commit = "0123456789".repeat(4);
        let text = format!("ref: refs/heads/trunk\tHEAD\n{commit}\tHEAD\n");
        let (branch, head_commit) = head(&text).unwrap().unwrap();
        assert_eq!((branch.as_str(), head_commit.as_str()), ("trunk", &*commit));
        assert!(head("0123\tHEAD\n").is_none(), "a detached HEAD");
        assert!(head("").is_none(), "an empty repository");
    }

    #[test]
    #[rustfmt::skip]
    fn parses_the_reason_of_a_rejected_push() {
        for (text, expected) in [
            ("To /r.git\n*\tabc:refs/heads/x\t[new branch]\nDone\n",                      None),
            ("To /r.git\n=\tabc:refs/heads/x\t[up to date]\nDone\n",                      None),
            ("To /r.git\n!\tabc:refs/heads/x\t[rejected] (stale info)\nDone\n",           Some("[rejected] (stale info)")),
            ("To /r.git\n!\t:refs/heads/x\t[remote rejected] (hook declined)\nDone\n",    Some("[remote rejected] (hook declined)")),
            ("",                                                                          None),
        ] {
            assert_eq!(refusal(text), expected, "{text}");
        }
    }
}
