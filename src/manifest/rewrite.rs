//! Applies edits, and checks that nothing else changed.

use super::edit::{Edit, RefusedEdit};
use super::find::{occurrences, touch};
use super::occurrence::{Finding, PartSpans};
use crate::text::{self, NodeKind, Span, Style, Tree};

/// Returns the bytes after all edits, which may be in any order and may repeat.
pub(super) fn apply(before: &[u8], edits: &[Edit]) -> Result<Vec<u8>, RefusedEdit> {
    let mut after = Vec::with_capacity(before.len() + 64);
    let mut done = 0;
    let mut last: Option<&Edit> = None;
    for edit in sorted(edits) {
        if last == Some(edit) {
            continue;
        }
        if before.get(edit.span.range()) != Some(&edit.expected[..]) {
            let found = before.get(edit.span.start..edit.span.end.min(before.len())).unwrap_or_default();
            let (expected, found) = (lossy(&edit.expected), lossy(found));
            return Err(RefusedEdit::Stale { at: edit.span.start, expected, found });
        }
        if let Some(last) = last
            && (edit.span.start < done || edit.span == last.span)
        {
            let (first, second) = (lossy(&last.replacement), lossy(&edit.replacement));
            return Err(RefusedEdit::Conflict { at: edit.span.start, first, second });
        }
        after.extend_from_slice(&before[done..edit.span.start]);
        after.extend_from_slice(&edit.replacement);
        done = edit.span.end;
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

/// Edits in the order of their spans. They do not overlap, because [`apply`] has accepted them.
struct InOrder<'e>(Vec<&'e Edit>);

impl<'e> InOrder<'e> {
    fn new(edits: &'e [Edit]) -> Self {
        Self(sorted(edits))
    }

    /// Returns the edits that [`touch`] a span.
    fn touching(&self, span: Span) -> impl Iterator<Item = &'e Edit> {
        let first = self.0.partition_point(|edit| edit.span.end < span.start);
        let after = self.0[first..].iter().copied();
        after.take_while(move |edit| edit.span.start <= span.end).filter(move |edit| touch(edit.span, span))
    }
}

fn lossy(bytes: &[u8]) -> String {
    String::from_utf8_lossy(bytes).into_owned()
}

/// Parses both texts and compares them node by node. Only scalars with an edit may differ, and only as the edit
/// intends.
pub(super) fn compare(path: &str, before: &[u8], after: &[u8], edits: &[Edit]) -> Result<(), RefusedEdit> {
    let changed = |what: String| Err(RefusedEdit::Changed { what });
    let (Ok(before), Ok(after)) = (std::str::from_utf8(before), std::str::from_utf8(after)) else {
        return changed("the file is not UTF-8".to_owned());
    };
    let base = if before.starts_with('\u{feff}') { 3 } else { 0 };
    let (Some(before), Some(after)) = (before.get(base..), after.get(base..)) else {
        return changed("the byte order mark is missing".to_owned());
    };
    let edits = InOrder::new(edits);
    let (before, after) = (&*text::as_yaml(path, before).text, &*text::as_yaml(path, after).text);
    let (old_parts, new_parts) = (text::documents(before), text::documents(after));
    if old_parts.len() != new_parts.len() {
        return changed("the number of documents differs".to_owned());
    }
    for (old, new) in old_parts.into_iter().zip(new_parts) {
        let (old_text, new_text) = (&before[old.range()], &after[new.range()]);
        if old_text == new_text {
            continue;
        }
        let rest = [old_text, new_text].map(text::without_expressions);
        let [old_trees, new_trees] = match &rest {
            // Neither text of a template is YAML: compare what remains without the expressions.
            [Some(old), Some(new)] if text::parse(old_text, false).iter().any(Result::is_err) => {
                [text::parse(old, false), text::parse(new, false)]
            }
            _ => [text::parse(old_text, false), text::parse(new_text, false)],
        };
        if old_trees.len() != new_trees.len() {
            return changed("a document has other boundaries".to_owned());
        }
        for (old_tree, new_tree) in old_trees.iter().zip(&new_trees) {
            match (old_tree, new_tree) {
                (Ok(a), Ok(b)) => compare_trees(a, b, base + old.start, &edits)?,
                // A text that only a pattern of the configuration reads: there are no nodes to compare.
                (Err(_), Err(_)) => {}
                _ => return changed("a document no longer parses".to_owned()),
            }
        }
    }
    Ok(())
}

fn compare_trees(old: &Tree<'_>, new: &Tree<'_>, base: usize, edits: &InOrder<'_>) -> Result<(), RefusedEdit> {
    let changed = |what: String| Err(RefusedEdit::Changed { what });
    if old.len() != new.len() {
        return changed("the number of values in a document differs".to_owned());
    }
    for (a, b) in old.nodes().zip(new.nodes()) {
        if old.parent(a) != new.parent(b) {
            return changed(format!("{} has another parent", old.field_path(a)));
        }
        let local = old.span(a);
        let span = Span::new(base + local.start, base + local.end);
        let same = match (old.kind(a), new.kind(b)) {
            (NodeKind::Scalar(x, style), NodeKind::Scalar(y, now)) => match edits.touching(span).next() {
                None => x == y && style == now,
                Some(_) if x == y && style == now => true,
                Some(_) => fits(edits, span, y, *style, *now),
            },
            (x, y) => x == y,
        };
        if !same {
            return changed(format!("{} has another value", old.field_path(a)));
        }
    }
    Ok(())
}

/// Returns whether the new value of an edited scalar is the intended one: it contains each replacement, every reader
/// takes it for a string, and its style is the old one, or double quotes if it was plain.
fn fits(edits: &InOrder<'_>, span: Span, value: &str, style: Style, now: Style) -> bool {
    let contains_replacements = edits.touching(span).all(|edit| {
        let is_outside = !edit.span.is_empty() && (edit.span.start >= span.end || edit.span.end <= span.start);
        is_outside || value.contains(lossy(&edit.replacement).trim_matches('"'))
    });
    let is_now_quoted = style == Style::Plain && now == Style::Double;
    contains_replacements && (style == now || is_now_quoted) && (now != Style::Plain || text::is_plain_string(value))
}

/// Compares the findings before and after: the places must be the same, and only edited references may differ.
pub(super) fn compare_findings(before: &[Finding], after: &[Finding], edits: &[Edit]) -> Result<(), RefusedEdit> {
    let changed = |what: String| Err(RefusedEdit::Changed { what });
    if before.len() != after.len() {
        return changed("the number of references differs".to_owned());
    }
    let edits = InOrder::new(edits);
    for (old, new) in occurrences(before).zip(occurrences(after)) {
        let PartSpans { name, tag, digest, .. } = &old.spans;
        let is_edited =
            [name, tag, digest].into_iter().flatten().any(|part| edits.touching(part.scalar).next().is_some());
        let is_renamed =
            name.as_ref().is_some_and(|part| edits.touching(part.span).any(|edit| edit.span.overlaps(part.span)));
        let is_same_place = old.place.field == new.place.field;
        let is_same_name = is_renamed || old.reference.name() == new.reference.name();
        if !is_same_place || !is_same_name || (!is_edited && old.reference != new.reference) {
            return changed(format!("{} is {} instead of {}", old.place.field, new.reference, old.reference));
        }
    }
    Ok(())
}
