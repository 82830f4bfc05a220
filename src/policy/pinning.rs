//! Whether a digest is written beside a tag.

/// Whether a digest is written beside a tag, and whether it follows the tag. The greater one prevails where two rules apply.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Pinning {
    /// No digest is added, and a digest changes only together with its tag.
    #[default]
    Keep,
    /// A digest is added where there is none.
    Add,
    /// A digest is added, and it changes whenever the tag moves to another image.
    Follow,
}
