//! Properties of what no policy may select: a lower version, a commit read as a number, a relic, another product's version.
//!
//! The oracles are written for the tests and share no code with the program.

use jiff::Timestamp;
use proptest::prelude::*;
use tagboat::image::{ImageFacts, ImageReference, Tag};
use tagboat::policy::{
    Candidate, ExternalFacts, Gates, Known, Outcome, Pinning, Question, SelectionStep, Settings, build,
};

use crate::policies::choose_offline;

/// Returns the tag that a policy selects, if it updates.
fn selected(policy: &str, names_image: bool, current: &str, candidates: &[Candidate]) -> Option<String> {
    selected_with(policy, names_image, current, candidates, &ExternalFacts::NotNeeded)
}

/// Returns whether `follow` changes to a tag that another place of the repository uses.
fn follows(current: &str, promoted: &str) -> bool {
    let there = ImageReference::new(&format!("registry.example/app:{promoted}")).unwrap();
    let external = ExternalFacts::References(vec![(there, "there:1".to_owned())]);
    selected_with("{ follow: envs/staging }", true, current, &undated(&[promoted.to_owned()]), &external).is_some()
}

fn selected_with(
    policy: &str,
    names_image: bool,
    current: &str,
    candidates: &[Candidate],
    external: &ExternalFacts,
) -> Option<String> {
    let entry = build(&Settings::new(serde_yaml::from_str(policy).unwrap())).unwrap();
    let current = ImageReference::new(&format!("registry.example/app:{current}")).unwrap();
    let (gates, now) = (&Gates::default(), Timestamp::UNIX_EPOCH);
    let question = Question {
        current: &current,
        entry: &entry,
        names_image,
        is_listed: true,
        gates,
        pinning: Pinning::Keep,
        external,
        now,
    };
    let SelectionStep::Decided(decision) = choose_offline(&question, &mut candidates.to_vec()) else { return None };
    match decision.outcome {
        Outcome::Update(choice) => Some(choice.tag.to_string()),
        Outcome::UpToDate(_) | Outcome::Delayed(_) | Outcome::Held(_) | Outcome::Unknown(_) => None,
    }
}

fn undated(tags: &[String]) -> Vec<Candidate> {
    tags.iter().map(|tag| Candidate::new(Tag::new(tag).unwrap())).collect()
}

fn dated(tag: &str, built: &str) -> Candidate {
    let facts = ImageFacts { created: Some(built.parse().unwrap()), ..ImageFacts::default() };
    Candidate { tag: Tag::new(tag).unwrap(), facts: Known::Facts(Box::new(facts)) }
}

/// Reads the leading numbers of a tag with dots between them, after an optional `v`.
fn leading(tag: &str) -> Vec<u64> {
    let tag = tag.strip_prefix('v').unwrap_or(tag);
    let end = tag.find(|c: char| !c.is_ascii_digit() && c != '.').unwrap_or(tag.len());
    tag[..end].split('.').map_while(|number| number.parse().ok()).collect()
}

/// Returns whether the leading numbers are lower. `1.2` and `1.2.3` do not compare.
fn is_lower(tag: &str, than: &str) -> bool {
    let (one, other) = (leading(tag), leading(than));
    one.iter().zip(&other).find(|(one, other)| one != other).is_some_and(|(one, other)| one < other)
}

/// Policies that select the greatest of some order.
const RISING: &[&str] = &[
    "{ shape: same }",
    "{ semver: '>=0.0.0' }",
    "{ semver: '*', strict: false, variant: any }",
    "{ semver: '*-0' }",
    "{ calver: YYYY.0M.MICRO }",
    "{ numerical: asc, include: '^v?(?<n>\\d+)', extract: $n }",
    "{ numerical: asc }",
    "{ semver: '*', include: '^v(?<v>\\d.*)$', extract: $v }",
    "{ alphabetical: asc }",
    "{ pattern: '^v?(?<major>\\d+)\\.(?<rest>.*)$' }",
    "{ pattern: '(?<last>\\d+)[^0-9]*$' }",
];

fn version() -> impl Strategy<Value = String> {
    let numbers = "v?(0|[1-9][0-9]?)(\\.(0|[1-9][0-9]?)){0,3}";
    let suffix = "(|-jre|_[0-9]-jre|-rc\\.[0-9]|-alpine3\\.2[0-9]|-[0-9]{1,2})";
    (numbers, suffix).prop_map(|(numbers, suffix)| numbers + &suffix)
}

