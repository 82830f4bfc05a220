//! Properties of finding and editing that hold for any file and any tag.

use proptest::prelude::*;
use tagboat::image::{Digest, Tag};
use tagboat::manifest::{self, EditTarget, FindOptions, Finding, Occurrence};

fn occurrences(path: &str, bytes: &[u8]) -> Vec<Occurrence> {
    let findings = manifest::find(path, bytes, &FindOptions::default());
    let only = |finding| match finding {
        Finding::Occurrence(occurrence) => Some(std::sync::Arc::unwrap_or_clone(occurrence)),
        Finding::Notice(_) => None,
    };
    findings.into_iter().filter_map(only).collect()
}

/// Checks what must hold for every file: each finding is in the file, and each edit is refused or changes exactly its
/// own bytes, after which the file holds the target. Returns the number of edits that were not refused.
fn check(path: &str, bytes: &[u8], tag: &str) -> Result<usize, String> {
    let options = FindOptions::default();
    let findings = manifest::find(path, bytes, &options);
    let in_order =
        findings.windows(2).all(|pair| pair[0].place().span.map(|s| s.start) <= pair[1].place().span.map(|s| s.start));
    for finding in &findings {
        if finding.place().span.is_some_and(|span| span.end > bytes.len()) {
            return Err(format!("{finding:?} is outside of the file"));
        }
    }
    if !in_order && findings.iter().all(|finding| finding.place().span.is_some()) {
        return Err("findings are out of order".to_owned());
    }
    let mut edited = 0;
    for occurrence in occurrences(path, bytes) {
        let pinned = occurrence.reference.digest().is_some();
        let digest = pinned.then(|| Digest::new(&format!("sha256:{}", "5e".repeat(32))).expect("a digest"));
        let tag = occurrence.reference.tag().map(|_| Tag::new(tag).expect("a tag"));
        let target = EditTarget { tag, digest, ..EditTarget::default() };
        let Ok(edits) = manifest::edits(&occurrence, &target) else { continue };
        let Ok(after) = manifest::rewrite(path, bytes, &edits, &options) else { continue };
        let (mut rest, mut kept) = (&after[..], Vec::new());
        let mut done = 0;
        let mut sorted = edits.clone();
        sorted.sort_by_key(|edit| edit.span);
        for edit in &sorted {
            let same = edit.span.start - done;
            if rest.len() < same || rest[..same] != bytes[done..edit.span.start] {
                return Err(format!("bytes before {:?} changed", edit.span));
            }
            kept.extend_from_slice(&rest[..same]);
            rest = rest[same..].strip_prefix(&edit.replacement[..]).ok_or("the replacement is not there")?;
            done = edit.span.end;
        }
        if rest != &bytes[done..] {
            return Err("bytes after the last edit changed".to_owned());
        }
        let expected = occurrence.reference.with(
            target.tag.clone().or(occurrence.reference.tag().cloned()),
            target.digest.clone().or(occurrence.reference.digest().cloned()),
        );
        let again = occurrences(path, &after);
        if !again.iter().any(|now| now.reference == expected && now.place.field == occurrence.place.field) {
            return Err(format!("{expected} is not found at {} after the edit", occurrence.place.field));
        }
        edited += 1;
    }
    Ok(edited)
}

/// Generates tags, among them some that YAML reads as numbers, Booleans or null.
fn tags() -> impl Strategy<Value = String> {
    prop_oneof![
        "[A-Za-z0-9_][A-Za-z0-9._-]{0,20}",
        "[0-9]{1,4}(\\.[0-9]{1,3}){0,3}",
        prop::sample::select(vec![
            "1.10",
            "12e45",
            "0x1f",
            "0o7",
            "yes",
            "null",
            "1_000",
            "2024-01-02",
            "on",
            "y",
            ".5x"
        ])
        .prop_filter("a tag", |tag| Tag::new(tag).is_ok())
        .prop_map(str::to_owned),
    ]
}

