//! Names of git branches and commits, validated at construction, so that no later code has to quote or check them.

use std::fmt;

use serde::{Deserialize, Serialize};

/// A branch name that git accepts (`git check-ref-format --branch`), without `refs/heads/`.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct BranchName(Box<str>);

/// The full name of a commit: 40 hex digits (SHA-1) or 64 (SHA-256).
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct CommitId(Box<str>);

/// Why a text is not the name of a branch or commit.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum RefNameError {
    /// The text violates the rules of `git check-ref-format`.
    #[error("invalid branch name `{name}`: {1}", name = .0.escape_debug())]
    Branch(String, &'static str),
    /// The text is not 40 or 64 hex digits.
    #[error("invalid commit id `{}`: expected 40 or 64 hex digits", .0.escape_debug())]
    Commit(String),
}

impl BranchName {
    /// Checks a name by the rules of `git check-ref-format`.
    pub fn new(text: &str) -> Result<Self, RefNameError> {
        let bad = |cause| Err(RefNameError::Branch(text.to_owned(), cause));
        if text.is_empty() || text == "@" || text == "HEAD" {
            return bad("it is reserved or empty");
        }
        if text.starts_with('-') {
            return bad("it starts with a dash");
        }
        if text.len() > 244 {
            return bad("it is longer than 244 bytes");
        }
        if text.contains("..") || text.contains("@{") || text.ends_with('.') {
            return bad("it contains `..` or `@{`, or ends with a dot");
        }
        if text.chars().any(|c| c.is_control() || " ~^:?*[\\\u{7f}".contains(c)) {
            return bad("it contains a space, a control character or one of `~^:?*[\\`");
        }
        if text.split('/').any(|part| part.is_empty() || part.starts_with('.') || part.ends_with(".lock")) {
            return bad("a part between slashes is empty, starts with a dot or ends with .lock");
        }
        Ok(Self(text.into()))
    }

    /// Returns the name of a branch on which a commit for this branch is prepared: unique, and with the time, in seconds since
    /// 1970, because a run that was killed leaves it behind.
    pub fn side_branch(&self, seconds: i64, random: u32) -> Result<Self, RefNameError> {
        Self::new(&format!("{}.{:08x}{random:08x}", self.0, seconds.clamp(0, i64::from(u32::MAX))))
    }

    /// Returns the time in the name of a [side branch](Self::side_branch); `None` for another branch.
    pub fn side_branch_time(&self) -> Option<i64> {
        let (_, suffix) = self.0.rsplit_once('.')?;
        let is_hex = suffix.len() == 16 && suffix.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'));
        if is_hex { i64::from_str_radix(&suffix[..8], 16).ok() } else { None }
    }

    /// Returns the name without `refs/heads/`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the name with `refs/heads/`.
    pub fn full(&self) -> String {
        format!("refs/heads/{}", self.0)
    }
}

impl CommitId {
    /// Checks a full commit id.
    pub fn new(text: &str) -> Result<Self, RefNameError> {
        let hex = text.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f'));
        if hex && matches!(text.len(), 40 | 64) {
            Ok(Self(text.into()))
        } else {
            Err(RefNameError::Commit(text.to_owned()))
        }
    }

    /// Returns all hex digits.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the first seven hex digits, for people.
    pub fn short(&self) -> &str {
        &self.0[..7]
    }
}

impl TryFrom<String> for BranchName {
    type Error = RefNameError;

    fn try_from(text: String) -> Result<Self, RefNameError> {
        Self::new(&text)
    }
}

impl From<BranchName> for String {
    fn from(name: BranchName) -> Self {
        name.0.into()
    }
}

impl fmt::Display for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for BranchName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "BranchName({})", self.0)
    }
}

impl fmt::Display for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for CommitId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "CommitId({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn side_branches_have_the_time_in_their_names() {
        let branch = BranchName::new("tagboat/api").unwrap();
        let side = branch.side_branch(1_790_000_000, 0xA1).unwrap();
        assert_eq!(side.as_str(), "tagboat/api.6ab13b80000000a1");
        assert_eq!(side.side_branch_time(), Some(1_790_000_000));
        for other in ["tagboat/api", "tagboat/api.6ab13b80", "tagboat/api.v1.2.3", "tagboat/api.6AB13B80000000A1"] {
            assert_eq!(BranchName::new(other).unwrap().side_branch_time(), None, "{other}");
        }
    }

    #[test]
    fn follows_the_rules_of_git() {
        for good in ["main", "tagboat/apps/api", "a-b_c.d", "tagboat/ünï"] {
            assert!(BranchName::new(good).is_ok(), "{good}");
        }
        for bad in [
            "", "@", "HEAD", "-x", "a..b", "a b", "a~1", "a^", "a:b", "a?", "a*", "a[", "a\\b", "a/", "/a", "a//b",
            ".a", "a/.b", "a.lock", "a.lock/b", "a@{b", "a.", "a\u{7f}",
        ] {
            assert!(BranchName::new(bad).is_err(), "{bad}");
        }
        assert!(CommitId::new(&"a1".repeat(20)).is_ok());
        assert!(CommitId::new("abc1234").is_err());
    }
}
