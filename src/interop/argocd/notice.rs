//! Notices about settings of Argo CD Image Updater: settings that cannot be applied, and settings without effect.
//! No setting is dropped silently.

use crate::interop::objects::Object;
use crate::manifest::{Notice, NoticeStatus, Place};

/// The format in notices: that of the manifests which hold the objects.
const FORMAT: &str = "argo-cd";

/// Returns the place of a value in an object, for a notice about it.
pub(crate) fn place(object: &Object, pointer: &str, value: String) -> Place {
    Place {
        path: object.path.as_str().into(),
        position: object.place(pointer),
        field: format!("{}{}", object.field_prefix, field_path(pointer)),
        value,
        span: None,
    }
}

/// Returns a notice that a person has to act on.
pub(crate) fn held(place: Place, reason: impl Into<String>) -> Notice {
    Notice { place, format: FORMAT, status: NoticeStatus::Held, reason: reason.into() }
}

/// Returns a notice about a setting without effect.
pub(crate) fn ignored(place: Place, reason: impl Into<String>) -> Notice {
    Notice { place, format: FORMAT, status: NoticeStatus::Ignored, reason: reason.into() }
}

/// Returns `/metadata/annotations/a.b/c` as `list` prints it. Keys of annotations contain slashes.
fn field_path(pointer: &str) -> String {
    let (path, annotation) = match pointer.split_once("/annotations/") {
        Some((path, key)) => (format!("{path}/annotations"), format!("[{key:?}]")),
        None => (pointer.to_owned(), String::new()),
    };
    let steps = path.split('/').filter(|step| !step.is_empty()).map(|step| match step.parse::<usize>() {
        Ok(at) => format!("[{at}]"),
        Err(_) => format!(".{step}"),
    });
    steps.collect::<String>().trim_start_matches('.').to_owned() + &annotation
}
