//! The texts of a pull request within the limits of the forge: title, commit message, and the body with the record for the
//! next run.

use std::collections::BTreeSet;
use std::fmt::Write as _;

use minijinja::Value;
use serde::Serialize;

use crate::config::{Mode, Template};
use crate::docs::{Hint, hint};
use crate::refname::BranchName;
use crate::text::count_of;

use super::body::{FactsByReference, body, built, comparison, revision};
use super::link::{LinkStyle, is_web_address};
use super::markup::{inert, inert_markdown, one_line, without_joiners};
use super::title::title;
use crate::plan::proposal::Change;
use crate::plan::pull_request::PullRequest;
use crate::plan::record::{Record, merge_body};
use crate::plan::template::{TemplateError, render};
use crate::plan::values::{ChangeValues, version};

/// The templates of the three texts; `None` for the built-in text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Templates {
    /// The title, one line.
    pub title: Option<Template>,
    /// The body, Markdown, without the hidden record.
    pub body: Option<Template>,
    /// The commit message without its trailers.
    pub commit_message: Option<Template>,
}

/// What the texts of a pull request depend on besides its changes.
#[derive(Debug, Clone, Copy)]
pub struct TextContext<'a> {
    /// The branch to merge into.
    pub base: &'a BranchName,
    /// The templates of the configuration.
    pub templates: &'a Templates,
    /// Facts about the images.
    pub image_facts: &'a FactsByReference,
    /// The forms of links on code hosts.
    pub links: &'a [LinkStyle],
    /// The address of the CI job.
    pub run_url: Option<&'a str>,
    /// The limit of the forge for a title, in characters.
    pub longest_title: usize,
    /// The limit of the forge for a body, in characters.
    pub longest_body: usize,
}

/// The texts of one pull request.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Texts {
    /// The title, one line.
    pub title: String,
    /// The whole body.
    pub body: String,
    /// The whole commit message.
    pub commit_message: String,
}

/// Why the texts of a pull request cannot be written.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum TextError {
    /// A template is invalid for these changes.
    #[error(transparent)]
    Template(#[from] TemplateError),
    /// The record alone exceeds the limit for a body.
    #[error("cannot write the body: the record of {} needs {needed} characters; this forge allows {limit}", count_of(*.changes, "change"))]
    Record {
        /// The number of changes.
        changes: usize,
        /// The characters that the record needs.
        needed: usize,
        /// The limit of the forge.
        limit: usize,
    },
}

impl TextError {
    /// Returns what to do next.
    pub fn hint(&self) -> Hint {
        match self {
            Self::Template(error) => error.hint(),
            Self::Record { .. } => hint!(
                "configuration.md#templates",
                "set `pull-requests: {{ group: … }}` in tagboat.yaml to a template that makes smaller groups"
            ),
        }
    }
}

/// The trailer with the group of a commit. Every commit by Tagboat has it.
pub const GROUP_TRAILER: &str = "Tagboat-Group: ";

/// The trailer of a direct commit, whose group is the base branch.
pub const DIRECT_COMMIT_TRAILER: &str = "Tagboat-Mode: commit";

/// The variables of a template.
#[derive(Serialize)]
struct MessageValues<'a> {
    group: &'a str,
    title: &'a str,
    changes: Vec<ChangeValues<'a>>,
}

/// Returns the texts of a pull request. Keeps a title that a person changed, and text that people wrote around Tagboat's
/// part of the body.
pub fn texts(
    group: &str,
    changes: &[Change],
    existing: Option<&PullRequest>,
    context: &TextContext<'_>,
) -> Result<Texts, TextError> {
    let TextContext { templates, image_facts, links, run_url, .. } = *context;
    let fill = |template: &Option<Template>, title: &str, safe| -> Result<Option<String>, TemplateError> {
        let values = || MessageValues {
            group,
            title,
            changes: changes.iter().map(|one| values_with_facts(one, image_facts, links)).collect(),
        };
        template.as_ref().map(|template| render(template, &values(), safe)).transpose()
    };
    let generated_title = match fill(&templates.title, "", inert)? {
        Some(title) => checked(one_line(&title), templates.title.as_ref(), context.longest_title)?,
        None => title(group, changes, context.longest_title),
    };
    let title_value = without_joiners(&generated_title);
    let message = fill(&templates.commit_message, &title_value, inert)?
        .unwrap_or_else(|| commit_message(&generated_title, changes));
    let done = existing.and_then(|existing| Record::find(&existing.body)).map(|record| record.done).unwrap_or_default();
    let record = Record::new(group, &generated_title, context.base, changes, done);
    let full_body = |visible: &str| {
        let part = record.wrap(visible);
        existing.map_or_else(|| part.clone(), |existing| merge_body(&existing.body, &part))
    };
    let (needed, limit) = (full_body("").chars().count(), context.longest_body);
    let too_long = || TextError::Record { changes: changes.len(), needed, limit };
    let available = limit.checked_sub(needed).ok_or_else(too_long)?;
    let visible = match fill(&templates.body, &title_value, inert_markdown)? {
        Some(body) => checked(body, templates.body.as_ref(), available)?,
        None => body(changes, image_facts, links, run_url, available).ok_or_else(too_long)?,
    };
    let changed_by_person = existing.filter(|pr| Record::find(&pr.body).is_some_and(|record| record.title != pr.title));
    Ok(Texts {
        title: changed_by_person.map_or(generated_title, |existing| existing.title.clone()),
        body: full_body(&visible),
        commit_message: format!("{}\n\n{}", message.trim_end(), trailers(group, changes, image_facts, run_url)),
    })
}

