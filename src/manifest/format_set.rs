//! A set of formats and what they declare together.

use super::format::Format;
use super::options::FindOptions;
use super::screen::Screen;

/// Formats in the order in which they read a document, and the joined table of what they declare.
pub(super) struct FormatSet<'f> {
    pub(super) formats: &'f [&'f dyn Format],
    pub(super) screen: Screen,
}

impl<'f> FormatSet<'f> {
    pub(super) fn new(formats: &'f [&'f dyn Format]) -> Self {
        let needles: Vec<&str> = formats.iter().flat_map(|format| format.needles()).copied().collect();
        let ignored = formats.iter().flat_map(|format| format.ignored()).copied().collect();
        Self { formats, screen: Screen::new(&needles, ignored) }
    }

    /// Returns whether a file is read, judged by its path.
    pub(super) fn reads(&self, path: &str, options: &FindOptions) -> bool {
        self.formats.iter().any(|format| format.reads(path, options))
    }

    /// Returns whether a file is a YAML stream, judged by its name.
    pub(super) fn reads_yaml(&self, path: &str) -> bool {
        let named = |is_text: bool| {
            self.formats.iter().any(|format| format.text_parser().is_some() == is_text && format.is_named(path))
        };
        named(false) && !named(true)
    }
}
