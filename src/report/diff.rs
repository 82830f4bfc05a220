//! Edits as a unified diff, as `git diff` shows them and `git apply` takes them.

use std::fmt::Write as _;

use similar::{ChangeTag, TextDiff};

use super::page::{Page, Role};
use super::run_report::FileChange;

/// Lines of context around a change.
const CONTEXT: usize = 3;

/// A unified diff of all files. Bytes that are no UTF-8 are shown as replacement characters.
pub fn diff(files: &[FileChange], page: Page) -> String {
    let mut out = String::new();
    for file in files {
        one(&mut out, file, page);
    }
    out
}

fn one(out: &mut String, file: &FileChange, page: Page) {
    let (before, after) = (String::from_utf8_lossy(&file.before), String::from_utf8_lossy(&file.after));
    let lines = TextDiff::from_lines(before.as_ref(), after.as_ref());
    let heading = format!("--- a/{0}\n+++ b/{0}", file.path);
    let _ = writeln!(out, "{}", page.paint(Role::Strong, &heading));
    for hunk in lines.unified_diff().context_radius(CONTEXT).iter_hunks() {
        let _ = writeln!(out, "{}", page.paint(Role::Place, &hunk.header().to_string()));
        for change in hunk.iter_changes() {
            let (sign, role) = match change.tag() {
                ChangeTag::Delete => ('-', Role::Bad),
                ChangeTag::Insert => ('+', Role::Good),
                ChangeTag::Equal => (' ', Role::Plain),
            };
            let line = change.value().strip_suffix('\n').unwrap_or(change.value());
            let _ = writeln!(out, "{}", page.paint(role, &format!("{sign}{line}")));
            if change.missing_newline() {
                let _ = writeln!(out, "\\ No newline at end of file");
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn as_git_shows_it() {
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
        assert_eq!(diff(&[file], Page::default()), expected);
    }
}
