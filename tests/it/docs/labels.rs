//! Checks that the pages quote check boxes and reasons as the program writes them.

use tagboat::govern::Unmanaged;
use tagboat::image::{ImageReference, Platform, Tag};
use tagboat::manifest::{self, FindOptions, Finding, NoticeStatus, OccurrenceId};
use tagboat::plan::{Change, FactsByReference, Templates, TextContext, texts};
use tagboat::policy::reason::{Hold, Ineligibility, Unknown};
use tagboat::policy::{Reason, default_entry, undecidable};
use tagboat::text::Position;

use super::pages::PAGES;

/// Returns the cells of the first column of the tables in a section of a page, without their markup.
fn first_column<'p>(page: &'p str, heading: &str) -> Vec<&'p str> {
    let (_, rest) = PAGES[page].split_once(&format!("\n## {heading}\n")).unwrap();
    let section = rest.split("\n## ").next().unwrap();
    section.lines().filter_map(|line| line.strip_prefix("| ")?.split_once(" |")).map(|(cell, _)| cell).skip(1).collect()
}

#[test]
fn pull_request_page_quotes_the_check_boxes() {
    let change = Change {
        occurrence: OccurrenceId { path: "a.yaml".into(), index: 0 },
        path: "a.yaml".into(),
        position: Position { line: 1, column: 1 },
        field: "image".into(),
        from: ImageReference::new("nginx:1.0").unwrap(),
        to: ImageReference::new("nginx:1.1").unwrap(),
        policy: String::new(),
        reason: String::new(),
        is_given: false,
        digest_of: None,
        edits: vec![],
        mode: tagboat::config::Mode::PullRequest,
    };
    let (templates, image_facts) = (Templates::default(), FactsByReference::default());
    let base = tagboat::refname::BranchName::new("main").unwrap();
    let context = TextContext {
        base: &base,
        templates: &templates,
        image_facts: &image_facts,
        links: &[],
        run_url: None,
        longest_title: 256,
        longest_body: 65_536,
    };
    let body = texts("a", &[change], None, &context).unwrap().body;
    let boxes = body.lines().filter_map(|line| line.strip_prefix("- [ ] <!-- tagboat:")?.split_once(" --> "));
    let boxes: Vec<&str> = boxes.map(|(_, label)| label).collect();
    assert_eq!(first_column("docs/pull-requests.md", "Commands in the description"), boxes);
    let unwrapped = PAGES["docs/troubleshooting.md"].replace('\n', " ");
    assert!(unwrapped.contains(&format!("*{}*", boxes[0])), "docs/troubleshooting.md does not name {:?}", boxes[0]);
}

/// Returns the status and the reason of the only reference in a file.
fn status(path: &str, text: &str) -> (NoticeStatus, String) {
    let findings = manifest::find(path, text.as_bytes(), &FindOptions::default());
    match findings.as_slice() {
        [Finding::Notice(notice)] => (notice.status, notice.reason.clone()),
        [Finding::Occurrence(found)] => {
            (NoticeStatus::Held, undecidable(&found.reference, &default_entry()).unwrap().to_string())
        }
        other => panic!("{text}: {other:?}"),
    }
}

#[test]
fn troubleshooting_page_quotes_the_reasons_of_held_references() {
    let reasons = first_column("docs/troubleshooting.md", "Held references");
    let pod = |image: &str| {
        status("pod.yaml", &format!("apiVersion: v1\nkind: Pod\nspec: {{ containers: [{{ image: {image} }}] }}\n"))
    };
    let digest = format!("nginx@sha256:{}", "a".repeat(64));
    let mut held: Vec<_> = ["nginx:latest", "nginx:3d9b390", "nginx", &digest, "nginx:$TAG", "\"\""].map(pod).into();
    held.push(status("chart/values.yaml", "image: { tag: 1.0.1 }\n"));
    held.push((NoticeStatus::Held, Unmanaged::UnknownPolicy("stable".to_owned()).to_string()));
    held.push(status("pod.yaml", "# tagboat: release\ninitContainers:\n- { name: a, image: nginx }\n"));
    let tag = |text: &str| Tag::new(text).unwrap();
    let arm64 = Platform::new("linux/arm64").unwrap();
    let lacking = Hold::NotEligibleYet(tag("1.0.2"), Ineligibility::Platforms(vec![arm64]));
    held.push((NoticeStatus::Held, Reason::from(lacking).to_string()));
    let tie = Unknown::Tie { tags: vec![tag("1.5"), tag("v1.5.0")], more: 0 };
    held.push((NoticeStatus::Held, Reason::from(tie).to_string()));
    let history = Unknown::HistoryFailed { history: "../api".into(), error: "…".into() };
    held.push((NoticeStatus::Held, Reason::from(history).to_string()));
    held.push(pod("<image>"));
    let claims = [1, 2].map(|number| (number.to_string(), String::new()));
    let conflict = Unmanaged::Conflict(claims).to_string();
    held.push((NoticeStatus::Held, format!("{}: …", conflict.split_once(':').unwrap().0)));
    for (status, reason) in &held {
        assert_eq!(*status, NoticeStatus::Held, "{reason}");
    }
    assert_eq!(reasons, held.iter().map(|(_, reason)| reason.as_str()).collect::<Vec<_>>());
    for image in ["'{{ .Values.image }}'", "$IMAGE"] {
        assert_eq!(pod(image).0, NoticeStatus::Ignored, "{image}");
        assert!(PAGES["docs/troubleshooting.md"].contains(&format!("`{}`", image.trim_matches('\''))), "{image}");
    }
}
