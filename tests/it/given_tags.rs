//! Tags that `--image` gives against the table `fixtures/policy/given.txt`, one case per line: given tags, current tag, the tag that
//! an open pull request proposes, policy, result and a part of the reason. `-` is no tag. The result is a tag, `=` for up to date, `held`,
//! `unknown`, or `needs` with the tags to look up.

use std::path::PathBuf;

use jiff::Timestamp;
use tagboat::image::ImageReference;
use tagboat::policy::{
    ExternalFacts, Gates, GivenTag, GivenTags, Known, Outcome, Pinning, Question, SelectionStep, Settings, build,
    choose_given,
};

/// Returns a reference for `1.2.3`, `1.2.3@sha256:…`, `@sha256:…` or `-`.
fn reference(text: &str) -> ImageReference {
    let tail = match text {
        "-" => String::new(),
        text if text.starts_with('@') => text.to_owned(),
        text => format!(":{text}"),
    };
    ImageReference::new(&format!("registry.example/app{tail}")).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Returns the result of a case as the table writes it, and the reason.
fn answer(given: &str, current: &str, proposed: &str, policy: &str) -> (String, String) {
    let (names_image, policy) = policy.strip_prefix("** ").map_or((true, policy), |policy| (false, policy));
    let settings = Settings::new(serde_yaml::from_str(policy).unwrap());
    let entry = build(&settings).unwrap_or_else(|error| panic!("{policy}: {error}"));
    let (current, gates) = (reference(current), Gates::default());
    let (external, now) = (&ExternalFacts::NotNeeded, Timestamp::UNIX_EPOCH);
    let question = Question {
        current: &current,
        entry: &entry,
        names_image,
        is_listed: false,
        gates: &gates,
        pinning: Pinning::Keep,
        external,
        now,
    };
    let (given, is_undated) = given.strip_prefix("undated ").map_or((given, false), |given| (given, true));
    let images: Vec<ImageReference> = given.split_whitespace().map(reference).collect();
    let proposed = Some(reference(proposed)).filter(|one| one.tag().is_some());
    let (given, mut candidates) = GivenTags::new(&question, &images, proposed.as_ref());
    let mut step = choose_given(&question, &given, &candidates);
    if is_undated {
        candidates.iter_mut().for_each(|one| one.facts = Known::Facts(Box::default()));
        step = choose_given(&question, &given, &candidates);
    }
    let decision = match step {
        SelectionStep::Decided(decision) => decision,
        SelectionStep::NeedsFacts(needs) => {
            let mut tags: Vec<_> = needs.iter().map(|(tag, _)| tag.as_str()).collect();
            tags.sort_unstable();
            return (format!("needs {}", tags.join(" ")), String::new());
        }
    };
    match decision.outcome {
        Outcome::Update(choice) => {
            let named = given.get(&choice.tag).and_then(GivenTag::digest);
            let digest = choice.digest.as_ref().or(named).map(|digest| format!("@{digest}")).unwrap_or_default();
            (format!("{}{digest}", choice.tag), choice.reason.to_string())
        }
        Outcome::UpToDate(reason) | Outcome::Delayed(reason) => ("=".to_owned(), reason.to_string()),
        Outcome::Held(reason) => ("held".to_owned(), reason.to_string()),
        Outcome::Unknown(reason) => ("unknown".to_owned(), reason.to_string()),
    }
}

#[test]
fn given_tags_match_their_table() {
    let path = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/policy/given.txt");
    let table = std::fs::read_to_string(&path).unwrap();
    let cases: Vec<&str> = table.lines().filter(|line| !line.is_empty() && !line.starts_with('#')).collect();
    assert!(cases.len() > 50, "{}", cases.len());
    let mut wrong = Vec::new();
    for case in cases {
        let line = ["1", "2"]
            .iter()
            .fold(format!("{case} "), |line, digit| line.replace(&format!("HEX{digit}"), &digit.repeat(64)));
        let cells: Vec<&str> = line.split(" | ").map(str::trim).collect();
        let [given, current, proposed, policy, result, part] = cells[..] else { panic!("six columns: {case}") };
        let (actual, reason) = answer(given, current, proposed, policy);
        if actual != result || !reason.contains(part) {
            wrong.push(format!("{case}\n    got {actual}: {reason}"));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}
