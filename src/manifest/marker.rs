//! The grammar of marker comments: `# tagboat: …`, Flux's `# {"$imagepolicy": …}` and `# renovate: …`.

use super::occurrence::MarkerKind;
use crate::image::{ImageName, begins_with_registry};
use crate::text::is_misspelling_of;

/// The policy of a marker that leaves its value alone, whatever else applies to it.
const IGNORE: &str = "ignore";

/// Texts of which every well-formed marker holds one.
pub(super) const NEEDLES: &[&str] = &["$imagepolicy", "tagboat:", "renovate:"];

/// The content of a marker comment.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct ParsedMarker {
    pub(super) kind: MarkerKind,
    /// The policy that it names; empty if it names only the image.
    pub(super) policy: String,
    /// The image, if the comment names it.
    pub(super) image: Option<String>,
    /// Whether that image is a Helm chart.
    pub(super) is_chart: bool,
    /// The Renovate datasource of a value that is not an image version.
    pub(super) foreign_datasource: Option<String>,
    /// The part of a reference that the marked value holds.
    pub(super) part: MarkedPart,
    /// Whether it is meant as a marker and cannot be applied, so that it holds its value.
    pub(super) is_malformed: bool,
}

impl ParsedMarker {
    fn new(kind: MarkerKind, policy: String) -> Self {
        Self {
            kind,
            policy,
            image: None,
            is_chart: false,
            foreign_datasource: None,
            part: MarkedPart::Any,
            is_malformed: false,
        }
    }

    fn malformed(kind: MarkerKind) -> Self {
        Self { is_malformed: true, ..Self::new(kind, String::new()) }
    }

    /// Returns whether it leaves its value alone.
    pub(super) fn is_ignore(&self) -> bool {
        self.kind == MarkerKind::Tagboat && !self.is_malformed && self.policy == IGNORE
    }

    /// Returns the reason to hold the value of a malformed marker.
    pub(super) fn malformed_reason(&self) -> Option<&'static str> {
        let reason = match self.kind {
            MarkerKind::Flux => {
                "malformed marker: write `# {\"$imagepolicy\": \"NAMESPACE:POLICY\"}` with or without :tag, :name or :digest"
            }
            MarkerKind::Tagboat | MarkerKind::Renovate => {
                "malformed marker: write `# tagboat: POLICY`, `# tagboat: image=NAME` or `# tagboat: POLICY image=NAME`"
            }
        };
        self.is_malformed.then_some(reason)
    }
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

/// Returns whether a document may have markers. In one without them, comments are not read.
pub(super) fn may_be_in(text: &str) -> bool {
    let holds = |needle: &&str| memchr::memmem::find(text.as_bytes(), needle.as_bytes()).is_some();
    NEEDLES.iter().any(holds)
        || memchr::memchr_iter(b'#', text.as_bytes()).any(|at| {
            let line = text[at..].split(['\n', '\r']).next().unwrap_or_default();
            is_misspelled(line.trim_start_matches('#').trim())
        })
}

/// Parses a comment, `#` included. Returns `None` if it is not meant as a marker.
pub(super) fn parse_comment(comment: &str) -> Option<ParsedMarker> {
    let text = comment.trim_start_matches('#').trim();
    if text.starts_with('{') {
        let is_meant = || text.contains("$imagepolicy").then(|| ParsedMarker::malformed(MarkerKind::Flux));
        return parse_flux(text).or_else(is_meant);
    }
    match (text.strip_prefix("tagboat:"), text.strip_prefix("renovate:")) {
        (Some(rest), _) => Some(parse_tagboat(rest).unwrap_or_else(|| ParsedMarker::malformed(MarkerKind::Tagboat))),
        (None, Some(rest)) => parse_renovate(rest),
        (None, None) => is_misspelled(text).then(|| ParsedMarker::malformed(MarkerKind::Tagboat)),
    }
}

/// Returns whether the text of a comment is meant as a marker of Tagboat: `Tagboat: release`, `tagbot: release` or `tagboat
/// ignore`. Prose about Tagboat is not.
fn is_misspelled(text: &str) -> bool {
    let end = text.bytes().take(16).position(|byte| byte == b':' || byte.is_ascii_whitespace());
    let Some((word, rest)) = end.map(|end| text.split_at(end)) else { return false };
    let rest = rest.trim_start();
    if rest.starts_with(':') {
        return is_misspelling_of(word, "tagboat");
    }
    let next = rest.split_whitespace().next().unwrap_or_default();
    word == "tagboat" && (matches!(next, IGNORE | "shape") || next.starts_with("image="))
}

