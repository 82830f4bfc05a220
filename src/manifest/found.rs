//! Where formats put what they find: references are put together here, with their bytes, markers and reasons.

use std::collections::HashSet;
use std::ops::Range;

use super::document::Document;
use super::ignored;
use super::marker::{self, MarkerComment, Part};
use super::occurrence::{DigestSlot, Finding, Marker, MarkerKind, Notice, NoticeStatus, Occurrence, PartSpans, Place};
use super::part_span::{site, tag_comment};
use super::place::{File, place};
use super::value::{self, Reading};
use crate::image::{Digest, ImageReference, Tag};
use crate::text::{NodeId, Span, Style};

/// What was found in one document so far.
pub struct Found<'a> {
    pub(super) file: &'a File<'a>,
    pub(super) findings: Vec<Finding>,
    /// Scalars that are part of a finding.
    taken: HashSet<NodeId>,
    pub(super) markers: Vec<MarkerComment>,
    /// Whether the walk over all mappings is done.
    pub(super) walked: bool,
    /// Scalars that may hold documents of their own.
    pub(super) embedded: Vec<NodeId>,
}

/// The parts of a reference that stand in scalars of their own.
#[derive(Debug, Clone, Default)]
pub(super) struct Parts {
    /// Put together from registry, repository and the like; `None` if the document does not tell it.
    pub(super) name: Option<String>,
    /// The scalars that the name stands in.
    pub(super) names: Vec<NodeId>,
    /// May hold a digest behind the tag: `1.2@sha256:…`.
    pub(super) tag: Option<NodeId>,
    /// With or without `sha256:`; empty is absent.
    pub(super) digest: Option<NodeId>,
    /// The scalar to report it at; without one, the tag or else the digest.
    pub(super) place: Option<NodeId>,
    /// Whether who reads it puts name, colon and tag together, so that a digest may stand behind the tag.
    pub(super) joined: bool,
}

/// A field for a digest with nothing between its quotes, and whether it takes the hex alone.
fn empty_digest(document: &Document<'_>, node: Option<NodeId>) -> Option<(NodeId, bool)> {
    let (tree, node) = (document.tree, node?);
    let quoted = matches!(tree.style(node), Some(Style::Single | Style::Double)) && tree.text_of(node) == Some("");
    match tree.key_text(node).filter(|_| quoted)? {
        "digest" | "imageDigest" => Some((node, false)),
        "sha256" => Some((node, true)),
        // `sha` is either, by the chart.
        _ => None,
    }
}

impl<'a> Found<'a> {
    pub(super) fn new(file: &'a File<'a>, markers: Vec<MarkerComment>) -> Self {
        Self { file, findings: Vec::new(), taken: HashSet::new(), markers, walked: false, embedded: Vec::new() }
    }

    /// Whether a scalar is part of a finding already.
    pub(super) fn is_taken(&self, node: NodeId) -> bool {
        self.taken.contains(&node)
    }

    /// Keeps later formats from reporting scalars.
    pub(super) fn take(&mut self, nodes: impl IntoIterator<Item = NodeId>) {
        self.taken.extend(nodes);
    }

    /// Reports a scalar that is a reference, or says why it is none.
    pub(super) fn reference(&mut self, document: &Document<'_>, format: &'static str, node: NodeId) {
        let length = document.tree.text_of(node).map_or(0, str::len);
        self.reference_in(document, format, node, 0..length);
    }

    /// Reports a part of a scalar's value that is a reference, or says why it is none.
    pub(super) fn reference_in(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        node: NodeId,
        part: Range<usize>,
    ) {
        let Some(value) = document.tree.text_of(node) else { return };
        if part.len() == value.len() && self.taken.contains(&node) {
            return;
        }
        let start = part.start;
        let text = value[part].to_owned();
        self.read(document, format, &[node], &text, |range| Some((node, start + range.start..start + range.end)));
    }

    /// Reports a reference that is put together from pieces: `at` tells for each byte of `text` the scalar that it stands
    /// in and where in its value; `None` for text that stands in none.
    pub(super) fn composed(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        text: &str,
        at: &[Option<(NodeId, usize)>],
    ) {
        let mut scalars: Vec<NodeId> = at.iter().flatten().map(|(node, _)| *node).collect();
        scalars.dedup();
        self.read(document, format, &scalars, text, |range| {
            let ((node, first), (other, last)) = ((*at.get(range.start)?)?, (*at.get(range.end.checked_sub(1)?)?)?);
            (node == other && last - first + 1 == range.len()).then_some((node, first..last + 1))
        });
    }

