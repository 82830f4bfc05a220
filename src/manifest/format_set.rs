//! A set of formats and what they declare together.

use super::format::{Format, TextParser};
use super::options::FindOptions;
use super::screen::{Screen, matches_name};

/// Formats in the order in which they read a document, and the joined table of what they declare.
pub(super) struct FormatSet<'f> {
    pub(super) formats: &'f [&'f dyn Format],
    pub(super) screen: Screen,
}

impl<'f> FormatSet<'f> {
    pub(super) fn new(formats: &'f [&'f dyn Format]) -> Self {
        let needles: Vec<&str> = formats.iter().flat_map(|format| format.needles()).copied().collect();
        let ignored = formats.iter().flat_map(|format| format.ignored()).copied().collect();
        let texts = formats.iter().filter(|format| format.text_parser().is_some());
        let text_keys = texts.flat_map(|format| format.files().iter().chain(format.embedded_keys())).copied();
        Self { formats, screen: Screen::new(&needles, ignored, text_keys.collect()) }
    }

    /// Returns the name and the parser of the format of a text in a YAML document, if it is not YAML itself: the format that
    /// its key names, else the one that recognizes it.
    pub(super) fn text_format(&self, key: &str, text: &str) -> Option<(&'static str, TextParser)> {
        let texts = || self.formats.iter().filter_map(|format| Some((format, format.text_parser()?)));
        let is_under = |format: &dyn Format| {
            format.is_named(key) || format.embedded_keys().iter().any(|pattern| matches_name(pattern, key))
        };
        let named = texts().find(|(format, _)| is_under(**format));
        let (format, parse) = named.or_else(|| texts().find(|(format, _)| format.recognizes(text)))?;
        Some((format.name(), parse))
    }

    /// Returns whether the reader of a document reads comments after other text. `None` is YAML.
    pub(super) fn reads_trailing_comments(&self, format: Option<&str>) -> bool {
        let known = format.and_then(|name| self.formats.iter().find(|format| format.name() == name));
        known.is_none_or(|format| format.reads_trailing_comments())
    }

    /// Returns whether a file is read, judged by its path.
    pub(super) fn reads(&self, path: &str, options: &FindOptions) -> bool {
        self.formats.iter().any(|format| format.reads(path, options)) || options.is_named(path)
    }

    /// Returns whether a file is a YAML stream, judged by its name.
    pub(super) fn reads_yaml(&self, path: &str, options: &FindOptions) -> bool {
        let named = |is_text: bool| {
            self.formats.iter().any(|format| format.text_parser().is_some() == is_text && format.is_named(path))
        };
        (named(false) || options.is_named(path)) && !named(true)
    }
}
