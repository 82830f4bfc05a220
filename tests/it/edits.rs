//! Edits: which bytes change, and the proof that no others do.

use tagboat::image::{Digest, Tag};
use tagboat::manifest::{self, Finding, Occurrence, Options, Target};

/// The references that stand in a file.
fn occurrences(path: &str, text: &str) -> Vec<Occurrence> {
    let findings = manifest::find(path, text.as_bytes(), &Options::default());
    findings
        .into_iter()
        .filter_map(|finding| match finding {
            Finding::Occurrence(occurrence) => Some(*occurrence),
            Finding::Remark(_) => None,
        })
        .collect()
}

/// The file after all its references have got the target, or the refusal.
fn bumped(path: &str, text: &str, target: &Target) -> Result<String, String> {
    let mut edits = Vec::new();
    for occurrence in occurrences(path, text) {
        edits.extend(manifest::edits(&occurrence, target).map_err(|refusal| refusal.to_string())?);
    }
    let after = manifest::rewrite(path, text.as_bytes(), &edits, &Options::default());
    after.map(|after| String::from_utf8(after).expect("UTF-8 stays UTF-8")).map_err(|refusal| refusal.to_string())
}

fn to(tag: &str, digest: Option<&str>) -> Target {
    let digest = digest.map(|hex| Digest::new(&format!("sha256:{}", hex.repeat(64))).expect("a digest"));
    Target { tag: Some(Tag::new(tag).expect("a tag")), digest, comments: false }
}

#[test]
fn every_style_of_scalar() {
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
        assert_eq!(bumped("values.yaml", before, &to(tag, None)).as_deref(), Ok(after), "{before:?}");
    }
}

#[test]
fn tag_and_digest_move_together() {
    let (old, new) = (format!("sha256:{}", "a".repeat(64)), format!("sha256:{}", "b".repeat(64)));
    let (bare_old, bare_new) = ("a".repeat(64), "b".repeat(64));
    let pinned = to("2", Some("b"));
    #[rustfmt::skip]
    let rows = [
        (format!("image: a:1@{old}\n"),                                      Ok(format!("image: a:2@{new}\n"))),
        (format!("image: {{repository: a, tag: 1@{old}}}\n"),                Ok(format!("image: {{repository: a, tag: 2@{new}}}\n"))),
        (format!("image: {{repository: a, tag: x, digest: {bare_old}}}\n"),  Ok(format!("image: {{repository: a, tag: \"2\", digest: {bare_new}}}\n"))),
        ("image: a:1\n".to_owned(),                                          Ok(format!("image: a:2@{new}\n"))),
        ("image: a\n".to_owned(),                                            Ok(format!("image: a:2@{new}\n"))),
        ("image: {repository: a, tag: x, digest: \"\"}\n".to_owned(),        Err("there is no field for a digest beside a:x".to_owned())),
    ];
    for (before, after) in rows {
        assert_eq!(bumped("values.yaml", &before, &pinned), after, "{before:?}");
    }
    let refused = bumped("values.yaml", &format!("image: a:1@{old}\n"), &to("2", None)).unwrap_err();
    assert!(refused.contains("no digest is known"), "{refused}");
}

/// Every file of the corpus beside the checkout that Tagboat reads, or nothing.
#[expect(clippy::disallowed_methods, reason = "tar unpacks the corpus")]
fn corpus() -> Vec<(String, Vec<u8>)> {
    let Some(folder) = crate::support::shared("corpus") else {
        println!("skipped: no corpus beside the checkout");
        return Vec::new();
    };
    let archive = folder.join("manifests.tar.zst");
    let unpacked = tempfile::tempdir().expect("a temporary folder");
    let tar = std::process::Command::new("tar")
        .arg("--zstd")
        .arg("-xf")
        .arg(&archive)
        .arg("-C")
        .arg(unpacked.path())
        .status();
    if !tar.is_ok_and(|status| status.success()) {
        println!("skipped: tar can't unpack {}", archive.display());
        return Vec::new();
    }
    let walk = ignore::WalkBuilder::new(unpacked.path()).standard_filters(false).build();
    walk.flatten()
        .filter_map(|entry| {
            let path = entry.path().strip_prefix(unpacked.path()).ok()?.to_str()?.to_owned();
            manifest::reads(&path).then_some(())?;
            Some((path, std::fs::read(entry.path()).ok()?))
        })
        .collect()
}

/// The target for a reference: the same parts, other values.
fn other(occurrence: &Occurrence) -> Target {
    let reference = &occurrence.reference;
    let digest = reference.digest().map(|_| "sha256:".to_owned() + &"5e".repeat(32));
    Target {
        tag: reference.tag().map(|_| Tag::new("2024").expect("a tag")),
        digest: digest.map(|text| Digest::new(&text).expect("a digest")),
        comments: true,
    }
}

/// The bytes that differ, as one span before and after.
fn outside(before: &[u8], after: &[u8]) -> (usize, usize) {
    let start = before.iter().zip(after).take_while(|(a, b)| a == b).count();
    let end = before[start..].iter().rev().zip(after[start..].iter().rev()).take_while(|(a, b)| a == b).count();
    (start, before.len() - end)
}

#[test]
fn every_reference_of_the_corpus_bumped() {
    use rayon::prelude::*;
    let failures: Vec<String> = corpus()
        .par_iter()
        .flat_map_iter(|(path, bytes)| {
            let options = Options::default();
            let text = String::from_utf8_lossy(bytes);
            let found = occurrences(path, &text);
            let mut failures = Vec::new();
            let mut all = Vec::new();
            for occurrence in &found {
                let target = other(occurrence);
                let edits = match manifest::edits(occurrence, &target) {
                    Ok(edits) => edits,
                    Err(refusal) => {
                        failures.push(format!("{path}:{} {refusal}", occurrence.place.position.line));
                        continue;
                    }
                };
                all.extend(edits.iter().cloned());
                // One at a time takes minutes without optimisation: by default a fifth of them stands for all.
                let whole = std::env::var_os("TAGBOAT_WHOLE_CORPUS").is_some();
                if !whole && occurrence.place.span.is_some_and(|span| span.start % 5 != 0) {
                    continue;
                }
                match manifest::rewrite(path, bytes, &edits, &options) {
                    Ok(after) => {
                        let (start, end) = outside(bytes, &after);
                        let first = edits.iter().map(|edit| edit.span.start).min().unwrap_or(start);
                        let last = edits.iter().map(|edit| edit.span.end).max().unwrap_or(end);
                        if start < first || end > last {
                            failures.push(format!("{path}: bytes outside {first}..{last} changed"));
                        }
                    }
                    Err(refusal) => failures.push(format!("{path}:{} {refusal}", occurrence.place.position.line)),
                }
            }
            if let Err(refusal) = manifest::rewrite(path, bytes, &all, &options) {
                failures.push(format!("{path}: all at once: {refusal}"));
            }
            failures
        })
        .collect();
    assert!(
        failures.is_empty(),
        "{} failures, such as\n{}",
        failures.len(),
        failures[..failures.len().min(25)].join("\n")
    );
}
