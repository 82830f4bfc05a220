//! Applying edits, and the proof that nothing else changed.

use super::edit::{Edit, RefusedEdit};
use super::find::{occurrences, touch};
use super::occurrence::Finding;
use crate::text::{self, Shape, Span, Style, Tree};

/// The bytes after all edits, which may come in any order; the same edit may come twice.
pub(super) fn apply(before: &[u8], edits: &[Edit]) -> Result<Vec<u8>, RefusedEdit> {
    let mut after = Vec::with_capacity(before.len() + 64);
    let mut done = 0;
    let mut last: Option<&Edit> = None;
    for edit in sorted(edits) {
        if last == Some(edit) {
            continue;
        }
        let Some(found) = before.get(edit.span.range()).filter(|found| *found == edit.expected) else {
            let found = before.get(edit.span.start..edit.span.end.min(before.len())).unwrap_or_default();
            let (expected, found) = (lossy(&edit.expected), lossy(found));
            return Err(RefusedEdit::Stale { at: edit.span.start, expected, found });
        };
        if let Some(last) = last.filter(|last| edit.span.start < done || edit.span == last.span) {
            let (one, other) = (lossy(&last.replacement), lossy(&edit.replacement));
            return Err(RefusedEdit::Conflict { at: edit.span.start, one, other });
        }
        after.extend_from_slice(&before[done..edit.span.start]);
        after.extend_from_slice(&edit.replacement);
        done = edit.span.start + found.len();
        last = Some(edit);
    }
    after.extend_from_slice(&before[done..]);
    Ok(after)
}

fn sorted(edits: &[Edit]) -> Vec<&Edit> {
    let mut sorted: Vec<&Edit> = edits.iter().collect();
    sorted.sort_by(|a, b| (a.span, &a.replacement).cmp(&(b.span, &b.replacement)));
    sorted
}

/// Edits in the order of their places. They do not overlap: [`apply`] has seen to that.
struct InOrder<'e>(Vec<&'e Edit>);

impl<'e> InOrder<'e> {
    fn new(edits: &'e [Edit]) -> Self {
        Self(sorted(edits))
    }

    /// Those that [`touch`] a span.
    fn touching(&self, span: Span) -> impl Iterator<Item = &'e Edit> {
        let first = self.0.partition_point(|edit| edit.span.end < span.start);
        let after = self.0[first..].iter().copied();
        after.take_while(move |edit| edit.span.start <= span.end).filter(move |edit| touch(edit.span, span))
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Reads both texts and compares them node by node: only scalars that hold an edit may differ, and those must be what
/// the edit says, and text to every reader.
pub(super) fn compare(before: &[u8], after: &[u8], edits: &[Edit]) -> Result<(), RefusedEdit> {
    let changed = |what: String| Err(RefusedEdit::Changed { what });
    let (Ok(before), Ok(after)) = (std::str::from_utf8(before), std::str::from_utf8(after)) else {
        return changed("the file is not UTF-8".to_owned());
    };
    let base = if before.starts_with('\u{feff}') { 3 } else { 0 };
    let (Some(before), Some(after)) = (before.get(base..), after.get(base..)) else {
        return changed("the byte order mark is gone".to_owned());
    };
    let edits = InOrder::new(edits);
    let (old_parts, new_parts) = (text::documents(before), text::documents(after));
    if old_parts.len() != new_parts.len() {
        return changed("the file has another number of documents".to_owned());
    }
    for (old, new) in old_parts.into_iter().zip(new_parts) {
        let (old_text, new_text) = (&before[old.range()], &after[new.range()]);
        if old_text == new_text {
            continue;
        }
        let (old_trees, new_trees) = (text::parse(old_text, false), text::parse(new_text, false));
        if old_trees.len() != new_trees.len() {
            return changed("a document ends elsewhere".to_owned());
        }
        for (old_tree, new_tree) in old_trees.iter().zip(&new_trees) {
            match (old_tree, new_tree) {
                (Ok(a), Ok(b)) => compare_trees(a, b, base + old.start, &edits)?,
                // What only a pattern of the configuration can read: its bytes are all there is.
                (Err(_), Err(_)) => {}
                _ => return changed("a document can no longer be read".to_owned()),
            }
        }
    }
    Ok(())
}

fn compare_trees(old: &Tree<'_>, new: &Tree<'_>, base: usize, edits: &InOrder<'_>) -> Result<(), RefusedEdit> {
    let changed = |what: String| Err(RefusedEdit::Changed { what });
    if old.len() != new.len() {
        return changed("a document has another number of values".to_owned());
    }
    for (a, b) in old.nodes().zip(new.nodes()) {
        if old.parent(a) != new.parent(b) {
            return changed(format!("{} stands elsewhere", old.route(a)));
        }
        let local = old.span(a);
        let span = Span::new(base + local.start, base + local.end);
        let same = match (old.shape(a), new.shape(b)) {
            (Shape::Scalar(x, style), Shape::Scalar(y, now)) => match edits.touching(span).next() {
                None => x == y && style == now,
                Some(_) if x == y && style == now => true,
                Some(_) => fits(edits, span, y, *style, *now),
            },
            (x, y) => x == y,
        };
        if !same {
            return changed(format!("{} has another value", old.route(a)));
        }
    }
    Ok(())
}

/// Whether the new value of an edited scalar is what its edits say: each replacement stands in it, it is text to every
/// reader, and its notation is the old one or double quotes where it was plain.
fn fits(edits: &InOrder<'_>, span: Span, value: &str, style: Style, now: Style) -> bool {
    let holds = edits.touching(span).all(|edit| {
        let text = lossy(&edit.replacement);
        let outside = edit.span.start >= span.end && !edit.span.is_empty()
            || edit.span.end <= span.start && !edit.span.is_empty();
        outside || value.contains(text.trim_matches('"'))
    });
    let quoted = style == Style::Plain && now == Style::Double;
    holds && (style == now || quoted) && (now != Style::Plain || text::is_plain_string(value))
}

/// Compares what was found before and after: the same places, and references that differ only where an edit is.
pub(super) fn compare_findings(before: &[Finding], after: &[Finding], edits: &[Edit]) -> Result<(), RefusedEdit> {
    let changed = |what: String| Err(RefusedEdit::Changed { what });
    if before.len() != after.len() {
        return changed("other references are found than before".to_owned());
    }
    let edits = InOrder::new(edits);
    for (old, new) in occurrences(before).zip(occurrences(after)) {
        let spans = [&old.spans.name, &old.spans.tag, &old.spans.digest];
        let edited = spans.into_iter().flatten().any(|site| edits.touching(site.scalar).next().is_some());
        let renamed = old
            .spans
            .name
            .as_ref()
            .is_some_and(|site| edits.touching(site.span).any(|edit| edit.span.overlaps(site.span)));
        let same_name = renamed || old.reference.name() == new.reference.name();
        let same_name = same_name && old.place.field == new.place.field;
        if !same_name || (!edited && old.reference != new.reference) {
            return changed(format!("{} is {} instead of {}", old.place.field, new.reference, old.reference));
        }
    }
    Ok(())
}
