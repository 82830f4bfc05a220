//! Tests of edits: which bytes change, and that no others do.

use std::sync::atomic::{AtomicUsize, Ordering};

use tagboat::image::{Digest, Tag};
use tagboat::manifest::{self, EditTarget, FindOptions, Finding, Occurrence};

/// Returns the references in a file.
fn occurrences(path: &str, text: &str) -> Vec<Occurrence> {
    let findings = manifest::find(path, text.as_bytes(), &FindOptions::default());
    findings
        .into_iter()
        .filter_map(|finding| match finding {
            Finding::Occurrence(occurrence) => Some(std::sync::Arc::unwrap_or_clone(occurrence)),
            Finding::Notice(_) => None,
        })
        .collect()
}

/// Returns the file with all its references changed to the target, or the reason of a refused edit.
fn changed(path: &str, text: &str, target: &EditTarget) -> Result<String, String> {
    let mut edits = Vec::new();
    for occurrence in occurrences(path, text) {
        edits.extend(manifest::edits(&occurrence, target).map_err(|error| error.to_string())?);
    }
    let after = manifest::rewrite(path, text.as_bytes(), &edits, &FindOptions::default());
    after.map(|after| String::from_utf8(after).expect("UTF-8 stays UTF-8")).map_err(|error| error.to_string())
}

fn target(tag: &str, digest: Option<&str>) -> EditTarget {
    let digest = digest.map(|hex| Digest::new(&format!("sha256:{}", hex.repeat(64))).expect("a digest"));
    EditTarget { tag: Some(Tag::new(tag).expect("a tag")), digest, ..EditTarget::default() }
}

#[test]
fn keeps_the_style_of_scalars() {
    #[rustfmt::skip]
    let rows = [
        ("image: a:1.0\n",                      "1.1",    "image: a:1.1\n"),
        ("image: 'a:1.0' # c\n",                "1.1",    "image: 'a:1.1' # c\n"),
        ("{\"image\": \"a:1.0\"}",              "1.1",    "{\"image\": \"a:1.1\"}"),
        ("image: >-\r\n  a:1.0\r\nx: 1\r\n",    "1.1",    "image: >-\r\n  a:1.1\r\nx: 1\r\n"),
        ("\u{feff}image: |\n  a:1.0",           "1.1",    "\u{feff}image: |\n  a:1.1"),
        ("image: &a a:1.0\nb:\n  image: *a\n",  "1.1",    "image: &a a:1.1\nb:\n  image: *a\n"),
        ("image: \"a:1.\\x30\"\n",              "1.1",    "image: \"a:1.1\"\n"),
        ("image: {repository: a, tag: v1}\n",   "1.10",   "image: {repository: a, tag: \"1.10\"}\n"),
        ("image: {repository: a, tag: 'v1'}\n", "1.10",   "image: {repository: a, tag: '1.10'}\n"),
        ("image: {repository: a, tag: 1.0}\n",  "12e456", "image: {repository: a, tag: \"12e456\"}\n"),
        ("image: {repository: a, tag: 1.0}\n",  "v2",     "image: {repository: a, tag: v2}\n"),
    ];
    for (before, tag, after) in rows {
        assert_eq!(changed("values.yaml", before, &target(tag, None)).as_deref(), Ok(after), "{before:?}");
    }
}

#[test]
fn changes_tag_and_digest_together() {
    let (old, new) = (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
    let (bare_old, bare_new) = ("a".repeat(64), "b".repeat(64));
    let pinned = target("2", Some("b"));
    #[rustfmt::skip]
    let rows = [
        (format!("image: a:1@{old}\n"),                                      Ok(format!("image: a:2@{new}\n"))),
        (format!("image: {{repository: a, tag: 1@{old}}}\n"),                Ok(format!("image: {{repository: a, tag: 2@{new}}}\n"))),
        (format!("image: {{repository: a, tag: x, digest: {bare_old}}}\n"),  Ok(format!("image: {{repository: a, tag: \"2\", digest: {bare_new}}}\n"))),
        ("image: a:1\n".to_owned(),                                          Ok(format!("image: a:2@{new}\n"))),
        ("image: a\n".to_owned(),                                            Ok(format!("image: a:2@{new}\n"))),
        ("image: {repository: a, tag: x}\n".to_owned(),                       Err("there is no field for a digest beside a:x".to_owned())),
        ("image: {repository: a, tag: x, digest: \"\"}\n".to_owned(),        Ok(format!("image: {{repository: a, tag: \"2\", digest: \"{new}\"}}\n"))),
    ];
    for (before, after) in rows {
        assert_eq!(changed("values.yaml", &before, &pinned), after, "{before:?}");
    }
    let refused = changed("values.yaml", &format!("image: a:1@{old}\n"), &target("2", None)).unwrap_err();
    assert!(refused.contains("no digest is known"), "{refused}");
}

/// Returns the files of the shared corpus that Tagboat reads, if there is one.
fn corpus() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = crate::support::shared("corpus") else { return Vec::new() };
    let Some(unpacked) = crate::support::unpacked(&folder.join("manifests.tar.zst")) else { return Vec::new() };
    let walk = ignore::WalkBuilder::new(unpacked.path()).standard_filters(false).build();
    walk.flatten()
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(unpacked.path()).ok()?.to_str()?.to_owned();
            manifest::reads(&path, &FindOptions::default()).then_some(())?;
            Some((path, std::fs::read(entry.path()).ok()?))
        })
        .collect()
}

