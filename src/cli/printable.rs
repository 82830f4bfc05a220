//! What the program may print and write to report files, whatever is in it.

use crate::text::{without_commands, without_controls, without_controls_but_colors};

/// What a text may hold beyond lines of plain text.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Allowed {
    /// Codes that select colors.
    pub(super) colors: bool,
    /// Commands to a CI runner.
    pub(super) commands: bool,
}

/// Returns a text without control characters and commands to a CI runner, as far as they are not allowed. Everything that the
/// program prints passes here: names and messages of repositories, registries and forges are in it.
pub(super) fn printable(text: &str, allowed: Allowed) -> String {
    let text = if allowed.colors { without_controls_but_colors(text) } else { without_controls(text) };
    if allowed.commands { text.into_owned() } else { without_commands(&text).into_owned() }
}
