//! Sort keys: bytes whose order is the order of versions. Writes numbers, words, stages and directions.
//!
//! One buffer serves all tags, and comparing keys is comparing bytes: this keeps a hundred thousand tags cheap.

/// The place of a tag in the order of a policy. Only keys of one policy compare with each other.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct OrderKey(Vec<u8>);

/// Returns the value of a natural number in decimal digits, and the digits without leading zeros. A number that does not fit
/// saturates at [`u64::MAX`]: then the digits decide.
fn value(digits: &str) -> (u64, &str) {
    let zeros = digits.bytes().take_while(|b| *b == b'0').count();
    let digits = &digits[zeros..];
    // 10^19 is the greatest power of ten below 2^64.
    let value = match digits.len() {
        0..=19 => digits.bytes().fold(0, |value, b| value * 10 + u64::from(b - b'0')),
        _ => u64::MAX,
    };
    (value, digits)
}

/// Ends a list of identifiers: less than any of them, so that `rc` < `rc.1`.
const END: u8 = 0;
/// Marks a numeric identifier, which is less than a word (semver 2.0.0, §11.4.3).
const NUMBER: u8 = 1;
/// Marks a word.
const WORD: u8 = 2;
/// Marks a release: greater than any pre-release.
const RELEASE: u8 = 255;

impl OrderKey {
    /// Empties the key and keeps its memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// Returns the bytes that compare.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// Appends a natural number that is less than [`u64::MAX`].
    pub fn integer(&mut self, value: u64) {
        self.0.extend_from_slice(&value.to_be_bytes());
    }

    /// Appends a natural number of any length, in decimal digits; leading zeros do not count.
    pub fn number(&mut self, digits: &str) {
        let (value, digits) = value(digits);
        self.integer(value);
        if value == u64::MAX {
            // A number with more digits is the greater one, whatever the digits are.
            self.0.extend_from_slice(&u32::try_from(digits.len()).unwrap_or(u32::MAX).to_be_bytes());
            self.0.extend_from_slice(digits.as_bytes());
        }
    }

    /// Appends a text in byte order.
    pub fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(END);
    }

    /// Appends a point in time, in any one unit, before or after its epoch.
    pub fn instant(&mut self, count: i128) {
        // The inverted sign bit makes two's complement sort as unsigned bytes.
        self.0.extend_from_slice(&(count ^ i128::MIN).to_be_bytes());
    }

    /// Appends a rank among named stages.
    pub fn rank(&mut self, rank: u8) {
        self.0.push(rank);
    }

    /// Appends a numeric identifier of a list that [`end`](Self::end) closes.
    pub fn numeric_identifier(&mut self, digits: &str) {
        self.0.push(NUMBER);
        self.number(digits);
    }

    /// Appends a word of a list that [`end`](Self::end) closes.
    pub fn word_identifier(&mut self, word: &str) {
        self.0.push(WORD);
        self.text(word);
    }

    /// Closes a list of identifiers.
    pub fn end(&mut self) {
        self.0.push(END);
    }

    /// Marks a release, in the place of a list of pre-release identifiers.
    pub fn release(&mut self) {
        self.0.push(RELEASE);
    }

    /// Returns where the next part starts, for [`reverse_from`](Self::reverse_from).
    pub fn mark(&self) -> usize {
        self.0.len()
    }

    /// Removes everything appended since `mark`.
    pub fn truncate(&mut self, mark: usize) {
        self.0.truncate(mark);
    }

    /// Reverses the order of everything appended since `mark`: the least becomes the greatest.
    pub fn reverse_from(&mut self, mark: usize) {
        for byte in &mut self.0[mark..] {
            *byte = !*byte;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn key(write: impl FnOnce(&mut OrderKey)) -> OrderKey {
        let mut key = OrderKey::default();
        write(&mut key);
        key
    }

    #[test]
    fn sorts_pre_release_identifiers_as_semver_does() {
        let pre = |identifiers: &[&str]| {
            key(|key| {
                for one in identifiers {
                    if one.bytes().all(|b| b.is_ascii_digit()) {
                        key.numeric_identifier(one);
                    } else {
                        key.word_identifier(one);
                    }
                }
                key.end();
            })
        };
        let ascending = [
            pre(&["1"]),
            pre(&["2"]),
            pre(&["11"]),
            pre(&["alpha"]),
            pre(&["alpha", "1"]),
            pre(&["alpha", "beta"]),
            pre(&["beta"]),
            pre(&["beta", "2"]),
            pre(&["beta", "11"]),
            pre(&["rc", "1"]),
            key(OrderKey::release),
        ];
        assert!(ascending.windows(2).all(|pair| pair[0] < pair[1]));
    }

    proptest! {
        #[test]
        fn sorts_numbers_by_value_in_both_directions(a: u128, b: u128, zeros in 0usize..4) {
            let written = |n: u128| key(|key| key.number(&format!("{}{n}", "0".repeat(zeros))));
            prop_assert_eq!(written(a).cmp(&key(|key| key.number(&b.to_string()))), a.cmp(&b));
            let turned = |n: u128| { let mut key = written(n); key.reverse_from(0); key };
            prop_assert_eq!(turned(a).cmp(&turned(b)), b.cmp(&a));
        }

        #[test]
        fn sorts_instants_by_value(a: i128, b: i128) {
            prop_assert_eq!(key(|key| key.instant(a)).cmp(&key(|key| key.instant(b))), a.cmp(&b));
        }
    }
}
