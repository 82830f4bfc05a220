//! The status of each image in a run: one row per current reference.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use crate::docs::Hint;
use crate::plan::major_mark;
use crate::policy::Bump;

use super::explanation::timestamp;
use super::subject::Subject;

/// One image at one current reference. Occurrences that differ only in their place share a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageRow {
    /// The status; what needs a person sorts first.
    pub status: ImageStatus,
    /// The normalized name of the image.
    pub name: String,
    /// The current tag, digest or both.
    pub current: String,
    /// The tag, digest or both that the policy chose. It equals `current` for an image that is up to date, and is `None`
    /// where nothing was chosen.
    pub chosen: Option<String>,
    /// When the chosen image was built, if that was looked up and its configuration says so.
    #[serde(serialize_with = "timestamp")]
    pub built: Option<Timestamp>,
    /// The policy that manages the image.
    pub policy: Option<String>,
    /// The reason for the status.
    pub reason: String,
    /// The digest that the current tag resolves to now, if the reference is pinned to another one and no update follows it.
    pub moved_digest: Option<String>,
    /// The newest tags of another shape that are newer than the current tag, if nothing of the same shape is newer.
    pub other_shapes: Vec<String>,
    /// What to do next.
    pub hint: Option<Hint>,
    /// The branch of the pull request for this image: a key into the report's proposals.
    pub branch: Option<String>,
    /// The occurrences, as `path:line`.
    pub locations: Vec<String>,
    /// The failure behind the status `failed`: a key into the report's failures.
    #[serde(skip)]
    pub failure: Option<Subject>,
    /// Whether a person should read the reason, although the image is up to date.
    #[serde(skip)]
    pub is_remarkable: bool,
}

impl ImageRow {
    /// Returns `(major)` if the chosen tag has another major version, which a person should look at.
    pub fn major_mark(&self) -> Option<&'static str> {
        let tag = |version: &str| version.split('@').next().unwrap_or_default().to_owned();
        let chosen = tag(self.chosen.as_deref()?);
        let mark = major_mark(Bump::between(&tag(&self.current), &chosen)?.as_str()).trim_start();
        (!mark.is_empty()).then_some(mark)
    }
}

/// The status of an image in a run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageStatus {
    /// Its tags could not be looked up, or its change could not be written.
    Failed,
    /// A person needs to act first.
    Held,
    /// A newer tag was chosen.
    Update,
    /// The current tag is the one that would be chosen.
    UpToDate,
    /// Tagboat deliberately leaves it alone.
    Ignored,
}

impl ImageStatus {
    /// All statuses; what needs a person comes first.
    pub const ALL: [Self; 5] = [Self::Failed, Self::Held, Self::Update, Self::UpToDate, Self::Ignored];

    /// Returns the word that scripts read.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Update => "update",
            Self::UpToDate => "up-to-date",
            Self::Ignored => "ignored",
        }
    }

    /// Returns the words that people read.
    pub fn label(self) -> &'static str {
        match self {
            Self::UpToDate => "up to date",
            Self::Failed | Self::Held | Self::Update | Self::Ignored => self.as_str(),
        }
    }
}

impl Serialize for ImageStatus {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
