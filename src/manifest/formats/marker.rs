//! Values that are references only because of a marker, and markers that apply to no value.

use super::super::document::Document;
use super::super::format::Format;
use super::super::found::DocumentFindings;
use super::super::marker::{MarkedPart, NEEDLES, ParsedMarker, foreign_reason, wrong_part};
use super::super::occurrence::{MarkerKind, NoticeStatus};
use super::super::split_reference::SplitReference;
use super::super::value::is_full_reference;
use crate::image::{ImageName, Tag};
use crate::text::NodeId;

/// The format of marked values. It is the last one in the table, because it reads only values that no other format has
/// reported.
pub(crate) struct Marked;

const NAME: &str = "marker";

impl Format for Marked {
    fn name(&self) -> &'static str {
        NAME
    }

    fn about(&self) -> &'static str {
        "values of any key with a Flux, Renovate or Tagboat comment"
    }

    fn needles(&self) -> &'static [&'static str] {
        NEEDLES
    }

    fn matches(&self, document: &Document<'_>) -> bool {
        !document.tree.comments().is_empty()
    }

    fn find(&self, document: &Document<'_>, found: &mut DocumentFindings<'_>) {
        let tree = document.tree;
        for node in &found.embedded {
            found.markers.use_for_embedded(tree, *node);
        }
        for index in 0..found.markers.comments.len() {
            let marker = &found.markers.comments[index];
            if marker.is_used {
                continue;
            }
            if let Some(reason) = marker.marker.problem.clone() {
                found.report_notice_at(document, NAME, &marker.comment(), NoticeStatus::Held, reason);
                continue;
            }
            if let Some(source) = &marker.marker.foreign_datasource {
                let (comment, reason) = (marker.comment(), foreign_reason(source));
                found.report_notice_at(document, NAME, &comment, NoticeStatus::Ignored, reason);
                continue;
            }
            let (parsed, comment) = (marker.marker.clone(), marker.comment());
            let is_value = |node: &NodeId| tree.text_of(*node).is_some() && !tree.is_key(*node);
            match tree.nodes().filter(is_value).find(|node| marker.is_beside(tree, *node)) {
                Some(node) if !found.is_taken(node) => report_value(document, found, &parsed, node),
                Some(_) => {}
                None => {
                    let reason = format!(
                        "the marker {} applies to no value; put it after one, or alone on the line above",
                        description(&parsed)
                    );
                    found.report_notice_at(document, NAME, &comment, NoticeStatus::Held, reason);
                }
            }
        }
    }
}

/// Reports the value of a marker.
fn report_value(document: &Document<'_>, found: &mut DocumentFindings<'_>, parsed: &ParsedMarker, node: NodeId) {
    let text = document.tree.text_of(node).unwrap_or_default();
    let is_flux = parsed.kind == MarkerKind::Flux;
    if is_flux
        && let Some(held) = held_part(document, found, parsed, node)
        && held != parsed.part
    {
        let reason = wrong_part(&parsed.policy, parsed.part, held);
        return found.report_notice(document, NAME, node, NoticeStatus::Held, reason);
    }
    // Without a suffix, a Flux marker is for a whole reference, with or without a tag.
    if parsed.part == MarkedPart::Any && (is_full_reference(text) || is_flux) {
        return found.report_reference(document, NAME, node);
    }
    if parsed.part != MarkedPart::Name && (text.contains('/') || text.is_empty()) {
        let reason = format!(
            "the value of the marker {} is neither a reference nor a tag; write one, or remove the marker",
            description(parsed)
        );
        return found.report_notice(document, NAME, node, NoticeStatus::Held, reason);
    }
    let name = found.marked_image(document, node);
    let parts = SplitReference { name: name.clone(), is_chart: parsed.is_chart, ..SplitReference::default() };
    match parsed.part {
        MarkedPart::Name => {
            let same = name.as_deref().map(|name| ImageName::new(name).ok() == ImageName::new(text).ok());
            let (status, reason) = match same {
                Some(true) => (NoticeStatus::Ignored, "the policy follows the image of this name".to_owned()),
                Some(false) => (
                    NoticeStatus::Held,
                    "Tagboat never changes names, and the policy follows another image; correct one of them".to_owned(),
                ),
                None => (
                    NoticeStatus::Held,
                    "Tagboat never changes names, and the policy is not in this repository; remove the marker"
                        .to_owned(),
                ),
            };
            let reason = format!("the marker {} is for the name only: {reason}", description(parsed));
            found.report_notice(document, NAME, node, status, reason);
        }
        MarkedPart::Digest => found.report_split(document, NAME, &SplitReference { digest: Some(node), ..parts }),
        MarkedPart::Any | MarkedPart::Tag => {
            found.report_split(document, NAME, &SplitReference { tag: Some(node), ..parts })
        }
    }
}

/// Returns the part of a reference that a value with a Flux marker holds, as far as it is certain: a whole reference, or the tag
/// of another image than one with the name of the value.
fn held_part(
    document: &Document<'_>,
    found: &DocumentFindings<'_>,
    parsed: &ParsedMarker,
    node: NodeId,
) -> Option<MarkedPart> {
    let text = document.tree.text_of(node).unwrap_or_default();
    if is_full_reference(text) {
        return Some(MarkedPart::Any);
    }
    let image = found.marked_image(document, node)?;
    let is_name = ImageName::new(text).is_ok_and(|name| ImageName::new(&image).is_ok_and(|image| image == name));
    let is_tag = parsed.part == MarkedPart::Any
        && !is_name
        && text.contains(|c: char| c.is_ascii_digit())
        && Tag::new(text).is_ok();
    is_tag.then_some(MarkedPart::Tag)
}

/// Returns the end of `the marker …` in messages.
fn description(parsed: &ParsedMarker) -> String {
    match parsed.kind {
        MarkerKind::Flux => format!("of Flux for {}", parsed.policy),
        MarkerKind::Tagboat => format!("for {}", if parsed.policy.is_empty() { "an image" } else { &parsed.policy }),
        MarkerKind::Renovate => format!("of Renovate for {}", parsed.image.as_deref().unwrap_or("an image")),
    }
}
