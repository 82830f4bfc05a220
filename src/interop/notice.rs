//! What is to be said about settings of other tools that stand in the manifests: those that can't be honoured, and those
//! that have no meaning here. Nothing is dropped in silence.

use super::objects::Object;
use crate::text::Position;

/// One thing to be said, and the place that it is about.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Notice {
    /// The file, from the root of the repository.
    pub path: String,
    /// Where in it.
    pub position: Position,
    /// The route of the value.
    pub field: String,
    /// What stands there.
    pub value: String,
    /// Whether a person should do something about it.
    pub held: bool,
    /// A lower-case fragment.
    pub reason: String,
}

impl Notice {
    /// About a value of an object.
    pub(crate) fn at(object: &Object, pointer: &str, value: String) -> Self {
        let field = format!("{}{}", object.route, route(pointer));
        let (path, position) = (object.path.clone(), object.place(pointer));
        Self { path, position, field, value, held: false, reason: String::new() }
    }

    /// A person should do something about it.
    #[must_use]
    pub(crate) fn held(self, reason: String) -> Self {
        Self { held: true, reason, ..self }
    }

    /// It is left alone.
    #[must_use]
    pub(crate) fn not_ours(self, reason: impl Into<String>) -> Self {
        Self { held: false, reason: reason.into(), ..self }
    }
}

/// `/metadata/annotations/a.b/c` as `list` writes it; keys of annotations have slashes of their own.
fn route(pointer: &str) -> String {
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
