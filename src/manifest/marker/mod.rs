//! The grammar of marker comments: `# tagboat: …`, Flux's `# {"$imagepolicy": …}` and `# renovate: …`.

mod flux;
mod parsed;
mod renovate;
mod tagboat;

pub(super) use flux::wrong_part;
pub(super) use parsed::{MarkedPart, ParsedMarker};

use super::value::is_full_reference;

/// Texts of which every well-formed marker holds one.
pub(super) const NEEDLES: &[&str] = &["$imagepolicy", "tagboat:", "renovate:"];

/// Returns whether a document may have markers. In one without them, comments are not read.
pub(super) fn may_be_in(text: &str) -> bool {
    let holds = |needle: &&str| memchr::memmem::find(text.as_bytes(), needle.as_bytes()).is_some();
    NEEDLES.iter().any(holds)
        || memchr::memchr_iter(b'#', text.as_bytes()).any(|at| {
            let line = text[at..].split(['\n', '\r']).next().unwrap_or_default();
            // Every other one holds one of the texts.
            parse_comment(line).is_some_and(|marker| marker.problem.is_some())
        })
}

/// Parses a comment, with the `#` or the `!` of properties. Returns `None` if it is not meant as a marker.
pub(super) fn parse_comment(comment: &str) -> Option<ParsedMarker> {
    let text = content(comment);
    // Whatever else the comment says, to leave a value alone is safe.
    let mut further = text.split(" #").skip(1).map(content);
    further.clone().filter_map(tagboat::parse).find(ParsedMarker::is_ignore).or_else(|| marker(text)).or_else(|| {
        let kind = further.find_map(marker).map(|marker| marker.kind).or_else(|| tagboat::in_prose(text))?;
        let problem = "the marker is behind other text of its comment; write it first, or in a comment of its own";
        Some(ParsedMarker::malformed(kind, problem.to_owned()))
    })
}

/// Parses a comment that is alone on its line. A value that is commented out keeps its marker to itself.
pub(super) fn parse_line(comment: &str) -> Option<ParsedMarker> {
    let first = comment.split(" #").find(|part| !content(part).is_empty()).unwrap_or_default();
    if is_commented_out(content(first)) { None } else { parse_comment(comment) }
}

/// Returns the text of a comment.
fn content(comment: &str) -> &str {
    comment.trim_start_matches(['#', '!']).trim()
}

/// Parses the text of a comment that is a marker as a whole.
fn marker(text: &str) -> Option<ParsedMarker> {
    tagboat::parse(text).or_else(|| renovate::parse(text)).or_else(|| flux::parse(text))
}

/// Returns whether the text of a comment is a line of a manifest: `image: nginx:1.27`, `TAG=1.2`.
fn is_commented_out(text: &str) -> bool {
    let is_quote = |c: char| matches!(c, '"' | '\'' | ',');
    let mut words = text.trim_start_matches("- ").split_whitespace().map(|word| word.trim_matches(is_quote));
    let line: Vec<&str> = words.by_ref().take(3).collect();
    let has_version = |value: &str| value.contains(|c: char| c.is_ascii_digit());
    let is_assignment = match line[..] {
        [key, value] => key.ends_with(':') && has_version(value),
        [word] => word.split_once('=').is_some_and(|(_, value)| has_version(value)),
        _ => false,
    };
    marker(text).is_none() && (is_assignment || line.into_iter().chain(words).any(is_full_reference))
}

/// Returns why a value of a text file is held that ends in what is meant as a marker, and is no comment for the reader of the file.
pub(super) fn in_value(value: &str) -> Option<String> {
    let is_marker = |(at, _): (usize, &str)| parse_comment(&value[at..]).is_some();
    let reason = "the marker is a part of the value here; put it alone on the line above";
    value.match_indices('#').any(is_marker).then(|| reason.to_owned())
}

/// Returns the reason to ignore a value whose Renovate comment names a datasource without images.
pub(super) fn foreign_reason(datasource: &str) -> String {
    format!("Renovate updates this from the datasource `{datasource}`, which has no images")
}

#[cfg(test)]
mod tests {
    use super::super::occurrence::MarkerKind;
    use super::*;

    #[test]
    fn parses_markers_of_tagboat_flux_and_renovate() {
        let parsed = |text: &str| {
            let marker = parse_comment(text).filter(|marker| marker.problem.is_none())?;
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
            ("# renovate: custom-release depName=a/b",              renovate("")),
            ("# renovate: datasource=(?<datasource>.*?) depName=x", None),
            ("# renovate: datasource=docker",                       None),
            ("# image: a",                                          None),
        ];
        for (text, marker) in rows {
            assert_eq!(parsed(text), marker, "{text}");
        }
    }