/// Parses `release image=ghcr.io/acme/api`, in any order: a policy, an image, or both.
fn parse_tagboat(rest: &str) -> Option<ParsedMarker> {
    let (mut policy, mut image) = (None, None);
    for word in rest.split_whitespace() {
        match word.strip_prefix("image=") {
            Some(name) if image.is_none() && ImageName::new(name).is_ok() => image = Some(name.to_owned()),
            None if policy.is_none() => policy = Some(word.to_owned()),
            _ => return None,
        }
    }
    if policy.is_none() && image.is_none() {
        return None;
    }
    Some(ParsedMarker { image, ..ParsedMarker::new(MarkerKind::Tagboat, policy.unwrap_or_default()) })
}

/// Parses `datasource=docker depName=ghcr.io/acme/api versioning=semver`, in any order (Renovate's presets of custom
/// managers).
fn parse_renovate(rest: &str) -> Option<ParsedMarker> {
    let word = |key: &str| rest.split_whitespace().find_map(|word| word.strip_prefix(key)?.strip_prefix('='));
    // `packageName` wins over `depName`, which may be a display name (Renovate's custom managers).
    let named = ["packageName", "depName", "lookupName", "image"].into_iter().find_map(word);
    let registry = || word("registryUrl")?.strip_prefix("oci://");
    let (image, foreign_datasource) = match word("datasource") {
        Some("docker") => (Some(in_registry(named?, word("registryUrl"))), None),
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
    let is_chart = word("datasource") == Some("helm") && image.is_some();
    Some(ParsedMarker { image, is_chart, foreign_datasource, ..ParsedMarker::new(MarkerKind::Renovate, policy) })
}

/// Returns the name of an image in the registry of its comment. A registry in the name wins (Renovate's `datasource/docker`).
fn in_registry(name: &str, url: Option<&str>) -> String {
    let registry = url.map(|url| url.split_once("://").map_or(url, |(_, host)| host).trim_end_matches('/'));
    match registry {
        Some(registry) if !begins_with_registry(name) => format!("{registry}/{name}"),
        _ => name.to_owned(),
    }
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
    Some(ParsedMarker { part, ..ParsedMarker::new(MarkerKind::Flux, format!("{namespace}:{policy}")) })
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
            let marker = parse_comment(text).filter(|marker| !marker.is_malformed)?;
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
            ("# renovate: datasource=docker depName=a registryUrl=https://x.example/", renovate("x.example/a")),
            ("# renovate: datasource=docker registryUrl=http://x.example/team depName=a/b", renovate("x.example/team/a/b")),
            ("# renovate: datasource=docker registryUrl=https://x.example depName=x.example/a", renovate("x.example/a")),
            ("# renovate: datasource=docker registryUrl=https://x.example depName=ghcr.io/a/b", renovate("ghcr.io/a/b")),
            ("# renovate: datasource=docker registryUrl=https://index.docker.io depName=a", renovate("index.docker.io/a")),
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

    #[test]
    fn recognizes_what_is_meant_as_a_marker() {
        #[rustfmt::skip]
        let rows = [
            ("# tagboat: release",                  Some(false)),
            ("# tagboat: one two",                  Some(true)),
            ("# tagboat:",                          Some(true)),
            ("# tagboat: image=",                   Some(true)),
            ("# tagboat: image=Foo:::",             Some(true)),
            ("# tagboat: image=a image=b",          Some(true)),
            ("# Tagboat: ignore",                   Some(true)),
            ("# TAGBOAT: ignore",                   Some(true)),
            ("# tagbot: release",                   Some(true)),
            ("# tagboat : release",                 Some(true)),
            ("# tagboat ignore",                    Some(true)),
            ("# tagboat image=a",                   Some(true)),
            (r#"# {"$imagepolicy": "a"}"#,          Some(true)),
            ("# tagboats are nice",                 None),
            ("# tagboat updates this",              None),
            ("# tagbot ignore",                     None),
            ("# target: release",                   None),
            ("# boat: release",                     None),
            (r#"# see {"$imagepolicy": "a:b"}"#,    None),
        ];
        for (text, expected) in rows {
            assert_eq!(parse_comment(text).map(|marker| marker.is_malformed), expected, "{text}");
            assert!(expected.is_none() || may_be_in(&format!("a: 1 {text}\n")), "{text}");
        }
    }
}
