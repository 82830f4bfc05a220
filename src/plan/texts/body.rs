//! The visible part of a pull request's body: a table of the changes, and facts about the images. A body that exceeds the
//! limit of the forge omits whole parts and is never cut within one.
//!
//! Text from a registry is untrusted: only checked addresses, revisions, dates and numbers reach a body.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use crate::image::{Digest, ImageFacts, Tag};

use super::link::{self, LinkStyle, SourceRepository};
use super::markup::{code, plain};
use crate::plan::proposal::{Change, major_mark};
use crate::plan::values::version;

/// The facts about images that were looked up, by reference as written.
pub type FactsByReference = BTreeMap<String, ImageFacts>;

/// Which parts of a body are written.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Detail {
    reasons: bool,
    images: bool,
    /// The number of changes with a row in the table.
    rows: usize,
}

/// Returns the body in at most `limit` characters, without its least important parts where they do not fit; `None` if no
/// part fits.
pub(super) fn body(
    changes: &[Change],
    image_facts: &FactsByReference,
    links: &[LinkStyle],
    run_url: Option<&str>,
    limit: usize,
) -> Option<String> {
    let rows = changes.len();
    let write = |detail| {
        let text = render(changes, (image_facts, links), run_url, detail);
        (text.chars().count() <= limit).then_some(text)
    };
    let table = |rows| write(Detail { reasons: false, images: false, rows });
    write(Detail { reasons: true, images: true, rows })
        .or_else(|| write(Detail { reasons: false, images: true, rows }))
        .or_else(|| {
            let counts = (1..=rows).collect::<Vec<_>>();
            table(counts.partition_point(|rows| table(*rows).is_some()))
        })
}

fn render(
    changes: &[Change],
    (image_facts, links): (&FactsByReference, &[LinkStyle]),
    run_url: Option<&str>,
    detail: Detail,
) -> String {
    let head = if detail.reasons { "policy and reason" } else { "policy" };
    let mut text = format!("| image | change | location | {head} |\n|---|---|---|---|\n");
    for change in &changes[..detail.rows] {
        let _ = writeln!(
            text,
            "| {} | {} | {} | {} |",
            code(change.to.name().familiar()),
            version_change(change),
            code(&format!("{}:{}", change.path, change.position.line)),
            if detail.reasons {
                format!("{}: {}", plain(&change.policy), plain(&change.reason))
            } else {
                plain(&change.policy)
            },
        );
    }
    if detail.rows < changes.len() {
        let _ = write!(text, "\nand {} more\n", changes.len() - detail.rows);
    }
    let mut described = BTreeSet::new();
    for change in if detail.images { changes } else { &[] } {
        if let Some(line) = describe_image(change, image_facts, links)
            && described.insert(change.to.as_str())
        {
            let gap = if described.len() == 1 { "\n" } else { "" };
            let _ = writeln!(text, "{gap}- {line}");
        }
    }
    if !detail.reasons {
        text.push_str("\nTruncated to the limit of this forge. Run `tagboat plan` for the rest.\n");
    }
    text.push_str(
        "\n---\nTagboat updates this pull request until it is merged or closed. Close it to decline these versions. Push to its \
         branch to take it over.",
    );
    if let Some(url) = run_url.filter(|url| link::is_web_address(url)) {
        let _ = write!(text, " [Run]({url}).");
    }
    text
}

/// Returns `1.4.2` → `1.4.3`, with digests if the tag does not change.
fn version_change(change: &Change) -> String {
    let text = |tag: Option<&Tag>, digest: Option<&Digest>, with_digest: bool| match (tag, digest) {
        (Some(tag), Some(digest)) if with_digest => code(&format!("{tag}@{}", digest.short())),
        (Some(tag), _) => code(tag.as_str()),
        (None, Some(digest)) => code(digest.short()),
        (None, None) => "no tag".to_owned(),
    };
    let same_tag = change.from.tag() == change.to.tag();
    format!(
        "{} → {}{}",
        text(change.from.tag(), change.from.digest(), same_tag),
        text(change.to.tag(), change.to.digest(), same_tag),
        major_mark(change.bump())
    )
}

