//! Renovate: `# renovate:` comments beside values, and its configuration file.

mod comment;
mod files;
mod matchers;
mod rules;
pub mod settings;
mod translate;
mod untranslated;

pub use comment::policy;
pub use files::{FILES, configures};
pub use translate::{RenovateError, translate};
