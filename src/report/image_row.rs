//! Where each image stands: one row for each reference to it, whatever became of it.

use jiff::Timestamp;
use serde::{Serialize, Serializer};

use super::explanation::timestamp;

/// One image at one reference. Places where all the rest is the same share a row.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub struct ImageRow {
    /// What a person should look at comes first.
    pub state: ImageState,
    /// The normalised name.
    pub name: String,
    /// Tag, digest or both, as they stand there.
    pub current: String,
    /// The newest that its policy allows, the current one included; `None` where that is not known.
    pub newest: Option<String>,
    /// When the newest was built, where that was looked up and the image tells it.
    #[serde(serialize_with = "timestamp")]
    pub built: Option<Timestamp>,
    /// What governs it.
    pub policy: Option<String>,
    /// Why it stands so.
    pub reason: String,
    /// What to do next.
    pub hint: Option<String>,
    /// The branch of the pull request that is about it: a key into the report's proposals.
    pub branch: Option<String>,
    /// Where it stands: `path:line`.
    pub places: Vec<String>,
}

/// Where an image stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum ImageState {
    /// It could not be looked up, or its change not be written.
    Failed,
    /// A person has to do something first.
    Held,
    /// There is something newer.
    Update,
    /// There is nothing newer.
    UpToDate,
    /// Nothing governs it.
    NotOurs,
}

impl ImageState {
    /// All of them, what needs a person first.
    pub const ALL: [Self; 5] = [Self::Failed, Self::Held, Self::Update, Self::UpToDate, Self::NotOurs];

    /// As scripts read it.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Failed => "failed",
            Self::Held => "held",
            Self::Update => "update",
            Self::UpToDate => "up-to-date",
            Self::NotOurs => "not-ours",
        }
    }
}

impl Serialize for ImageState {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}