/// Returns the facts about the new image: when it was built, its revision, a link to the changes since the current one,
/// its size and its platforms. `None` if no fact is known.
fn describe_image(change: &Change, image_facts: &FactsByReference, links: &[LinkStyle]) -> Option<String> {
    let to = image_facts.get(change.to.as_str())?;
    let mut parts = Vec::new();
    parts.extend(built(to).map(|at| format!("built {at}")));
    let source = source(to, links);
    if let Some(new) = revision(to) {
        parts.push(match &source {
            Some(source) => format!("from [{}]({})", code(short(&new)), source.commit(&new)),
            None => format!("from {}", code(short(&new))),
        });
    }
    if let Some((old, address)) = comparison(change, image_facts, links) {
        parts.push(format!("[all changes since {}]({address})", code(short(&old))));
    }
    parts.extend(to.size.map(|bytes| format!("{} compressed", megabytes(bytes))));
    if !to.platforms.is_empty() {
        let platforms = to.platforms.iter().map(|platform| code(&platform.to_string())).collect::<Vec<_>>();
        parts.push(format!("for {}", platforms.join(", ")));
    }
    let page = to.url.as_deref().map(str::trim).filter(|url| link::is_linkable_page(url));
    parts.extend(page.map(|url| format!("[project page]({url})")));
    let image = format!("{}:{}", change.to.name().familiar(), version(&change.to));
    (!parts.is_empty()).then(|| format!("{} {}", code(&image), parts.join(", ")))
}

/// Returns when an image was built; `None` for the constant time in 1970 that reproducible builds set.
pub(super) fn built(facts: &ImageFacts) -> Option<String> {
    let created = facts.created.filter(|created| created.as_second() > 86_400)?;
    Some(created.strftime("%Y-%m-%d %H:%M UTC").to_string())
}

/// Returns the commit in the labels of an image, if it is a revision and nothing else.
pub(super) fn revision(facts: &ImageFacts) -> Option<String> {
    facts.revision.clone().filter(|text| link::is_revision(text))
}

fn source(facts: &ImageFacts, links: &[LinkStyle]) -> Option<SourceRepository> {
    SourceRepository::new(facts.source.as_deref()?, links)
}

/// Returns the revision of the current image, and the address of the comparison with the new one, if both images are built
/// from the same repository.
pub(super) fn comparison(
    change: &Change,
    image_facts: &FactsByReference,
    links: &[LinkStyle],
) -> Option<(String, String)> {
    let (from, to) = (image_facts.get(change.from.as_str())?, image_facts.get(change.to.as_str())?);
    let (old, new, source) = (revision(from)?, revision(to)?, source(to, links)?);
    let same = from.source.is_none() || SourceRepository::new(from.source.as_deref()?, links)? == source;
    (old != new && same).then(|| (old.clone(), source.compare(&old, &new)))
}

fn short(revision: &str) -> &str {
    &revision[..revision.len().min(7)]
}