/// Returns a target with the same parts as a reference and other values.
fn other_target(occurrence: &Occurrence) -> EditTarget {
    let reference = &occurrence.reference;
    let digest = reference.digest().map(|_| "sha256:".to_owned() + &"5e".repeat(32));
    EditTarget {
        tag: reference.tag().map(|_| Tag::new("2024").expect("a tag")),
        digest: digest.map(|text| Digest::new(&text).expect("a digest")),
        comments: true,
        ..EditTarget::default()
    }
}

/// Returns the span of the bytes that differ, in the old text.
fn changed_span(before: &[u8], after: &[u8]) -> (usize, usize) {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let end = before[start..].iter().rev().zip(after[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    (start, before.len() - end)
}

#[test]
fn changes_only_edited_bytes_of_the_corpus() {
    use rayon::prelude::*;
    let (alone, together) = (AtomicUsize::new(0), AtomicUsize::new(0));
    let failures: Vec<String> = corpus()
        .par_iter()
        .flat_map_iter(|(path, bytes)| {
            let options = FindOptions::default();
            let text = String::from_utf8_lossy(bytes);
            let found = occurrences(path, &text);
            let mut failures = Vec::new();
            let mut all = Vec::new();
            for occurrence in &found {
                let target = other_target(occurrence);
                let edits = match manifest::edits(occurrence, &target) {
                    Ok(edits) => edits,
                    Err(error) => {
                        failures.push(format!("{path}:{} {error}", occurrence.place.position.line));
                        continue;
                    }
                };
                all.extend(edits.iter().cloned());
                together.fetch_add(1, Ordering::Relaxed);
                // One at a time takes minutes without optimization, so the default is a fifth of them.
                let is_whole_corpus = std::env::var_os("TAGBOAT_WHOLE_CORPUS").is_some();
                if !is_whole_corpus && occurrence.place.span.is_some_and(|span| span.start % 5 != 0) {
                    continue;
                }
                alone.fetch_add(1, Ordering::Relaxed);
                match manifest::rewrite(path, bytes, &edits, &options) {
                    Ok(after) => {
                        let (start, end) = changed_span(bytes, &after);
                        let first = edits.iter().map(|edit| edit.span.start).min().unwrap_or(start);
                        let last = edits.iter().map(|edit| edit.span.end).max().unwrap_or(end);
                        if start < first || end > last {
                            failures.push(format!("{path}: bytes outside {first}..{last} changed"));
                        }
                    }
                    Err(error) => failures.push(format!("{path}:{} {error}", occurrence.place.position.line)),
                }
            }
            if let Err(error) = manifest::rewrite(path, bytes, &all, &options) {
                failures.push(format!("{path}: all at once: {error}"));
            }
            failures
        })
        .collect();
    println!("{} references changed alone, {} together", alone.into_inner(), together.into_inner());
    assert!(
        failures.is_empty(),
        "{} failures, such as\n{}",
        failures.len(),
        failures[..failures.len().min(25)].join("\n")
    );
}

/// Returns what the policies of a Flux setter case select: policy, image and target.
fn flux_policies(case: &serde_json::Value, observed: &serde_json::Value) -> Vec<(String, String, EditTarget)> {
    let rows = case["policies"].as_array().or(observed.as_array()).cloned().unwrap_or_default();
    let text = |value: &serde_json::Value| value.as_str().map(str::to_owned);
    rows.iter()
        .filter_map(|row| {
            let policy = format!("{}:{}", text(&row["namespace"])?, text(&row["name"])?);
            let target = EditTarget {
                tag: Some(Tag::new(&text(&row["tag"])?).ok()?),
                digest: text(&row["digest"]).and_then(|digest| Digest::new(&digest).ok()),
                ..EditTarget::default()
            };
            Some((policy, text(&row["image"])?, target))
        })
        .collect()
}

/// Returns a file after the edits of all its Flux markers, and the reasons of refused edits.
fn edit_marked(path: &str, before: &[u8], policies: &[(String, String, EditTarget)]) -> (Vec<u8>, Vec<String>) {
    let policy_images = policies.iter().map(|(policy, image, _)| (policy.clone(), image.clone())).collect();
    let options = FindOptions { policy_images, ..FindOptions::default() };
    let (mut edits, mut refused) = (Vec::new(), Vec::new());
    for finding in manifest::find(path, before, &options) {
        let occurrence = match &finding {
            Finding::Occurrence(occurrence) => occurrence,
            Finding::Notice(notice) => {
                refused.push(notice.reason.clone());
                continue;
            }
        };
        let Some(marker) = &occurrence.marker else { continue };
        let Some((_, image, target)) = policies.iter().find(|(policy, ..)| *policy == marker.policy) else { continue };
        let name = occurrence.spans.name.is_some().then(|| image.clone());
        match manifest::edits(occurrence, &EditTarget { name, ..target.clone() }) {
            Ok(more) => edits.extend(more),
            Err(error) => refused.push(error.to_string()),
        }
    }
    match manifest::rewrite(path, before, &edits, &options) {
        Ok(after) => (after, refused),
        Err(error) => (before.to_vec(), vec![error.to_string()]),
    }
}

/// Cases in which Tagboat deliberately differs from Flux, and how.
const DIFFERENCES: [(&str, &str); 13] = [
    ("setters", "Flux changes the name at a `:name` marker"),
    ("pathconfig_update_path", "the path to update is a matter of configuration"),
    ("legacy_replace", "images were updated without markers"),
    ("legacy_replace_commented", "images were updated without markers"),
    ("legacy_leave", "Flux changes the layout of a file without changes"),
    ("obs_dup_keys", "both values are marked, and both are edited"),
    ("obs_embedded_yaml_in_configmap", "embedded documents are edited"),
    ("obs_env_var_literal_concat", "a value that is not a reference is not replaced by one"),
    ("obs_image_with_digest_to_tag_only", "a digest is never dropped"),
    ("obs_marker_ref_longform", "only the short form of a marker is read"),
    ("obs_orig_empty_string", "an empty tag is left to the chart"),
    ("obs_parts", "a malformed digest is held, and its tag with it"),
    ("obs_registry_port", "Flux changes the name at a `:name` marker"),
];

#[test]
fn edits_setter_trees_like_flux() {
    let Some(folder) = crate::support::shared("conformance") else { return };
    let Some(unpacked) = crate::support::unpacked(&folder.join("flux_setters.tar.zst")) else { return };
    let root = unpacked.path().join("flux_setters");
    let table = std::fs::read(root.join("cases.json")).expect("a table of cases");
    let table: serde_json::Value = serde_json::from_slice(&table).expect("JSON");
    let (mut equal, mut failures) = (0, Vec::new());
    let (mut done_right, mut left_alone) = (0, 0);
    for case in table["cases"].as_array().expect("cases") {
        let name = case["name"].as_str().expect("a name");
        let is_defect = case["verdict"].as_str().is_some_and(|verdict| verdict.starts_with("defect"));
        if DIFFERENCES.iter().any(|(different, _)| *different == name) {
            continue;
        }
        let policies = flux_policies(case, &table["policies_observed"]);
        for entry in
            ignore::WalkBuilder::new(root.join(name).join("original")).standard_filters(false).build().flatten()
        {
            let path =
                entry.path().strip_prefix(root.join(name).join("original")).expect("a path in the folder").to_owned();
            let (Ok(before), Some(path)) = (std::fs::read(entry.path()), path.to_str()) else { continue };
            if is_defect {
                // `rewrite` has checked that only marked values changed.
                let (after, _) = edit_marked(path, &before, &policies);
                *(if after == before { &mut left_alone } else { &mut done_right }) += 1;
                continue;
            }
            let Ok(expected) = std::fs::read(root.join(name).join("expected").join(path)) else { continue };
            let (after, refused) = edit_marked(path, &before, &policies);
            if after == expected {
                equal += 1;
            } else {
                let (after, expected) = (String::from_utf8_lossy(&after), String::from_utf8_lossy(&expected));
                let difference = similar::TextDiff::from_lines(&*expected, &*after).unified_diff().to_string();
                failures.push(format!("{name}/{path} ({}) {refused:?}\n{difference}", case["verdict"]));
            }
        }
    }
    println!("{equal} files as expected; defects of Flux: {done_right} edited correctly, {left_alone} left alone");
    assert!(equal > 80 && done_right > 30);
    assert!(failures.is_empty(), "{} of {} differ:\n{}", failures.len(), equal + failures.len(), failures.join("\n"));
}
