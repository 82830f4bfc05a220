//! Commit hashes in tags.

use super::scan::runs;
use super::timestamp::{is_day, timestamp_millis};

/// Returns the commit hash at the start of a word: 7 to 64 hexadecimal digits, with the `g` of git describe, or as Jenkins
/// writes them (`vf1123fb_515da_`). A part of a word is never one.
pub fn commit_hash_at(text: &str, after_separator: bool) -> Option<&str> {
    let hex = |b: u8| matches!(b, b'0'..=b'9' | b'a'..=b'f');
    if after_separator && text.starts_with('v') {
        let length = 1 + text.bytes().skip(1).take_while(|b| hex(*b) || *b == b'_').count();
        if text[1..length].bytes().filter(|b| hex(*b)).count() == 12 && text[..length].contains('_') {
            return Some(&text[..length]);
        }
    }
    let prefix = usize::from(text.starts_with('g'));
    let word = &text[prefix..text.bytes().position(|b| !b.is_ascii_alphanumeric()).unwrap_or(text.len()).max(prefix)];
    if word.len() < 5 || word.len() > 64 || !word.bytes().all(hex) {
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
    matches!(number.len(), 7..=64)
        && number.bytes().all(|b| b.is_ascii_digit())
        && timestamp_millis(number).is_none()
        && !is_day(number)
}
