//! What `tagboat explain` says: why this tag, and why none of the others.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

/// One image at one current reference: what was chosen, and every candidate with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The normalised name of the image.
    pub image: String,
    /// The tag, or tag and digest, that stands there now.
    pub current: String,
    /// The tag, or tag and digest, that would be written; the current one if nothing would.
    pub chosen: Option<String>,
    /// What came of it: `update`, `up-to-date`, `held` or `unknown`.
    pub outcome: &'static str,
    /// Why, in words.
    pub reason: String,
    /// The policy, as it could be written in a configuration.
    pub policy: String,
    /// Where it is said that this policy governs the image.
    pub source: Option<String>,
    /// Where the image stands so: `path:line`.
    pub places: Vec<String>,
    /// Every tag that the registry has, best first.
    pub candidates: Vec<Candidate>,
}

/// One tag with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Candidate {
    /// The tag.
    pub tag: String,
    /// Whether it could be chosen.
    pub accepted: bool,
    /// Why, or why not.
    pub reason: String,
    /// When the image says that it was built, if that was looked up.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "timestamp")]
    pub created: Option<Timestamp>,
}

/// RFC 3339, or null.
pub(super) fn timestamp<S: Serializer>(created: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    created.map(|at| at.to_string()).serialize(serializer)
}
