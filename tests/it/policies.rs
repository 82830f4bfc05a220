//! Every kind of policy against its table of cases: `fixtures/policy/<kind>.txt`, one case per line.
//!
//! Columns, with ` | ` between them ([`COLUMNS`]): tags, tag (and digest) of the current reference, policy entry, expected result, and a part of
//! the reason. A tag may have facts: `main@2026-01-02T03:04:05Z` (build time), `latest@sha256:…`, `x@?` (metadata without a build
//! time), `x@rev=3d9b390` (revision label), `x@image=sha256:…,sha256:…` (an image, or an index with its manifest), `x@!error` (failed lookup),
//! `x@~cause` (unreadable), `x@type=chart` (an artifact). A `+` is that of a chart version. External facts are among the tags: `there=1.4.2` is a
//! reference at another path, `log=b,a` a history, `pin=follow` the setting of the rule,
//! `rule=**` a rule with wildcards. The expected result is a tag, `=` for up
//! to date, `held` or `unknown`. A part
//! of the reason that starts with `TAG: ` belongs to the verdict on that tag, and one that ends with `$` is its end. `HEX1` is 64 times the digit.

use std::path::PathBuf;
use std::sync::Arc;

use jiff::Timestamp;
use tagboat::image::{Digest, ImageFacts, ImageReference, Platform, Tag};
use tagboat::policy::{
    Candidate, ExternalFacts, Gates, History, Known, Need, Outcome, POLICIES, Pinning, Policy, PolicyKind, Question,
    SelectionStep, Settings, build, choose, explain,
};

fn hash(text: &str) -> String {
    (0..10).fold(text.to_owned(), |text, digit| text.replace(&format!("HEX{digit}"), &digit.to_string().repeat(64)))
}

fn candidate(text: &str) -> Candidate {
    let (tag, facts) = text.split_once('@').map_or((text, None), |(tag, facts)| (tag, Some(facts)));
    let facts = match facts {
        None => Known::Tag,
        Some("?") => Known::Facts(Box::default()),
        Some(digest) if digest.starts_with("sha") => Known::Digest(Digest::new(digest).unwrap()),
        Some(cause) if cause.starts_with('!') => Known::Failed(cause[1..].into()),
        Some(cause) if cause.starts_with('~') => Known::Unreadable(cause[1..].into()),
        Some(kind) if kind.starts_with("type=") => {
            Known::Facts(Box::new(ImageFacts { artifact_type: Some(kind[5..].to_owned()), ..ImageFacts::default() }))
        }
        Some(digests) if digests.starts_with("image=") => {
            let mut digests = digests[6..].split(',').map(|text| Digest::new(text).unwrap());
            let digest = digests.next();
            let members = digests.map(|digest| (Platform::new("linux/amd64").unwrap(), digest)).collect();
            Known::Facts(Box::new(ImageFacts { digest, members, ..ImageFacts::default() }))
        }
        Some(label) if label.starts_with("rev=") => {
            Known::Facts(Box::new(ImageFacts { revision: Some(commit(&label[4..])), ..ImageFacts::default() }))
        }
        Some(time) => Known::Facts(Box::new(ImageFacts {
            created: Some(time.parse::<Timestamp>().unwrap_or_else(|error| panic!("{time}: {error}"))),
            ..ImageFacts::default()
        })),
    };
    let tag = if tag.contains('+') { Tag::of_chart(tag) } else { Tag::new(tag) };
    Candidate { tag: tag.unwrap_or_else(|error| panic!("{text}: {error}")), facts }
}

/// Returns a full commit id that starts with this text.
fn commit(id: &str) -> String {
    format!("{id:0<40}")
}