/// Returns a version whose numbers have other separators than dots.
fn separated_version() -> impl Strategy<Value = String> {
    "v?[1-9](-[0-9]{1,2}){2}|v?[1-9](_[0-9]{1,2}){2}"
}

/// Returns whether the numbers of a version have other separators than dots.
fn separated(tag: &str) -> bool {
    !tag.contains('.') && tag.contains(['-', '_'])
}

/// Returns a version with the day on which it was built, as AWS Lambda writes it.
fn version_with_year() -> impl Strategy<Value = String> {
    ("v?", 1u32..13, 1u32..13, 2022u32..2026, "\\.0[1-9]\\.[12][0-9]|\\.[1-9]")
        .prop_map(|(prefix, major, minor, year, rest)| format!("{prefix}{major}.{minor}.{year}{rest}"))
}

/// Policies that read a date in one of its forms.
const DATED: &[&str] = &[
    "{ calver: YYYY.MM.DD }",
    "{ calver: YYYY.0M.0D, outliers: allow }",
    "{ calver: YYYY0M0D }",
    "{ calver: YYYY-0M-0D }",
    "{ semver: '*', strict: false, outliers: allow }",
    "{ pattern: '^(?<d>\\d{8})$' }",
    "{ pattern: '(?<y>\\d{4})[-._]?(?<m>\\d{1,2})[-._]?(?<d>\\d{1,2})' }",
    "{ numerical: asc, include: '(?<n>\\d{8})', extract: $n }",
    "{ alphabetical: asc, include: '\\d' }",
];

/// Returns a day, and a tag that is written with it.
fn dated_tag() -> impl Strategy<Value = ([u32; 3], String)> {
    let day = (2021u32..2026, 1u32..=12, 1u32..=28);
    let prefix = "(|v|main-|nightly-|d-|release-)";
    let suffix = "(|-dev|-alpine3\\.2[0-9]|T10-00)";
    (day, 0..9usize, prefix, suffix).prop_map(|((y, m, d), form, prefix, suffix)| {
        let date = match form {
            0 => format!("{y}{m:02}{d:02}"),
            1 => format!("{y}-{m:02}-{d:02}"),
            2 => format!("{y}.{m}.{d}"),
            3 => format!("{y}.{m:02}.{d:02}"),
            4 => format!("{y}_{m:02}_{d:02}"),
            5 => format!("{y}-{m}-{d}"),
            6 => format!("{y}{m:02}{d:02}120000"),
            8 => format!("{y}{m:02}{d:02}T010101Z"),
            _ => format!("{y}.{m:02}-{d:02}"),
        };
        // Without a day, only the month compares.
        ([y, m, if form == 7 { 0 } else { d }], format!("{prefix}{date}{suffix}"))
    })
}

/// Policies that order by the text of a tag, or by its last number.
const TEXTS: &[&str] = &[
    "{ alphabetical: asc }",
    "{ pattern: '^(?<n>.*)$' }",
    "{ pattern: '(?<n>\\d+)$', order: [n numeric] }",
    "{ numerical: asc, include: '(?<n>\\d+)$', extract: $n }",
    "{ semver: '*', pre-releases: true }",
    "{ semver: '>=0.0.0-0', variant: pre-release }",
];

/// Policies that read the digits of a commit as a version, a number or a text.
const COMMITS: &[&str] = &[
    "{ shape: same }",
    "{ semver: '*' }",
    "{ semver: '*', pre-releases: true }",
    "{ alphabetical: asc }",
    "{ alphabetical: asc, include: '(?<n>[0-9a-f]+)$', extract: $n }",
    "{ pattern: '(?<n>[0-9]+)$' }",
    "{ pattern: '^(?<n>.*)$' }",
    "{ numerical: asc }",
    "{ numerical: asc, include: '(?<n>[0-9]+)$', extract: $n }",
];

/// Reads all numbers of a tag, from left to right.
fn all_numbers(tag: &str) -> Vec<u64> {
    tag.split(|c: char| !c.is_ascii_digit()).filter_map(|digits| digits.parse().ok()).collect()
}