/// Returns the result of a template, or an error if it exceeds the limit. Only built-in texts can be truncated.
fn checked(text: String, template: Option<&Template>, limit: usize) -> Result<String, TemplateError> {
    let length = text.trim_end().chars().count();
    match template {
        Some(template) if length > limit => {
            let cause = format!("the result has {length} characters; this forge allows {limit}");
            Err(TemplateError::new(template, cause))
        }
        _ => Ok(text),
    }
}

fn values_with_facts<'a>(change: &'a Change, image_facts: &FactsByReference, links: &[LinkStyle]) -> ChangeValues<'a> {
    let facts = image_facts.get(change.to.as_str());
    ChangeValues {
        built: facts.and_then(built).unwrap_or_default(),
        revision: facts.and_then(revision).unwrap_or_default(),
        compare: comparison(change, image_facts, links)
            .map_or_else(|| Value::from(""), |(_, to)| Value::from_safe_string(to)),
        ..ChangeValues::of(change)
    }
}

fn commit_message(title: &str, changes: &[Change]) -> String {
    let mut text = format!("{title}\n");
    for change in changes {
        let place = inert(&format!("{}:{}", change.path, change.position.line));
        let reason = inert(&format!("{}: {}", change.policy, change.reason));
        let _ = write!(text, "\n{place}: {} -> {} ({reason})", change.from, change.to);
    }
    text
}

