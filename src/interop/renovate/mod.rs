//! Renovate: `# renovate:` comments beside values, and its configuration file.

mod comment;
mod common_settings;
mod files;
mod matchers;
mod package_rules;
mod rules;
pub mod settings;
mod translate;
mod untranslated;

pub use comment::policy;
pub use files::{FILES, configures};
pub use translate::{RenovateError, translate};
