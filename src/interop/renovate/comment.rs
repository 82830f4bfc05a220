//! What Renovate's comments say about versions: `versioning=semver extractVersion=^v(?<version>.+)$`.

use super::settings;
use crate::policy::{self, PolicyEntry};

/// Returns the policy of a comment's words; `None` where they are Renovate's defaults. Why it cannot be
/// followed, with what to do instead, is the error.
pub fn policy(words: &str) -> Option<Result<PolicyEntry, String>> {
    let word = |key: &str| words.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    let (versioning, extract) = (word("versioning").unwrap_or("docker"), word("extractVersion"));
    if versioning == "docker" && extract.is_none() {
        return None;
    }
    let built = settings::settings(versioning, extract).and_then(|settings| policy::build(&settings));
    Some(built.map_err(|error| match error.hint() {
        Some(hint) => format!("{error}; {hint}"),
        None => error.to_string(),
    }))
}
