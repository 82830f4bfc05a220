//! Links to commits and comparisons, as every forge writes them.

use std::path::Path;

use tagboat::config::Mode;
use tagboat::forge::{FORGES, link_styles};
use tagboat::image::{ImageFacts, ImageReference};
use tagboat::manifest::OccurrenceId;
use tagboat::plan::{Change, FactsByReference, LinkStyle, Templates, TextContext, texts};
use tagboat::text::Position;

const OLD: &str = "aaaaaaaa";
const NEW: &str = "bbbbbbbb";

/// Returns the body of a pull request for an image whose label names this source.
pub(super) fn body(source: &str, links: &[LinkStyle]) -> String {
    let change = Change {
        occurrence: OccurrenceId { path: "a.yaml".into(), index: 0 },
        path: "api/app.yaml".into(),
        position: Position { line: 1, column: 1 },
        field: "image".into(),
        from: ImageReference::new("acme/api:1.0").unwrap(),
        to: ImageReference::new("acme/api:1.1").unwrap(),
        policy: "semver".into(),
        reason: "newest".into(),
        is_given: false,
        digest_of: None,
        edits: vec![],
        mode: Mode::PullRequest,
    };
    let facts = |revision: &str| ImageFacts {
        source: Some(source.to_owned()),
        revision: Some(revision.to_owned()),
        ..ImageFacts::default()
    };
    let image_facts: FactsByReference =
        [(change.from.to_string(), facts(OLD)), (change.to.to_string(), facts(NEW))].into_iter().collect();
    let base = tagboat::refname::BranchName::new("main").unwrap();
    let context = TextContext {
        base: &base,
        templates: &Templates::default(),
        image_facts: &image_facts,
        links,
        run_url: None,
        longest_title: 256,
        longest_body: 65_536,
    };
    texts("api", &[change], None, &context).unwrap().body
}

#[test]
fn every_forge_links_to_commits_and_comparisons() {
    for entry in FORGES.iter().filter(|entry| entry.links.is_some()) {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/forge").join(entry.name).join("links.tsv");
        let table = std::fs::read_to_string(&file).unwrap_or_else(|error| panic!("{}: {error}", file.display()));
        for line in table.lines().filter(|line| !line.starts_with('#')) {
            let [source, commit, comparison] = line.split('\t').collect::<Vec<_>>()[..] else { panic!("{line}") };
            let body = body(source, &link_styles());
            for link in [commit, comparison] {
                let link = format!("]({})", link.replace("OLD", OLD).replace("NEW", NEW));
                assert!(body.contains(&link), "{}: no {link} in\n{body}", entry.name);
            }
        }
    }
}