fn reference(text: &str) -> ImageReference {
    let name = if text.starts_with('@') { "registry.example/app" } else { "registry.example/app:" };
    let parse = if text.contains('+') { ImageReference::of_chart } else { ImageReference::new };
    parse(&format!("{name}{text}")).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// Returns the external facts among the words of a case, and its tags.
fn external<'w>(words: &[&'w str], policy: &str) -> (ExternalFacts, Vec<&'w str>) {
    let (mut there, mut external, mut tags) = (Vec::new(), ExternalFacts::NotNeeded, Vec::new());
    for word in words {
        let log = |ids: &str, shallow| {
            let ids: Vec<String> = ids.split(',').map(commit).collect();
            ExternalFacts::History(Arc::new(History::new("../api", &ids, shallow)))
        };
        match word.split_once('=') {
            Some(("there", text)) => there.push((reference(text), format!("there:{}", there.len() + 1))),
            Some(("log", ids)) => external = log(ids, false),
            Some(("shallow", ids)) => external = log(ids, true),
            Some(("pin" | "rule", _)) => {}
            _ => tags.push(*word),
        }
    }
    (if policy.contains("follow:") { ExternalFacts::References(there) } else { external }, tags)
}

/// Chooses without a registry: a policy that needs only tags then gets no build times for its suspicious jumps.
pub(crate) fn choose_offline(question: &Question<'_>, candidates: &mut [Candidate]) -> SelectionStep {
    loop {
        let step = choose(question, candidates);
        let SelectionStep::NeedsFacts(needs) = &step else { return step };
        if !matches!(&question.entry.policy, Policy::Ordered(policy) if policy.need() == Need::Tag) {
            return step;
        }
        let mut tags = needs.iter().filter(|(_, need)| *need == Need::Facts).map(|(tag, _)| tag).peekable();
        if tags.peek().is_none() {
            return step;
        }
        for tag in tags {
            let found = candidates.iter_mut().find(|one| one.tag == *tag).unwrap();
            found.facts = Known::Offline("no registry".into());
        }
    }
}

/// Returns the result of a case as the tables write it, and the reason.
fn answer(question: &Question<'_>, candidates: &[Candidate]) -> (String, String) {
    let SelectionStep::Decided(decision) = choose_offline(question, &mut candidates.to_vec()) else {
        return ("needs facts".to_owned(), String::new());
    };
    let (result, reason) = match decision.outcome {
        Outcome::Update(choice) => {
            let digest = choice.digest.map(|digest| format!("@{digest}")).unwrap_or_default();
            (choice.tag.to_string() + &digest, choice.reason)
        }
        Outcome::UpToDate(reason) | Outcome::Delayed(reason) => ("=".to_owned(), reason),
        Outcome::Held(reason) => ("held".to_owned(), reason),
        Outcome::Unknown(reason) => ("unknown".to_owned(), reason),
    };
    (result, reason.to_string())
}

/// The line with the names of the columns, which every table has.
const COLUMNS: &str = "# tags | current | policy | result | reason";

fn check(line: &str) -> Result<(), String> {
    let line = hash(line) + " ";
    let cells: Vec<&str> = line.split(" | ").map(str::trim).collect();
    let [tags, current, policy, result, reason] = cells[..] else {
        return Err(format!("expected five columns, found {}", cells.len()));
    };
    let settings = Settings::new(serde_yaml::from_str(policy).map_err(|error| format!("{policy}: {error}"))?);
    let entry = build(&settings).map_err(|error| format!("{policy}: {error}"))?;
    let pinning = if tags.contains("pin=follow") { Pinning::Follow } else { Pinning::Keep };
    let names_image = !tags.contains("rule=**");
    let (external, tags) = external(&tags.split_whitespace().collect::<Vec<_>>(), policy);
    let candidates: Vec<Candidate> = tags.into_iter().map(candidate).collect();
    let (current, gates) = (reference(current), Gates::default());
    let (external, now) = (&external, Timestamp::UNIX_EPOCH);
    let question = Question {
        current: &current,
        entry: &entry,
        names_image,
        is_listed: true,
        gates: &gates,
        pinning,
        external,
        now,
    };
    let (actual, full_reason) = answer(&question, &candidates);
    if actual != result {
        return Err(format!("expected {result}, got {actual}: {full_reason}"));
    }
    let (text, part) = match reason.split_once(": ") {
        Some((tag, part)) if candidates.iter().any(|one| one.tag.as_str() == tag) => {
            let judged = explain(&question, &candidates);
            let row = judged.into_iter().find(|row| row.tag.as_str() == tag).ok_or("no verdict")?;
            (row.verdict.reason().to_string(), part)
        }
        _ => (full_reason, reason),
    };
    let has_part = part.strip_suffix('$').map_or_else(|| text.contains(part), |end| text.ends_with(end));
    if has_part { Ok(()) } else { Err(format!("expected the reason '{part}', got '{text}'")) }
}

