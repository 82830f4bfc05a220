//! What people read: the title, the commit message, and the body of a pull request.
//!
//! Text that comes from a registry is data: nothing from there reaches a body except checked URLs, hex revisions and
//! dates, so no Markdown, no mention and no closing keyword can come in that way.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt::Write as _;

use serde::Serialize;

use crate::image::{Digest, ImageFacts, ImageReference, Tag};

use super::link;
use super::proposal::Change;
use super::template::{TemplateError, render};

/// Templates of the three texts; `None` is the built-in text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// One line.
    pub title: Option<String>,
    /// Markdown; the hidden record is added after it.
    pub body: Option<String>,
    /// The whole message; its first line should be short. Trailers are added after it.
    pub commit_message: Option<String>,
}

/// The three texts of one group.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// One line.
    pub title: String,
    /// What people see of the body.
    pub body: String,
    /// The whole commit message.
    pub commit_message: String,
}

/// The trailer that says which group a commit belongs to; it tells our commits from other people's.
pub const GROUP_TRAILER: &str = "Tagboat-Group: ";

/// What a template can speak of.
#[derive(Serialize)]
struct Values<'a> {
    group: &'a str,
    title: &'a str,
    changes: Vec<ChangeValues<'a>>,
}

#[derive(Serialize)]
struct ChangeValues<'a> {
    path: &'a str,
    line: usize,
    field: &'a str,
    image: &'a str,
    name: &'a str,
    from: String,
    to: String,
    policy: &'a str,
    reason: &'a str,
}

/// What is known of the images that changes are about, by reference as written. What is missing is left unsaid.
pub type Background = BTreeMap<String, ImageFacts>;

/// Writes the three texts. `run_url` is where people see the run that does it.
pub fn texts(
    group: &str,
    changes: &[Change],
    templates: &Templates,
    background: &Background,
    run_url: Option<&str>,
) -> Result<Texts, TemplateError> {
    let fill = |template: &Option<String>, title: &str| -> Result<Option<String>, TemplateError> {
        let values = || Values { group, title, changes: changes.iter().map(values_of).collect() };
        template.as_deref().map(|template| render(template, &values())).transpose()
    };
    let title = one_line(&fill(&templates.title, "")?.unwrap_or_else(|| title(group, changes)));
    let body = fill(&templates.body, &title)?.unwrap_or_else(|| body(changes, background, run_url));
    let message = fill(&templates.commit_message, &title)?.unwrap_or_else(|| commit_message(&title, changes));
    let commit_message = format!("{}\n\n{}", message.trim_end(), trailers(group, changes, run_url));
    Ok(Texts { title, body, commit_message })
}

fn values_of(change: &Change) -> ChangeValues<'_> {
    ChangeValues {
        path: &change.path,
        line: change.position.line,
        field: &change.field,
        image: change.to.name().as_str(),
        name: change.to.name().base(),
        from: version(&change.from),
        to: version(&change.to),
        policy: &change.policy,
        reason: &change.reason,
    }
}

/// `Update api from 1.4.2 to 1.4.3 in envs/prod`, or as much of it as holds for all changes.
fn title(group: &str, changes: &[Change]) -> String {
    let names = changes.iter().map(|change| change.to.name()).collect::<BTreeSet<_>>();
    let one = |versions: BTreeSet<String>| (versions.len() == 1).then(|| versions.into_iter().next()).flatten();
    let what = match names.first() {
        Some(name) if names.len() == 1 => name.familiar().to_owned(),
        _ => {
            let names = names.iter().map(|name| name.base()).collect::<BTreeSet<_>>();
            match names.into_iter().collect::<Vec<_>>()[..] {
                [a, b] => format!("{a} and {b}"),
                [a, b, c] => format!("{a}, {b} and {c}"),
                _ => format!("{} images", changes.iter().map(|c| c.to.name()).collect::<BTreeSet<_>>().len()),
            }
        }
    };
    let mut title = format!("Update {what}");
    if names.len() == 1 {
        let (from, to) = (
            one(changes.iter().map(|c| version(&c.from)).collect()),
            one(changes.iter().map(|c| version(&c.to)).collect()),
        );
        match (from, to) {
            (Some(from), Some(to)) => drop(write!(title, " from {from} to {to}")),
            (None, Some(to)) => drop(write!(title, " to {to}")),
            _ => {}
        }
    }
    if changes.iter().all(|change| change.path.starts_with(&format!("{group}/"))) {
        let _ = write!(title, " in {group}");
    }
    title
}

