//! Image names, tags, digests, references, and the shapes of tags. Text only: no registry is involved.
//!
//! A reference keeps the text that it was written with, because edits change that text. Comparisons (grouping, rules) use the
//! normalized [`ImageName`].

mod architecture;
mod bundled_product;
mod commit_hash;
mod declared;
mod digest;
mod facts;
mod name;
mod reference;
mod scan;
mod shape;
mod stage;
mod tag;
mod timestamp;

pub use architecture::architectures;
pub use bundled_product::BUNDLED_PRODUCTS;
pub use commit_hash::{SHORTEST as SHORTEST_HASH, commit_hash_at, commit_word, is_numeric_hash, may_be_hash};
pub use declared::{AppVersion, ReferencePattern, TagField};
pub use digest::{Digest, DigestError};
pub use facts::{ImageFacts, Platform, PlatformError, is_reproducible};
pub use name::{ImageName, NameError, begins_with_registry, registry_host};
pub use reference::{ImageReference, ReferenceError};
pub use scan::words;
pub use shape::{Part, Shape};
pub use stage::PreReleaseStage;
pub use tag::{Tag, TagError, is_attachment};
pub use timestamp::{is_date, is_day, is_version_with_year, month, small, timestamp_millis, year, year_last_order};
