//! The variables of templates for one change.

use minijinja::Value;
use serde::Serialize;

use crate::image::ImageReference;

use super::environment::environment;
use super::proposal::Change;

/// The variables of one change. A group template should use only those that stay the same when the policy selects a newer tag.
#[derive(Debug, Serialize)]
pub(super) struct ChangeValues<'a> {
    /// The normalized name: `docker.io/library/nginx`.
    pub(super) image: &'a str,
    /// Its last component: `nginx`.
    pub(super) name: &'a str,
    /// The file, from the root of the repository.
    pub(super) path: &'a str,
    /// The folder of the file; `.` at the root.
    pub(super) path_dir: &'a str,
    /// The environment in the path; empty if there is none.
    pub(super) environment: &'a str,
    /// The policy, as written.
    pub(super) policy: &'a str,
    /// `major`, `minor`, `patch`, `digest` or `other`.
    pub(super) bump: &'static str,
    /// The line in the file.
    pub(super) line: usize,
    /// The field path, such as `spec.containers[0].image`.
    pub(super) field: &'a str,
    /// The current tag; the digest where there is no tag.
    pub(super) from: String,
    /// The new tag; the digest where there is no tag.
    pub(super) to: String,
    /// Why the policy selects the new tag.
    pub(super) reason: &'a str,
    /// When the image was built: `2026-11-20 14:03 UTC`; empty if unknown.
    pub(super) built: String,
    /// The commit that it was built from; empty if unknown.
    pub(super) revision: String,
    /// The address of the comparison of the two commits; empty if unknown. It is marked as safe because it is checked.
    pub(super) compare: Value,
}

impl<'a> ChangeValues<'a> {
    pub(super) fn of(change: &'a Change) -> Self {
        Self {
            image: change.to.name().as_str(),
            name: change.to.name().base(),
            path: &change.path,
            path_dir: change.path.rsplit_once('/').map_or(".", |(folder, _)| folder),
            environment: environment(&change.path),
            policy: &change.policy,
            bump: change.bump(),
            line: change.position.line,
            field: &change.field,
            from: version(&change.from),
            to: version(&change.to),
            reason: &change.reason,
            built: String::new(),
            revision: String::new(),
            compare: Value::from(""),
        }
    }
}

/// Returns the tag, or the short digest of a reference without a tag.
pub(super) fn version(reference: &ImageReference) -> String {
    match (reference.tag(), reference.digest()) {
        (Some(tag), _) => tag.to_string(),
        (None, Some(digest)) => digest.short().to_owned(),
        (None, None) => "no tag".to_owned(),
    }
}
