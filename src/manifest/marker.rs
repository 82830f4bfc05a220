//! Comments that say what governs a value: their grammar, and which value they stand beside.

use super::occurrence::MarkerKind;
use crate::text::{NodeId, Span, Style, Tree};

/// Texts without which no comment is a marker; what has none of them needs no comments read.
pub(super) const NEEDLES: &[&str] = &["$imagepolicy", "tagboat:", "renovate:"];

/// One marker comment of a document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct MarkerComment {
    pub(super) span: Span,
    pub(super) says: Says,
    /// Nothing but blanks stands before it on its line.
    alone: bool,
    pub(super) used: bool,
}

/// What a marker says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Says {
    pub(super) kind: MarkerKind,
    /// Empty where only the image is named.
    pub(super) policy: String,
    /// The image, where the comment names it.
    pub(super) image: Option<String>,
    /// Where else Renovate looks the value up, if it is no image's.
    pub(super) foreign: Option<String>,
    /// Which part the value beside it is.
    pub(super) part: Part,
}

/// Which part of a reference a marked value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Part {
    /// Whatever stands there.
    Any,
    Name,
    Tag,
    Digest,
}

/// All markers of a document.
pub(super) fn markers(tree: &Tree<'_>) -> Vec<MarkerComment> {
    let read = |span: Span| {
        let says = read_comment(&tree.text()[span.range()])?;
        let line_start = tree.text()[..span.start].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        let alone = tree.text()[line_start..span.start].trim().is_empty();
        Some(MarkerComment { span, says, alone, used: false })
    };
    tree.comments().iter().filter_map(|comment| read(comment.span)).collect()
}

/// Comments that are meant as markers, by us or by Flux, and can't be read as one.
pub(super) fn malformed(tree: &Tree<'_>) -> impl Iterator<Item = Span> {
    let is_malformed = |span: &Span| {
        let comment = &tree.text()[span.range()];
        let text = comment.trim_start_matches('#').trim();
        let is_meant = text.starts_with("tagboat:") || (text.starts_with('{') && text.contains("$imagepolicy"));
        is_meant && read_comment(comment).is_none()
    };
    tree.comments().iter().map(|comment| comment.span).filter(is_malformed)
}

/// Reads one comment, `#` included.
fn read_comment(comment: &str) -> Option<Says> {
    let text = comment.trim_start_matches('#').trim();
    if text.starts_with('{') {
        return read_flux(text);
    }
    if let Some(rest) = text.strip_prefix("tagboat:") {
        let (mut policy, mut image) = (String::new(), None);
        for word in rest.split_whitespace() {
            match word.strip_prefix("image=") {
                Some(name) => image = Some(name.to_owned()),
                None if policy.is_empty() => policy = word.to_owned(),
                None => return None,
            }
        }
        return Some(Says { kind: MarkerKind::Tagboat, policy, image, foreign: None, part: Part::Any });
    }
    read_renovate(text.strip_prefix("renovate:")?)
}

/// `datasource=docker depName=ghcr.io/acme/api versioning=semver`, in any order (Renovate's presets of custom managers).
fn read_renovate(rest: &str) -> Option<Says> {
    let word = |key: &str| rest.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    // `packageName` wins over `depName`, which may be a name for people (Renovate's custom managers).
    let named = ["packageName", "depName", "lookupName", "image"].into_iter().find_map(word);
    let registry = || word("registryUrl")?.strip_prefix("oci://");
    let (image, foreign) = match word("datasource") {
        Some("docker") => (Some(named?.to_owned()), None),
        None => (Some(word("image")?.to_owned()), None),
        // A chart in an OCI registry is pulled like an image.
        Some("helm") if registry().is_some() => {
            (Some(format!("{}/{}", registry()?.trim_end_matches('/'), named?)), None)
        }
        Some(other) if other.bytes().all(|b| b.is_ascii_alphanumeric() || b"-._".contains(&b)) => {
            (None, Some(other.to_owned()))
        }
        Some(_) => return None,
    };
    let about_versions = |word: &&str| word.starts_with("versioning=") || word.starts_with("extractVersion=");
    let policy = rest.split_whitespace().filter(about_versions).collect::<Vec<_>>().join(" ");
    Some(Says { kind: MarkerKind::Renovate, policy, image, foreign, part: Part::Any })
}

/// Why a value beside such a comment is none of ours.
pub(super) fn foreign(source: &str) -> String {
    format!("Renovate looks this up in `{source}`, where there are no images")
}

/// `{"$imagepolicy": "namespace:policy[:tag|:name|:digest]"}`: the whole comment is one JSON object of strings; other
/// keys are ignored, the last of a doubled key counts (`image-reflector`'s kyaml setters).
fn read_flux(text: &str) -> Option<Says> {
    let map: std::collections::BTreeMap<String, String> = serde_json::from_str(text).ok()?;
    let value = map.get("$imagepolicy")?;
    let mut words = value.split(':');
    let (namespace, policy) = (words.next()?, words.next()?);
    let part = match (words.next(), words.next()) {
        (None, _) => Part::Any,
        (Some("tag"), None) => Part::Tag,
        (Some("name"), None) => Part::Name,
        (Some("digest"), None) => Part::Digest,
        _ => return None,
    };
    if namespace.is_empty() || policy.is_empty() || value.contains(char::is_whitespace) {
        return None;
    }
    Some(Says { kind: MarkerKind::Flux, policy: format!("{namespace}:{policy}"), image: None, foreign: None, part })
}