#[test]
fn every_kind_of_policy_matches_its_table() {
    let folder = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("fixtures/policy");
    let mut wrong = Vec::new();
    for kind in POLICIES {
        let path = folder.join(format!("{}.txt", kind.key));
        let table = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let cases = table.lines().enumerate().filter(|(_, line)| !line.trim().is_empty() && !line.starts_with('#'));
        assert!(table.lines().any(|line| line == COLUMNS), "{} lacks the line {COLUMNS:?}", path.display());
        let before = wrong.len();
        let mut count = 0;
        for (at, line) in cases {
            count += 1;
            if let Err(error) = check(line) {
                wrong.push(format!("{}:{}: {line}\n    {error}", path.display(), at + 1));
            }
        }
        assert!(count > 0 || wrong.len() > before, "{} has no cases", path.display());
    }
    assert!(wrong.is_empty(), "{} cases:\n{}", wrong.len(), wrong.join("\n"));
}

#[test]
fn builds_the_example_of_every_policy() {
    for kind in POLICIES {
        let settings = Settings::new(serde_yaml::from_str(kind.example).unwrap());
        let entry = build(&settings).unwrap_or_else(|error| panic!("{}: {error}", kind.example));
        let shown = entry.describe();
        assert!(settings.keys().all(|key| shown.contains(&format!("{key}: ")) || shown == key), "{shown}");
    }
}

