//! Every kind of policy on its table of cases: `fixtures/policy/<kind>.txt`, one case per line.
//!
//! Columns, with ` | ` between them: tags; current reference's tag (and digest); policy entry; expected; a part of the
//! reason. A tag may carry facts: `main@2026-01-02T03:04:05Z` (build time), `latest@sha256:…`, `x@?` (metadata
//! without a build time), `x@!why` (can't be had). Expected is a tag, `=` for up to date, `held` or `unknown`. A part of
//! the reason that starts with `TAG: ` is looked for in the verdict on that tag. `HEX1` stands for a hash.

use std::path::PathBuf;

use jiff::Timestamp;
use tagboat::image::{Digest, ImageFacts, ImageReference, Tag};
use tagboat::policy::{Candidate, Gates, Known, Outcome, POLICIES, Question, Settings, Step, build, choose, explain};

fn hash(text: &str) -> String {
    (0..10).fold(text.to_owned(), |text, digit| text.replace(&format!("HEX{digit}"), &digit.to_string().repeat(64)))
}

fn candidate(text: &str) -> Candidate {
    let (tag, facts) = text.split_once('@').map_or((text, None), |(tag, facts)| (tag, Some(facts)));
    let facts = match facts {
        None => Known::Tag,
        Some("?") => Known::Facts(Box::default()),
        Some(digest) if digest.starts_with("sha") => Known::Digest(Digest::new(digest).unwrap()),
        Some(why) if why.starts_with('!') => Known::Failed(why[1..].into()),
        Some(time) => Known::Facts(Box::new(ImageFacts {
            created: Some(time.parse::<Timestamp>().unwrap_or_else(|error| panic!("{time}: {error}"))),
            ..ImageFacts::default()
        })),
    };
    Candidate { tag: Tag::new(tag).unwrap_or_else(|error| panic!("{text}: {error}")), facts }
}

/// What a case comes to, in the words of the tables, with the reason.
fn answer(question: &Question<'_>, candidates: &[Candidate]) -> (String, String) {
    let Step::Decided(decision) = choose(question, candidates) else { return ("asks".to_owned(), String::new()) };
    let (said, reason) = match decision.outcome {
        Outcome::Update(choice) => {
            let digest = choice.digest.filter(|_| question.entry.policy.follows().is_some());
            (choice.tag.to_string() + &digest.map(|digest| format!("@{digest}")).unwrap_or_default(), choice.reason)
        }
        Outcome::UpToDate(reason) => ("=".to_owned(), reason),
        Outcome::Held(reason) => ("held".to_owned(), reason),
        Outcome::Unknown(reason) => ("unknown".to_owned(), reason),
    };
    (said, reason.to_string())
}

fn check(line: &str) -> Result<(), String> {
    let line = hash(line) + " ";
    let cells: Vec<&str> = line.split(" | ").map(str::trim).collect();
    let [tags, current, policy, expected, reason] = cells[..] else {
        return Err(format!("five columns are wanted, not {}", cells.len()));
    };
    let settings = Settings::new(serde_yaml::from_str(policy).map_err(|error| format!("{policy}: {error}"))?);
    let entry = build(&settings).map_err(|error| format!("{policy}: {error}"))?;
    let candidates: Vec<Candidate> = tags.split_whitespace().map(candidate).collect();
    let current = ImageReference::new(&format!("registry.example/app:{current}")).map_err(|error| error.to_string())?;
    let gates = Gates::default();
    let question = Question { current: &current, entry: &entry, gates: &gates, now: Timestamp::UNIX_EPOCH };
    let (said, why) = answer(&question, &candidates);
    if said != expected {
        return Err(format!("expected {expected}, got {said}: {why}"));
    }
    let told = match reason.split_once(": ") {
        Some((tag, part)) if candidates.iter().any(|one| one.tag.as_str() == tag) => {
            let judged = explain(&question, &candidates);
            let row = judged.into_iter().find(|row| row.tag.as_str() == tag).ok_or("no verdict")?;
            (row.verdict.reason().to_string(), part)
        }
        _ => (why, reason),
    };
    if told.0.contains(told.1) { Ok(()) } else { Err(format!("expected the reason '{}', got '{}'", told.1, told.0)) }
}

#[test]
fn every_kind_of_policy_on_its_table() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/policy");
    let mut wrong = Vec::new();
    for kind in POLICIES {
        let path = folder.join(format!("{}.txt", kind.key));
        let table = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let cases = table.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        let before = wrong.len();
        let mut count = 0;
        for (at, line) in cases {
            count += 1;
            if let Err(why) = check(line) {
                wrong.push(format!("{}:{}: {line}\n    {why}", path.display(), at + 1));
            }
        }
        assert!(count > 0 || wrong.len() > before, "{} has no cases", path.display());
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn examples_and_options_are_what_is_read() {
    for kind in POLICIES {
        let settings = Settings::new(serde_yaml::from_str(kind.example).unwrap());
        assert!(build(&settings).is_ok(), "{}: {:?}", kind.example, build(&settings).err());
    }
}
