//! Commit hashes in tags.

use super::scan::runs;
use super::timestamp::{is_day, month, timestamp_millis, year};

/// How many digits an abbreviated hash has at least.
pub const SHORTEST: usize = 5;

/// How many digits a hash has at least that may be a number or a word: the default of git.
pub(super) const SHORTEST_NUMBER: usize = 7;

/// Words before a commit.
const COMMIT_WORDS: &[&str] = &["git", "commit", "sha", "rev", "hash"];

/// Returns the commit hash at the start of a word: 7 to 64 hexadecimal digits, with the `g` of git describe, or as Jenkins
/// writes them (`vf1123fb_515da_`). A part of a word is never one.
pub fn commit_hash_at(text: &str, after_separator: bool) -> Option<&str> {
    let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    let upper_hex = |b: u8| matches!(b, b'0'..=b'9' | b'A'..=b'F');
    if after_separator && text.starts_with('v') {
        let length = 1 + text.bytes().skip(1).take_while(|b| hex(*b) || *b == b'_').count();
        if text[1..length].bytes().filter(|b| hex(*b)).count() == 12 && text[..length].contains('_') {
            return Some(&text[..length]);
        }
    }
    let prefix = usize::from(text.starts_with('g'));
    let word = &text[prefix..text.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(text.len()).max(prefix)];
    let is_hex = word.bytes().all(hex) || (word.len() >= SHORTEST_NUMBER && word.bytes().all(upper_hex));
    if word.len() < SHORTEST || word.len() > 64 || !is_hex {
        return None;
    }
    let all_digits = word.bytes().all(|b| b.is_ascii_digit());
    let is_hash = match word.len() {
        // Five or six may be a word (`faced`) or a version (`18b12`), so letters and digits have to be mixed.
        5 | 6 => prefix == 0 && runs(word) > 2,
        40 | 64 => true,
        _ => prefix == 1 || !all_digits,
    };
    is_hash.then(|| &text[..prefix + word.len()])
}

/// Returns whether a number may be a commit hash: one in 27 has only digits in its first seven places, and fewer in more. A date or
/// a time never is.
pub fn is_numeric_hash(number: &str) -> bool {
    may_be_hash(number, SHORTEST_NUMBER)
}

/// Returns whether a number may be a commit hash of at least so many digits. Of fewer than seven, only the tags beside it show it.
pub fn may_be_hash(number: &str, shortest: usize) -> bool {
    (shortest..=64).contains(&number.len())
        && number.bytes().all(|b| b.is_ascii_digit())
        && timestamp_millis(number).is_none()
        && !is_day(number)
        && !(number.len() == 6 && year(&number[..4]).is_some() && month(&number[4..]).is_some())
}

/// Returns the word before a commit that a text begins with, where no separator is between: `git` in `gita1b2c3d`, `commit` in
/// `commit4808804`. Empty if there is none.
pub fn commit_word(text: &str) -> &str {
    let is_before = |word: &&&str| {
        text.get(..word.len()).is_some_and(|start| start.eq_ignore_ascii_case(word)) && {
            let rest = &text[word.len()..];
            let end = rest.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(rest.len());
            !rest.starts_with('g') && (commit_hash_at(rest, false).is_some() || is_numeric_hash(&rest[..end]))
        }
    };
    COMMIT_WORDS.iter().find(is_before).map_or("", |word| &text[..word.len()])
}

/// Returns whether a text is a word that commits follow without a separator.
pub(super) fn is_commit_word(text: &str) -> bool {
    COMMIT_WORDS.iter().any(|word| word.eq_ignore_ascii_case(text))
}