/// Returns a value in one of the styles of YAML, at some indentation.
fn written(value: &str, style: usize, indent: &str) -> String {
    match style {
        0 => value.to_owned(),
        1 => format!("'{value}'"),
        2 => format!("\"{value}\""),
        3 => format!("&anchor {value}"),
        4 => format!("!!str \"{value}\""),
        5 => format!(">-\n{indent}  {value}"),
        6 => format!("|\n{indent}   {value}"),
        _ => format!("# {value}\n{indent}  {value}"),
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 128, ..ProptestConfig::default() })]

    #[test]
    fn edits_only_intended_bytes_of_any_text(text in "\\PC{0,200}", tag in tags()) {
        for path in ["a.yaml", "values.yaml", "kustomization.yaml", ".env", "Dockerfile", "docker-compose.yml"] {
            prop_assert!(check(path, text.as_bytes(), &tag).is_ok());
        }
    }

    #[test]
    fn edits_only_intended_bytes_of_any_bytes(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
        prop_assert!(check("a.yaml", &bytes, "1").is_ok());
    }

    #[test]
    fn edits_only_intended_bytes_of_any_yaml(
        words in prop::collection::vec(prop::sample::select(WORDS.to_vec()), 0..60),
        tag in tags(),
    ) {
        let text: String = words.concat();
        let checked = check("a/values.yaml", text.as_bytes(), &tag);
        prop_assert!(checked.is_ok(), "{:?}\n{}", checked, text);
    }

    #[test]
    fn writes_any_tag_in_every_style(
        (old, new) in (tags(), tags()),
        (style, split, pinned, crlf, bom) in (0..8usize, any::<bool>(), any::<bool>(), any::<bool>(), any::<bool>()),
        comment in prop::sample::select(vec!["", " # c", "   # image: a:1"]),
        end in prop::sample::select(vec!["", "\n", "\n\n", "\nz: [1, {b: 2}]\n"]),
    ) {
        let digest = if pinned { format!("@sha256:{}", "0a".repeat(32)) } else { String::new() };
        let comment = if style < 5 { comment } else { "" };
        let text = if split {
            let value = written(&format!("{old}{digest}"), style, "  ");
            format!("image:\n  repository: ghcr.io/acme/api\n  tag: {value}{comment}{end}")
        } else {
            format!("image: {}{comment}{end}", written(&format!("ghcr.io/acme/api:{old}{digest}"), style, ""))
        };
        let text = if crlf { text.replace('\n', "\r\n") } else { text };
        let text = if bom { format!("\u{feff}{text}") } else { text };
        let checked = check("values.yaml", text.as_bytes(), &new);
        // A null in the field of the tag is not a tag. Every reference that is found must be editable.
        let found = occurrences("values.yaml", text.as_bytes()).len();
        let is_null = split && matches!(style, 0 | 3 | 7) && !pinned && old.eq_ignore_ascii_case("null");
        prop_assert_eq!(&checked, &Ok(found), "{}", text);
        prop_assert!(found == 1 || is_null || old.len() == 64, "{}", text);
    }
}

/// Pieces of documents: enough of YAML to reach its corner cases.
const WORDS: [&str; 40] = [
    "image: ",
    "a:1",
    "ghcr.io/acme/api:v1",
    "\n",
    "\n  ",
    "\n    ",
    "- ",
    "tag: ",
    "repository: ",
    "acme/api",
    "1.10",
    "'",
    "\"",
    "{",
    "}",
    "[",
    "]",
    ", ",
    ": ",
    "#",
    " # tagboat: release",
    "|\n",
    ">-\n",
    "&x ",
    "*x",
    "<<: *x",
    "---\n",
    "...\n",
    "? ",
    "!!str ",
    "\t",
    "\r\n",
    "\\",
    "é",
    "containers:\n",
    "name: ",
    "digest: ",
    "kind: List\n",
    "images:\n",
    "%YAML 1.2\n",
];

/// Checks 500 mutated fixtures, or as many as fit into `TAGBOAT_FUZZ_SECONDS` seconds.
#[test]
fn edits_only_intended_bytes_of_mutated_fixtures() {
    let folder = std::path::Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures/manifest");
    let walk = ignore::WalkBuilder::new(folder).build().flatten();
    let is_seed = |entry: &ignore::DirEntry| entry.file_name().to_str().is_some_and(|name| name.starts_with("before"));
    let seeds: Vec<Vec<u8>> = walk.filter(is_seed).filter_map(|entry| std::fs::read(entry.path()).ok()).collect();
    assert!(seeds.len() > 20);
    let seconds = std::env::var("TAGBOAT_FUZZ_SECONDS").ok().and_then(|text| text.parse().ok());
    let start = std::time::Instant::now();
    let mut random = fastrand::Rng::with_seed(seconds.unwrap_or(7));
    let mut rounds = 0;
    while seconds.map_or(rounds < 500, |seconds| start.elapsed().as_secs() < seconds) {
        rounds += 1;
        let mut text = seeds[random.usize(..seeds.len())].clone();
        for _ in 0..random.usize(1..6) {
            let at = random.usize(..=text.len());
            let until = (at + random.usize(..20)).min(text.len());
            match random.u8(..4) {
                0 => drop(text.drain(at..until)),
                1 => drop(text.splice(at..at, WORDS[random.usize(..WORDS.len())].bytes())),
                2 => drop(text.splice(at..until, WORDS[random.usize(..WORDS.len())].bytes())),
                _ => {
                    let copy = text[at..until].to_vec();
                    let to = random.usize(..=text.len());
                    drop(text.splice(to..to, copy));
                }
            }
        }
        for path in ["a.yaml", "kustomization.yaml", "charts/api/values.yaml"] {
            if let Err(what) = check(path, &text, "1.10") {
                panic!("round {rounds}, {path}: {what}\n{}", String::from_utf8_lossy(&text));
            }
        }
    }
    println!("{rounds} files");
}
