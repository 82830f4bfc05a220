//! The grammar of marker comments: `# tagboat: …`, Flux's `# {"$imagepolicy": …}` and `# renovate: …`.

use super::occurrence::MarkerKind;
use crate::text::{Span, Tree};

/// Texts of which every marker holds one. In a document without them, comments are not read.
pub(super) const NEEDLES: &[&str] = &["$imagepolicy", "tagboat:", "renovate:"];

/// The content of a marker comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParsedMarker {
    pub(super) kind: MarkerKind,
    /// The policy that it names; empty if it names only the image.
    pub(super) policy: String,
    /// The image, if the comment names it.
    pub(super) image: Option<String>,
    /// The Renovate datasource of a value that is not an image version.
    pub(super) foreign_datasource: Option<String>,
    /// The part of a reference that the marked value holds.
    pub(super) part: MarkedPart,
}

/// The part of a reference that a marked value holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum MarkedPart {
    /// The marker does not restrict it.
    Any,
    Name,
    Tag,
    Digest,
}

/// Returns the comments that are meant as a marker of Tagboat or Flux and do not parse as one.
pub(super) fn malformed_markers(tree: &Tree<'_>) -> impl Iterator<Item = Span> {
    let is_malformed = |span: &Span| {
        let comment = &tree.text()[span.range()];
        let text = comment.trim_start_matches('#').trim();
        let is_marker = text.starts_with("tagboat:") || (text.starts_with('{') && text.contains("$imagepolicy"));
        is_marker && parse_comment(comment).is_none()
    };
    tree.comments().iter().map(|comment| comment.span).filter(is_malformed)
}

/// Parses a comment, `#` included. Returns `None` if it is not a marker.
pub(super) fn parse_comment(comment: &str) -> Option<ParsedMarker> {
    let text = comment.trim_start_matches('#').trim();
    if text.starts_with('{') {
        return parse_flux(text);
    }
    match text.strip_prefix("tagboat:") {
        Some(rest) => parse_tagboat(rest),
        None => parse_renovate(text.strip_prefix("renovate:")?),
    }
}

/// Parses `release image=ghcr.io/acme/api`, in any order: a policy, an image, or both.
fn parse_tagboat(rest: &str) -> Option<ParsedMarker> {
    let (mut policy, mut image) = (String::new(), None);
    for word in rest.split_whitespace() {
        match word.strip_prefix("image=") {
            Some(name) => image = Some(name.to_owned()),
            None if policy.is_empty() => policy = word.to_owned(),
            None => return None,
        }
    }
    Some(ParsedMarker { kind: MarkerKind::Tagboat, policy, image, foreign_datasource: None, part: MarkedPart::Any })
}

/// Parses `datasource=docker depName=ghcr.io/acme/api versioning=semver`, in any order (Renovate's presets of custom
/// managers).
fn parse_renovate(rest: &str) -> Option<ParsedMarker> {
    let word = |key: &str| rest.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    // `packageName` wins over `depName`, which may be a display name (Renovate's custom managers).
    let named = ["packageName", "depName", "lookupName", "image"].into_iter().find_map(word);
    let registry = || word("registryUrl")?.strip_prefix("oci://");
    let (image, foreign_datasource) = match word("datasource") {
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
    let is_about_versions = |word: &&str| word.starts_with("versioning=") || word.starts_with("extractVersion=");
    let policy = rest.split_whitespace().filter(is_about_versions).collect::<Vec<_>>().join(" ");
    Some(ParsedMarker { kind: MarkerKind::Renovate, policy, image, foreign_datasource, part: MarkedPart::Any })
}

/// Parses `{"$imagepolicy": "namespace:policy[:tag|:name|:digest]"}`. As in Flux's kyaml setters, the whole comment is
/// one JSON object of strings, other keys are ignored, and the last of duplicate keys counts.
fn parse_flux(text: &str) -> Option<ParsedMarker> {
    let map: std::collections::BTreeMap<String, String> = serde_json::from_str(text).ok()?;
    let value = map.get("$imagepolicy")?;
    let mut words = value.split(':');
    let (namespace, policy) = (words.next()?, words.next()?);
    let part = match (words.next(), words.next()) {
        (None, _) => MarkedPart::Any,
        (Some("tag"), None) => MarkedPart::Tag,
        (Some("name"), None) => MarkedPart::Name,
        (Some("digest"), None) => MarkedPart::Digest,
        _ => return None,
    };
    if namespace.is_empty() || policy.is_empty() || value.contains(char::is_whitespace) {
        return None;
    }
    let policy = format!("{namespace}:{policy}");
    Some(ParsedMarker { kind: MarkerKind::Flux, policy, image: None, foreign_datasource: None, part })
}

/// Returns the reason to ignore a value whose Renovate comment names a datasource without images.
pub(super) fn foreign_reason(datasource: &str) -> String {
    format!("Renovate updates this from the datasource `{datasource}`, which has no images")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_markers_of_tagboat_flux_and_renovate() {
        let parsed = |text: &str| {
            let marker = parse_comment(text)?;
            Some((marker.kind, marker.policy, marker.image.unwrap_or_default(), marker.part))
        };
        let flux = |policy: &str, part| Some((MarkerKind::Flux, policy.to_owned(), String::new(), part));
        let tagboat = |policy: &str, image: &str| {
            Some((MarkerKind::Tagboat, policy.to_owned(), image.to_owned(), MarkedPart::Any))
        };
        let versioned = |image: &str, policy: &str| {
            Some((MarkerKind::Renovate, policy.to_owned(), image.to_owned(), MarkedPart::Any))
        };
        let renovate = |image: &str| versioned(image, "");
        #[rustfmt::skip]
        let rows = [
            (r#"# {"$imagepolicy": "flux-system:podinfo"}"#,        flux("flux-system:podinfo", MarkedPart::Any)),
            (r#"#{"$imagepolicy": "a:b:tag"}"#,                     flux("a:b", MarkedPart::Tag)),
            (r#"## {"x":"y","$imagepolicy":"a:b:name"}  "#,         flux("a:b", MarkedPart::Name)),
            ("# {\"\\u0024imagepolicy\": \"a:b:digest\"}",          flux("a:b", MarkedPart::Digest)),
            (r#"# {"$imagepolicy": "a:b:TAG"}"#,                    None),
            (r#"# {"$imagepolicy": "a"}"#,                          None),
            (r#"# {"$imagepolicy": "a:b:tag:x"}"#,                  None),
            (r#"# {"$imagepolicy": 1}"#,                            None),
            (r#"# {"$imagepolicy": "a:b"} see"#,                    None),
            (r#"# see {"$imagepolicy": "a:b"}"#,                    None),
            (r#"# {'$imagepolicy': 'a:b'}"#,                        None),
            ("# tagboat: release",                                  tagboat("release", "")),
            ("#tagboat:release image=ghcr.io/a/b",                  tagboat("release", "ghcr.io/a/b")),
            ("# tagboat: image=ghcr.io/a/b",                        tagboat("", "ghcr.io/a/b")),
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
        for (text, marker) in rows {
            assert_eq!(parsed(text), marker, "{text}");
        }
    }
}
