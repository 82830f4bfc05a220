//! The findings of one document. Formats report values here, and each becomes an occurrence or a notice.

use std::collections::HashSet;
use std::ops::Range;
use std::sync::Arc;

use super::document::Document;
use super::ignored;
use super::keys::build::ParameterUses;
use super::markers::Markers;
use super::occurrence::{DigestSlot, Finding, Notice, NoticeStatus, Occurrence, PartSpans, Place};
use super::part_span::{part_span, tag_comment};
use super::place::{File, place};
use super::screen::BUILT;
use super::split_reference::SplitReference;
use super::value;
use crate::image::ImageReference;
use crate::text::{Comment, NodeId, Span, Tree};

/// What the formats have found in one document so far.
pub struct DocumentFindings<'a> {
    pub(super) file: &'a File<'a>,
    pub(super) findings: Vec<Finding>,
    /// Scalars that are part of a finding.
    taken: HashSet<NodeId>,
    pub(super) markers: Markers,
    /// Whether the walk over all mappings is done.
    pub(super) is_walked: bool,
    /// Scalars that may hold documents of their own.
    pub(super) embedded: Vec<NodeId>,
    parameter_uses: Option<ParameterUses>,
}

impl<'a> DocumentFindings<'a> {
    pub(super) fn new(file: &'a File<'a>, markers: Markers) -> Self {
        Self {
            file,
            findings: Vec::new(),
            taken: HashSet::new(),
            markers,
            is_walked: false,
            embedded: Vec::new(),
            parameter_uses: None,
        }
    }

    /// Returns how the document uses its parameters. `tree` is that of the document.
    pub(super) fn parameter_uses(&mut self, tree: &Tree<'_>) -> &ParameterUses {
        self.parameter_uses.get_or_insert_with(|| ParameterUses::of(tree))
    }

    /// Returns whether a scalar is part of a finding.
    pub(super) fn is_taken(&self, node: NodeId) -> bool {
        self.taken.contains(&node)
    }

    /// Keeps later formats from reporting scalars.
    pub(super) fn take(&mut self, nodes: impl IntoIterator<Item = NodeId>) {
        self.taken.extend(nodes);
    }

    /// Reports a scalar that should be a reference.
    pub(super) fn report_reference(&mut self, document: &Document<'_>, format: &'static str, node: NodeId) {
        let length = document.tree.text_of(node).map_or(0, str::len);
        self.report_reference_in(document, format, node, 0..length);
    }

    /// Reports a part of a scalar's value that should be a reference.
    pub(super) fn report_reference_in(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        node: NodeId,
        part: Range<usize>,
    ) {
        let Some(value) = document.tree.text_of(node) else { return };
        if part.len() == value.len() && self.is_taken(node) {
            return;
        }
        let start = part.start;
        let locate = |range: Range<usize>| Some((node, start + range.start..start + range.end));
        self.report_text(document, format, &[node], &value[part], locate);
    }

    /// Reports a text that is composed of several scalars and should be a reference. `at` holds, for each byte of the
    /// text, its scalar and its index in the value; `None` for bytes that are in no scalar.
    pub(super) fn report_composed(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        text: &str,
        at: &[Option<(NodeId, usize)>],
    ) {
        let mut scalars: Vec<NodeId> = at.iter().flatten().map(|(node, _)| *node).collect();
        scalars.dedup();
        self.report_text(document, format, &scalars, text, |range| {
            let (node, first) = (*at.get(range.start)?)?;
            let (last_node, last) = (*at.get(range.end.checked_sub(1)?)?)?;
            (node == last_node && last - first + 1 == range.len()).then_some((node, first..last + 1))
        });
    }

    /// Reports a text. `locate` returns the scalar that holds a part of it, and the part of that scalar's value.
    fn report_text(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        scalars: &[NodeId],
        text: &str,
        locate: impl Fn(Range<usize>) -> Option<(NodeId, Range<usize>)>,
    ) {
        let Some(&last) = scalars.last() else { return };
        self.taken.extend(scalars);
        let (reference, start) = match value::parse(text) {
            Ok((reference, range)) => (reference, range.start),
            Err(not) => return self.report_notice(document, format, last, not.status, not.reason),
        };
        let locate_part = |part: Range<usize>| locate(start + part.start..start + part.end);
        let (tag_range, digest_range) = (reference.tag_range(), reference.digest_range());
        let (tag, digest) = (tag_range.clone().and_then(locate_part), digest_range.clone().and_then(locate_part));
        let is_scattered = (tag_range.is_some() && tag.is_none()) || (digest_range.is_some() && digest.is_none());
        if is_scattered {
            let first_byte = tag_range.or(digest_range).map(|range| range.start..range.start + 1);
            let node = first_byte.and_then(locate_part).map_or(last, |(node, _)| node);
            let reason = format!(
                "{reference} is composed of several values; none holds the tag or the digest alone; write it into one of them"
            );
            return self.report_notice(document, format, node, NoticeStatus::Held, reason);
        }
        let node = tag.as_ref().or(digest.as_ref()).map_or(last, |(node, _)| *node);
        let span = |(node, part)| part_span(document, self.file, node, part);
        let name = if scalars.len() == 1 { locate_part(reference.name_range()).and_then(span) } else { None };
        let (tag, digest) = (tag.and_then(span), digest.and_then(span));
        let last_part = name.as_ref().and(tag.as_ref().or(name.as_ref()));
        let digest_slot = last_part.cloned().map(DigestSlot::AppendTo);
        let tag_comment = reference.tag().and_then(|_| tag_comment(document, self.file, node));
        let spans = PartSpans { name, tag, digest, digest_slot, tag_comment };
        self.report_occurrence(document, format, node, reference, spans, scalars);
    }

