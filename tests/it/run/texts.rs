//! Texts of pull requests with hostile paths, policies, reasons, groups and image labels: an independent Markdown parser reads
//! a table with a row for each change, and only checked links.

use std::sync::LazyLock;

use proptest::prelude::*;
use pulldown_cmark::{Event, Options, Parser, Tag as Element};
use regex::Regex;
use tagboat::config::Template;
use tagboat::image::{ImageFacts, ImageReference};
use tagboat::manifest::OccurrenceId;
use tagboat::plan::{Change, FactsByReference, Grouping, Record, Templates, TextContext, group, texts};
use tagboat::text::Position;

/// Text that forges and CI systems act on.
static ACTED_ON: LazyLock<Vec<Regex>> = LazyLock::new(|| {
    [
        r"(?:^|[^\w])@[\w{<]",             // a mention
        r"[#!&]\w",                        // an issue, a merge request, an epic
        r"(?i)\bgh-\d",                    // an issue on GitHub
        r"(?i)\[(skip|no|ci|actions)[ -]", // no CI for this commit
        r"(?i)\*\*\*NO_CI",
        r"(?m)^\s*/[a-z]",                       // a quick action
        r"[\u{202a}-\u{202e}\u{2066}-\u{2069}]", // a change of the writing direction
    ]
    .map(|rule| Regex::new(rule).unwrap())
    .to_vec()
});

/// Text that forges turn into a link.
static LINKED: LazyLock<Regex> = LazyLock::new(|| Regex::new(r"(?i)https?://|\bwww\.\w|\w@\w").unwrap());

/// Hostile text.
fn hostile() -> impl Strategy<Value = String> {
    let pieces = prop::sample::select(vec![
        "@admin",
        "@{u}",
        "@acme/team",
        "fixes #12",
        "closes GH-7",
        "acme/api#3",
        "!9",
        "&4",
        "[x](https://evil.test)",
        "![i](//evil.test/i)",
        "https://evil.test",
        "www.evil.test",
        "a@b.test",
        "<img src=x>",
        "<!-- tagboat:end -->",
        "<!-- tagboat:record {} -->",
        "- [x] <!-- tagboat:hold -->",
        "`",
        "``",
        "|",
        "||",
        "\\",
        "\\|",
        "\n",
        "\r\n\r\n",
        "# title",
        "* list",
        "/close",
        "/merge",
        "[skip ci]",
        "[ci skip]",
        "***NO_CI***",
        "**b**",
        "_i_",
        "~~s~~",
        "---",
        "\u{202e}",
        "\u{2028}",
        "Tagboat-Group: other",
        "Co-authored-by: Eve <eve@evil.test>",
        "&lt;b&gt;",
        "&#64;admin",
        "x",
        " ",
        "v1",
        "-",
        "é",
    ]);
    prop::collection::vec(prop_oneof![9 => pieces.prop_map(str::to_owned), 1 => "\\PC{0,4}"], 0..8)
        .prop_map(|parts| parts.concat())
}

fn change(path: &str, policy: &str, reason: &str, tag: &str) -> Change {
    Change {
        occurrence: OccurrenceId { path: format!("x{path}").into(), index: 0 },
        path: format!("x{path}").into(),
        position: Position { line: 3, column: 1 },
        field: "image".into(),
        from: ImageReference::new("ghcr.io/acme/fixes:1.0").unwrap(),
        to: ImageReference::new(&format!("ghcr.io/acme/fixes:{tag}")).unwrap(),
        policy: policy.to_owned(),
        reason: reason.to_owned(),
        is_given: false,
        digest_of: None,
        edits: vec![],
        mode: tagboat::config::Mode::PullRequest,
    }
}

/// Returns the visible part of a body.
fn visible(body: &str) -> &str {
    let (_, rest) = body.split_once("<!-- tagboat:begin -->\n").unwrap();
    rest.split_once("\n\n- [ ] <!-- tagboat:recreate -->").unwrap().0
}