/// The tag for people; with the digest where that is what moves.
fn version(reference: &ImageReference) -> String {
    match (reference.tag(), reference.digest()) {
        (Some(tag), _) => tag.to_string(),
        (None, Some(digest)) => digest.short().to_owned(),
        (None, None) => "no tag".to_owned(),
    }
}

/// `1.4.2` → `1.4.3`, with digests where the tag stays.
fn from_to(change: &Change) -> String {
    let text = |tag: Option<&Tag>, digest: Option<&Digest>, with_digest: bool| match (tag, digest) {
        (Some(tag), Some(digest)) if with_digest => format!("`{tag}@{}`", digest.short()),
        (Some(tag), _) => format!("`{tag}`"),
        (None, Some(digest)) => format!("`{}`", digest.short()),
        (None, None) => "no tag".to_owned(),
    };
    let same_tag = change.from.tag() == change.to.tag();
    format!(
        "{} → {}",
        text(change.from.tag(), change.from.digest(), same_tag),
        text(change.to.tag(), change.to.digest(), same_tag)
    )
}

fn body(changes: &[Change], background: &Background, run_url: Option<&str>) -> String {
    let mut text = String::from("| image | change | where | policy and reason |\n|---|---|---|---|\n");
    for change in changes {
        let _ = writeln!(
            text,
            "| `{}` | {} | `{}:{}` | {}: {} |",
            change.to.name().familiar(),
            from_to(change),
            cell(&change.path),
            change.position.line,
            cell(&change.policy),
            cell(&change.reason),
        );
    }
    let mut told = BTreeSet::new();
    for change in changes {
        if let Some(line) = built(change, background).filter(|_| told.insert(change.to.as_str())) {
            let _ = write!(text, "\n{line}\n");
        }
    }
    let _ = write!(
        text,
        "\n---\nThis pull request is kept up to date by Tagboat until it is merged. Close it to decline these versions; push to its branch to take it over."
    );
    if let Some(url) = run_url.filter(|url| link::is_web(url)) {
        let _ = write!(text, " [Run]({url}).");
    }
    text
}

/// When the chosen image was built, from what, and what changed since.
fn built(change: &Change, background: &Background) -> Option<String> {
    let to = background.get(change.to.as_str())?;
    let revision = |facts: &ImageFacts| facts.revision.clone().filter(|text| link::is_revision(text));
    let mut parts = Vec::new();
    // 1970 is what reproducible builds say; it tells nobody anything.
    if let Some(created) = to.created.filter(|created| created.as_second() > 86_400) {
        parts.push(format!("built {}", created.strftime("%Y-%m-%d %H:%M UTC")));
    }
    let source = to.source.as_deref().and_then(link::Source::new);
    if let Some(new) = revision(to) {
        let short = &new[..new.len().min(7)];
        parts.push(match &source {
            Some(source) => format!("from [`{short}`]({})", source.commit(&new)),
            None => format!("from `{short}`"),
        });
        let old = background.get(change.from.as_str()).and_then(revision).filter(|old| *old != new);
        if let (Some(source), Some(old)) = (&source, old) {
            parts.push(format!("[all changes since `{}`]({})", &old[..old.len().min(7)], source.compare(&old, &new)));
        }
    }
    if !to.platforms.is_empty() {
        parts.push(format!("for {}", to.platforms.iter().map(|p| format!("`{p}`")).collect::<Vec<_>>().join(", ")));
    }
    (!parts.is_empty())
        .then(|| format!("`{}:{}` {}", change.to.name().familiar(), version(&change.to), parts.join(", ")))
}

fn commit_message(title: &str, changes: &[Change]) -> String {
    let mut text = format!("{title}\n");
    for change in changes {
        let place = format!("{}:{}", change.path, change.position.line);
        let _ = write!(text, "\n{place}: {} -> {} ({}: {})", change.from, change.to, change.policy, change.reason);
    }
    text.lines().map(one_line).collect::<Vec<_>>().join("\n")
}

/// An audit trail that `git log --format='%(trailers)'` and `git interpret-trailers` read.
fn trailers(group: &str, changes: &[Change], run_url: Option<&str>) -> String {
    let mut lines = vec![format!("{GROUP_TRAILER}{}", one_line(group))];
    let mut seen = BTreeSet::new();
    for change in changes {
        let line = format!("Tagboat-Image: {} (from {})", change.to, version(&change.from));
        if seen.insert(line.clone()) {
            lines.push(line);
        }
    }
    lines.extend(run_url.map(|url| format!("Tagboat-Run: {}", one_line(url))));
    lines.join("\n")
}