impl MarkerComment {
    /// Whether the comment trails the value, or stands on the line above it where its owner reads that.
    pub(super) fn governs(&self, tree: &Tree<'_>, node: NodeId) -> bool {
        let text = tree.text();
        let value = tree.span(node);
        if !self.alone {
            // On the line of a block scalar's header.
            if tree.style(node) == Some(Style::Block) {
                let between = text.get(self.span.end..value.start);
                return self.span.end <= value.start && between.is_some_and(|b| b.trim().is_empty());
            }
            // After a flow collection that is closed on the line, the comment belongs to none of its values.
            let between = (value.end <= self.span.start).then(|| &text[value.end..self.span.start]);
            return between.is_some_and(|b| b.len() < 512 && b.bytes().all(|b| matches!(b, b' ' | b'\t' | b',')));
        }
        if !self.is_above(text, value.start) {
            return false;
        }
        // Flux reads a comment above an item only if none stands behind it.
        let line_end = text[value.end..].find(['\n', '\r']).map_or(text.len(), |at| value.end + at);
        if self.says.kind == MarkerKind::Flux && text[value.end..line_end].contains('#') {
            return false;
        }
        let in_block = value.start < self.span.start && self.span.end < value.end;
        let is_item = tree.key_of(node).is_none();
        !in_block && (self.says.kind != MarkerKind::Flux || is_item)
    }

    /// Whether the line that holds `offset` comes right below the comment, other comments aside.
    pub(super) fn is_above(&self, text: &str, offset: usize) -> bool {
        let line_start = text[..offset].rfind(['\n', '\r']).map_or(0, |at| at + 1);
        self.alone
            && self.span.end < line_start
            && text[self.span.end..line_start].lines().skip(1).all(|line| line.trim_start().starts_with('#'))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn grammar() {
        let of = |text: &str| read_comment(text).map(|s| (s.kind, s.policy, s.image.unwrap_or_default(), s.part));
        let flux = |policy: &str, part| Some((MarkerKind::Flux, policy.to_owned(), String::new(), part));
        let ours =
            |policy: &str, image: &str| Some((MarkerKind::Tagboat, policy.to_owned(), image.to_owned(), Part::Any));
        let versioned =
            |image: &str, policy: &str| Some((MarkerKind::Renovate, policy.to_owned(), image.to_owned(), Part::Any));
        let renovate = |image: &str| versioned(image, "");
        #[rustfmt::skip]
        let rows = [
            (r#"# {"$imagepolicy": "flux-system:podinfo"}"#,        flux("flux-system:podinfo", Part::Any)),
            (r#"#{"$imagepolicy": "a:b:tag"}"#,                     flux("a:b", Part::Tag)),
            (r#"## {"x":"y","$imagepolicy":"a:b:name"}  "#,         flux("a:b", Part::Name)),
            ("# {\"\\u0024imagepolicy\": \"a:b:digest\"}",          flux("a:b", Part::Digest)),
            (r#"# {"$imagepolicy": "a:b:TAG"}"#,                    None),
            (r#"# {"$imagepolicy": "a"}"#,                          None),
            (r#"# {"$imagepolicy": "a:b:tag:x"}"#,                  None),
            (r#"# {"$imagepolicy": 1}"#,                            None),
            (r#"# {"$imagepolicy": "a:b"} see"#,                    None),
            (r#"# see {"$imagepolicy": "a:b"}"#,                    None),
            (r#"# {'$imagepolicy': 'a:b'}"#,                        None),
            ("# tagboat: release",                                  ours("release", "")),
            ("#tagboat:release image=ghcr.io/a/b",                  ours("release", "ghcr.io/a/b")),
            ("# tagboat: image=ghcr.io/a/b",                        ours("", "ghcr.io/a/b")),
            ("# tagboat: one two",                                  None),
            ("# renovate: datasource=docker depName=ghcr.io/a/b",   renovate("ghcr.io/a/b")),
            ("# renovate: depName=x packageName=a/b datasource=docker", renovate("a/b")),
            ("# renovate: image=ghcr.io/a/b",                       renovate("ghcr.io/a/b")),
            ("# renovate: datasource=docker depName=a versioning=loose", versioned("a", "versioning=loose")),
            ("# renovate: versioning=semver datasource=docker extractVersion=^v(?<version>.+)$ depName=a",
                versioned("a", "versioning=semver extractVersion=^v(?<version>.+)$")),
            ("# renovate: datasource=helm depName=b registryUrl=oci://ghcr.io/a/", renovate("ghcr.io/a/b")),
            ("# renovate: datasource=helm depName=b registryUrl=https://a.dev", renovate("")),
            ("# renovate: datasource=github-releases depName=a/b",  renovate("")),
            ("# renovate: datasource=(?<datasource>.*?) depName=x", None),
            ("# renovate: datasource=docker",                       None),
            ("# image: a",                                          None),
        ];
        for (text, says) in rows {
            assert_eq!(of(text), says, "{text}");
        }
    }
}