    #[test]
    fn leaves_the_markers_of_what_is_commented_out() {
        #[rustfmt::skip]
        let rows = [
            ("# pinned # tagboat: ignore",                    true),
            ("# pinned, see TICKET-1 # tagboat: ignore",      true),
            ("# tagboat: ignore # image: nginx:1.27",         true),
            ("# image: nginx:1.27 # tagboat: ignore",         false),
            ("# - nginx:1.27 # tagboat: ignore",              false),
            ("# tag: \"1.27\" # tagboat: release",            false),
            ("# TAG=1.27 # tagboat: ignore",                  false),
            ("# FROM nginx:1.27 AS a # tagboat: ignore",      false),
        ];
        for (text, is_marker) in rows {
            assert_eq!(parse_line(text).is_some(), is_marker, "{text}");
        }
    }

    /// Expects a part of the problem of each comment; empty for a marker without one, and `None` for a comment that is no marker.
    fn expect_problems(rows: &[(&str, Option<&str>)]) {
        for (text, expected) in rows {
            let problem = parse_comment(text).map(|marker| marker.problem.unwrap_or_default());
            assert_eq!(problem.is_some(), expected.is_some(), "{text}: {problem:?}");
            if let (Some(problem), Some(expected)) = (problem, expected) {
                assert!(problem.contains(expected) && expected.is_empty() == problem.is_empty(), "{text}: {problem}");
                assert!(may_be_in(&format!("a: 1 {text}\n")), "{text}");
            }
        }
    }

    #[test]
    fn recognizes_what_is_meant_as_a_marker() {
        let forms = "write `# tagboat: POLICY`, `# tagboat: image=NAME` or `# tagboat: POLICY image=NAME`";
        #[rustfmt::skip]
        expect_problems(&[
            ("# tagboat: release",                               Some("")),
            ("# tagboat: one two",                               Some("the marker has a surplus word `two`; write `# tagboat: POLICY`")),
            ("# tagboat: one two",                               Some(forms)),
            ("# tagboat:",                                       Some("the marker names no policy and no image; write")),
            ("# tagboat: image=",                                Some("`` in the marker is not the name of an image; write")),
            ("# tagboat: image=Foo:::",                          Some("`Foo:::` in the marker is not the name of an image; write")),
            ("# tagboat: image=a image=b",                       Some("a surplus word `image=b`")),
            ("# Tagboat: ignore",                                Some("misspelled marker: write `# tagboat: ignore`")),
            ("# TAGBOAT: ignore",                                Some("write `# tagboat: ignore`")),
            ("# tagbot: release image=a",                        Some("write `# tagboat: release image=a`")),
            ("# tagboat : release",                              Some("write `# tagboat: release`")),
            ("# tagboat ignore",                                 Some("write `# tagboat: ignore`")),
            ("# tagboat image=a",                                Some("write `# tagboat: image=a`")),
            ("# tagbot: one two",                                Some(forms)),
            ("# tagboat",                                        Some("the marker names no policy and no image; write")),
            ("# tagboat stable",                                 Some("write `# tagboat: stable`")),
            ("# tagboat-ignore",                                 Some("write `# tagboat: ignore`")),
            ("# tagboat=ignore",                                 Some("write `# tagboat: ignore`")),
            ("# tagboat: release # pinned",                      Some("")),
            ("# tagboat: ignore # pinned",                       Some("")),
            ("# pinned # tagboat: ignore",                       Some("")),
            ("# pinned ## tagboat: ignore # x",                  Some("")),
            ("# tagboat: one two # tagboat: ignore",             Some("")),
            ("# pinned # tagboat: release",                      Some("behind other text of its comment; write it first")),
            ("# pinned # tagboat ignore",                        Some("behind other text of its comment; write it first")),
            ("# pinned # {\"$imagepolicy\": \"a:b\"}",             Some("behind other text of its comment; write it first")),
            ("# pinned; tagboat: ignore",                        Some("behind other text of its comment; write it first")),
            ("# TODO (tagboat: release image=a)",                Some("behind other text of its comment; write it first")),
            ("# @tagboat: ignore",                               Some("write `# tagboat: ignore`")),
            ("# tagboat-action",                                 None),
            ("# tagboat: see the documentation",                 Some("surplus word")),
            ("# see tagboat: it is documented",                  None),
            ("# .tagboat: x",                                    Some("write `# tagboat: x`")),
            ("# tagboats are nice",                              None),
            ("# tagboat updates this",                           None),
            ("# tagbot ignore",                                  None),
            ("# target: release",                                None),
            ("# boat: release",                                  None),
        ]);
    }