/// Returns the audit trail, as trailers for `git log --format='%(trailers)'` and `git interpret-trailers`.
fn trailers(group: &str, changes: &[Change], image_facts: &FactsByReference, run_url: Option<&str>) -> String {
    let mut lines = vec![format!("{GROUP_TRAILER}{}", inert(group))];
    // A group may have the name of the base branch.
    let is_direct = changes.iter().any(|change| change.mode == Mode::Commit);
    lines.extend(is_direct.then(|| DIRECT_COMMIT_TRAILER.to_owned()));
    let mut seen = BTreeSet::new();
    for change in changes {
        let image = format!("Tagboat-Image: {} (from {})", change.to, version(&change.from));
        if !seen.insert(image.clone()) {
            continue;
        }
        lines.push(image);
        lines.push(format!("Tagboat-Policy: {}", inert(&change.policy)));
        let facts = image_facts.get(change.to.as_str());
        if change.to.digest().is_none()
            && let Some(digest) = facts.and_then(|facts| facts.digest.as_ref())
        {
            lines.push(format!("Tagboat-Digest: {digest}"));
        }
        lines.extend(facts.and_then(revision).map(|revision| format!("Tagboat-Revision: {revision}")));
    }
    // A trailer keeps its exact text, so an address with text that a forge or a CI system acts on is omitted.
    let run_url = run_url.filter(|url| is_web_address(url) && inert(url) == **url);
    lines.extend(run_url.map(|url| format!("Tagboat-Run: {url}")));
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::image::ImageFacts;
    use crate::plan::PullRequestState;
    use crate::refname::BranchName;

    fn change(path: &str, from: &str, to: &str) -> Change {
        Change::example(path, from, to)
    }

    fn template(text: &str) -> Option<Template> {
        Some(Template { text: text.to_owned(), source: "tagboat.yaml:9".to_owned() })
    }

    /// Returns the texts for a forge with these limits for title and body, in characters.
    fn render_texts(
        group: &str,
        changes: &[Change],
        templates: &Templates,
        longest: (usize, usize),
    ) -> Result<Texts, TextError> {
        let facts = |revision: &str| {
            let source = Some("https://github.com/acme/api.git".to_owned());
            ImageFacts { source, revision: Some(revision.repeat(40)), ..ImageFacts::default() }
        };
        let image_facts = [("nginx:1.27".to_owned(), facts("a")), ("nginx:1.28".to_owned(), facts("b"))].into();
        let (longest_title, longest_body) = longest;
        let base = BranchName::new("main").unwrap();
        let context = TextContext {
            base: &base,
            templates,
            image_facts: &image_facts,
            links: &[],
            run_url: None,
            longest_title,
            longest_body,
        };
        texts(group, changes, None, &context)
    }

    const LONG: (usize, usize) = (256, 65_536);

    #[test]
    fn title_names_only_what_all_changes_share() {
        let api = |path: &str| change(path, "ghcr.io/acme/api:1.4.2", "ghcr.io/acme/api:1.4.3");
        let reference = |tag: &str, hex: char| match hex {
            '-' => format!("ghcr.io/acme/api:{tag}"),
            hex => format!("ghcr.io/acme/api:{tag}@sha256:{}", hex.to_string().repeat(64)),
        };
        let digest = |from: &str, old: char, to: &str, new: char| {
            change("envs/prod/a.yaml", &reference(from, old), &reference(to, new))
        };
        let web = change("envs/prod/web.yaml", "nginx:1.27", "nginx:1.28");
        let major = change("envs/prod/a.yaml", "ghcr.io/acme/api:1.4.2", "ghcr.io/acme/api:2.0.0");
        let old = change("envs/prod/old.yaml", "ghcr.io/acme/api:1.4.0", "ghcr.io/acme/api:1.4.3");
        #[rustfmt::skip]
        let rows = [
            ("envs/prod", vec![api("envs/prod/a.yaml")],           256, "Update ghcr.io/acme/api from 1.4.2 to 1.4.3 in envs/prod"),
            ("envs/prod", vec![api("envs/prod/a.yaml")],            50, "Update ghcr.io/acme/api from 1.4.2 to 1.4.3"),
            ("envs/prod", vec![api("envs/prod/a.yaml")],            40, "Update ghcr.io/acme/api in envs/prod"),
            ("envs/prod", vec![api("envs/prod/a.yaml")],            20, "Update 1 image"),
            ("all",       vec![api("envs/prod/a.yaml")],           256, "Update ghcr.io/acme/api from 1.4.2 to 1.4.3"),
            ("envs/prod", vec![api("envs/prod/a.yaml"), old],      256, "Update ghcr.io/acme/api to 1.4.3 in envs/prod"),
            ("envs/prod", vec![api("envs/prod/a.yaml"), web.clone()], 256, "Update api and nginx in envs/prod"),
            ("envs/prod", vec![major.clone(), web.clone()],        256, "Update api (major) and nginx in envs/prod"),
            ("envs/prod", vec![major, web],                         25, "Update 2 images (major)"),
            ("envs/prod", vec![digest("1.4.2", 'a', "1.4.2", 'b')], 256, "Update ghcr.io/acme/api 1.4.2 from digest aaaaaaaaaaaa to bbbbbbbbbbbb in envs/prod"),
            ("envs/prod", vec![digest("1.4.2", '-', "1.4.2", 'b')], 256, "Update ghcr.io/acme/api 1.4.2 to digest bbbbbbbbbbbb in envs/prod"),
            ("envs/prod", vec![digest("1.4.2", '-', "1.4.2", 'b'), digest("1.4.2", 'a', "1.4.2", 'b')], 256, "Update ghcr.io/acme/api 1.4.2 to digest bbbbbbbbbbbb in envs/prod"),
            ("envs/prod", vec![digest("1.4.2", 'a', "1.4.2", 'b'), digest("1.4.3", 'c', "1.4.3", 'd')], 256, "Update ghcr.io/acme/api to other digests in envs/prod"),
            ("envs/prod", vec![digest("1.4.2", 'a', "1.4.3", 'b')], 256, "Update ghcr.io/acme/api from 1.4.2 to 1.4.3 in envs/prod"),
        ];
        for (group, changes, longest, title) in rows {
            assert_eq!(render_texts(group, &changes, &Templates::default(), (longest, 65_536)).unwrap().title, title);
        }
    }

    #[test]
    fn links_source_and_comparison_of_images() {
        let changes = [change("a.yaml", "nginx:1.27", "nginx:1.28")];
        let texts = render_texts("g", &changes, &Templates::default(), LONG).unwrap();
        let compare = format!("https://github.com/acme/api/compare/{}...{}", "a".repeat(40), "b".repeat(40));
        assert!(texts.body.contains(&compare), "{}", texts.body);
        let revision = "b".repeat(40);
        let trailers = format!(
            "\n\nTagboat-Group: g\nTagboat-Image: nginx:1.28 (from 1.27)\nTagboat-Policy: release\nTagboat-Revision: {revision}"
        );
        assert!(texts.commit_message.ends_with(&trailers), "{}", texts.commit_message);
    }

    #[test]
    fn renders_configured_templates() {
        let changes = [change("envs/prod/@a.yaml", "nginx:1.27", "nginx:1.28")];
        let templates = Templates {
            title: template("deploy {{ changes[0].name }} {{ changes[0].to }} to {{ changes[0].environment }}"),
            body: template("{% for c in changes %}**{{ c.path }}** {{ c.bump }} [diff]({{ c.compare }}){% endfor %}"),
            commit_message: template("{{ title }}\n\n{{ changes[0].path }}"),
        };
        let texts = render_texts("g", &changes, &templates, LONG).unwrap();
        assert_eq!(texts.title, "deploy nginx 1.28 to prod");
        let (a, b) = ("a".repeat(40), "b".repeat(40));
        let body = format!(
            "**envs/prod/@\u{2060}\u{2060}a.yaml** minor [diff](https://github.com/acme/api/compare/{a}...{b})"
        );
        assert!(texts.body.contains(&body), "{}", texts.body);
        assert!(
            texts
                .commit_message
                .starts_with("deploy nginx 1.28 to prod\n\nenvs/prod/@\u{2060}a.yaml\n\nTagboat-Group: g")
        );
    }

    #[test]
    fn error_names_template_and_has_hint() {
        let changes = [change("a.yaml", "nginx:1.27", "nginx:1.28")];
        let with_body = |text: &str| Templates { body: template(text), ..Templates::default() };
        let with_title = |text: &str| Templates { title: template(text), ..Templates::default() };
        let mut needed = render_texts("g", &changes, &with_body(""), LONG).unwrap().body.chars().count();
        #[rustfmt::skip]
        let rows = [
            (with_body("{{ nope }}"),              LONG,             "cannot use the template `{{ nope }}` at tagboat.yaml:9: "),
            (with_title("{{ changes[7].to }}"),    LONG,             "cannot use the template `{{ changes[7].to }}` at tagboat.yaml:9: "),
            (with_title("a long title"),           (5, 65_536),      "cannot use the template `a long title` at tagboat.yaml:9: the result has 12 characters; this forge allows 5"),
            (with_body("12345"),                   (256, needed + 4),  "cannot use the template `12345` at tagboat.yaml:9: the result has 5 characters; this forge allows 4"),
        ];
        for (templates, longest, expected) in rows {
            let error = render_texts("g", &changes, &templates, longest).unwrap_err();
            assert!(error.to_string().starts_with(expected), "{error}");
            assert!(error.hint().contains("tagboat.yaml:9"), "{}", error.hint());
        }
        needed -= 1;
        let error = render_texts("g", &changes, &with_body(""), (256, needed)).unwrap_err();
        assert!(matches!(error, TextError::Record { changes: 1, .. }), "{error}");
        assert!(error.hint().contains("`pull-requests: { group: … }`"));
    }

    #[test]
    fn keeps_text_by_people_within_the_limit() {
        let changes = [change("a.yaml", "nginx:1.27", "nginx:1.28")];
        let before = render_texts("g", &changes, &Templates::default(), LONG).unwrap();
        let existing = PullRequest {
            number: 1,
            url: "https://forge.test/1".into(),
            branch: BranchName::new("tagboat/g").unwrap(),
            base: BranchName::new("main").unwrap(),
            state: PullRequestState::Open,
            head: None,
            title: "A title by a person".into(),
            body: format!("A note before\n{}\nand after", before.body),
            labels: vec![],
        };
        let image_facts = FactsByReference::new();
        let templates = Templates::default();
        for longest_body in [65_536, existing.body.chars().count() - 40] {
            let base = BranchName::new("main").unwrap();
            let context = TextContext {
                base: &base,
                templates: &templates,
                image_facts: &image_facts,
                links: &[],
                run_url: None,
                longest_title: 256,
                longest_body,
            };
            let texts = texts("g", &changes, Some(&existing), &context).unwrap();
            assert_eq!(texts.title, "A title by a person");
            assert!(texts.body.starts_with("A note before\n<!--") && texts.body.ends_with("-->\nand after"));
            assert!(texts.body.chars().count() <= longest_body);
            assert_eq!(Record::find(&texts.body).unwrap().title, before.title);
        }
    }
}
