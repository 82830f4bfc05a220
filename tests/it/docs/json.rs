//! Checks that `docs/reports.md` documents every key of the JSON output, and no other.
#![cfg(unix)]

use std::collections::BTreeSet;

use regex::Regex;
use serde_json::Value;
use tagboat::demo::registry::{EmbeddedRegistry, ImageSpec};

use super::pages::{PAGES, tagboat};
use crate::support::repository::{Bare, git};

/// Returns the part of the page below a heading.
fn section(heading: &str) -> &'static str {
    let start = format!("\n### {heading}\n");
    let rest = PAGES["docs/reports.md"].split(&start).nth(1).unwrap_or_else(|| panic!("no section {heading}"));
    rest.split("\n##").next().unwrap()
}

/// Adds every key of a value, at any depth.
fn keys(value: &Value, into: &mut BTreeSet<String>) {
    value.as_array().into_iter().flatten().for_each(|item| keys(item, into));
    for (key, inner) in value.as_object().into_iter().flatten() {
        into.insert(key.clone());
        keys(inner, into);
    }
}

/// Returns the keys in the first column of the table of a section.
fn documented(section: &str) -> BTreeSet<String> {
    let (row, code) = (Regex::new(r"(?m)^\| (`[^|]*) \|").unwrap(), Regex::new("`([^`]+)`").unwrap());
    let first = row.captures_iter(section).map(|row| row.get(1).unwrap().as_str());
    first.flat_map(|cell| code.captures_iter(cell).map(|key| key[1].to_owned())).collect()
}

/// Returns the errors in a section about this JSON.
fn problems(heading: &str, json: &Value) -> Vec<String> {
    let section = section(heading);
    let (mut all, mut top) = (BTreeSet::new(), BTreeSet::new());
    keys(json, &mut all);
    let object = json.as_array().map_or(json, |rows| &rows[0]);
    top.extend(object.as_object().unwrap().keys().cloned());
    let undocumented = all.iter().filter(|key| !section.contains(&format!("`{key}`")));
    let undocumented = undocumented.map(|key| format!("{heading}: `{key}` is not documented"));
    let unknown = documented(section).into_iter().filter(|key| !top.contains(key));
    undocumented.chain(unknown.map(|key| format!("{heading}: `{key}` is documented and not printed"))).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn reports_page_documents_every_json_key() {
    let registry = EmbeddedRegistry::start().await.unwrap();
    for tag in ["1.0", "1.1"] {
        registry.push("acme/api", tag, &ImageSpec::default()).unwrap();
    }
    let (folder, host) = (tempfile::tempdir().unwrap(), registry.host());
    let pulls = folder.path().join("pulls");
    let bare = Bare::new(folder.path(), "gitops");
    let config = format!("registries: {{ '{host}': {{ plain-http: true }} }}\n");
    let operator = folder.path().join("operator.yaml");
    std::fs::write(&operator, format!("forge: {{ kind: local, folder: '{}' }}\n", pulls.display())).unwrap();
    // One image has a newer tag, one is held, and the lookup of one fails.
    let images = ["api:1.0", "api:latest", "lost:1.0"].map(|image| format!("\n  - image: {host}/acme/{image}"));
    let manifest = format!("kind: Pod\nspec:\n  containers:{}\n", images.concat());
    bare.commit("main", &[("tagboat.yaml", &config), ("app.yaml", &manifest)], "Deploy");
    git(folder.path(), &["clone", "--quiet", &bare.url(), "checkout"]);
    let print = |arguments: &[&str]| -> Value {
        let arguments = arguments.iter().chain(&["--format", "json"]).map(|&word| word.to_owned()).collect::<Vec<_>>();
        let output = tagboat(&arguments)
            .current_dir(folder.path().join("checkout"))
            .env("TAGBOAT_CONFIG", &operator)
            .output()
            .unwrap();
        let errors = String::from_utf8_lossy(&output.stderr);
        serde_json::from_slice(&output.stdout).unwrap_or_else(|error| panic!("{arguments:?}: {error}: {errors}"))
    };
    let api = format!("{host}/acme/api");
    let rows = [
        ("list", print(&["list"])),
        ("explain", print(&["explain", &api, "--policy", "newest-build"])),
        ("check", print(&["check"])),
        ("plan, run and edit", print(&["plan"])),
        ("plan, run and edit", print(&["run"])),
        ("plan, run and edit", print(&["run"])),
        ("errors", print(&["list", "--config", "/nowhere.yaml"])),
    ];
    assert_eq!(rows[4].1["proposals"][0]["action"], "open", "{:#}", rows[4].1);
    assert_eq!((rows[4].1["held"].as_array().unwrap().len(), rows[4].1["failed"].as_array().unwrap().len()), (1, 1));
    assert!(rows[1].1["candidates"][0]["facts"]["digest"].is_string(), "{:#}", rows[1].1);
    let problems = rows.iter().flat_map(|(heading, json)| problems(heading, json)).collect::<BTreeSet<_>>();
    assert!(problems.is_empty(), "docs/reports.md: {problems:#?}");
    for status in rows[0].1.as_array().unwrap().iter().map(|row| row["status"].as_str().unwrap()) {
        assert!(section("list").contains(&format!("`{status}`")), "docs/reports.md, list: no status `{status}`");
    }
}