#[test]
fn describes_every_policy_as_the_command_line_takes_it() {
    #[rustfmt::skip]
    let rows = [
        ("{ shape: same }",                                        "shape: same"),
        ("{ shape: loose }",                                       "shape: loose"),
        ("{ semver: true }",                                       "semver"),
        ("{ semver: '>=1.0 <3' }",                                 "semver: >=1.0 <3"),
        ("{ semver: '*', variant: any, strict: false }",           "{ semver: \"*\", strict: false, variant: any }"),
        ("{ calver: YYYY.0M.MICRO }",                              "calver: YYYY.0M.MICRO"),
        ("{ numerical: desc }",                                    "numerical: desc"),
        ("{ alphabetical: asc, ties: first }",                     "{ alphabetical: asc, ties: first }"),
        (r"{ pattern: '(?<n>\d+)' }",                              r"pattern: (?<n>\d+)"),
        (r#"{ pattern: "a'b (?<n>\\d+) #1: x" }"#,                r"pattern: a'b (?<n>\d+) #1: x"),
        (r#"{ pattern: "'(?<n>.)" }"#,                             r#"{ pattern: "'(?<n>.)" }"#),
        (r#"{ pattern: " (?<n>.)" }"#,                             r#"{ pattern: " (?<n>.)" }"#),
        (r#"{ pattern: "(?x)\n(?<n>.)" }"#,                        r#"{ pattern: "(?x)\n(?<n>.)" }"#),
        (r"{ pattern: '(?<n>\d+)', order: [n numeric desc] }",     r#"{ pattern: "(?<n>\\d+)", order: ["n numeric desc"] }"#),
        ("{ newest-build: true }",                                 "newest-build"),
        ("{ newest-build: true, include: '^main-' }",              "{ newest-build: true, include: \"^main-\" }"),
        ("{ git-history: ../api }",                                "git-history: ../api"),
        ("{ git-history: ../api, branch: main, commit: label }",   "{ git-history: \"../api\", branch: main, commit: label }"),
        ("{ digest: true }",                                       "digest"),
        ("{ digest: latest }",                                     "digest: latest"),
        ("{ digest: 'true' }",                                     "{ digest: \"true\" }"),
        ("{ follow: envs/staging/** }",                            "follow: envs/staging/**"),
        ("{ follow: [a, 'b, c'] }",                                "{ follow: [a, \"b, c\"] }"),
        ("{ exact: '1.10' }",                                      "exact: 1.10"),
    ];
    for (written, expected) in rows {
        let entry = build(&Settings::new(serde_yaml::from_str(written).unwrap())).unwrap();
        assert_eq!(entry.describe(), expected, "{written}");
        let read = tagboat::config::policy(expected).unwrap_or_else(|error| panic!("{expected}: {error}"));
        assert_eq!(format!("{read:?}"), format!("{entry:?}"), "{written}");
    }
    let has_row =
        |kind: &&PolicyKind| rows.iter().any(|(_, shown)| shown.trim_start_matches("{ ").starts_with(kind.key));
    assert_eq!(POLICIES.iter().filter(has_row).count(), POLICIES.len());
}

#[test]
fn reports_errors_in_an_entry_with_a_hint() {
    #[rustfmt::skip]
    let rows = [
        ("{ semver: '>=1.0 <<3' }",                      "`semver`: invalid comparison of versions `<3`",           "write a range such as"),
        ("{ semver: 1.10 }",                             "`semver`: expected a string, found the number 1.1",     "write `semver: \"1.1\"`"),
        ("{ semver: ^1, exlude: rc }",                   "`exlude`: unknown option of a `semver` policy",                   "use `exclude`"),
        ("{ semvr: ^1 }",                                "`semvr`: unknown kind of policy",                                       "use `semver`"),
        ("{ exclude: rc }",                              "missing the kind of policy",                                             "use one of `shape`, `semver`"),
        ("{ semver: ^1, digest: latest }",               "`digest`: expected one kind of policy, found a second beside `semver`",                 "remove `semver` or `digest`"),
        ("{ semver: ^1, include: '[a' }",                "`include`: invalid regular expression `[a`: unclosed",       "quote the expression"),
        ("{ semver: ^1, include: '(?=x)' }",             "look-around",                                                 "exclude: '-rc'"),
        ("{ semver: ^1, include: '((a{1000}){1000}){9}' }", "is too large",                                             "smaller counts"),
        ("{ semver: ^1, ignore: '[a' }",                 "`ignore`: invalid glob `[a`",                                "between slashes"),
        ("{ semver: ^1, max-bump: mnior }",              "`max-bump`: expected one of `major`, `minor`, `patch`, found `mnior`",   "write `max-bump: minor`"),
        ("{ semver: ^1, pre-releases: often }",          "`pre-releases`: expected `true` or `false`",                            "write `pre-releases: true`"),
        ("{ semver: ^1, include: '^v(.*)', extract: $v }", "`extract`: unknown group `v`",                          "(?<name>"),
        ("{ semver: ^1, extract: $1 }",                  "`extract`: needs exactly one `include` pattern",                    "one `include`"),
        ("{ calver: YYYY.XX }",                          "`calver`: invalid layout `YYYY.XX`: it has `X`",                  "MODIFIER"),
        ("{ calver: MAJOR.MINOR }",                      "has no year",                                                 "YYYY.0M.MICRO"),
        ("{ calver: MMYYYY }",                           "two adjacent fields",                                       ""),
        ("{ pattern: '^main-.*$' }",                     "missing a named group",                                              "name the group to order by"),
        ("{ pattern: '(?<ts>.*)', order: [st] }",        "`order`: unknown group `st`",                         "use `ts`"),
        ("{ pattern: '(?<t>.*)', order: ['t time(%Q!)'] }", "invalid time layout `%Q!`",                                  "%Y%m%d"),
        ("{ pattern: '(?<t>.*)', order: [t sideways] }", "unknown order `sideways` of a group",                 "`numeric`, `alphabetical`"),
        ("{ digest: 'a b' }",                            "`digest`: invalid tag",                           "digest: latest"),
        ("{ numerical: up }",                            "`numerical`: expected one of `asc`, `desc`, found `up`",               ""),
        ("{ follow: ../other }",                         "`follow`: invalid path `../other`",       "envs/staging"),
        ("{ follow: 'envs/[a' }",                        "`follow`: invalid path `envs/[a`",                           "envs/staging"),
        ("{ git-history: 'https://a.b/c.git' }",         "expected the folder of a clone",                                "git clone --bare"),
        ("{ git-history: ../api, commit: sha }",         "`commit`: expected one of `tag`, `label`, found `sha`",                  ""),
        ("{ exact: '1.2@md5:1' }",                       "`exact`: unknown digest algorithm",                               "with or without its digest"),
    ];
    for (policy, message, hint) in rows {
        let settings = Settings::new(serde_yaml::from_str(policy).unwrap());
        let error = build(&settings).err().unwrap_or_else(|| panic!("{policy} is accepted"));
        assert!(error.to_string().contains(message), "{policy}: {error}");
        assert!(error.hint().contains(hint), "{policy}: {:?}", error.hint());
    }
}

/// Chooses with gates and `semver: ^1` at 1.0.0, on 2026-01-10. The facts of a tag are build time and platforms.
fn gated(gates: &Gates, tags: &[(&str, Option<ImageFacts>)]) -> SelectionStep {
    let entry = build(&Settings::from_pairs([("semver", "^1".into())])).unwrap();
    let current = ImageReference::new("registry.example/app:1.0.0").unwrap();
    let known = |facts: &Option<ImageFacts>| facts.clone().map_or(Known::Tag, |facts| Known::Aged(Box::new(facts)));
    let candidates: Vec<Candidate> =
        tags.iter().map(|(tag, facts)| Candidate { tag: Tag::new(tag).unwrap(), facts: known(facts) }).collect();
    let now = "2026-01-10T00:00:00Z".parse().unwrap();
    choose(
        &Question {
            current: &current,
            entry: &entry,
            names_image: true,
            is_listed: true,
            gates,
            pinning: Pinning::Keep,
            external: &ExternalFacts::NotNeeded,
            now,
        },
        &candidates,
    )
}

fn built(time: &str) -> Option<ImageFacts> {
    Some(ImageFacts { created: Some(time.parse().unwrap()), ..ImageFacts::default() })
}

fn outcome(step: SelectionStep) -> Outcome {
    let SelectionStep::Decided(decision) = step else { panic!("{step:?}") };
    decision.outcome
}

#[test]
fn selects_the_next_best_while_the_best_is_too_young() {
    let gates = Gates { min_age: Some(std::time::Duration::from_hours(72)), platforms: Vec::new() };
    // Only the best few tags above the current tag are looked up, best first.
    let SelectionStep::NeedsFacts(needs) =
        gated(&gates, &[("1.1.0", None), ("1.3.0", None), ("0.9.0", None), ("1.2.0", None)])
    else {
        panic!()
    };
    assert_eq!(needs.iter().map(|(tag, _)| tag.as_str()).collect::<Vec<_>>(), ["1.3.0", "1.2.0", "1.1.0"]);
    let (young, old) = (built("2026-01-09T12:00:00Z"), built("2026-01-07T00:00:00Z"));
    let Outcome::Update(choice) = outcome(gated(&gates, &[("1.2.0", young.clone()), ("1.1.0", old)])) else { panic!() };
    assert_eq!(choice.tag.as_str(), "1.1.0");
    assert!(
        choice
            .reason
            .to_string()
            .contains("1.2.0 not eligible yet: younger than `min-age` 3d: built 2026-01-09T12:00:00Z"),
        "{}",
        choice.reason
    );
    let Outcome::Delayed(reason) = outcome(gated(&gates, &[("1.2.0", young)])) else { panic!() };
    assert!(reason.to_string().ends_with("eligible on 2026-01-12T12:00:00Z"), "{reason}");
}

/// Answers every lookup with this build time, and returns how many round trips that took, and how many lookups.
fn round_trips(policy: &str, gates: &Gates, tags: impl Iterator<Item = String>, built: &str) -> (usize, usize) {
    let entry = build(&Settings::new(serde_yaml::from_str(policy).unwrap())).unwrap();
    let current = ImageReference::new("registry.example/app:0.6.23").unwrap();
    let (external, now) = (&ExternalFacts::NotNeeded, "2026-01-10T00:00:00Z".parse().unwrap());
    let question = Question {
        current: &current,
        entry: &entry,
        names_image: true,
        is_listed: true,
        gates,
        pinning: Pinning::Keep,
        external,
        now,
    };
    let mut candidates: Vec<Candidate> = tags.map(|tag| Candidate::new(Tag::new(&tag).unwrap())).collect();
    let (mut rounds, mut lookups) = (0, 0);
    while let SelectionStep::NeedsFacts(needs) = choose(&question, &candidates) {
        rounds += 1;
        lookups += needs.len();
        for (tag, _) in needs {
            let time = if tag == *current.tag().unwrap() { "2025-01-10T00:00:00Z" } else { built };
            let found = candidates.iter_mut().find(|one| one.tag == tag).unwrap();
            found.facts = Known::Aged(Box::new(self::built(time).unwrap()));
        }
    }
    (rounds, lookups)
}

#[test]
fn looks_up_many_relics_and_young_tags_in_few_round_trips() {
    let none = Gates::default();
    let tags = |count: usize| {
        let relics = (0..count).map(|at| format!("{}.{}.0", 5 + at / 40, at % 40));
        relics.chain(["0.6.23".to_owned(), "0.6.24".to_owned()])
    };
    let (rounds, lookups) = round_trips("{ shape: same }", &none, tags(600), "2016-05-01T00:00:00Z");
    assert!(rounds <= 12 && lookups == 601, "{rounds} round trips, {lookups} lookups");
    // One relic costs itself and the current tag, and nothing after a usual step is looked up.
    assert_eq!(round_trips("{ shape: same }", &none, tags(1), "2016-05-01T00:00:00Z"), (1, 2));
    assert_eq!(round_trips("{ shape: same }", &none, tags(600), "2025-05-01T00:00:00Z"), (1, 2));
    let gates = Gates { min_age: Some(std::time::Duration::from_hours(72)), platforms: Vec::new() };
    let young = (1..=600).map(|at| format!("0.6.{at}"));
    let (rounds, _) = round_trips("{ shape: same }", &gates, young, "2026-01-09T00:00:00Z");
    assert!(rounds <= 12, "{rounds} round trips");
}

#[test]
fn holds_an_image_of_unknown_age_with_a_remedy() {
    let gates = Gates { min_age: Some(std::time::Duration::from_hours(72)), platforms: Vec::new() };
    let old = built("2025-12-01T00:00:00Z");
    for reproducible in [built("1970-01-01T00:00:00Z"), Some(ImageFacts::default())] {
        let step = gated(&gates, &[("1.2.0", reproducible.clone()), ("1.1.0", old.clone())]);
        let Outcome::Held(reason) = outcome(step) else { panic!() };
        assert!(
            reason.to_string().contains("age unknown") && reason.to_string().contains("keep a cache folder"),
            "{reason}"
        );
        // A push time or a remembered time counts as well.
        let seen =
            reproducible.map(|facts| ImageFacts { first_seen: old.as_ref().and_then(|old| old.created), ..facts });
        assert!(matches!(outcome(gated(&gates, &[("1.2.0", seen)])), Outcome::Update(_)));
    }
}

#[test]
fn requires_every_platform() {
    let platform = |text: &str| tagboat::image::Platform::new(text).unwrap();
    let gates = Gates { min_age: None, platforms: vec![platform("linux/amd64"), platform("linux/arm64")] };
    let on = |list: &[&str]| {
        Some(ImageFacts { platforms: list.iter().map(|text| platform(text)).collect(), ..ImageFacts::default() })
    };
    let both = on(&["linux/amd64", "linux/arm64/v8"]);
    let step = gated(&gates, &[("1.2.0", on(&["linux/amd64"])), ("1.1.0", both)]);
    let Outcome::Update(choice) = outcome(step) else { panic!() };
    assert_eq!(choice.tag.as_str(), "1.1.0");
    assert!(
        choice.reason.to_string().contains("1.2.0 not eligible yet: not available for linux/arm64"),
        "{}",
        choice.reason
    );
    // An image that records no platforms is passed over: it would stay so for ever.
    let step = gated(&gates, &[("1.2.0", on(&[])), ("1.1.0", on(&["linux/amd64", "linux/arm64"]))]);
    let Outcome::Update(choice) = outcome(step) else { panic!() };
    assert_eq!(choice.tag.as_str(), "1.1.0");
    let Outcome::Held(reason) = outcome(gated(&gates, &[("1.2.0", on(&[]))])) else { panic!() };
    assert!(
        reason.to_string().contains("1.2.0 not eligible yet: the registry does not report its platforms"),
        "{reason}"
    );
}

mod properties {
    use super::{
        Candidate, ExternalFacts, History, ImageReference, Outcome, Question, SelectionStep, Settings, Tag, build,
        explain,
    };
    use std::sync::{Arc, LazyLock};

    use jiff::Timestamp;
    use proptest::prelude::*;
    use tagboat::policy::reason::{Acceptance, Reason, Rejection, Unknown};
    use tagboat::policy::{Decision, ExternalNeed, Gates, Pinning, PolicyEntry};

    fn entry(policy: &str) -> PolicyEntry {
        build(&Settings::new(serde_yaml::from_str(policy).unwrap())).unwrap()
    }

    static GATES: LazyLock<Gates> = LazyLock::new(Gates::default);

    fn question<'q>(current: &'q ImageReference, entry: &'q PolicyEntry, external: &'q ExternalFacts) -> Question<'q> {
        Question {
            current,
            entry,
            names_image: true,
            is_listed: true,
            gates: &GATES,
            pinning: Pinning::Keep,
            external,
            now: Timestamp::UNIX_EPOCH,
        }
    }

    fn decide(entry: &PolicyEntry, current: &str, tags: &[String]) -> Decision {
        let current = ImageReference::new(&format!("registry.example/app:{current}")).unwrap();
        let mut candidates: Vec<Candidate> = tags.iter().map(|tag| Candidate::new(Tag::new(tag).unwrap())).collect();
        let external = external_facts(entry, tags);
        let question = question(&current, entry, &external);
        let step = super::choose_offline(&question, &mut candidates);
        let SelectionStep::Decided(decision) = step else { panic!("needs facts") };
        let accepted: Vec<_> =
            explain(&question, &candidates).into_iter().filter(|row| row.verdict.is_accepted()).collect();
        if let Outcome::Update(choice) = &decision.outcome {
            assert_eq!(
                Some(&choice.tag),
                accepted.first().map(|row| &row.tag),
                "the selected tag is the first accepted one"
            );
        }
        decision
    }

    const POLICIES: &[&str] = &[
        "{ shape: same }",
        "{ shape: loose }",
        "{ semver: '>=0.1' }",
        "{ semver: '*-0', strict: false }",
        "{ calver: YYYY.0M.MICRO }",
        "{ numerical: asc }",
        "{ numerical: desc, include: '^[a-z]*(?<n>\\d+)', extract: $n }",
        "{ alphabetical: asc }",
        "{ alphabetical: desc }",
        "{ pattern: '^(?<a>[a-z]*)-?(?<b>\\d*)' }",
        "{ semver: '>=0.1', max-bump: minor, exclude: 'rc' }",
        "{ git-history: ../api }",
        "{ git-history: ../api, exclude: '^sha-' }",
        "{ follow: envs/staging }",
    ];

    static HISTORY: LazyLock<ExternalFacts> = LazyLock::new(|| {
        let ids = ["1234567", "abc12341", "abc12342", "ccccccc", "bbbbbbb", "aaaaaaa"].map(super::commit);
        ExternalFacts::History(Arc::new(History::new("../api", &ids, false)))
    });

    /// Returns a history of commits, or a reference with the last tag in byte order, whatever the order of the list.
    fn external_facts(entry: &PolicyEntry, tags: &[String]) -> ExternalFacts {
        match entry.policy.external_need() {
            None => ExternalFacts::NotNeeded,
            Some(ExternalNeed::History { .. }) => HISTORY.clone(),
            Some(ExternalNeed::References(_)) => {
                let last = tags.iter().max().map(|tag| (super::reference(tag), "there:1".to_owned()));
                ExternalFacts::References(last.into_iter().collect())
            }
        }
    }

    static ENTRIES: LazyLock<Vec<PolicyEntry>> =
        LazyLock::new(|| POLICIES.iter().map(|policy| entry(policy)).collect());

    /// The grammar of the OCI distribution specification.
    const ANY_TAG: &str = "[A-Za-z0-9_][A-Za-z0-9._-]{0,127}";

    fn tag() -> impl Strategy<Value = String> {
        let version = "v?[0-3]\\.[0-9]{1,2}(\\.[0-9]{1,2})?(-(rc|alpha)\\.?[0-9]|-alpine3\\.[0-9]{2}|-[0-9]{1,2})?";
        let stamp = "(main|prod)-[0-9a-f]{7}-(20[12][0-9]0[1-9]1[0-9]120000|1[67][0-9]{8})";
        let date = "20[12][0-9]\\.[01][0-9]\\.[0-9]{1,2}";
        let commit = "(sha-|main-|)(aaaaaaa|bbbbbbb|ccccccc0|abc1234|abc12341|1234567|ddddddd)(-debug)?";
        prop_oneof![3 => version, 2 => commit, 1 => stamp, 1 => date, 1 => "[0-9]{1,20}", 1 => "[a-z0-9_][a-z0-9._-]{0,20}"]
    }

    fn many() -> impl Strategy<Value = (String, Vec<String>, usize)> {
        (tag(), proptest::collection::vec(tag(), 0..12), 0..POLICIES.len())
    }

    fn is_older(entry: &PolicyEntry, tag: &str, than: &Tag) -> bool {
        let current = ImageReference::new(&format!("registry.example/app:{than}")).unwrap();
        let external = external_facts(entry, &[tag.to_owned()]);
        let question = question(&current, entry, &external);
        let judged = explain(&question, &[Candidate::new(Tag::new(tag).unwrap())]);
        matches!(judged[0].verdict.reason(), Reason::Rejected(Rejection::Older(_)))
    }

    proptest! {
        #[test]
        fn ignores_the_order_of_the_tag_list((current, tags, policy) in many(), turn in 0usize..12) {
            let entry = &ENTRIES[policy];
            let mut turned = tags.clone();
            turned.reverse();
            turned.rotate_left(if tags.is_empty() { 0 } else { turn % tags.len() });
            prop_assert_eq!(decide(entry, &current, &tags).outcome, decide(entry, &current, &turned).outcome);
        }

        #[test]
        fn ignores_an_additional_older_tag((current, tags, policy) in many(), other in tag()) {
            let entry = &ENTRIES[policy];
            let Outcome::Update(first) = decide(entry, &current, &tags).outcome else { return Ok(()) };
            prop_assume!(is_older(entry, &other, &first.tag));
            let mut more = tags.clone();
            more.push(other);
            match decide(entry, &current, &more).outcome {
                Outcome::Update(second) => prop_assert_eq!(first.tag, second.tag),
                // Two that are equally new have no order.
                Outcome::Unknown(reason) => prop_assert!(matches!(reason, Reason::Unknown(Unknown::Tie { .. })), "{}", reason),
                other => prop_assert!(false, "{:?}", other),
            }
        }

        #[test]
        fn never_selects_a_tag_lower_than_the_current_one((current, tags, policy) in many()) {
            let entry = &ENTRIES[policy];
            let Outcome::Update(choice) = decide(entry, &current, &tags).outcome else { return Ok(()) };
            // An update back from the selected tag would be a downgrade. A tag without a place in the order cannot be lower.
            let Reason::Accepted(Acceptance::Newest(newest)) = &choice.reason else { return Ok(()) };
            prop_assume!(newest.unread.is_none());
            let back = decide(entry, choice.tag.as_str(), &[current]).outcome;
            prop_assert!(!matches!(back, Outcome::Update(_)), "{:?} then {:?}", choice, back);
        }

        #[test]
        fn any_tag_under_any_policy_does_not_panic(
            current in ANY_TAG,
            tags in proptest::collection::vec(ANY_TAG, 0..6),
            policy in 0..POLICIES.len(),
        ) {
            decide(&ENTRIES[policy], &current, &tags);
        }
    }
}
