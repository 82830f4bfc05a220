//! References whose parts are in several scalars: the parts that a format found become one reference.

use super::document::Document;
use super::markers::Markers;
use super::occurrence::{DigestSlot, MarkerKind, PartSpan, PartSpans};
use super::options::tag_setting;
use super::part_span::{part_span, tag_comment};
use super::place::File;
use super::value::{NotReference, is_bare_digest, not_literal};
use crate::image::{Digest, ImageReference, Tag, TagError};
use crate::text::{NodeId, Style, Tree};

/// The parts of a reference in scalars of their own.
#[derive(Debug, Clone, Default)]
pub(super) struct SplitReference {
    /// Joined from registry, repository and the like; `None` if the document does not hold it.
    pub(super) name: Option<String>,
    /// The scalars that hold the name.
    pub(super) names: Vec<NodeId>,
    /// May hold a digest after the tag: `1.2@sha256:…`.
    pub(super) tag: Option<NodeId>,
    /// With or without `sha256:`. May be empty.
    pub(super) digest: Option<NodeId>,
    /// The scalar to report the reference at; by default the tag, else the digest.
    pub(super) reported_at: Option<NodeId>,
    /// Whether the reader of the manifest joins name and tag with a colon, so that a digest can follow the tag.
    pub(super) takes_inline_digest: bool,
    /// Whether the tag is the version of a Helm chart.
    pub(super) is_chart: bool,
}

impl SplitReference {
    /// Returns the scalars of all parts: tag, digest, then those of the name.
    pub(super) fn scalars(&self) -> Vec<NodeId> {
        [self.tag, self.digest].into_iter().flatten().chain(self.names.iter().copied()).collect()
    }

    /// Returns the scalar to report the reference at.
    pub(super) fn place(&self, tree: &Tree<'_>) -> Option<NodeId> {
        let is_filled = |node: &NodeId| tree.text_of(*node).is_some_and(|text| !text.is_empty());
        let filled = || [self.tag, self.digest].into_iter().flatten().find(is_filled);
        self.reported_at.or_else(filled).or_else(|| self.scalars().into_iter().min())
    }

    /// Joins the parts.
    ///
    /// # Errors
    /// If a part is missing, malformed or written twice.
    pub(super) fn join(
        &self,
        document: &Document<'_>,
        file: &File<'_>,
        markers: &Markers,
    ) -> Result<(ImageReference, PartSpans), NotReference> {
        let tree = document.tree;
        let fields = [self.tag, self.digest].map(|node| WrittenPart::all_of(tree, node?));
        for (field, subject) in fields.iter().zip(["the tag", "the digest"]) {
            if let Some(not) = field.and_then(|field| not_literal(subject, field.text)) {
                return Err(not);
            }
        }
        let name = self.name.as_deref().ok_or_else(|| self.unnamed(document, file, markers))?;
        expect_literal_name(name)?;
        let version = WrittenVersion::read(fields, if self.is_chart { Tag::of_chart } else { Tag::new })?;
        let reference = reference(name, &version)?;
        let reference = if self.is_chart { reference.into_chart() } else { reference };

        let span = |part: WrittenPart<'_>| part.span(document, file);
        let tag = version.tag.as_ref().and_then(|(_, written)| span(*written));
        let tag_comment = version.tag.as_ref().and(self.tag).and_then(|node| tag_comment(document, file, node));
        let digest = version.digest.as_ref().and_then(|(_, written)| span(*written));
        let digest_slot = match self.digest.and_then(|node| empty_digest_field(tree, node)) {
            _ if version.digest.is_some() => None,
            Some((field, is_hex_only)) => span(field).map(|field| DigestSlot::EmptyField { field, is_hex_only }),
            None if self.takes_inline_digest => tag.clone().map(DigestSlot::AppendTo),
            None => None,
        };
        Ok((reference, PartSpans { name: None, tag, digest, digest_slot, tag_comment }))
    }

    /// Returns why a tag without a name is left alone, and the lines that name its image.
    fn unnamed(&self, document: &Document<'_>, file: &File<'_>, markers: &Markers) -> NotReference {
        let tree = document.tree;
        let version: Vec<NodeId> = [self.tag, self.digest].into_iter().flatten().collect();
        if let Some(datasource) = markers.foreign_datasource(tree, &version) {
            return NotReference::ignored(super::marker::foreign_reason(datasource));
        }
        let marker = version.iter().find_map(|node| markers.marker(tree, *node));
        NotReference::held(match marker {
            Some(marker) if marker.kind == MarkerKind::Flux => {
                format!(
                    "no ImagePolicy {} in this repository names the image of this tag; add it, or correct the marker",
                    marker.policy
                )
            }
            Some(_) => "the image's name is not in this file; add `image=NAME` to the comment of this value".to_owned(),
            None => {
                let field = version.first().map(|node| document.field_path(*node)).unwrap_or_default();
                let setting = tag_setting(&file.path, &field, "NAME");
                format!("the image's name is not in this file; name it in tagboat.yaml with `{setting}`")
            }
        })
    }
}

