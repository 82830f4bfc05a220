//! Reasons as data. Their text is in `text.rs`; code compares variants and never text.

mod rejection;
mod text;

use std::time::Duration;

use jiff::Timestamp;

use crate::image::{Digest, Platform, Tag};

pub use rejection::Rejection;

/// Why a candidate got its verdict, or an image its outcome. Its text is a lower-case fragment without a full stop.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Reason {
    /// Why a version is selected, or may be.
    Accepted(Acceptance),
    /// Why a candidate is excluded.
    Rejected(Rejection),
    /// Why a candidate is not eligible yet.
    NotEligibleYet(Ineligibility),
    /// Why a person has to act.
    Held(Hold),
    /// Why no decision is possible.
    Unknown(Unknown),
}

/// Why a version is selected, or may be.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Acceptance {
    /// It is the greatest in the order of the policy.
    Newest(Newest),
    /// It may be selected, but another one ranks higher.
    Outranked(Tag),
    /// It may be selected.
    Eligible,
    /// It is the current tag.
    CurrentTag,
    /// The current tag is the newest one that matches.
    CurrentIsNewest(Remarks),
    /// No newer tag matches.
    NothingNewer(Remarks),
    /// The policy pins this tag, and the reference already has it.
    PinnedAlready {
        /// The tag that the reason is about.
        tag: Tag,
        /// The digest that it still resolves to.
        digest: Option<Digest>,
        /// The digest that it resolves to now, where the reference keeps another one.
        moved: Option<MovedDigest>,
    },
    /// The policy pins this tag.
    Pinned {
        /// The tag that the reason is about.
        tag: Tag,
        /// What selected it.
        source: PinSource,
        /// The digest to write.
        digest: Option<Digest>,
        /// The current digest of the same tag.
        old: Option<Digest>,
    },
    /// The current tag resolves to another digest, which the reference follows.
    DigestMoved(MovedDigest),
    /// The digest of the current tag is added.
    DigestAdded,
    /// A person or a script named the image on the command line, and no policy orders the current tag.
    Given,
    /// A person or a script named the image on the command line, and the policy allows it.
    GivenAllowed {
        /// Whether it is newer by the policy; unknown where the policy allows older tags.
        is_newer: bool,
        /// What the policy found.
        newest: Newest,
    },
    /// The reference already has the image that was named on the command line.
    GivenAlready,
    /// The current tag resolves to the digest that was named on the command line, and the reference has no digest.
    GivenUnpinned,
    /// An earlier run proposed it.
    ProposedEarlier,
}

/// How the newest tag was found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Newest {
    /// How many tags match, this one included; the current tag and older ones are not counted.
    pub matching: usize,
    /// The current tag, if the policy cannot read it.
    pub unread: Option<Unread>,
    /// When the image was built, if that decided.
    pub built: Option<Timestamp>,
    /// Whether it was built before the current tag, as far as the build times of both are known.
    pub is_older_build: bool,
    /// The best tag that is not eligible yet, or that is no successor.
    pub passed_over: Option<PassedOver>,
}

/// A current tag that the policy cannot read.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Unread {
    /// The current tag.
    pub tag: Tag,
    /// Whether the selected tag is greater by what every reading of versions can compare.
    pub is_lower: bool,
}

/// A tag that ranks higher than the selected one.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PassedOver {
    /// The tag that the reason is about.
    pub tag: Tag,
    /// Why it is not selected.
    pub cause: Box<Reason>,
}

/// What a person should know about an image that is up to date.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Remarks {
    /// The current tag, if it no longer resolves to the digest of the reference.
    pub moved: Option<MovedDigest>,
    /// The newest tags of another shape that are newer than the current tag.
    pub other_shapes: Vec<Tag>,
    /// A newer tag that is no successor.
    pub passed_over: Option<PassedOver>,
}

/// A tag that no longer resolves to the digest of the reference.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct MovedDigest {
    /// The tag that the reason is about.
    pub tag: Tag,
    /// The digest of the reference.
    pub from: Digest,
    /// The digest that the tag resolves to.
    pub to: Digest,
}

/// What selected a pinned tag.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum PinSource {
    /// The policy follows the digest of this tag.
    Floating,
    /// The policy names it.
    Exact,
    /// It is the tag at this place of the repository.
    Promoted(Box<str>),
}

/// Why a candidate is not eligible yet.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ineligibility {
    /// The image does not run on these platforms.
    Platforms(Vec<Platform>),
    /// The registry does not report its platforms.
    PlatformsUnknown,
    /// It is younger than `min-age`.
    TooYoung {
        /// `min-age`.
        min_age: Duration,
        /// What happened: `built`, `pushed`, `first seen`.
        event: &'static str,
        /// When it happened.
        since: Timestamp,
    },
    /// Its age is unknown. The time is that of a reproducible build.
    AgeUnknown(Option<Timestamp>),
    /// The lookup of its facts failed.
    LookupFailed(Box<str>),
}

