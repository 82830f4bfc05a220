//! Compares with the crawlers of updatecli: what they find in their own fixtures, Tagboat finds as well, as a managed
//! reference or with the reason why it cannot be managed.

use std::collections::BTreeSet;
use std::path::Path;

use serde_json::Value;
use tagboat::config::Config;
use tagboat::govern::{Listed, Status};
use tagboat::manifest::Finding;
use tagboat::run::{self, Folder};

use crate::support::{shared, unpacked};

/// Reasons why Tagboat does not manage what updatecli changes, and the number of edits for each.
#[rustfmt::skip]
const UNMANAGED: [(&str, usize); 5] = [
    // Charts of classic Helm repositories are not in registries.
    ("the chart is in a Helm repository, not in an OCI registry",   13),
    // updatecli replaces the version by the complete new tag, including its suffix.
    ("is composed of several values",                               1),
    // One edit would change two images.
    ("part of several images",                                      2),
    ("of the image name is not lower case",                         1),
    // updatecli writes a digest where there is none.
    ("no tag set here",                                             1),
];

#[test]
fn finds_everything_that_updatecli_finds() {
    let Some(folder) = shared("conformance") else { return };
    let Some(unpacked) = unpacked(&folder.join("updatecli_fixtures.tar.zst")) else { return };
    let root = unpacked.path().join("updatecli_fixtures");
    let mut edits = BTreeSet::new();
    for entry in ignore::WalkBuilder::new(&root).max_depth(Some(2)).build().flatten() {
        if entry.file_name() == "expected.json" {
            edits.extend(edits_of(entry.path()));
        }
    }
    assert!(edits.len() > 40, "{}", edits.len());
    let (mut managed, mut unmanaged, mut missed) = (0, [0; UNMANAGED.len()], Vec::new());
    for (index, edit) in edits.iter().enumerate() {
        // The same key can be in several documents of a file.
        let rank = edits.iter().take(index).filter(|other| other.shown() == edit.shown()).count();
        match edit.found(&root, rank) {
            Some(Ok(())) => managed += 1,
            found => {
                match UNMANAGED
                    .iter()
                    .position(|(cause, _)| matches!(&found, Some(Err(reason)) if reason.contains(cause)))
                {
                    Some(row) => unmanaged[row] += 1,
                    None => missed.push(format!("{}: {found:?}", edit.shown())),
                }
            }
        }
    }
    println!(
        "{managed} edits of updatecli are managed, {unmanaged:?} are unmanaged with a reason, {} are missed",
        missed.len()
    );
    assert!(missed.is_empty(), "{}", missed.join("\n"));
    assert_eq!(unmanaged, UNMANAGED.map(|(_, count)| count));
}

/// A value that updatecli would change.
#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Edit {
    plugin: String,
    folder: String,
    file: String,
    /// A JSONPath, or the matcher of an instruction of a Dockerfile.
    key: String,
    document: u64,
}

fn edits_of(table: &Path) -> Vec<Edit> {
    let bytes = std::fs::read(table).expect("a table of cases");
    let table: Value = serde_json::from_slice(&bytes).expect("JSON");
    let text = |value: &Value| value.as_str().unwrap_or_default().to_owned();
    let mut edits = Vec::new();
    for case in table["cases"].as_array().expect("cases") {
        for edit in case["expected"].as_array().into_iter().flatten().flat_map(|one| one["edits"].as_array()).flatten()
        {
            let key = text(&edit["key"]) + &text(&edit["instruction"]["matcher"]);
            let (plugin, folder, file) = (text(&table["plugin"]), text(&case["root"]), text(&edit["file"]));
            edits.push(Edit { plugin, folder, file, key, document: edit["document_index"].as_u64().unwrap_or(0) });
        }
    }
    edits
}

impl Edit {
    fn shown(&self) -> String {
        format!("{} {}/{} {}", self.plugin, self.folder.trim_start_matches("input/"), self.file, self.key)
    }

    /// Returns whether Tagboat finds the value, and why it does not manage it.
    fn found(&self, root: &Path, rank: usize) -> Option<Result<(), String>> {
        let folder = root.join(&self.plugin).join(&self.folder);
        let name = self.file.rsplit('/').next().unwrap_or_default();
        // Keys with special characters are quoted: 'a.b' in updatecli, ["a.b"] in Tagboat.
        let plain = |text: &str| text.replace(['\'', '"', '[', ']', '.'], "");
        let key = self.key.trim_start_matches("$.");
        let (parent, last) = key.rsplit_once('.').unwrap_or(("", key));
        let mut listed = run::list(&Folder::new(&folder), &Config::default());
        listed.retain(|one| one.place().path.ends_with(name));
        let matches_edit = |one: &&Listed| {
            let (field, value) = (&one.place().field, &one.place().value);
            // The field of an argument begins with its instruction.
            let field = field.strip_prefix("ARG ").unwrap_or(field);
            // A digest belongs to the reference of its tag; a map without tag and digest is reported as a whole.
            let beside = last == "digest" && plain(field) == plain(&format!("{parent}.tag"));
            let around =
                matches!(one.finding, Finding::Notice(_)) && plain(field) == plain(parent) && !parent.is_empty();
            let from = self.plugin == "dockerfile" && value.starts_with(&format!("{key}:")) && !value.contains('$');
            plain(field) == plain(key) || beside || around || from
        };
        let of_document = listed.iter().filter(matches_edit).nth(rank)?;
        Some(match &of_document.status {
            Status::Managed(_) | Status::Held { selection: Some(_), .. } => Ok(()),
            Status::Held { reason, .. } | Status::Ignored(reason) => Err(reason.clone()),
        })
    }
}