    fn read(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        scalars: &[NodeId],
        text: &str,
        stands: impl Fn(Range<usize>) -> Option<(NodeId, Range<usize>)>,
    ) {
        let Some(last) = scalars.last() else { return };
        self.taken.extend(scalars);
        let (reference, start) = match value::read(text) {
            Reading::Reference(reference, range) => (reference, range.start),
            Reading::Not(status, reason) => return self.notice(document, format, *last, status, reason),
        };
        let whole = |at: usize| stands(at..at + 1).map(|(node, _)| node);
        let stands = |range: Option<Range<usize>>| {
            range.and_then(|range| stands(start + range.start..start + range.end)).ok_or(())
        };
        let [name, tag, digest] =
            [Some(reference.name_range()), reference.tag_range(), reference.digest_range()].map(stands);
        if (reference.tag().is_some() && tag.is_err()) || (reference.digest().is_some() && digest.is_err()) {
            let reason = format!("{reference} is put together from pieces: no value holds its tag or digest alone");
            let begins = reference.tag_range().or(reference.digest_range()).and_then(|r| whole(start + r.start));
            return self.notice(document, format, begins.unwrap_or(*last), NoticeStatus::Held, reason);
        }
        let node = tag.as_ref().or(digest.as_ref()).map_or(*last, |(node, _)| *node);
        let site = |part: Result<(NodeId, Range<usize>), ()>| {
            part.ok().and_then(|(node, range)| site(document, self.file, node, range))
        };
        let (name, tag, digest) = (site(name.clone()).filter(|_| scalars.len() == 1), site(tag), site(digest));
        let digest_slot =
            name.as_ref().and(tag.as_ref().or(name.as_ref())).map(|site| DigestSlot::AppendTo(site.clone()));
        let tag_comment = reference.tag().and_then(|_| tag_comment(document, self.file, node));
        self.occurrence(
            document,
            format,
            node,
            reference,
            PartSpans { name, tag, digest, digest_slot, tag_comment },
            scalars,
        );
    }

    /// Reports a reference whose parts stand in several scalars, or says why they are none.
    pub(super) fn parts(&mut self, document: &Document<'_>, format: &'static str, parts: &Parts) {
        let scalars: Vec<NodeId> = [parts.tag, parts.digest].into_iter().flatten().chain(parts.names.clone()).collect();
        let is_filled = |node: &NodeId| document.tree.text_of(*node).is_some_and(|text| !text.is_empty());
        let filled = [parts.tag, parts.digest].into_iter().flatten().find(is_filled);
        let Some(place) = parts.place.or(filled).or(scalars.iter().copied().min()) else { return };
        if self.is_taken(place) {
            return;
        }
        self.taken.extend(scalars.iter().copied());
        match self.assemble(document, parts) {
            Ok((reference, spans)) => self.occurrence(document, format, place, reference, spans, &scalars),
            Err((status, reason)) => self.notice(document, format, place, status, reason),
        }
    }

