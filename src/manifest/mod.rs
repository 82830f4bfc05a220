//! Where references stand in manifests, and how to change them without touching anything else.

mod edit;
mod format;
mod occurrence;

pub use edit::Edit;
pub use occurrence::{Finding, Marker, Occurrence, Place, Remark, Site, Sites, Standing};