/// Returns what a Markdown parser reads: the number of rows, the addresses of links, and the text outside code.
fn parsed(markdown: &str) -> (usize, Vec<String>, String) {
    let (mut rows, mut cells, mut links, mut text, mut in_code) = (0, 0, vec![], String::new(), false);
    for event in
        Parser::new_ext(markdown, Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS)
    {
        match event {
            Event::Start(Element::TableRow) => rows += 1,
            Event::Start(Element::TableCell) => cells += 1,
            Event::Start(Element::Link { dest_url, .. }) => links.push(dest_url.to_string()),
            Event::Start(Element::CodeBlock(_)) => in_code = true,
            Event::Start(
                other @ (Element::Image { .. }
                | Element::HtmlBlock
                | Element::Emphasis
                | Element::Strong
                | Element::Strikethrough),
            ) => {
                panic!("{other:?} in\n{markdown}")
            }
            Event::Html(html) | Event::InlineHtml(html) => panic!("{html} in\n{markdown}"),
            Event::Text(part) if !in_code => text.push_str(&part),
            Event::End(_) | Event::SoftBreak => text.push('\n'),
            Event::Code(_) => text.push('x'),
            _ => {}
        }
    }
    assert_eq!(cells, 4 * (rows + 1), "every row has its four cells:\n{markdown}");
    (rows, links, text)
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(512) })]

    #[test]
    fn untrusted_text_is_inert(
        words in prop::collection::vec((hostile(), hostile(), hostile()), 1..4),
        label in hostile(),
        group in hostile(),
        tag in "[A-Za-z0-9_][A-Za-z0-9_.-]{0,6}|GH-[0-9]",
    ) {
        let changes: Vec<_> = words.iter().map(|(path, policy, reason)| change(path, policy, reason, &tag)).collect();
        let facts = ImageFacts {
            source: Some(format!("https://github.com/acme/{label}")),
            revision: Some(if label.len() % 2 == 0 { "a".repeat(40) } else { label.clone() }),
            url: Some(format!("https://acme.test/{label}")),
            ..ImageFacts::default()
        };
        let image_facts: FactsByReference = [(changes[0].to.to_string(), facts)].into();
        let by_hand = |text: &str| Some(Template { text: text.to_owned(), source: "t.yaml:1".to_owned() });
        let own = Templates {
            title: by_hand("{{ group }}: {{ changes[0].path }}"),
            body: by_hand("| a | b | c | d |\n|---|---|---|---|\n{% for c in changes %}| {{ c.path }} | {{ c.to }} | {{ c.policy }} | {{ c.reason }} |\n{% endfor %}"),
            commit_message: by_hand("{{ title }}\n\n{{ changes[0].path }} {{ changes[0].reason }}"),
        };
        for templates in [Templates::default(), own] {
            let base = tagboat::refname::BranchName::new("main").unwrap();
            let context = TextContext {
                base: &base,
                templates: &templates, image_facts: &image_facts, links: &[], run_url: Some(&label), longest_title: 256,
                longest_body: 65_536,
            };
            let Ok(written) = texts(&group, &changes, None, &context) else { continue };
            let markdown = visible(&written.body);
            let (rows, links, text) = if templates.body.is_some() {
                // A template may contain emphasis, but untrusted text must not add links or commands.
                let rows = markdown.lines().filter(|line| line.starts_with('|')).count() - 2;
                (rows, vec![], markdown.to_owned())
            } else {
                parsed(markdown)
            };
            prop_assert_eq!(rows, changes.len(), "{}", markdown);
            for link in links {
                let is_expected = link.starts_with("https://github.com/") || link.starts_with("https://acme.test/");
                prop_assert!(is_expected || link == label, "{} in\n{}", link, markdown);
            }
            prop_assert!(!LINKED.is_match(&text), "{}", text);
            let without = ["&lt;", "&gt;", "&amp;"].iter().fold(text.clone(), |text, entity| text.replace(entity, " "));
            for rule in &*ACTED_ON {
                prop_assert!(!rule.is_match(&without), "{} in the body:\n{}", rule, without);
                for text in [&written.title, &written.commit_message] {
                    // References keep their exact text, so that a search finds them.
                    let text = text.replace(&changes[0].to.to_string(), "");
                    prop_assert!(!rule.is_match(&text), "{} in {}", rule, text);
                }
            }
            let record = Record::find(&written.body).unwrap();
            prop_assert_eq!((&record.group, record.changes.len()), (&group, changes.len()));
            prop_assert_eq!(written.title.lines().count(), 1);
            let trailers = written.commit_message.rsplit("\n\n").next().unwrap();
            let strange = trailers.lines().find(|line| !line.starts_with("Tagboat-"));
            prop_assert_eq!(strange, None);
            prop_assert_eq!(written.commit_message.matches("\nTagboat-Group: ").count(), 1);
        }
    }

        #[test]
    fn branch_of_any_group_is_legal(path in hostile()) {
        let by = Template { text: "{{ path }}".to_owned(), source: "t.yaml:1".to_owned() };
        let base = tagboat::refname::BranchName::new("main").unwrap();
        let grouping = Grouping { group: &by, prefix: "tagboat/", base: &base, suffix: "", branch: None };
        let (drafts, failed) = group(vec![change(&path, "p", "r", "v1")], &grouping);
        prop_assert!(failed.is_empty());
        let name = drafts[0].branch.as_str().strip_prefix("tagboat/").unwrap();
        let plain = name.bytes().all(|b| b.is_ascii_lowercase() || b.is_ascii_digit() || b"_.-".contains(&b));
        prop_assert!(plain && !name.starts_with(['-', '.']), "{}", name);
    }
}
