//! Why a candidate is excluded.

use jiff::Timestamp;

use crate::image::{Tag, TagError};
use crate::policy::versions::Bump;

/// Why a candidate is excluded.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rejection {
    /// It is not a legal tag.
    InvalidTag(TagError),
    /// It is attached to an image, such as a signature.
    Attachment,
    /// `include` does not match it.
    NotIncluded(Vec<Box<str>>),
    /// This pattern of `exclude` matches it.
    Excluded(Box<str>),
    /// `allow` does not contain it.
    NotAllowed(Vec<Box<str>>),
    /// This pattern of `ignore` matches it.
    Ignored(Box<str>),
    /// It changes a greater part of the version than `max-bump` allows.
    Bump {
        /// The current tag.
        current: Tag,
        /// The part that changes.
        bump: Bump,
        /// The greatest part that may change.
        max: Bump,
    },
    /// One of its numbers is out of proportion.
    Outlier {
        /// The current tag.
        current: Tag,
    },
    /// It is a suspicious step, and the image was built long before that of the current tag.
    OlderBuild {
        /// When it was built.
        built: Timestamp,
        /// The current tag.
        current: Tag,
        /// When that was built.
        than: Timestamp,
    },
    /// The policy ranks it higher, and its version is lower than that of this current tag.
    LowerVersion(Tag),
    /// The policy cannot compare it with this current tag.
    Incomparable(Tag),
    /// A number in it is a commit, as the tags beside it show.
    NumericCommit,
    /// It is a pre-release, and a release is newer than this current tag.
    LineReleased(Tag),
    /// It is older than this current tag.
    Older(Tag),
    /// Its year has four digits, and that of this current tag has two: `2024.07` beside `24.06`.
    OtherYearFormat(Tag),
    /// The policy ranks it lower, although its date is later than that of this current tag.
    LaterDate(Tag),
    /// It has the same place in the order as this current tag.
    NotNewer(Tag),
    /// The policy pins another tag.
    NotPinned,
    /// It is outside this range.
    OutOfRange(Box<str>),
    /// `pre-releases` is not set.
    PreReleasesOff,
    /// The current tag is of this variant.
    OtherVariant(Box<str>),
    /// It is not a semantic version.
    NotSemVer,
    /// It has fewer than three numbers.
    PartialVersion,
    /// It is a pre-release, and the current tag is not.
    PreRelease,
    /// It is an earlier stage of a pre-release than the current tag.
    EarlierStage,
    /// It does not have this calendar layout.
    OtherLayout(Box<str>),
    /// It is not a number.
    NotANumber,
    /// The zero padding of its numbers differs from the current tag.
    NumberFormat,
    /// It has another shape than the current tag.
    OtherShape {
        /// The shape of the candidate.
        shape: Box<str>,
        /// The shape of the current tag.
        current: Box<str>,
    },
    /// It does not match this pattern.
    NoMatch(Box<str>),
    /// A group of the pattern has a text that its order cannot read.
    UnreadableGroup {
        /// The name of the group.
        group: Box<str>,
        /// The text of the group.
        text: Box<str>,
        /// How the group is ordered.
        order: Box<str>,
    },
    /// The image does not record when it was built, or has the time of a reproducible build.
    NoBuildTime,
    /// The registry does not list it.
    NotListed,
    /// Its image cannot be read: an index without its images, or a format that no runtime reads.
    Unreadable(Box<str>),
    /// It is an artifact of this type, and the reference is to a container image.
    NotAnImage(Box<str>),
    /// It does not name a commit.
    NoCommit,
    /// The image has no revision label.
    NoRevisionLabel,
    /// The text around the commit differs from that of the current tag.
    SurroundingText,
    /// Its commit is not in this history.
    CommitNotFound {
        /// The commit, if the tag names it.
        commit: Option<Box<str>>,
        /// The name of the history.
        history: Box<str>,
    },
    /// Its commit is the prefix of several in this history.
    CommitAmbiguous {
        /// The commit, if the tag names it.
        commit: Option<Box<str>>,
        /// The name of the history.
        history: Box<str>,
    },
    /// The text that `extract` takes from it is rejected.
    Extracted(Box<str>, Box<Rejection>),
    /// The policy cannot order it.
    Unorderable,
}