    fn assemble(
        &self,
        document: &Document<'_>,
        parts: &Parts,
    ) -> Result<(ImageReference, PartSpans), (NoticeStatus, String)> {
        let held = |reason: String| (NoticeStatus::Held, reason);
        // A `|` block ends with a line break that is no part of the tag.
        let text = |node: Option<NodeId>| node.and_then(|n| document.tree.text_of(n)).unwrap_or_default().trim_end();
        let (tag_text, digest_text) = (text(parts.tag), text(parts.digest));
        if let Some(not) = [tag_text, digest_text].into_iter().filter(|t| !t.is_empty()).find_map(value::no_literal) {
            return Err(not);
        }
        let name = match &parts.name {
            Some(name) => name.as_str(),
            None => return Err(self.nameless(document, parts)),
        };
        if let Some(not) = value::no_literal(name) {
            return Err(not);
        }
        if name.ends_with("@sha256") {
            return Err(held("the name ends in @sha256: the digest is split between two fields".to_owned()));
        }
        if value::is_bare_digest(tag_text) {
            return Err(held("the tag is the hex of a digest, which belongs in a field for digests".to_owned()));
        }
        if digest_text.is_empty() && Digest::new(tag_text).is_ok() {
            let swapped = Parts { tag: None, digest: parts.tag, ..parts.clone() };
            return self.assemble(document, &swapped);
        }
        let (tag_part, inline) = tag_text.split_once('@').map_or((tag_text, None), |(tag, digest)| (tag, Some(digest)));
        let tag = (!tag_part.is_empty()).then(|| Tag::new(tag_part)).transpose();
        let tag = tag.map_err(|error| held(format!("malformed tag: {error}")))?;
        if inline.is_some() && !digest_text.is_empty() {
            return Err(held("a digest stands behind the tag and in a field of its own".to_owned()));
        }
        let full = |text: &str| if value::is_bare_digest(text) { format!("sha256:{text}") } else { text.to_owned() };
        let digest_written = inline.or((!digest_text.is_empty()).then_some(digest_text));
        let digest = digest_written.map(|text| Digest::new(&full(text))).transpose();
        let digest = digest.map_err(|error| held(format!("malformed digest: {error}")))?;
        if !name.contains('/') && name.contains('.') {
            return Err(held(format!("{name} is a registry: the image's own name is not in this file")));
        }
        let whole = ImageReference::new(name).map_err(|error| held(format!("malformed name: {error}")))?;
        if whole.tag().is_some() || whole.digest().is_some() {
            return Err(held("the name holds a tag or a digest too".to_owned()));
        }
        let reference =
            ImageReference::from_parts(name, tag, digest).map_err(|e| held(format!("malformed name: {e}")))?;
        let site = |node: Option<NodeId>, range| site(document, self.file, node?, range);
        let digest_site = match inline {
            Some(inline) => site(parts.tag, tag_text.len() - inline.len()..tag_text.len()),
            None if digest_text.is_empty() => None,
            None => site(parts.digest, 0..digest_text.len()),
        };
        let tag_site = (!tag_part.is_empty()).then(|| site(parts.tag, 0..tag_part.len())).flatten();
        let tag_comment = reference.tag().and(parts.tag).and_then(|node| tag_comment(document, self.file, node));
        let digest_slot = match empty_digest(document, parts.digest) {
            Some((node, bare)) => site(Some(node), 0..0).map(|site| DigestSlot::EmptyField { site, bare }),
            None => tag_site.clone().filter(|_| parts.joined).map(DigestSlot::AppendTo),
        };
        Ok((reference, PartSpans { name: None, tag: tag_site, digest: digest_site, digest_slot, tag_comment }))
    }

    /// Why a tag without a name is left alone.
    fn nameless(&self, document: &Document<'_>, parts: &Parts) -> (NoticeStatus, String) {
        let scalars = || [parts.tag, parts.digest].into_iter().flatten();
        let beside = |marker: &&MarkerComment| scalars().any(|node| marker.governs(document.tree, node));
        match self.markers.iter().filter(beside).find_map(|marker| marker.says.foreign.as_deref()) {
            Some(source) => (NoticeStatus::Ignored, marker::foreign(source)),
            None => {
                let reason = "the image's name is not in this file; a comment or a rule can name it";
                (NoticeStatus::Held, reason.to_owned())
            }
        }
    }

    /// The image that a rule of the configuration or a comment names for a tag without one. `known_as` tells whether a
    /// field of a rule is another way to say where the tag stands.
    pub(super) fn named_elsewhere(
        &self,
        document: &Document<'_>,
        tag: NodeId,
        known_as: impl Fn(&str) -> bool,
    ) -> Option<String> {
        let mut rules = document.options.tag_fields.iter().filter(|rule| rule.paths.is_match(document.path)).peekable();
        let route = rules.peek().map(|_| document.route(tag));
        let by_rule = route.and_then(|route| rules.find(|rule| rule.field == route || known_as(&rule.field)));
        by_rule.map(|rule| rule.image.clone()).or_else(|| self.named_by_comment(document, tag))
    }

    /// Whether a marker stands beside a value.
    pub(super) fn is_marked(&self, document: &Document<'_>, node: NodeId) -> bool {
        self.markers.iter().any(|marker| marker.governs(document.tree, node))
    }

    /// The image that a comment beside a value names: ours, Renovate's, or a Flux marker's policy.
    pub(super) fn named_by_comment(&self, document: &Document<'_>, node: NodeId) -> Option<String> {
        let mut beside = self.markers.iter().filter(|marker| marker.governs(document.tree, node));
        beside.find_map(|marker| {
            let of_policy = || document.options.policy_images.get(&marker.says.policy).cloned();
            marker.says.image.clone().or_else(of_policy)
        })
    }

