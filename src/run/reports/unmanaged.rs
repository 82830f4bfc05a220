//! Images and files that the command line names and that the command cannot update: no manifest uses the image, no policy manages it, or
//! no file matches.

use std::collections::BTreeSet;

use crate::docs::hint;
use crate::govern::{Listed, Status};
use crate::image::{ImageName, ImageReference};
use crate::manifest::Finding;
use crate::report::{FailureRow, Subject};
use crate::run::subjects::Scope;

use super::decided::location;

/// Returns a failure for each of these images, and for each glob that matches no file.
pub(super) fn unmanaged(scope: &Scope, listed: &[Listed], unmatched_paths: &[String]) -> Vec<FailureRow> {
    let names = scope.images.iter().map(ImageReference::name).collect::<BTreeSet<_>>();
    let images = names.into_iter().filter_map(|name| failure(name, scope, listed));
    images.chain(unmatched_paths.iter().map(|glob| unmatched_path(glob))).collect()
}

fn unmatched_path(glob: &str) -> FailureRow {
    FailureRow {
        subject: Subject::File(glob.to_owned()),
        host: None,
        cause: None,
        reason: "no file matches this --path".to_owned(),
        hint: Some(hint!(
            "command-line.md#select-images",
            "write the glob from the root of the repository, as in `--path \"envs/staging/**\"`, or omit it"
        )),
        locations: Vec::new(),
    }
}

fn failure(name: &ImageName, scope: &Scope, listed: &[Listed]) -> Option<FailureRow> {
    let is_of_image = |one: &&Listed| match &one.finding {
        Finding::Occurrence(occurrence) => occurrence.reference.name() == name,
        Finding::Notice(notice) => notice.image_name().is_some_and(|other| other == *name),
    };
    let in_scope = listed.iter().filter(|one| scope.covers_path(&one.place().path));
    let found = in_scope.filter(is_of_image).collect::<Vec<_>>();
    let ignored = found.iter().filter_map(|one| match &one.status {
        Status::Ignored(reason) => Some((one, reason)),
        Status::Managed(_) | Status::Held { .. } => None,
    });
    let ignored = ignored.collect::<Vec<_>>();
    if ignored.len() < found.len() {
        return None;
    }
    let paths = if scope.paths.is_some() { " in the files of --path" } else { "" };
    // What is ignored for its form has a reason of its own beside a reference without a policy.
    let reference = ignored.iter().find(|(one, _)| matches!(one.finding, Finding::Occurrence(_)));
    let (reason, hint) = match (reference, ignored.first()) {
        (Some((_, reason)), _) => (
            format!("no policy manages it{paths}: {reason}"),
            hint!("configuration.md#rules", "add a rule for this image to tagboat.yaml, or remove it from --image"),
        ),
        (None, Some((_, reason))) => (
            format!("no tag to change{paths}: {reason}"),
            hint!("formats.md#what-an-edit-changes", "write the first tag into the manifest by hand"),
        ),
        (None, None) => (
            format!("no manifest uses it{paths}"),
            hint!("command-line.md#select-images", "{}", next_step(name, listed)),
        ),
    };
    Some(FailureRow {
        subject: Subject::Image(name.to_string()),
        host: None,
        cause: None,
        reason,
        hint: Some(hint),
        locations: found.iter().map(|one| location(&one.place().path, one.place().position)).collect(),
    })
}

/// Returns what to do about an image that no manifest uses: the name of the only image that ends in the same word is meant.
fn next_step(name: &ImageName, listed: &[Listed]) -> String {
    let occurrences = listed.iter().filter_map(|one| match &one.finding {
        Finding::Occurrence(occurrence) => Some(occurrence),
        Finding::Notice(_) => None,
    });
    // Every other finding of this image is outside the files of --path.
    if let Some(found) = occurrences.clone().find(|found| found.reference.name() == name) {
        return format!("use a `--path` that matches {}, which has this image, or omit it", found.place.path);
    }
    let names = occurrences.map(|found| found.reference.name());
    let alike = names.filter(|other| other.base() == name.base()).map(ImageName::as_str).collect::<BTreeSet<_>>();
    match alike.into_iter().collect::<Vec<_>>()[..] {
        [only] => format!("write the full name, {only}"),
        _ => "run `tagboat list` to see the names of all images".to_owned(),
    }
}