/// A path or a policy may hold what Markdown reads as something else.
fn cell(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for c in one_line(text).chars() {
        match c {
            '|' => out.push_str("\\|"),
            '`' => out.push('\''),
            '<' => out.push_str("&lt;"),
            // A zero-width joiner after the sign keeps forges from reading a mention or an issue number.
            '@' | '#' => out.extend([c, '\u{2060}']),
            '[' | ']' | '*' | '\\' => out.extend(['\\', c]),
            c => out.push(c),
        }
    }
    out
}

fn one_line(text: &str) -> String {
    text.split(|c: char| c.is_control()).filter(|part| !part.is_empty()).collect::<Vec<_>>().join(" ").trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::text::Position;

    fn change(path: &str, from: &str, to: &str) -> Change {
        Change {
            path: path.into(),
            position: Position { line: 14, column: 9 },
            field: "spec.image".into(),
            from: ImageReference::new(from).unwrap(),
            to: ImageReference::new(to).unwrap(),
            policy: "release".into(),
            reason: "newest in >=1.0 <3".into(),
            edits: vec![],
        }
    }

    #[test]
    fn titles() {
        let api = |path: &str| change(path, "ghcr.io/acme/api:1.4.2", "ghcr.io/acme/api:1.4.3");
        let web = change("envs/prod/web.yaml", "nginx:1.27", "nginx:1.28");
        let old = change("envs/prod/old.yaml", "ghcr.io/acme/api:1.4.0", "ghcr.io/acme/api:1.4.3");
        #[rustfmt::skip]
        let rows = [
            ("envs/prod", vec![api("envs/prod/a.yaml")],              "Update ghcr.io/acme/api from 1.4.2 to 1.4.3 in envs/prod"),
            ("all",       vec![api("envs/prod/a.yaml")],              "Update ghcr.io/acme/api from 1.4.2 to 1.4.3"),
            ("envs/prod", vec![api("envs/prod/a.yaml"), old],         "Update ghcr.io/acme/api to 1.4.3 in envs/prod"),
            ("envs/prod", vec![api("envs/prod/a.yaml"), web],         "Update api and nginx in envs/prod"),
        ];
        for (group, changes, title) in rows {
            assert_eq!(texts(group, &changes, &Templates::default(), &Background::new(), None).unwrap().title, title);
        }
    }

    #[test]
    fn nothing_hostile_gets_through() {
        let mut hostile = change("a|b/@admin <img>\n# closes.yaml", "nginx:1.27", "nginx:1.28");
        hostile.reason = "fixes #12 [x](y)".into();
        let facts = ImageFacts {
            source: Some("javascript:alert(1)".into()),
            revision: Some("abc](http://evil) @all".into()),
            created: Some("2026-11-20T14:03:00Z".parse().unwrap()),
            ..ImageFacts::default()
        };
        let background = [("nginx:1.28".to_owned(), facts)].into();
        let body = texts("g", &[hostile], &Templates::default(), &background, Some("javascript:x")).unwrap().body;
        for bad in ["@admin", "<img", "#12", "javascript", "evil", "@all"] {
            assert!(!body.contains(bad), "{bad} in {body}");
        }
        assert!(body.contains("built 2026-11-20 14:03 UTC"), "{body}");
    }

    #[test]
    fn the_images_source_and_what_changed() {
        let facts = |revision: &str| {
            let source = Some("https://github.com/acme/api.git".to_owned());
            ImageFacts { source, revision: Some(revision.repeat(40)), ..ImageFacts::default() }
        };
        let background = [("nginx:1.27".to_owned(), facts("a")), ("nginx:1.28".to_owned(), facts("b"))].into();
        let changes = [change("a.yaml", "nginx:1.27", "nginx:1.28")];
        let texts = texts("g", &changes, &Templates::default(), &background, None).unwrap();
        let compare = format!("https://github.com/acme/api/compare/{}...{}", "a".repeat(40), "b".repeat(40));
        assert!(texts.body.contains(&compare), "{}", texts.body);
        assert!(texts.commit_message.contains("\n\nTagboat-Group: g\nTagboat-Image: nginx:1.28 (from 1.27)"));
    }

    #[test]
    fn templates_of_users() {
        let templates = Templates {
            title: Some("deploy {{ changes[0].name }} {{ changes[0].to }}".into()),
            ..Templates::default()
        };
        let changes = [change("a.yaml", "nginx:1.27", "nginx:1.28")];
        assert_eq!(texts("g", &changes, &templates, &Background::new(), None).unwrap().title, "deploy nginx 1.28");
        let broken = Templates { body: Some("{{ nope }}".into()), ..Templates::default() };
        assert!(texts("g", &changes, &broken, &Background::new(), None).is_err());
    }
}
