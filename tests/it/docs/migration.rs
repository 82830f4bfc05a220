//! Translates the settings of other tools on the page of migrations, and compares the result with the page.

use std::fs;

use serde_json::Value;

use super::pages::{PAGES, blocks_of};
use crate::support::tagboat::Tagboat;

/// The section of a tool, its name for `init --from`, and the files that the page leaves to the reader.
type Section = (&'static str, &'static str, &'static [(&'static str, &'static str)]);

const TOOLS: &[Section] = &[
    ("From Renovate", "renovate", &[]),
    ("From Flux", "flux", &[]),
    ("From Argo CD Image Updater", "argocd", &[("envs/prod/values.yaml", "image: { tag: 1.2.3 }\n")]),
];

#[test]
fn init_translates_what_the_page_shows() {
    let page = "docs/migration.md";
    for (section, tool, others) in TOOLS {
        let (_, text) = PAGES[page].split_once(&format!("\n## {section}\n")).unwrap();
        let text = text.split("\n## ").next().unwrap();
        let blocks = blocks_of(page, text);
        let [before, after] = blocks[..] else { panic!("{section}: {blocks:?}") };
        let (_, name) = before.info.split_once(' ').unwrap_or_else(|| panic!("{section}: no file name"));
        let folder = tempfile::tempdir().unwrap();
        for (path, text) in others.iter().chain([&(name, before.text)]) {
            let path = folder.path().join(path);
            fs::create_dir_all(path.parent().unwrap()).unwrap();
            fs::write(path, text).unwrap();
        }
        let folder = folder.path().display().to_string();
        let output = Tagboat::new().run(&["init", "--from", tool, "--stdout", "-C", &folder]);
        let [printed, shown] = [output.stdout.as_str(), after.text].map(|text| {
            serde_yaml::from_str::<Value>(text).unwrap_or_else(|error| panic!("{section}: {error}\n{output:?}"))
        });
        assert_eq!(printed, shown, "{section}:\n{}", output.stdout);
    }
}
