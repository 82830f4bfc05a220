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

mod properties {
    use super::{Candidate, ImageReference, Outcome, Question, Settings, Step, Tag, build, choose, explain};
    use std::sync::LazyLock;

    use jiff::Timestamp;
    use proptest::prelude::*;
    use tagboat::policy::{Decision, Entry, Gates};

    fn entry(policy: &str) -> Entry {
        build(&Settings::new(serde_yaml::from_str(policy).unwrap())).unwrap()
    }

    fn decide(entry: &Entry, current: &str, tags: &[String]) -> Decision {
        let current = ImageReference::new(&format!("registry.example/app:{current}")).unwrap();
        let candidates: Vec<Candidate> = tags.iter().map(|tag| Candidate::new(Tag::new(tag).unwrap())).collect();
        let question = Question { current: &current, entry, gates: &Gates::default(), now: Timestamp::UNIX_EPOCH };
        let Step::Decided(decision) = choose(&question, &candidates) else { panic!("asks for facts") };
        let accepted: Vec<_> =
            explain(&question, &candidates).into_iter().filter(|row| row.verdict.is_accepted()).collect();
        if let Outcome::Update(choice) = &decision.outcome {
            assert_eq!(
                Some(&choice.tag),
                accepted.first().map(|row| &row.tag),
                "the chosen is the first of the accepted"
            );
        }
        decision
    }

    const POLICIES: &[&str] = &[
        "{ shape: same }",
        "{ semver: '>=0.1' }",
        "{ semver: '*-0', strict: false }",
        "{ calver: YYYY.0M.MICRO }",
        "{ numerical: asc }",
        "{ numerical: desc, include: '^[a-z]*(?<n>\\d+)', extract: $n }",
        "{ alphabetical: asc }",
        "{ alphabetical: desc }",
        "{ pattern: '^(?<a>[a-z]*)-?(?<b>\\d*)' }",
        "{ semver: '>=0.1', max-bump: minor, exclude: 'rc' }",
    ];

    static ENTRIES: LazyLock<Vec<Entry>> = LazyLock::new(|| POLICIES.iter().map(|policy| entry(policy)).collect());

    /// The grammar of the OCI distribution specification.
    const ANY_TAG: &str = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}";

    fn tag() -> impl Strategy<Value = String> {
        let version = "v?[0-3]\\.[0-9]{1,2}(\\.[0-9]{1,2})?(-(rc|alpha)\\.?[0-9]|-alpine3\\.[0-9]{2}|-[0-9]{1,2})?";
        let stamp = "(main|prod)-[0-9a-f]{7}-(20[12][0-9]0[1-9]1[0-9]120000|1[67][0-9]{8})";
        let date = "20[12][0-9]\\.[01][0-9]\\.[0-9]{1,2}";
        prop_oneof![3 => version, 1 => stamp, 1 => date, 1 => "[0-9]{1,20}", 1 => "[a-z0-9_][a-z0-9._-]{0,20}"]
    }

    fn many() -> impl Strategy<Value = (String, Vec<String>, usize)> {
        (tag(), proptest::collection::vec(tag(), 0..12), 0..POLICIES.len())
    }

    fn is_older(entry: &Entry, tag: &str, than: &Tag) -> bool {
        let current = ImageReference::new(&format!("registry.example/app:{than}")).unwrap();
        let question = Question { current: &current, entry, gates: &Gates::default(), now: Timestamp::UNIX_EPOCH };
        let judged = explain(&question, &[Candidate::new(Tag::new(tag).unwrap())]);
        judged[0].verdict.reason().as_str().starts_with("older than")
    }

    proptest! {
        #[test]
        fn the_order_of_the_list_does_not_count((current, tags, policy) in many(), turn in 0usize..12) {
            let entry = &ENTRIES[policy];
            let mut turned = tags.clone();
            turned.reverse();
            turned.rotate_left(if tags.is_empty() { 0 } else { turn % tags.len() });
            prop_assert_eq!(decide(entry, &current, &tags).outcome, decide(entry, &current, &turned).outcome);
        }

        #[test]
        fn an_older_tag_changes_nothing((current, tags, policy) in many(), other in tag()) {
            let entry = &ENTRIES[policy];
            let Outcome::Update(first) = decide(entry, &current, &tags).outcome else { return Ok(()) };
            prop_assume!(is_older(entry, &other, &first.tag));
            let mut more = tags.clone();
            more.push(other);
            match decide(entry, &current, &more).outcome {
                Outcome::Update(second) => prop_assert_eq!(first.tag, second.tag),
                // Two that are equally new have no order.
                Outcome::Unknown(reason) => prop_assert!(reason.as_str().starts_with("a tie"), "{}", reason),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn never_lower_than_what_stands_there((current, tags, policy) in many()) {
            let entry = &ENTRIES[policy];
            let Outcome::Update(choice) = decide(entry, &current, &tags).outcome else { return Ok(()) };
            // From the chosen, the way back is no update. What has no place in the order can't be lower.
            prop_assume!(!choice.reason.as_str().contains("has no place"));
            let back = decide(entry, choice.tag.as_str(), &[current]).outcome;
            prop_assert!(!matches!(back, Outcome::Update(_)), "{:?} then {:?}", choice, back);
        }

        #[test]
        fn any_tag_under_any_policy_has_an_answer(
            current in ANY_TAG,
            tags in proptest::collection::vec(ANY_TAG, 0..6),
            policy in 0..POLICIES.len(),
        ) {
            decide(&ENTRIES[policy], &current, &tags);
        }
    }
}
