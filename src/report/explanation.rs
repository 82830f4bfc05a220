//! The result of `tagboat explain`: the chosen tag, and a verdict with its reason for every candidate.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::docs::Hint;
use crate::plan::major_mark;
use crate::policy::{self, Known};

/// The explanation of one image at one current reference.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Explanation {
    /// The normalized name of the image.
    pub image: String,
    /// The current tag, digest or both.
    pub current: String,
    /// The chosen tag, digest or both. It equals `current` for an image that is up to date, and is `None` where nothing was
    /// chosen.
    pub chosen: Option<String>,
    /// What an update changes: `major`, `minor` or `patch` of a version, the `digest` alone, or `other`.
    pub bump: Option<&'static str>,
    /// What the policy decided.
    pub outcome: OutcomeKind,
    /// The reason for the outcome.
    pub reason: String,
    /// What to do next, if a lookup failed.
    pub hint: Option<Hint>,
    /// The digest that the current tag resolves to now, if the reference is pinned to another one and no update follows it.
    pub moved_digest: Option<String>,
    /// The newest tags of another shape that are newer than the current tag, if nothing of the same shape is newer.
    pub other_shapes: Vec<String>,
    /// The policy with its options, as `--policy` takes it.
    pub policy: String,
    /// Where this policy was assigned to the image: a rule, a marker, or the default.
    pub source: Option<String>,
    /// The occurrences with this current reference, as `path:line`.
    pub locations: Vec<String>,
    /// Every tag in the registry, the most preferred first.
    pub candidates: Vec<CandidateRow>,
}

impl Explanation {
    /// Returns `(major)` if the chosen tag has another major version.
    pub fn major_mark(&self) -> Option<&'static str> {
        let mark = major_mark(self.bump?).trim_start();
        (!mark.is_empty()).then_some(mark)
    }
}

/// What a policy decided about an image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum OutcomeKind {
    /// A newer tag was chosen.
    Update,
    /// The current tag is the one that would be chosen.
    UpToDate,
    /// A person needs to act before anything can be chosen.
    Held,
    /// No decision is possible, for example because a lookup failed.
    Unknown,
}

impl OutcomeKind {
    /// Returns the word that scripts read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Update => "update",
            Self::UpToDate => "up-to-date",
            Self::Held => "held",
            Self::Unknown => "unknown",
        }
    }
}

/// One candidate with its verdict.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct CandidateRow {
    /// The tag as the registry lists it.
    pub tag: String,
    /// Whether the tag can be chosen.
    pub verdict: VerdictKind,
    /// The reason for the verdict.
    pub reason: String,
    /// The facts that were looked up; `None` if none were needed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub facts: Option<Facts>,
}

/// The verdict on one candidate.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum VerdictKind {
    /// The tag can be chosen.
    Accepted,
    /// A filter or the policy excludes the tag.
    Rejected,
    /// A gate or a failed lookup delays the tag: it may be chosen later.
    NotEligibleYet,
}

impl VerdictKind {
    /// Returns the word that scripts read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::NotEligibleYet => "not-eligible-yet",
        }
    }

    /// Returns the words that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::Accepted => "accepted",
            Self::Rejected => "rejected",
            Self::NotEligibleYet => "not eligible yet",
        }
    }
}

impl From<&policy::Verdict> for VerdictKind {
    fn from(verdict: &policy::Verdict) -> Self {
        match verdict {
            policy::Verdict::Accepted(_) => Self::Accepted,
            policy::Verdict::Rejected(_) => Self::Rejected,
            policy::Verdict::NotEligibleYet(_) => Self::NotEligibleYet,
        }
    }
}

/// Serializes a time in RFC 3339, or null.
pub(super) fn timestamp<S: Serializer>(created: &Option<Timestamp>, serializer: S) -> Result<S::Ok, S::Error> {
    created.map(|at| at.to_string()).serialize(serializer)
}

/// The facts that a registry reports about one tag. Missing facts are left out.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct Facts {
    /// Why the lookup failed.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub failed: Option<String>,
    /// The digest that the tag points at.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub digest: Option<String>,
    /// When the image was built, according to its configuration.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "timestamp")]
    pub created: Option<Timestamp>,
    /// When the image was pushed, according to the registry.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "timestamp")]
    pub pushed: Option<Timestamp>,
    /// When the cache folder recorded the tag for the first time.
    #[serde(skip_serializing_if = "Option::is_none", serialize_with = "timestamp")]
    pub first_seen: Option<Timestamp>,
    /// The platforms that the image runs on.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    pub platforms: Vec<String>,
    /// The commit that the image was built from, according to its labels.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub revision: Option<String>,
}

impl Facts {
    /// Returns the facts, or `None` if nothing was looked up.
    pub fn new(known: &Known) -> Option<Self> {
        let digest = known.digest().map(ToString::to_string);
        match known {
            Known::Tag | Known::Unreadable(_) => None,
            Known::Failed(error) | Known::Offline(error) => {
                Some(Self { failed: Some(error.to_string()), ..Self::default() })
            }
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

    /// Returns one line for people: `built 2026-01-02 03:04, linux/amd64, from 3d9b390`. A failed lookup is left out: it is
    /// the reason of the verdict.
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