/// A part as written: its text, and where that is in the value of which scalar.
#[derive(Debug, Clone, Copy)]
struct WrittenPart<'t> {
    text: &'t str,
    node: NodeId,
    start: usize,
}

impl<'t> WrittenPart<'t> {
    /// Returns the value of a scalar; `None` if it is empty.
    fn all_of(tree: &'t Tree<'_>, node: NodeId) -> Option<Self> {
        // A `|` block ends with a line break that is not part of the value.
        let text = tree.text_of(node)?.trim_end();
        (!text.is_empty()).then_some(Self { text, node, start: 0 })
    }

    /// Splits `1.2@sha256:…` into a tag and a digest. The tag is `None` if it is empty.
    fn split(self) -> (Option<Self>, Option<Self>) {
        let Some((tag, digest)) = self.text.split_once('@') else { return (Some(self), None) };
        let digest = Self { text: digest, start: self.text.len() - digest.len(), ..self };
        ((!tag.is_empty()).then_some(Self { text: tag, ..self }), Some(digest))
    }

    fn span(self, document: &Document<'_>, file: &File<'_>) -> Option<PartSpan> {
        part_span(document, file, self.node, self.start..self.start + self.text.len())
    }
}

/// Tag and digest, each with its text.
struct WrittenVersion<'t> {
    tag: Option<(Tag, WrittenPart<'t>)>,
    digest: Option<(Digest, WrittenPart<'t>)>,
}

impl<'t> WrittenVersion<'t> {
    /// Reads the fields of the tag and the digest.
    fn read(
        [tag_field, digest_field]: [Option<WrittenPart<'t>>; 2],
        tag_of: fn(&str) -> Result<Tag, TagError>,
    ) -> Result<Self, NotReference> {
        if tag_field.is_some_and(|field| is_bare_digest(field.text)) {
            return Err(NotReference::held("the tag is the hex of a digest; move it into the field of the digest"));
        }
        let (tag, inline) = match tag_field {
            // A digest in the field of the tag.
            Some(field) if digest_field.is_none() && Digest::new(field.text).is_ok() => (None, Some(field)),
            Some(field) => field.split(),
            None => (None, None),
        };
        let tag = tag.map(|written| tag_of(written.text).map(|tag| (tag, written))).transpose();
        let tag = tag.map_err(|error| NotReference::held(format!("malformed tag: {error}; correct it")))?;
        if inline.is_some() && digest_field.is_some() {
            return Err(NotReference::held(
                "the digest is written twice: after the tag and in its own field; remove one of them",
            ));
        }
        let digest = inline.or(digest_field).map(|written| digest(written.text).map(|digest| (digest, written)));
        Ok(Self { tag, digest: digest.transpose()? })
    }
}

/// Parses a digest with or without `sha256:`.
fn digest(text: &str) -> Result<Digest, NotReference> {
    let digest = if is_bare_digest(text) { Digest::new(&format!("sha256:{text}")) } else { Digest::new(text) };
    digest.map_err(|error| NotReference::held(error.to_string()))
}

fn expect_literal_name(name: &str) -> Result<(), NotReference> {
    if let Some(not) = not_literal("the name", name) {
        // The reference is reported at the tag, so no output has the name beside the reason.
        return Err(NotReference { reason: format!("{}: `{}`", not.reason, name.escape_debug()), ..not });
    }
    if name.ends_with("@sha256") {
        return Err(NotReference::held(
            "the digest is split: the name ends in `@sha256`, the hex is in another field; write both into one",
        ));
    }
    Ok(())
}

fn reference(name: &str, version: &WrittenVersion<'_>) -> Result<ImageReference, NotReference> {
    let malformed = |error| NotReference::held(format!("malformed name: {error}; correct it"));
    if !name.contains('/') && name.contains('.') {
        return Err(NotReference::held(format!(
            "{name} is a registry, and the image's name is not in this file; add `# tagboat: image=NAME` beside the tag"
        )));
    }
    let whole = ImageReference::new(name).map_err(malformed)?;
    if whole.tag().is_some() || whole.digest().is_some() {
        return Err(NotReference::held(
            "the name contains a tag or a digest, which also has a field of its own; remove it there",
        ));
    }
    let tag = version.tag.as_ref().map(|(tag, _)| tag.clone());
    let digest = version.digest.as_ref().map(|(digest, _)| digest.clone());
    ImageReference::from_parts(name, tag, digest).map_err(malformed)
}

/// Returns the field for a digest if it is empty and in quotes, and whether it takes only the hex.
fn empty_digest_field<'t>(tree: &'t Tree<'_>, node: NodeId) -> Option<(WrittenPart<'t>, bool)> {
    let text = tree.text_of(node).filter(|text| text.is_empty())?;
    if !matches!(tree.style(node), Some(Style::Single | Style::Double)) {
        return None;
    }
    let is_hex_only = match tree.key_text(node)? {
        "digest" | "imageDigest" => false,
        "sha256" => true,
        // `sha` is one or the other, depending on the chart.
        _ => return None,
    };
    Some((WrittenPart { text, node, start: 0 }, is_hex_only))
}
