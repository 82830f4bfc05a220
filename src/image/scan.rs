//! Words of a tag, and runs of digits and letters in a text.

/// Returns the digits at the start of a text.
pub(super) fn digits(text: &str) -> &str {
    &text[..text.bytes().position(|b| !b.is_ascii_digit()).unwrap_or(text.len())]
}

/// Returns the letters at the start of a text.
pub(super) fn letters(text: &str) -> &str {
    &text[..text.bytes().position(|b| !b.is_ascii_alphabetic()).unwrap_or(text.len())]
}

/// Returns how many runs of digits and of other characters a word has.
pub(super) fn runs(word: &str) -> usize {
    let kinds = word.as_bytes().windows(2).filter(|pair| pair[0].is_ascii_digit() != pair[1].is_ascii_digit());
    kinds.count() + usize::from(!word.is_empty())
}

/// Returns the words of a tag: the texts between dots, hyphens, underscores and, in a chart version, plus signs.
pub fn words(tag: &str) -> impl Iterator<Item = &str> {
    tag.split(['.', '-', '_', '+'])
}