    /// Reports a reference whose parts are in several scalars.
    pub(super) fn report_split(&mut self, document: &Document<'_>, format: &'static str, split: &SplitReference) {
        let Some(node) = split.place(document.tree).filter(|node| !self.is_taken(*node)) else { return };
        let scalars = split.scalars();
        self.taken.extend(scalars.iter().copied());
        match split.join(document, self.file, &self.markers) {
            Ok((reference, spans)) => self.report_occurrence(document, format, node, reference, spans, &scalars),
            Err(not) => self.report_notice(document, format, node, not.status, not.reason),
        }
    }

    /// Returns the image that a rule of the configuration or a comment names for a tag without a name. `is_alias`
    /// returns whether the field of a rule is another way to write where the tag is.
    pub(super) fn configured_or_marked_image(
        &self,
        document: &Document<'_>,
        tag: NodeId,
        is_alias: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let mut rules = document.tag_fields().peekable();
        let field = rules.peek().map(|_| document.field_path(tag));
        let by_rule = field.and_then(|field| rules.find(|rule| rule.field == field || is_alias(&rule.field)));
        by_rule.map(|rule| rule.image.clone()).or_else(|| self.marked_image(document, tag))
    }

    /// Returns whether a marker applies to a value.
    pub(super) fn is_marked(&self, document: &Document<'_>, node: NodeId) -> bool {
        self.markers.is_marked(document.tree, node)
    }

    /// Returns the image that a comment names for a value: Tagboat's, Renovate's, or the policy of a Flux marker.
    pub(super) fn marked_image(&self, document: &Document<'_>, node: NodeId) -> Option<String> {
        self.markers.image(document, node)
    }

    /// Reports a value that is held or ignored.
    pub(super) fn report_notice(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        node: NodeId,
        status: NoticeStatus,
        reason: String,
    ) {
        self.taken.insert(node);
        let is_named = || reason == BUILT || self.markers.has_marker(document.tree, node);
        let by_default = || if is_named() { None } else { ignored::by_default(document, format, node) };
        let ignored = ignored::reason(document, node).or_else(by_default);
        let (status, reason) = match ignored {
            Some(reason) => (NoticeStatus::Ignored, reason),
            None if self.markers.is_ignored(document.tree, node) => {
                (NoticeStatus::Ignored, "the marker beside it has the policy `ignore`".to_owned())
            }
            None => (status, reason),
        };
        self.push_notice(document, format, node, status, reason);
    }

    fn push_notice(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        node: NodeId,
        status: NoticeStatus,
        reason: String,
    ) {
        let place = place(document, self.file, node);
        self.markers.use_for(document.tree, node);
        self.findings.push(Finding::Notice(Notice { place, format, status, reason }));
    }

    /// Reports an image without a tag, for which a chart has a default. Its value is the name of the image.
    pub(super) fn report_unset(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        node: NodeId,
        name: Option<String>,
        reason: String,
    ) {
        self.report_notice(document, format, node, NoticeStatus::Ignored, reason);
        if let (Some(Finding::Notice(notice)), Some(name)) = (self.findings.last_mut(), name) {
            notice.place.value = name;
        }
    }

    /// Reports a comment that is held or ignored.
    pub(super) fn report_notice_at(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        comment: &Comment<'_>,
        status: NoticeStatus,
        reason: String,
    ) {
        let span = comment.span;
        let Some(bytes) = &document.origin.bytes else { return };
        let start = bytes.offset(span.start);
        let place = Place {
            path: self.file.path.clone(),
            position: self.file.position(start),
            field: String::new(),
            value: comment.text.to_string(),
            span: Some(bytes.span(span).unwrap_or(Span::new(start, start))),
        };
        self.findings.push(Finding::Notice(Notice { place, format, status, reason }));
    }

    fn report_occurrence(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        node: NodeId,
        reference: ImageReference,
        spans: PartSpans,
        scalars: &[NodeId],
    ) {
        if let Some(reason) = ignored::reason(document, node) {
            return self.report_notice(document, format, node, NoticeStatus::Ignored, reason);
        }
        if document.origin.bytes.is_none() {
            let reason = "the bytes of the embedded document differ from those of the file; write it as a block scalar, after `|`".to_owned();
            return self.report_notice(document, format, node, NoticeStatus::Held, reason);
        }
        let is_split = |is_part: bool, span: &Option<_>| is_part && span.is_none();
        if is_split(reference.tag().is_some(), &spans.tag) || is_split(reference.digest().is_some(), &spans.digest) {
            let reason = format!("the text of {reference} is interrupted in the file; write it in one piece");
            return self.report_notice(document, format, node, NoticeStatus::Held, reason);
        }
        let marker = match self.markers.choose(document, self.file, &reference, scalars) {
            Ok(marker) => marker,
            Err(reason) => return self.push_notice(document, format, node, NoticeStatus::Held, reason),
        };
        let mut place = place(document, self.file, node);
        // One of several references in a text of many lines is reported at its own line.
        if let Some(name) = &spans.name
            && place.value.trim_end().contains('\n')
        {
            place.position = self.file.position(name.span.start);
        }
        let index = self.file.next_index();
        let ignored_by_default = ignored::by_default(document, format, node);
        let occurrence = Occurrence { index, place, format, reference, spans, marker, ignored_by_default };
        self.findings.push(Finding::Occurrence(Arc::new(occurrence)));
    }
}
