//! The policy of a `# renovate:` comment: `versioning=semver extractVersion=^v(?<version>.+)$`.

use super::settings;
use crate::policy::{self, PolicyEntry};

/// Returns the policy of a comment; `None` if it has the default values.
///
/// # Errors
/// If the comment has no equivalent policy, with a hint.
pub fn policy(comment: &str) -> Option<Result<PolicyEntry, String>> {
    let word = |key: &str| comment.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let (versioning, extract) = (word("versioning").unwrap_or("docker"), word("extractVersion"));
    if versioning == "docker" && extract.is_none() {
        return None;
    }
    let policy = settings::settings(versioning, extract).and_then(|settings| policy::build(&settings));
    Some(policy.map_err(|error| error.reason()))
}
