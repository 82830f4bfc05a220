//! Sort keys: bytes whose order is the order of versions. Knows numbers, words, stages and directions; no policy.
//!
//! One buffer is used again for tag after tag, and comparing is comparing bytes: what makes a hundred thousand tags cheap.

/// The place of a tag in the order of a policy. Keys of one policy compare with each other and with nothing else.
#[derive(Debug, Clone, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Key(Vec<u8>);

/// The value of a natural number in decimal digits, and the digits without leading zeros. What does not fit, and the
/// greatest that does, is the greatest: then the digits tell.
pub(super) fn value(digits: &str) -> (u64, &str) {
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
/// Stands where a pre-release could: greater than any of them.
const RELEASE: u8 = 255;

impl Key {
    /// Empties it, keeping the memory.
    pub fn clear(&mut self) {
        self.0.clear();
    }

    /// The bytes.
    pub fn as_bytes(&self) -> &[u8] {
        &self.0
    }

    /// A natural number of any length, in decimal digits; leading zeros do not count.
    pub fn number(&mut self, digits: &str) {
        let (value, digits) = value(digits);
        self.0.extend_from_slice(&value.to_be_bytes());
        if value == u64::MAX {
            // A number with more digits is the greater one, whatever the digits are.
            self.0.extend_from_slice(&u32::try_from(digits.len()).unwrap_or(u32::MAX).to_be_bytes());
            self.0.extend_from_slice(digits.as_bytes());
        }
    }

    /// A text in byte order.
    pub fn text(&mut self, text: &str) {
        self.0.extend_from_slice(text.as_bytes());
        self.0.push(END);
    }

    /// A point in time, in whatever unit, before or after its epoch.
    pub fn instant(&mut self, count: i128) {
        // The sign bit turned around makes two's complement sort as unsigned bytes.
        self.0.extend_from_slice(&(count ^ i128::MIN).to_be_bytes());
    }

    /// A rank among a handful of named stages.
    pub fn rank(&mut self, rank: u8) {
        self.0.push(rank);
    }

    /// A numeric identifier of a list that [`end`](Self::end) closes.
    pub fn numeric_identifier(&mut self, digits: &str) {
        self.0.push(NUMBER);
        self.number(digits);
    }

    /// A word of a list that [`end`](Self::end) closes.
    pub fn word_identifier(&mut self, word: &str) {
        self.0.push(WORD);
        self.text(word);
    }

    /// Closes a list of identifiers.
    pub fn end(&mut self) {
        self.0.push(END);
    }

    /// Says that this is a release, where a list of pre-release identifiers could have stood.
    pub fn release(&mut self) {
        self.0.push(RELEASE);
    }

    /// Where the next part will start, for [`reverse_from`](Self::reverse_from).
    pub fn mark(&self) -> usize {
        self.0.len()
    }

    /// Turns the order of all that was appended since `mark` around: the least becomes the greatest.
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

    fn key(write: impl FnOnce(&mut Key)) -> Key {
        let mut key = Key::default();
        write(&mut key);
        key
    }

    #[test]
    fn identifiers_sort_as_semver_says() {
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
            key(Key::release),
        ];
        assert!(ascending.windows(2).all(|pair| pair[0] < pair[1]));
    }

    proptest! {
        #[test]
        fn numbers_sort_by_value_and_turn_around(a: u128, b: u128, zeros in 0usize..4) {
            let written = |n: u128| key(|key| key.number(&format!("{}{n}", "0".repeat(zeros))));
            prop_assert_eq!(written(a).cmp(&key(|key| key.number(&b.to_string()))), a.cmp(&b));
            let turned = |n: u128| { let mut key = written(n); key.reverse_from(0); key };
            prop_assert_eq!(turned(a).cmp(&turned(b)), b.cmp(&a));
        }

        #[test]
        fn instants_sort_by_value(a: i128, b: i128) {
            prop_assert_eq!(key(|key| key.instant(a)).cmp(&key(|key| key.instant(b))), a.cmp(&b));
        }
    }
}
