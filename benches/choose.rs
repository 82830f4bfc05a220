//! The time to select among 100,000 tags: the median of several rounds, one line per policy.
//!
//! `cargo bench --bench choose`
#![expect(clippy::print_stdout, reason = "a benchmark prints its results")]
#![expect(clippy::unwrap_used, reason = "a benchmark may panic on impossible values")]

use std::time::{Duration, Instant};

use jiff::Timestamp;
use tagboat::image::{ImageReference, Tag};
use tagboat::policy::{Candidate, ExternalFacts, Gates, Pinning, Question, Settings, build, choose, explain};

const TAGS: u64 = 100_000;
const ROUNDS: usize = 21;

/// Returns scattered numbers, the same in every run.
fn scattered(at: u64) -> u64 {
    at.wrapping_mul(0x9E37_79B9_7F4A_7C15) >> 40
}

fn tags(kind: &str) -> Vec<Candidate> {
    let text = |at: u64| match kind {
        "versions" => {
            let suffix = ["", "", "-rc.1", "-debug"][usize::try_from(at % 4).unwrap()];
            format!("{}.{}.{}{suffix}", scattered(at) % 9, scattered(at + 1) % 60, at % 200)
        }
        "variants" => format!("v1.{}.{}-alpine3.{}", scattered(at) % 60, scattered(at + 1) % 900, at % 21),
        _ => format!("main-{:07x}-{}", scattered(at), 1_600_000_000 + scattered(at + 7)),
    };
    (0..TAGS).map(|at| Candidate::new(Tag::new(&text(at)).unwrap())).collect()
}

fn median(mut work: impl FnMut()) -> Duration {
    let mut times: Vec<Duration> = (0..ROUNDS)
        .map(|_| {
            let start = Instant::now();
            work();
            start.elapsed()
        })
        .collect();
    times.sort_unstable();
    times[ROUNDS / 2]
}

fn main() {
    let rows = [
        ("semver with a filter", "versions", "1.0.0", r#"{"semver": ">=1.0 <9", "exclude": "-debug$"}"#),
        (
            "semver, extracted",
            "variants",
            "v1.0.0-alpine3.1",
            r#"{"semver": "*", "include": "^v(.*)-alpine3\\.\\d+$", "extract": "$1"}"#,
        ),
        ("shape", "variants", "v1.0.0-alpine3.1", r#"{"shape": "same"}"#),
        ("shape with hashes", "builds", "main-564a3ad-1600000000", r#"{"shape": "same"}"#),
        (
            "pattern",
            "builds",
            "main-564a3ad-1600000000",
            r#"{"pattern": "^main-[0-9a-f]{7,40}-(?<ts>\\d+)$", "order": ["ts"]}"#,
        ),
    ];
    for (name, kind, current, policy) in rows {
        let candidates = tags(kind);
        let entry = build(&Settings::new(serde_json::from_str(policy).unwrap())).unwrap();
        let current = ImageReference::new(&format!("registry.example/app:{current}")).unwrap();
        let question = Question {
            current: &current,
            entry: &entry,
            names_image: true,
            is_listed: true,
            gates: &Gates::default(),
            pinning: Pinning::Keep,
            external: &ExternalFacts::NotNeeded,
            now: Timestamp::UNIX_EPOCH,
        };
        let choose_time = median(|| drop(std::hint::black_box(choose(&question, &candidates))));
        let explain_time = median(|| drop(std::hint::black_box(explain(&question, &candidates))));
        println!("{name:24} choose {:6.1} ms   explain {:6.1} ms", millis(choose_time), millis(explain_time));
    }
}

fn millis(time: Duration) -> f64 {
    time.as_secs_f64() * 1000.0
}