/// Returns a size in millions of bytes, as registries show it.
fn megabytes(bytes: u64) -> String {
    let tenths = bytes.saturating_add(50_000) / 100_000;
    match tenths {
        0 => "less than 0.1 MB".to_owned(),
        _ => format!("{}.{} MB", tenths / 10, tenths % 10),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::Platform;

    fn change(path: &str, from: &str, to: &str) -> Change {
        Change::example(path, from, to)
    }

    fn facts(source: &str, revision: &str) -> ImageFacts {
        ImageFacts { source: Some(source.into()), revision: Some(revision.into()), ..ImageFacts::default() }
    }

    #[test]
    fn describes_changes_and_images() {
        let (old, new) = ("a".repeat(40), "b".repeat(40));
        let source = "https://github.com/acme/api";
        let to = ImageFacts {
            created: Some("2026-11-20T14:03:00Z".parse().unwrap()),
            size: Some(48_249_000),
            platforms: vec![Platform::new("linux/amd64").unwrap(), Platform::new("linux/arm64/v8").unwrap()],
            url: Some("https://api.acme.test/releases".into()),
            ..facts(source, &new)
        };
        let image_facts = [("nginx:1.27".to_owned(), facts(source, &old)), ("nginx:1.28".to_owned(), to)].into();
        let text = body(
            &[change("envs/prod/a.yaml", "nginx:1.27", "nginx:1.28")],
            &image_facts,
            &[],
            Some("https://ci.test/7"),
            9_999,
        );
        let expected = format!(
            "| image | change | location | policy and reason |\n\
             |---|---|---|---|\n\
             | `nginx` | `1.27` → `1.28` | `envs/prod/a.yaml:14` | release: newest in &gt;=1.0 &lt;3 |\n\
             \n\
             - `nginx:1.28` built 2026-11-20 14:03 UTC, from [`bbbbbbb`]({source}/commit/{new}), \
             [all changes since `aaaaaaa`]({source}/compare/{old}...{new}), 48.2 MB compressed, for `linux/amd64`, \
             `linux/arm64/v8`, [project page](https://api.acme.test/releases)\n\
             \n\
             ---\n\
             Tagboat updates this pull request until it is merged or closed. Close it to decline these versions. Push to \
             its branch to take it over. [Run](https://ci.test/7)."
        );
        assert_eq!(text.unwrap(), expected);
    }

    #[test]
    fn compares_only_within_one_repository() {
        let (old, new) = ("a".repeat(40), "b".repeat(40));
        let to = facts("https://github.com/acme/api", &new);
        let one = change("a.yaml", "nginx:1.27", "nginx:1.28");
        for (from, compared) in [
            (facts("https://github.com/acme/api.git", &old), true),
            (ImageFacts { source: None, ..facts("", &old) }, true),
            (facts("https://github.com/acme/old", &old), false),
            (facts("not an address", &old), false),
            (facts("https://github.com/acme/api", &new), false),
        ] {
            let image_facts = [("nginx:1.27".to_owned(), from), ("nginx:1.28".to_owned(), to.clone())].into();
            assert_eq!(comparison(&one, &image_facts, &[]).is_some(), compared, "{image_facts:?}");
        }
    }

    #[test]
    fn truncates_by_whole_parts() {
        let tags: Vec<_> = (0..40).map(|n| (format!("nginx:1.{n}"), format!("nginx:2.{n}"))).collect();
        let changes: Vec<_> = tags.iter().map(|(from, to)| change("a.yaml", from, to)).collect();
        let new = "b".repeat(40);
        let image_facts = tags.iter().map(|(_, to)| (to.clone(), facts("https://github.com/acme/api", &new))).collect();
        let full = body(&changes, &image_facts, &[], None, usize::MAX).unwrap().chars().count();
        let mut seen = BTreeSet::new();
        for limit in (0..=full).rev().step_by(61) {
            let Some(text) = body(&changes, &image_facts, &[], None, limit) else {
                seen.insert("nothing");
                continue;
            };
            assert!(text.chars().count() <= limit);
            assert!(text.ends_with("take it over."), "never cut in the middle");
            let rows = text.lines().filter(|line| line.starts_with("| `nginx`")).count();
            let (reasons, images) = (text.contains("newest"), text.contains("- `nginx:2.0`"));
            seen.insert(match (reasons, images, rows) {
                (true, true, 40) => "all",
                (false, true, 40) => "no reasons",
                (false, false, 40) => "no images",
                (false, false, rows) => {
                    assert!(text.contains(&format!("\nand {} more\n", 40 - rows)), "{text}");
                    "fewer rows"
                }
                other => panic!("{other:?} {text}"),
            });
            assert_eq!(reasons, !text.contains("Truncated"));
        }
        assert_eq!(seen.len(), 5, "{seen:?}");
    }
}
