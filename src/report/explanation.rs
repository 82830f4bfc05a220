//! What `tagboat explain` says: why this tag, and why none of the others.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::policy::Known;

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
    /// What was looked up about it, if anything was.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
}

/// RFC 3339, or null.
pub(super) fn timestamp<S: Serializer>(created: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    created.map(|at| at.to_string()).serialize(serializer)
}

/// What a registry told about one tag; what is not told is left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Facts {
    /// Why nothing could be found out.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// What the tag points at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// When the image says that it was built.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "timestamp")]
    pub created: Option<Timestamp>,
    /// When the registry took it in.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "timestamp")]
    pub pushed: Option<Timestamp>,
    /// When the cache folder first saw it.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "timestamp")]
    pub first_seen: Option<Timestamp>,
    /// What it runs on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
    /// The commit that it was built from, as its labels tell.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl Facts {
    /// `None` where nothing was looked up.
    pub fn new(known: &Known) -> Option<Self> {
        let digest = known.digest().map(ToString::to_string);
        match known {
            Known::Tag => None,
            Known::Failed(why) => Some(Self { failed: Some(why.to_string()), ..Self::default() }),
            Known::Digest(_) => Some(Self { digest, ..Self::default() }),
            Known::Facts(facts) | Known::Aged(facts) => Some(Self {
                digest,
                created: facts.created,
                pushed: facts.pushed,
                first_seen: facts.first_seen,
                platforms: facts.platforms.iter().map(ToString::to_string).collect(),
                revision: facts.revision.clone(),
                ..Self::default()
            }),
        }
    }

    /// In one line, for people: `built 2026-01-02 03:04, linux/amd64, from 3d9b390`. What failed is the reason already.
    pub fn line(&self) -> String {
        let minute = |time: Option<Timestamp>, word: &str| {
            time.map(|time| format!("{word} {}", time.strftime("%Y-%m-%d %H:%M")))
        };
        let parts = [
            minute(self.pushed, "pushed"),
            minute(self.created, "built"),
            minute(self.first_seen, "first seen"),
            (!self.platforms.is_empty()).then(|| self.platforms.join(" ")),
            self.revision.as_ref().map(|commit| format!("from {}", commit.get(..7).unwrap_or(commit))),
            self.digest.as_ref().map(|digest| digest.get(..19).unwrap_or(digest).to_owned()),
        ];
        parts.into_iter().flatten().collect::<Vec<_>>().join(", ")
    }
}