/// Why a person has to act.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Hold {
    /// The reference has no tag.
    NoTag {
        /// Whether it has a digest.
        has_digest: bool,
    },
    /// The current tag has no version, so that its shape has no order.
    NoVersion(Box<str>),
    /// The current tag has a commit and no version, so that its shape has no order.
    Commit(Box<str>),
    /// The current tag is a commit with digits only, as the tags beside it show.
    NumericCommit(Box<str>),
    /// The policy cannot compare the current tag with any other, and does not name the image; or no reading shows that another tag is
    /// newer than this version.
    Incomparable {
        /// The tag that it would select.
        newest: Tag,
        /// The current tag.
        current: Tag,
        /// Whether the policy names the image.
        names_image: bool,
    },
    /// The filter rejects the current tag, and the policy compares each tag with it.
    CurrentFiltered(Tag, Rejection),
    /// The tag list is empty.
    NoTags,
    /// The tag list does not contain this tag.
    NotListed(Tag),
    /// The policy compares images, and that of the current tag cannot be read.
    CurrentUnreadable(Tag, Rejection),
    /// The filter or a bound excludes the pinned tag, or its image cannot be read.
    PinnedRejected(Tag, Rejection),
    /// The policy excludes the tag that was named on the command line.
    GivenRejected {
        /// The tag.
        tag: Tag,
        /// Why it is excluded.
        cause: Rejection,
        /// Whether the policy finds the current tag newer than what an open pull request proposes, too.
        is_current_newest: bool,
    },
    /// The image that was named on the command line has only a digest, and so has the reference.
    GivenWithoutTag,
    /// The bounds exclude the tag at another place of the repository.
    PromotedRejected {
        /// The tag that the reason is about.
        tag: Tag,
        /// The place in the repository that uses it.
        place: Box<str>,
        /// Why it is excluded.
        cause: Rejection,
    },
    /// The tag at another place of the repository is lower than the current tag.
    PromotedIsLower {
        /// The tag that the reason is about.
        tag: Tag,
        /// The place in the repository that uses it.
        place: Box<str>,
        /// The current tag.
        current: Tag,
    },
    /// The only candidate, or the best one, is not eligible yet.
    NotEligibleYet(Tag, Ineligibility),
    /// The current digest is that of one platform, for which the selected tag has several images: versions of Windows.
    AmbiguousPlatform(Tag, Platform),
    /// The newest matching tag is older than the current tag.
    NewestIsOlder {
        /// The newest matching tag.
        newest: Tag,
        /// The current tag.
        current: Tag,
    },
    /// The policy cannot place the current tag, and the newest matching tag has a lower version.
    NewestIsLower {
        /// The newest matching tag.
        newest: Tag,
        /// The current tag.
        current: Tag,
    },
    /// All tags are rejected.
    AllRejected {
        /// How many there are.
        count: usize,
        /// The tag that came closest.
        closest: Option<(Tag, Rejection)>,
    },
    /// The policy cannot order a tag that the filter accepts.
    Unorderable(Tag, Rejection),
}

/// Why no decision is possible.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Unknown {
    /// The registry did not list the tags.
    ListFailed(Box<str>),
    /// The lookup of a tag failed.
    LookupFailed(Tag, Box<str>),
    /// The lookup of the digest of a tag failed.
    DigestFailed(Tag, Box<str>),
    /// The registry does not report the digest of a tag.
    NoDigest(Tag),
    /// The registry does not report what a gate needs about a tag.
    Gate(Tag, Ineligibility),
    /// The best tags have the same place in the order.
    Tie {
        /// The first ones in byte order.
        tags: Vec<Tag>,
        /// How many more there are.
        more: usize,
    },
    /// A tag may be the newest, but its place in the order is unknown.
    MayBeNewest(Tag, Rejection),
    /// The place of the current tag in the order is unknown.
    Current {
        /// The text of the current tag.
        text: Box<str>,
        /// Why its place is unknown.
        cause: Rejection,
    },
    /// The commit of the current tag is not in the history.
    CurrentNotInHistory {
        /// The text of the current tag.
        text: Box<str>,
        /// Why its commit is not found.
        cause: Rejection,
        /// Whether the clone is shallow.
        shallow: bool,
    },
    /// The external facts that the policy needs were not read.
    NoExternalFacts,
    /// The history of a clone cannot be read.
    HistoryFailed {
        /// The name of the history.
        history: Box<str>,
        /// Why it cannot be read.
        error: Box<str>,
    },
    /// The policy follows other references, and no manifests were read.
    NoManifests,
    /// The reference at another place of the repository has no tag.
    PromotedNoTag(Box<str>),
    /// No other place of the repository has the image.
    NotPromoted,
    /// Other places of the repository have different tags or digests: each version with its place.
    PromotedDiffers([(Box<str>, Box<str>); 2]),
}

impl Reason {
    /// Returns the move of the current tag to another digest than the one that the reference keeps.
    pub fn moved_digest(&self) -> Option<&MovedDigest> {
        match self {
            Self::Accepted(Acceptance::PinnedAlready { moved, .. }) => moved.as_ref(),
            reason => reason.remarks()?.moved.as_ref(),
        }
    }

    /// Returns the newer tags of another shape, if nothing of the same shape is newer.
    pub fn other_shapes(&self) -> &[Tag] {
        self.remarks().map_or(&[], |remarks| &remarks.other_shapes)
    }

    /// Returns whether a person should read why an image is up to date: a tag moved, or something is newer or given and no successor.
    pub fn is_remarkable(&self) -> bool {
        self.moved_digest().is_some()
            || self.remarks().is_some_and(|remarks| !remarks.other_shapes.is_empty() || remarks.passed_over.is_some())
            || matches!(self, Self::Accepted(Acceptance::GivenUnpinned))
    }

    fn remarks(&self) -> Option<&Remarks> {
        match self {
            Self::Accepted(Acceptance::CurrentIsNewest(remarks) | Acceptance::NothingNewer(remarks)) => Some(remarks),
            _ => None,
        }
    }
}

macro_rules! from {
    ($($kind:ident => $variant:ident),*) => {
        $(impl From<$kind> for Reason {
            fn from(reason: $kind) -> Self {
                Self::$variant(reason)
            }
        })*
    };
}

from!(Acceptance => Accepted, Rejection => Rejected, Ineligibility => NotEligibleYet, Hold => Held, Unknown => Unknown);
