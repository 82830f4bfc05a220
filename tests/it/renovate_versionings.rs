//! Versionings of Renovate against the table `fixtures/policy/renovate.txt`, one case per line: tags, current tag, versioning, result and a
//! part of the reason. The result is a tag, `=` for up to date or `held`. A part of the reason that starts with `TAG: ` belongs to
//! the verdict on that tag.

use std::path::PathBuf;

use jiff::Timestamp;
use tagboat::image::{ImageReference, Tag};
use tagboat::interop::renovate;
use tagboat::policy::{Candidate, ExternalFacts, Gates, Outcome, Pinning, Question, SelectionStep, build, explain};

use crate::policies::choose_offline;

/// Returns the difference between a case and what is selected.
fn check(line: &str) -> Option<String> {
    let line = format!("{line} ");
    let cells: Vec<&str> = line.split(" | ").map(str::trim).collect();
    let [tags, current, versioning, result, part] = cells[..] else { panic!("five columns: {line}") };
    let entry = build(&renovate::settings::settings(versioning, None).unwrap()).unwrap();
    let mut candidates: Vec<Candidate> =
        tags.split_whitespace().map(|tag| Candidate::new(Tag::new(tag).unwrap())).collect();
    let current = ImageReference::new(&format!("registry.example/app:{current}")).unwrap();
    let (gates, external, now) = (Gates::default(), &ExternalFacts::NotNeeded, Timestamp::UNIX_EPOCH);
    // A comment names no policy for an image.
    let question = Question {
        names_image: false,
        is_listed: true,
        current: &current,
        entry: &entry,
        gates: &gates,
        pinning: Pinning::default(),
        external,
        now,
    };
    let SelectionStep::Decided(decision) = choose_offline(&question, &mut candidates) else {
        return Some(format!("{line}: needs facts"));
    };
    let (actual, reason) = match decision.outcome {
        Outcome::Update(choice) => (choice.tag.to_string(), choice.reason),
        Outcome::UpToDate(reason) | Outcome::Delayed(reason) => ("=".to_owned(), reason),
        Outcome::Held(reason) => ("held".to_owned(), reason),
        Outcome::Unknown(reason) => ("unknown".to_owned(), reason),
    };
    let verdict = part.split_once(": ").and_then(|(tag, part)| {
        let verdicts = explain(&question, &candidates);
        let verdict = verdicts.into_iter().find(|one| one.tag.as_str() == tag)?;
        Some((verdict.verdict.reason().to_string(), part))
    });
    let (text, part) = verdict.unwrap_or_else(|| (reason.to_string(), part));
    (actual != result || !text.contains(part)).then(|| format!("{line}\n    got {actual}: {text}"))
}

#[test]
fn versionings_match_their_table() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/policy/renovate.txt");
    let table = std::fs::read_to_string(&path).unwrap();
    let cases = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect::<Vec<_>>();
    assert!(cases.len() > 30, "{}", cases.len());
    let wrong: Vec<String> = cases.into_iter().filter_map(check).collect();
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
