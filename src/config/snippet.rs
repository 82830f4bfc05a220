//! Renders problems of a configuration with the line that they are about, as `rustc` does. Without color: how a message
//! is colored is decided where it is printed.

use std::fmt;

use annotate_snippets::{AnnotationKind, Group, Level, Renderer, Snippet};

use super::error::{ConfigError, ConfigErrors};
use super::excerpt::marked;
use crate::text::{Position, visible};

impl std::error::Error for ConfigErrors {}

/// All problems, rendered. The first is without its `error: `, which is added where the message is printed.
impl fmt::Display for ConfigErrors {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let rendered = self.iter().map(render).collect::<Vec<_>>().join("\n\n");
        f.write_str(rendered.strip_prefix("error: ").unwrap_or(&rendered))
    }
}

/// Returns the operation and its problem, the place, the marked line and the hint.
fn render(error: &ConfigError) -> String {
    // Names and messages stay on one line, so that nothing in them looks like another line of the error.
    let (title, path) = (visible(&error.to_string()).into_owned(), visible(&error.path));
    let (Position { line, column }, hint) = (error.position, visible(&error.hint));
    let Some(span) = marked(&error.line, column) else {
        // The line is cut before the place, which alone would be followed by an empty margin.
        return format!("error: {title}\n --> {path}:{line}:{column}\nhint: {hint}");
    };
    let snippet = Snippet::source(&*error.line).line_start(line).path(&*path);
    let problem = Level::ERROR.primary_title(title).element(snippet.annotation(AnnotationKind::Primary.span(span)));
    let hint = Level::HELP.with_name("hint").secondary_title(&*hint);
    Renderer::plain().render(&[problem, Group::with_title(hint)])
}