proptest! {
    /// Where tags have the same words, before a version or after it.
    #[test]
    fn no_policy_lowers_a_number_between_the_same_words(
        prefix in "(|v|app-|release-v|controller-v|nginx-)", suffix in "(|-|-r|-ls|-p|-k3s|-b|-build|-rc|-alpha|-SP|-debian-12-r|-eksbuild\\.|-alpine3\\.|-jdk)",
        numbers in proptest::collection::vec(([1u32..3, 8..12, 8..12], 8u32..12), 2..8), policy in 0..RISING.len() + TEXTS.len(), names_image: bool,
    ) {
        let policy = RISING.iter().chain(TEXTS).nth(policy).unwrap();
        let tag = |([major, minor, patch], count): &([u32; 3], u32)| {
            let count = if suffix.is_empty() { String::new() } else { format!("{suffix}{count}") };
            format!("{prefix}{major}.{minor}.{patch}{count}")
        };
        let tags: Vec<String> = numbers.iter().map(tag).collect();
        if let Some(selected) = selected(policy, names_image, &tags[0], &undated(&tags)) {
            prop_assert!(all_numbers(&selected) > all_numbers(&tags[0]), "{} from {} to {}", policy, tags[0], selected);
        }
    }

    /// However a date is written, and whatever is beside it.
    #[test]
    fn no_policy_lowers_a_date(
        current in dated_tag(), tags in proptest::collection::vec(dated_tag(), 1..8), policy in 0..RISING.len() + DATED.len(), names_image: bool,
    ) {
        let policy = RISING.iter().chain(DATED).nth(policy).unwrap();
        let names: Vec<String> = tags.iter().map(|(_, tag)| tag.clone()).chain([current.1.clone()]).collect();
        if let Some(selected) = selected(policy, names_image, &current.1, &undated(&names)) {
            let (day, _) = tags.iter().find(|(_, tag)| *tag == selected).unwrap();
            let known = if day[2] == 0 || current.0[2] == 0 { 2 } else { 3 };
            prop_assert!(day[..known] >= current.0[..known], "{} from {} to {}", policy, current.1, selected);
        }
    }

    #[test]
    fn follow_lowers_neither_a_version_nor_a_date(
        versions in proptest::collection::vec(prop_oneof![version(), separated_version()], 2), dates in proptest::collection::vec(dated_tag(), 2),
    ) {
        let dotted = |tag: &str| tag.replace(['-', '_'], ".");
        if separated(&versions[0]) == separated(&versions[1]) && is_lower(&versions[1], &versions[0]) {
            prop_assert!(!follows(&versions[0], &versions[1]), "{:?}", versions);
        }
        if is_lower(&dotted(&versions[1]), &dotted(&versions[0])) && versions.iter().all(|tag| separated(tag)) {
            prop_assert!(!follows(&versions[0], &versions[1]), "{:?}", versions);
        }
        let known = if dates.iter().any(|(day, _)| day[2] == 0) { 2 } else { 3 };
        if dates[1].0[..known] < dates[0].0[..known] {
            prop_assert!(!follows(&dates[0].1, &dates[1].1), "{:?}", dates);
        }
    }

    /// A distribution in front of the version may change, in either direction.
    #[test]
    fn no_policy_lowers_a_version_after_a_distribution(
        distribution in "ubi|alpine3\\.|alpine-3\\.|debian-|app-ubuntu2[24]\\.", from in 8u32..12, to in 8u32..12,
        numbers in proptest::collection::vec([1u32..4, 8..12, 0..12], 2..6), v: bool, stage in "(|-rc1|-[0-9]|-slim)", policy in 0..RISING.len() + TEXTS.len() + 1,
    ) {
        let written = |numbers: &[u32; 3]| numbers.map(|number| number.to_string()).join(".");
        let tag = |release: u32, numbers: &[u32; 3]| format!("{distribution}{release}-{}{}{stage}", if v { "v" } else { "" }, written(numbers));
        let (current, others) = (tag(from, &numbers[0]), &numbers[1..]);
        let tags: Vec<String> = others.iter().map(|numbers| tag(to, numbers)).chain([current.clone()]).collect();
        let Some(policy) = RISING.iter().chain(TEXTS).nth(policy) else {
            prop_assert!(others[0] >= numbers[0] || !follows(&current, &tags[0]), "{} {}", current, tags[0]);
            return Ok(());
        };
        if let Some(selected) = selected(policy, true, &current, &undated(&tags)) {
            let at = tags.iter().position(|tag| *tag == selected).unwrap();
            prop_assert!(others[at] >= numbers[0], "{} from {} to {}", policy, current, selected);
        }
        let newest = others.iter().max().filter(|newest| **newest > numbers[0]);
        if stage.is_empty() && newest.is_some_and(|newest| newest[0] == numbers[0][0]) {
            prop_assert_eq!(self::selected("{ shape: same, allow-older-build: true }", true, &current, &undated(&tags)), newest.map(|newest| tag(to, newest)));
        }
    }

    /// What follows a stage or a number stays, under every policy that keeps a suffix.
    #[test]
    fn suffix_after_a_stage_stays(
        stages in proptest::collection::vec("-rc\\.[1-9]|-beta[1-9]|-SNAPSHOT|-[1-9]|-20240[1-9]01|", 2..6), suffixes in proptest::collection::vec("-arm64|-amd64|-pg14|-pg16|-alpine|-management-alpine|", 2..6), patches in proptest::collection::vec(0u32..4, 2..6),
    ) {
        // Without one, every suffix is a pre-release where these are included.
        prop_assume!(!suffixes[0].is_empty());
        let tags: Vec<String> = stages.iter().zip(&suffixes).zip(&patches).map(|((stage, suffix), patch)| format!("8.0.{patch}{stage}{suffix}")).collect();
        for policy in ["{ shape: same }", "{ semver: '*' }", "{ semver: '*', pre-releases: true }", "{ semver: '>=1.0.0-0' }"] {
            if let Some(selected) = selected(policy, false, &tags[0], &undated(&tags)) {
                let at = tags.iter().position(|tag| *tag == selected).unwrap();
                prop_assert_eq!(&suffixes[at], &suffixes[0], "{} from {} to {}", policy, tags[0], selected);
            }
        }
    }

    /// Whatever counts after it, and whether the other tag names the product.
    #[test]
    fn no_policy_lowers_the_version_of_a_product_in_front(
        product in "pg|postgres-|nginx-|node|python|keycloak-|jdk|php", numbers in proptest::collection::vec(1u32..30, 1..4), lower in proptest::collection::vec(0u32..30, 2),
        counter in "-r[1-9]|-[1-9][0-9]?|-debian-12-r[1-9]|-alpine3\\.1[0-9]|-ls[0-9]{2}", names_product: bool, policy in 0..RISING.len() + TEXTS.len() + 1,
    ) {
        // A single number after another word may count anything.
        prop_assume!(numbers.len() > 1 || !product.ends_with('-'));
        let written = |numbers: &[u32]| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        let current = format!("{product}{}{counter}", written(&numbers));
        let lower = [numbers[0] - 1, lower[0], lower[1]];
        let tag = if names_product { format!("{product}{}-r99", written(&lower)) } else { written(&lower) };
        match RISING.iter().chain(TEXTS).nth(policy) {
            Some(policy) => prop_assert_eq!(selected(policy, true, &current, &undated(&[current.clone(), tag.clone()])), None, "{} from {} to {}", policy, current, tag),
            None => prop_assert!(!follows(&current, &tag), "{} {}", current, tag),
        }
    }

    /// In every order of day and month that is certain, alone or after a version.
    #[test]
    fn no_policy_lowers_a_date_whose_year_is_last(
        prefix in "(|v|app-|1\\.2\\.3-)", suffix in "(|-SNAPSHOT|-nightly)", separator in "[.-]", month_first: bool, dates in proptest::collection::vec((2020u32..2026, 1u32..=12, 13u32..=28), 2..5), policy in 0..RISING.len() + TEXTS.len(),
    ) {
        // With dots, a `v` makes it a version.
        prop_assume!(prefix != "v" || separator == "-");
        let stage = if suffix.is_empty() { String::new() } else { format!("1.0.0{suffix}-") };
        let policy = RISING.iter().chain(TEXTS).nth(policy).unwrap();
        let tag = |(year, month, day): &(u32, u32, u32)| {
            let (first, second) = if month_first { (month, day) } else { (day, month) };
            let start = if stage.is_empty() { &prefix } else { &stage };
            format!("{start}{first:02}{separator}{second:02}{separator}{year}")
        };
        let tags: Vec<String> = dates.iter().map(tag).collect();
        if let Some(selected) = selected(policy, true, &tags[0], &undated(&tags)) {
            let at = tags.iter().position(|tag| *tag == selected).unwrap();
            prop_assert!(dates[at] > dates[0], "{} from {} to {}", policy, tags[0], selected);
        }
    }

    #[test]
    fn no_policy_lowers_a_version(
        current in prop_oneof![version(), version_with_year()], tags in proptest::collection::vec(prop_oneof![version(), version_with_year()], 1..8), policy in 0..RISING.len(), names_image: bool,
    ) {
        if let Some(selected) = selected(RISING[policy], names_image, &current, &undated(&tags)) {
            prop_assert!(!is_lower(&selected, &current), "{} from {} to {}", RISING[policy], current, selected);
        }
    }

    #[test]
    fn no_policy_lowers_a_version_with_other_separators(
        current in separated_version(), tags in proptest::collection::vec(prop_oneof![version(), separated_version()], 1..8), policy in 0..RISING.len(), names_image: bool,
    ) {
        if let Some(selected) = selected(RISING[policy], names_image, &current, &undated(&tags)) {
            let dotted = |tag: &str| tag.replace(['-', '_'], ".");
            prop_assert!(!is_lower(&dotted(&selected), &dotted(&current)), "{} from {} to {}", RISING[policy], current, selected);
        }
    }

    #[test]
    fn rule_with_wildcards_replaces_no_tag_without_a_version(
        current in "latest|placeholder|stable|alpine|[a-f]{3}[0-9]{4}", tags in proptest::collection::vec(version(), 1..8), policy in 0..RISING.len(),
    ) {
        prop_assert_eq!(selected(RISING[policy], false, &current, &undated(&tags)), None);
    }

    /// However long the commits are. No date and no time begins with a nine.
    #[test]
    fn commit_with_digits_only_is_no_number(
        prefix in "(main-|sha-|1\\.2\\.3-|1\\.2\\.3-dev\\.|1\\.2\\.3-SNAPSHOT-|0\\.0\\.0-rc\\.1-|)", length in 7usize..=40, digits in proptest::collection::vec("9[0-9]{39}", 2..5), hashes in proptest::collection::vec("[0-9]{3}[a-f][0-9a-f]{36}", 2..8),
    ) {
        prop_assume!(digits.len() <= 2 * hashes.len());
        let tags: Vec<String> = digits.iter().chain(&hashes).map(|commit| format!("{prefix}{}", &commit[..length])).collect();
        for policy in COMMITS {
            prop_assert_eq!(selected(policy, false, &tags[0], &undated(&tags)), None, "{} {:?}", policy, tags);
        }
    }

    #[test]
    fn counter_of_builds_rises(start in 1_000_000u32..9_000_000, count in 2u32..9, commits in proptest::collection::vec("sha-[0-9]{3}[a-f][0-9a-f]{3}", 0..9)) {
        let mut tags: Vec<String> = (0..count).map(|n| format!("build-{}", start + n)).collect();
        let newest = tags.last().cloned();
        tags.extend(commits);
        prop_assert_eq!(selected("{ shape: same }", false, &tags[0], &undated(&tags)), newest);
    }

    /// Whichever number is out of proportion, without build times the next tag is selected.
    #[test]
    fn outlier_is_rejected(numbers in proptest::collection::vec(0u32..90, 3), slot in 0usize..3, huge in 10_000u32..99_999_999) {
        let current = numbers.iter().map(u32::to_string).collect::<Vec<_>>().join(".");
        let (mut relic, mut next) = (numbers.clone(), numbers);
        relic[slot] = huge;
        next[2] += 1;
        let [relic, next] = [relic, next].map(|numbers| numbers.iter().map(u32::to_string).collect::<Vec<_>>().join("."));
        for policy in ["{ shape: same }", "{ semver: '*' }"] {
            let tags = undated(&[current.clone(), next.clone(), relic.clone()]);
            prop_assert_eq!(selected(policy, false, &current, &tags), Some(next.clone()), "{} {}", policy, relic);
        }
    }

    /// A counter after the version, and the number of a pre-release.
    #[test]
    fn outlier_after_the_version_is_rejected(start in 1u32..9, factor in 120u32..999, changes_version: bool, word in "(-ls|-r|-beta\\.|-rc\\.)") {
        let changes_version = changes_version && !word.contains('b') && !word.contains('c');
        let version = if changes_version { "1.4.6" } else { "1.4.5" };
        let (current, next, relic) = (format!("1.4.5{word}{start}"), format!("{version}{word}{}", start + 1), format!("{version}{word}{}", start * factor));
        let tags = undated(&[current.clone(), next.clone(), relic]);
        prop_assert_eq!(selected("{ shape: same }", false, &current, &tags), Some(next));
    }

    /// A version that skips others is rejected only if its image is much older.
    #[test]
    fn skipped_version_needs_a_later_build(major in 0u32..9, more in 2u32..40, years in 1u32..9) {
        let (current, next, far) = (format!("{major}.6.23"), format!("{major}.6.24"), format!("{}.33.2", major + more));
        let tags = |built: &str| vec![dated(&current, "2025-01-10T00:00:00Z"), dated(&next, "2025-01-20T00:00:00Z"), dated(&far, built)];
        for policy in ["{ shape: same }", "{ semver: '*' }"] {
            let older = tags(&format!("{}-01-10T00:00:00Z", 2025 - years));
            prop_assert_eq!(selected(policy, false, &current, &older), Some(next.clone()));
            prop_assert_eq!(selected(policy, false, &current, &tags("2025-02-01T00:00:00Z")), Some(far.clone()));
            prop_assert_eq!(selected(policy, false, &current, &tags("1970-01-01T00:00:00Z")), Some(far.clone()));
        }
    }

    #[test]
    fn version_of_another_product_stays(
        product in "pg|jdk|php|py|node|cuda|ltsc|scala|temurin-|nanoserver-|python-|amazoncorretto-|kafka-|elasticsearch|windows-|cu|spark|net|rust|k8s-v|dotnet-sdk-|temurin-jammy-|pg\\.|db2-|sdk|dotnet-isolated|netcore|chromedriver|jboss|icu|sqlite|ffmpeg|etcd|consul|ray|triton|openmpi|ora|ldap|xcode|ios|glibc|keycloak-|kc|l4t-r|jetpack|jp|j|gfx|nvidia|vulkan|otel|hbase|iceberg|sqlserver|pgvectors|vectorchord|kafka_2\\.13-",
        versions in proptest::collection::vec("[1-9][0-9]?(\\.[0-9]{1,2})?(rc[1-9]|beta1)?", 2..6),
        patches in proptest::collection::vec(0u32..50, 2..6),
    ) {
        let tags: Vec<String> = versions.iter().zip(&patches).map(|(version, patch)| format!("1.2.{patch}-{product}{version}")).collect();
        for policy in ["{ shape: same }", "{ semver: '*' }", "{ semver: '*', pre-releases: true }", "{ semver: '>=1.0.0-0' }"] {
            if let Some(selected) = selected(policy, false, &tags[0], &undated(&tags)) {
                let suffix = format!("-{product}{}", versions[0]);
                prop_assert!(selected.ends_with(&suffix), "{} from {} to {}", policy, tags[0], selected);
            }
        }
    }

    #[test]
    fn architecture_stays(
        separator in "[-_.]", names in proptest::sample::subsequence(vec!["arm-v6", "arm-v7", "arm_v6", "arm.v7", "armv6l", "armv7l", "arm6", "arm7", "arm-6", "arm-7", "32bit", "64bit", "linux32", "linux64", "arm64", "amd64", "386", "ARMv6", "ARMv7", "ARM32v6", "X64", "X86", "x86-32", "arm64v7", "arm64v8", "linuxarmv6", "linuxarmv7", "cpuv1", "cpuv2"], 2),
    ) {
        let tags = [format!("1.2.3{separator}{}", names[0]), format!("1.2.4{separator}{}", names[1])];
        prop_assert_eq!(selected("{ shape: same }", false, &tags[0], &undated(&tags)), None);
    }

    #[test]
    fn base_distribution_may_change(base in "alpine3\\.|debian-|ubi|ubuntu22\\.", from in 1u32..9, to in 10u32..20) {
        let tags = [format!("1.2.3-{base}{from}"), format!("1.2.4-{base}{to}")];
        for policy in ["{ shape: same }", "{ semver: '*' }"] {
            prop_assert_eq!(selected(policy, false, &tags[0], &undated(&tags)), Some(tags[1].clone()));
        }
    }
}
