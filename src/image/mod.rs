//! The OCI words: names, tags, digests, references. Pure text, no registry is ever asked here.
//!
//! A reference is kept with the text it was written in, because that text is what gets edited; everything that has
//! to be compared (grouping, matching a rule) uses the normalised [`ImageName`].

mod declared;
mod digest;
mod facts;
mod name;
mod reference;
mod tag;
pub mod version;

pub use declared::{AppVersion, ReferencePattern, TagField};
pub use digest::{Digest, DigestError};
pub use facts::{ImageFacts, Platform, PlatformError};
pub use name::{ImageName, NameError};
pub use reference::{ImageReference, ReferenceError};
pub use tag::{Tag, TagError};