    #[test]
    fn corrects_markers_of_flux() {
        let tag = "write `# {\"$imagepolicy\": \"a:b:tag\"}`";
        let any = "write `# {\"$imagepolicy\": \"a:b\"}` with or without :tag, :name or :digest";
        #[rustfmt::skip]
        expect_problems(&[
            (r#"# {"$imagepolicy": "a"}"#,                       Some("malformed marker: write `# {\"$imagepolicy\": \"NAMESPACE:a\"}`")),
            (r#"# {"$imagePolicy": "a:b:tag"}"#,                 Some(tag)),
            (r#"# {"$ImagePolicy": "a:b:tag"}"#,                 Some(tag)),
            (r#"# {$imagepolicy: "a:b:tag"}"#,                   Some(tag)),
            (r#"# {$imagepolicy: a:b:tag}"#,                     Some(tag)),
            (r#"# {'$imagepolicy': 'a:b:tag'}"#,                 Some(tag)),
            (r#"# {"$imagepolicy": "a:b:tag""#,                  Some(tag)),
            (r#"# "$imagepolicy": "a:b:tag"}"#,                  Some(tag)),
            (r#"# "$imagepolicy": "a:b:tag""#,                   Some(tag)),
            (r#"# $imagepolicy: a:b:tag"#,                       Some(tag)),
            (r#"# {"$imagepolicy" "a:b:tag"}"#,                  Some(tag)),
            (r#"# {"imagepolicy": "a:b:tag"}"#,                  Some(tag)),
            (r#"# {"$image-policy": "a:b:tag"}"#,                Some(tag)),
            (r#"# {"$imagepolicies": "a:b:tag"}"#,               Some(tag)),
            (r#"# {"$imagepolicy": "a:b:TAG"}"#,                 Some(tag)),
            (r#"# {"$imagepolicy": "a:b:tags"}"#,                Some(tag)),
            (r#"# {"$imagepolicy": "a:b:digset"}"#,              Some("\"a:b:digest\"")),
            (r#"# {"$imagepolicy": "a:b:x"}"#,                   Some(any)),
            (r#"# {"$imagepolicy": "a:b"} see"#,                 Some(any)),
            (r#"# {"x": 1, "$imagepolicy": "a:b"}"#,             Some("\"NAMESPACE:POLICY\"")),
            (r#"# {"$imagepolicy": 1}"#,                         Some("\"NAMESPACE:1\"")),
            (r#"# see {"$imagepolicy": "a:b"}"#,                 None),
            ("# {{ $imagePolicy }}",                             None),
            ("# $imagepolicy markers are for Flux",              None),
            (r#"# {"$openapi": "a:b"}"#,                         None),
        ]);
    }

    #[test]
    fn corrects_comments_for_renovate() {
        let docker = "write `# renovate: datasource=docker depName=NAME`";
        #[rustfmt::skip]
        expect_problems(&[
            ("# renovate: datasource=docker",                    Some("it names no image; write `# renovate: datasource=docker depName=NAME`")),
            ("# renovate: depName=a",                            Some("it names no datasource")),
            ("# renovate: depname=a",                            Some("it has no key `depname`; write `depName=`")),
            ("# renovate: datasource=docker depName=a registryUrls=https://x.example", Some("it has no key `registryUrls`; write `registryUrl=`")),
            ("# renovate: datasource=docker depName=a versoning=semver", Some("write `versioning=`")),
            ("# renovate: datasource=docker depName=A::B",       Some("`A::B` is not the name of an image")),
            ("# renovate: datasource=helm registryUrl=oci://ghcr.io/a", Some("it names no image")),
            ("# renovate: datasource= depName=a",                Some("`` is not a datasource")),
            ("# renovate:",                                      Some(docker)),
            ("# renovate: ignore",                               Some(docker)),
            ("# renovate datasource=docker depName=a",           Some("misspelled Renovate comment: write `# renovate: datasource=docker depName=a`")),
            ("# rennovate: datasource=docker depName=a",         Some("write `# renovate: datasource=docker depName=a`")),
            ("# Renovate: depName=a",                            Some("write `# renovate: depName=a`")),
            ("# renovate: datasource=docker depName=a suffix=b", Some("")),
            ("# renovate: datasource=docker depName=a some text", Some("the surplus word `some`; end the comment before it")),
            ("# renovate: image=a # pinned",                     Some("the surplus word `#`; end the comment before it")),
            ("# renovate: datasource=docker depName=a # tagboat: ignore", Some("")),
            ("# renovate: datasource=github-tags depName=a see", Some("")),
            ("# Renovate: see renovate.json",                    None),
            ("# renovate this",                                  None),
        ]);
    }
}
