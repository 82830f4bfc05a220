//! Edits as a unified diff that `git apply` accepts.

use std::borrow::Cow;
use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use super::run_report::FileChange;
use super::style::{RenderOptions, TextStyle};
use crate::text::visible;

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// Returns a unified diff of all files. Bytes that are not valid UTF-8 become replacement characters.
pub fn diff(files: &[FileChange], options: RenderOptions) -> String {
    let mut out = String::new();
    for file in files {
        write_file(&mut out, file, options);
    }
    out
}

fn write_file(out: &mut String, file: &FileChange, options: RenderOptions) {
    let (before, after) = (String::from_utf8_lossy(&file.before), String::from_utf8_lossy(&file.after));
    let lines = TextDiff::from_lines(before.as_ref(), after.as_ref());
    for (sign, side) in [("---", 'a'), ("+++", 'b')] {
        let heading = format!("{sign} {}", quoted(&format!("{side}/{}", file.path)));
        let _ = writeln!(out, "{}", options.paint_line(TextStyle::Heading, &heading));
    }
    for hunk in lines.unified_diff().context_radius(CONTEXT).iter_hunks() {
        let _ = writeln!(out, "{}", options.paint(TextStyle::Location, &hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let (sign, style) = match change.tag() {
                ChangeTag::Delete => ('-', TextStyle::Error),
                ChangeTag::Insert => ('+', TextStyle::Success),
                ChangeTag::Equal => (' ', TextStyle::Plain),
            };
            let line = change.value().strip_suffix('\n').unwrap_or(change.value());
            let (line, end) = line.strip_suffix('\r').map_or((line, ""), |line| (line, "\r"));
            let _ = writeln!(out, "{}{end}", options.paint_line(style, &format!("{sign}{line}")));
            if change.missing_newline() {
                let _ = writeln!(out, "\\ No newline at end of file");
            }
        }
    }
}

/// Returns a path as git writes it: within quotation marks and with octal bytes if it holds characters that act on other text
/// (`core.quotePath` in git-config).
fn quoted(path: &str) -> Cow<'_, str> {
    if visible(path) == path && !path.contains(['"', '\\']) {
        return Cow::Borrowed(path);
    }
    let mut out = String::from("\"");
    for byte in path.bytes() {
        let _ = match byte {
            b'"' | b'\\' => write!(out, "\\{}", char::from(byte)),
            b' '..=b'~' => write!(out, "{}", char::from(byte)),
            _ => write!(out, "\\{byte:03o}"),
        };
    }
    out.push('"');
    Cow::Owned(out)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_paths_as_git_does() {
        for (path, expected) in [
            ("a/caf\u{e9} b.yaml", "a/caf\u{e9} b.yaml"),
            ("a/\n\u{202e}\u{1b}.yaml", r#""a/\012\342\200\256\033.yaml""#),
            ("a/\"\\.yaml", r#""a/\"\\.yaml""#),
        ] {
            assert_eq!(quoted(path), expected);
        }
    }

    #[test]
    fn matches_the_diff_of_git() {
        let file = FileChange {
            path: "apps/api.yaml".to_owned(),
            before: b"kind: Pod\nspec:\n  containers:\n  - name: api\n    image: api:1".to_vec(),
            after: b"kind: Pod\nspec:\n  containers:\n  - name: api\n    image: api:2".to_vec(),
        };
        let expected = "--- a/apps/api.yaml
+++ b/apps/api.yaml
@@ -2,4 +2,4 @@
 spec:
   containers:
   - name: api
-    image: api:1
\\ No newline at end of file
+    image: api:2
\\ No newline at end of file
";
        assert_eq!(diff(&[file], RenderOptions::default()), expected);
    }
}
