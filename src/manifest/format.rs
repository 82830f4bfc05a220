//! The trait of all manifest formats. A format declares what it reads and finds references; it never edits.

use super::document::Document;
use super::found::DocumentFindings;
use super::options::{FindOptions, ValuesImage};
use super::screen::{Ignored, file_name, matches_name};
use crate::text::{NodeId, Tree};

/// One kind of manifest: its files and documents, and where in them image references are.
pub trait Format: Sync {
    /// The name that `list` prints, which is also the name of the folder of its fixtures.
    fn name(&self) -> &'static str;

    /// A description in one line.
    fn about(&self) -> &'static str;

    /// The names of its files; `*` at one end matches any text.
    fn files(&self) -> &'static [&'static str] {
        &["*.yaml", "*.yml", "*.json", "*.jsonc"]
    }

    /// Texts of which every YAML document with a reference of this format holds one. Other documents are not parsed.
    fn needles(&self) -> &'static [&'static str] {
        &[]
    }

    /// Objects and files whose references all formats report as ignored, and the reasons.
    fn ignored(&self) -> &'static [Ignored] {
        &[]
    }

    /// The parser of its files if they are not YAML.
    fn text_parser(&self) -> Option<TextParser> {
        None
    }

    /// Names of keys whose value is a text of this format, beside the names of its files; `*` at one end matches any text.
    fn embedded_keys(&self) -> &'static [&'static str] {
        &[]
    }

    /// Returns whether the reader of its files reads comments after other text, if they are not YAML.
    fn reads_trailing_comments(&self) -> bool {
        true
    }

    /// The name of the file, in the same folder, that sets the variables in its values.
    fn variables_file(&self) -> Option<&'static str> {
        None
    }

    /// Returns whether a text in a YAML document is of this format whatever its key, if it does not hold YAML.
    fn recognizes(&self, _text: &str) -> bool {
        false
    }

    /// Returns whether a file has one of the names in [`files`](Self::files).
    fn is_named(&self, path: &str) -> bool {
        let name = file_name(path);
        self.files().iter().any(|pattern| matches_name(pattern, name))
    }

    /// Returns whether it reads a file, judged by its path.
    fn reads(&self, path: &str, _options: &FindOptions) -> bool {
        self.is_named(path)
    }

    /// Returns whether a document is of this format, judged by its path and its content. Without a method of its own, a
    /// format matches what its own parser read, else the YAML documents of the files in [`files`](Self::files).
    fn matches(&self, document: &Document<'_>) -> bool {
        match document.text_format() {
            Some(format) => format == self.name(),
            None => self.text_parser().is_none() && self.is_named(document.path),
        }
    }

    /// Reports every reference in the document that no earlier format has reported.
    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>);

    /// Returns the images that are composed from values of an embedded document, where objects of this format declare
    /// them.
    fn images_of_embedded(&self, _document: &Document<'_>, _node: NodeId) -> Vec<ValuesImage> {
        Vec::new()
    }

    /// Returns the images that are composed from values of other files, where objects of this format in a file declare
    /// them: each with the path of the file that has the values.
    fn images_of_other_files(&self, _bytes: &[u8]) -> Vec<(String, ValuesImage)> {
        Vec::new()
    }
}

/// Parses a file that is not YAML: its path, its text and the options.
pub type TextParser = for<'a> fn(&str, &'a str, &'a FindOptions) -> Tree<'a>;
