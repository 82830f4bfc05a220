//! Splits a YAML stream into documents before they are parsed, so that an invalid one does not affect the others, and one
//! without references is not parsed at all.

use super::span::Span;

/// Splits a stream where a document begins with `---`.
///
/// A line that begins with `---` ends everything above it, including block scalars (YAML 1.2.2, 9.1.2 and
/// `c-forbidden`). Text before the first `---` belongs to the first document if it is only comments and directives.
pub fn documents(text: &str) -> Vec<Span> {
    let bytes = text.as_bytes();
    let mut spans = Vec::new();
    let mut start = 0;
    for at in memchr::memmem::find_iter(bytes, b"---") {
        let begins_line = at == 0 || matches!(bytes[at - 1], b'\n' | b'\r');
        let is_marker = begins_line && matches!(bytes.get(at + 3), None | Some(b' ' | b'\t' | b'\n' | b'\r'));
        if is_marker && at > start && !is_prologue(&text[start..at]) {
            // Directives belong to the document that follows them.
            let split = start + directives_start(&text[start..at]);
            spans.push(Span::new(start, split));
            start = split;
        }
    }
    spans.push(Span::new(start, bytes.len()));
    spans
}

/// Returns whether a text consists of comments, directives and blank lines.
fn is_prologue(text: &str) -> bool {
    text.lines().all(|line| {
        let line = line.trim_start();
        line.is_empty() || line.starts_with('#') || line.starts_with('%')
    })
}

/// Returns where the directives at the end of a document begin; its length if there are none. They follow a `...` line.
fn directives_start(text: &str) -> usize {
    match text.rfind("\n...") {
        Some(end) if text[end + 4..].contains("\n%") => {
            let rest = &text[end + 4..];
            if is_prologue(rest.split_once('\n').map_or("", |(_, rest)| rest)) {
                end + 4 + rest.find('\n').map_or(0, |n| n + 1)
            } else {
                text.len()
            }
        }
        _ => text.len(),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn splits_where_documents_begin() {
        #[rustfmt::skip]
        let rows: [(&str, &[&str]); 8] = [
            ("a: 1\n",                          &["a: 1\n"]),
            ("",                                &[""]),
            ("---\na: 1\n---\nb: 2",            &["---\na: 1\n", "---\nb: 2"]),
            ("# c\n%YAML 1.2\n---\na: 1\n",     &["# c\n%YAML 1.2\n---\na: 1\n"]),
            ("a: |\n  ---\n--- x\n",            &["a: |\n  ---\n", "--- x\n"]),
            ("a: 1\n...\n%YAML 1.2\n---\nb: 1", &["a: 1\n...\n", "%YAML 1.2\n---\nb: 1"]),
            ("a: ----\n----\n---x",             &["a: ----\n----\n---x"]),
            ("a: 1\r\n---\r\nb: 1\r\n",         &["a: 1\r\n", "---\r\nb: 1\r\n"]),
        ];
        for (text, parts) in rows {
            let got: Vec<&str> = documents(text).into_iter().map(|s| &text[s.range()]).collect();
            assert_eq!(got, parts, "{text:?}");
        }
    }
}
