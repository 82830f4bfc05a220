//! Expressions of template languages in YAML: Go templates, Jinja, ERB.

/// The marks of expressions: where one begins, and where it ends.
const MARKS: [(&str, &str); 3] = [("{{", "}}"), ("{%", "%}"), ("<%", "%>")];

/// The beginning and the end of the text in place of an expression, and the filling between them.
const PLACEHOLDER: (&str, u8, &str) = ("<%", b'_', "%>");

/// The endings of file names of templates.
const ENDINGS: [&str; 7] = [".gotmpl", ".tmpl", ".tpl", ".j2", ".jinja", ".jinja2", ".erb"];

/// Returns a path without the ending of a template: `helmfile.yaml` of `helmfile.yaml.gotmpl`.
pub fn without_template_ending(path: &str) -> &str {
    ENDINGS.iter().find_map(|ending| path.strip_suffix(ending)).unwrap_or(path)
}

/// Returns the text with plain text of the same length in place of its expressions, so that it may parse as YAML; `None` without
/// any. A line that holds nothing else becomes a comment.
pub fn without_expressions(text: &str) -> Option<String> {
    let spans = expressions(text);
    if spans.is_empty() {
        return None;
    }
    let mut bytes = text.as_bytes().to_vec();
    for (start, end) in &spans {
        fill(&mut bytes[*start..*end]);
    }
    let mut at = 0;
    for line in text.split_inclusive('\n') {
        let range = at..at + line.len();
        at = range.end;
        let in_line: Vec<_> = spans.iter().filter(|(start, end)| *start < range.end && range.start < *end).collect();
        let is_expression = |byte: usize| in_line.iter().any(|(start, end)| (*start..*end).contains(&byte));
        let mut outside = range.clone().filter(|byte| !is_expression(*byte)).map(|byte| text.as_bytes()[byte]);
        if let Some((start, _)) = in_line.first()
            && outside.all(|byte| byte.is_ascii_whitespace())
        {
            bytes[(*start).max(range.start)] = b'#';
        }
    }
    String::from_utf8(bytes).ok()
}

/// Returns whether a value as parsed holds a placeholder.
pub fn has_placeholder(value: &str) -> bool {
    value.contains(PLACEHOLDER.0)
}

/// Returns the expressions that are closed.
fn expressions(text: &str) -> Vec<(usize, usize)> {
    let mut found = Vec::new();
    let mut at = 0;
    while let Some((start, ending)) = first_mark(&text[at..]) {
        let start = at + start;
        let Some(length) = text[start + 2..].find(ending) else { break };
        at = start + 2 + length + ending.len();
        found.push((start, at));
    }
    found
}

fn first_mark(text: &str) -> Option<(usize, &'static str)> {
    let found = MARKS.iter().filter_map(|(beginning, ending)| Some((text.find(beginning)?, *ending)));
    found.min_by_key(|(at, _)| *at)
}

/// Replaces an expression by the placeholder. Line ends stay.
fn fill(bytes: &mut [u8]) {
    let (beginning, filling, ending) = PLACEHOLDER;
    for byte in bytes.iter_mut().filter(|byte| !matches!(**byte, b'\n' | b'\r')) {
        *byte = filling;
    }
    let last = bytes.len() - ending.len();
    bytes[..beginning.len()].copy_from_slice(beginning.as_bytes());
    bytes[last..].copy_from_slice(ending.as_bytes());
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn replaces_expressions_by_text_of_the_same_length() {
        #[rustfmt::skip]
        let rows = [
            ("a: {{ .b | default \"1\" }}\n",   Some("a: <%__________________%>\n")),
            ("a: x/{{é}}:1\n",                  Some("a: x/<%__%>:1\n")),
            ("{{- if .a }}\nb: 1\n  {% c %}\n", Some("#%________%>\nb: 1\n  #%___%>\n")),
            ("- <%= a %>\n",                    Some("- <%____%>\n")),
            ("a: {{ b\n  c }}\nd: 1\n",         Some("a: <%__\n#___%>\nd: 1\n")),
            ("a: {{}}\n",                       Some("a: <%%>\n")),
            ("a: {{ b\n",                       None),
            ("a: {b: {c: d}}\n",                None),
        ];
        for (text, expected) in rows {
            assert_eq!(without_expressions(text).as_deref(), expected, "{text}");
        }
    }

    #[test]
    fn removes_the_ending_of_a_template() {
        assert_eq!(without_template_ending("a/helmfile.yaml.gotmpl"), "a/helmfile.yaml");
        assert_eq!(without_template_ending("a.yaml"), "a.yaml");
    }
}
