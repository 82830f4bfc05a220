//! Records skipped tests with their reasons; `tests/run` lists them at the end.
//!
//! - `TAGBOAT_TESTS_SKIPPED` names the file that a skipped test adds a line to: its name, a tab, the reason.
//! - `TAGBOAT_TESTS_REQUIRE=all` makes a skip fail.

use std::fs::OpenOptions;
use std::io::Write as _;

/// Records that the current test, or a part of it, does not run, and why. The caller returns.
///
/// # Panics
/// If `TAGBOAT_TESTS_REQUIRE` is `all`.
pub(crate) fn skip(reason: &str) {
    let thread = std::thread::current();
    // Only the thread of a test has a name; what several tests share may run on another one.
    let test = thread.name().unwrap_or("several tests");
    let required = std::env::var_os("TAGBOAT_TESTS_REQUIRE").is_some_and(|value| value == "all");
    assert!(!required, "TAGBOAT_TESTS_REQUIRE=all, and {test} skips: {reason}");
    println!("skipped: {reason}");
    let Some(list) = std::env::var_os("TAGBOAT_TESTS_SKIPPED") else { return };
    let mut list = OpenOptions::new().append(true).create(true).open(list).expect("the list of skipped tests opens");
    // One write for one line: tests run at the same time.
    list.write_all(format!("{test}\t{reason}\n").as_bytes()).expect("the list of skipped tests takes a line");
}
