//! Counts with their noun, for messages.

use std::fmt::Display;

/// Returns a count and its noun, which gets an `s` unless the count is one: `1 request`, `2 requests`.
pub fn count_of<N: Display + PartialEq + From<u8>>(count: N, noun: &str) -> String {
    let plural = if count == N::from(1) { "" } else { "s" };
    format!("{count} {noun}{plural}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn noun_agrees_with_count() {
        assert_eq!(
            [count_of(0_usize, "file"), count_of(1_u64, "file"), count_of(2_u64, "pull request")],
            ["0 files", "1 file", "2 pull requests"]
        );
    }
}
