//! Why a candidate is not newer than the current tag, and how many checks it passed.

use super::bounds::OutOfBounds;
use crate::policy::filter::FilterError;
use crate::policy::ordered_policy::TagReadError;

/// Why a candidate is not newer. Small, because a listing may cause a hundred thousand of them.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum NotNewer {
    Filtered(FilterError),
    Unreadable(TagReadError),
    OutOfBounds(OutOfBounds),
    /// It has no place, because its image cannot be read or it is no image.
    NoImage,
    /// It is a commit, whose digits have no order.
    NumericCommit,
    /// It is for another architecture, or of another variant.
    OtherVariant,
    /// It is a pre-release, and a release is newer than the current tag.
    LineReleased,
    /// The current tag has no place, and no common reading compares it.
    Incomparable,
    /// The policy ranks it higher, but its version is lower.
    LowerVersion,
    Older,
    /// It has the same place as the current tag, which it may be itself.
    SamePlace,
}

impl NotNewer {
    /// Returns how many checks the candidate passed.
    pub(super) fn progress(self) -> u8 {
        match self {
            Self::Filtered(_) => 0,
            Self::Unreadable(TagReadError::Unreadable) | Self::NumericCommit => 1,
            Self::Unreadable(TagReadError::PreRelease) | Self::NoImage | Self::OtherVariant => 3,
            Self::Unreadable(_) => 2,
            Self::OutOfBounds(_)
            | Self::LineReleased
            | Self::Incomparable
            | Self::LowerVersion
            | Self::Older
            | Self::SamePlace => 4,
        }
    }
}
