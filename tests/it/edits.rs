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
