//! Text files that are read line by line.

use crate::text::{Span, TextEntry};

/// Receives an entry of a line: a key, a value, and the byte of the line at which the value starts.
pub(crate) type EmitEntry<'t, 'a> = &'t mut dyn FnMut(&'a str, &'a str, usize);

/// Returns the entries of a text in their order. `read_line` emits those of one line.
pub(crate) fn entries<'a>(text: &'a str, read_line: fn(&'a str, EmitEntry<'_, 'a>)) -> Vec<TextEntry<'a>> {
    let mut entries = Vec::new();
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        read_line(line, &mut |key, value: &'a str, start| {
            let span = Span::new(at + start, at + start + value.len());
            entries.push(TextEntry { key: key.into(), value: value.into(), start: at, span });
        });
        at += line.len();
    }
    entries
}