    /// Reports a place that is held back or not ours.
    pub(super) fn notice(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        node: NodeId,
        status: NoticeStatus,
        reason: String,
    ) {
        self.taken.insert(node);
        let (status, reason) = match ignored::reason(document, node) {
            Some(foreign) => (NoticeStatus::Ignored, foreign),
            None => (status, reason),
        };
        let place = place(document, self.file, node);
        // A marker on what can't be governed does govern nothing: the notice says why, once.
        for marker in self.markers.iter_mut().filter(|marker| marker.governs(document.tree, node)) {
            marker.used = true;
        }
        self.findings.push(Finding::Notice(Notice { place, format, status, reason }));
    }

    /// Reports a place that is no node: a comment.
    pub(super) fn notice_at(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        span: Span,
        status: NoticeStatus,
        reason: String,
    ) {
        let Some(bytes) = &document.origin.bytes else { return };
        let start = bytes.offset(span.start);
        let place = Place {
            path: self.file.path.clone(),
            index: 0,
            position: self.file.position(start),
            field: String::new(),
            value: document.tree.text()[span.range()].to_owned(),
            span: Some(bytes.span(span).unwrap_or(Span::new(start, start))),
        };
        self.findings.push(Finding::Notice(Notice { place, format, status, reason }));
    }

    fn occurrence(
        &mut self,
        document: &Document<'_>,
        format: &'static str,
        node: NodeId,
        reference: ImageReference,
        spans: PartSpans,
        scalars: &[NodeId],
    ) {
        if let Some(reason) = ignored::reason(document, node) {
            return self.notice(document, format, node, NoticeStatus::Ignored, reason);
        }
        if document.origin.bytes.is_none() {
            let reason = "it stands in an embedded document whose bytes are not those of the file".to_owned();
            return self.notice(document, format, node, NoticeStatus::Held, reason);
        }
        let marker = match self.marker(document, scalars) {
            Ok(marker) => marker,
            Err(reason) => return self.notice(document, format, node, NoticeStatus::Held, reason),
        };
        let mut place = place(document, self.file, node);
        if let Some(name) = spans.name.as_ref().filter(|_| place.value.trim_end().contains('\n')) {
            place.position = self.file.position(name.span.start);
        }
        self.findings.push(Finding::Occurrence(Box::new(Occurrence { place, format, reference, spans, marker })));
    }

    /// The marker on any of the scalars of a reference, or above the map that holds them.
    fn marker(&mut self, document: &Document<'_>, scalars: &[NodeId]) -> Result<Option<Marker>, String> {
        let tree = document.tree;
        let holder = match scalars {
            [_, _, ..] => tree.parent(scalars[0]).and_then(|map| tree.key_of(map)),
            _ => None,
        };
        let (mut chosen, mut of_name): (Option<Marker>, Option<String>) = (None, None);
        for comment in &mut self.markers {
            let above = comment.says.kind != MarkerKind::Flux
                && holder.is_some_and(|key| comment.is_above(tree.text(), tree.span(key).start));
            if !above && !scalars.iter().any(|node| comment.governs(tree, *node)) {
                continue;
            }
            comment.used = true;
            let Some(origin) = &document.origin.bytes else { continue };
            let position = self.file.position(origin.offset(comment.span.start));
            let says = &comment.says;
            if says.part == Part::Name {
                if scalars.len() == 1 {
                    return Err(format!("the marker of Flux for {} is for a name, and more stands here", says.policy));
                }
                // It says nothing about the tag beside the name.
                of_name = Some(says.policy.clone());
                continue;
            }
            let marker = Marker { kind: says.kind, policy: says.policy.clone(), position };
            match &chosen {
                Some(first) if first.names_policy() && marker.names_policy() && first.policy != marker.policy => {
                    return Err(format!(
                        "two policies are named for it: `{}` by the marker at line {} and `{}` by the marker at line {}; keep \
                         one of them",
                        first.policy, first.position.line, marker.policy, position.line
                    ));
                }
                Some(first) if first.names_policy() => {}
                _ => chosen = Some(marker),
            }
        }
        match (&chosen, of_name) {
            (Some(marker), Some(name)) if marker.kind == MarkerKind::Flux && marker.policy != name => {
                Err(format!("two markers name two policies: {name} and {}", marker.policy))
            }
            _ => Ok(chosen),
        }
    }
}
