//! Lists the example of each section about markers as a file of its own: every value in it is managed, or ignored as the marker says.

use std::fs;

use super::pages::{PAGES, blocks_of};
use crate::support::tagboat::Tagboat;

/// The policies that the examples name.
const POLICIES: &str = "policies: { release: { semver: ^1 }, \"flux-system:web\": { semver: ^1 } }\n";

/// A section, another file that its example is for, and the statuses of the values in the order of files and lines.
type Example = (&'static str, Option<(&'static str, &'static str)>, &'static [&'static str]);

#[rustfmt::skip]
const EXAMPLES: &[Example] = &[
    ("## Tagboat markers",         None, &["managed release", "managed release", "managed shape", "ignored"]),
    ("### Flux",                   None, &["managed flux-system:web", "managed flux-system:web"]),
    ("### Argo CD Image Updater",  Some(("envs/prod/values.yaml", "image: { tag: v1.2.3 }\n")), &["managed web/web"]),
    ("### Renovate",               None, &["managed renovate", "managed shape"]),
];

#[test]
fn examples_of_markers_are_whole_files() {
    let page = "docs/markers.md";
    for (section, other, expected) in EXAMPLES {
        let (_, text) = PAGES[page].split_once(&format!("\n{section}\n")).unwrap();
        let example = blocks_of(page, text)[0].text;
        let tagboat = Tagboat::new();
        let folder = tagboat.home().join("repository");
        for (path, text) in other.iter().chain(&[("app.yaml", example), ("tagboat.yaml", POLICIES)]) {
            let path = folder.join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let output = tagboat.run(&["list", "--format", "json", "-C", "repository"]);
        let list = output.json();
        let status = |row: &serde_json::Value| {
            let policy = row["policy"].as_str().map(|policy| format!(" {policy}")).unwrap_or_default();
            format!("{}{policy}", row["status"].as_str().unwrap())
        };
        let found: Vec<String> = list.as_array().unwrap().iter().map(status).collect();
        assert_eq!(found, *expected, "{section}: {list:#}");
    }
}
