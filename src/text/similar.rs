//! Suggestions for misspelled names.

/// Returns the known name that is most similar to a misspelled one; `None` if no name is similar enough.
pub fn nearest_name<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<&'a str> {
    if name.len() > 64 {
        return None;
    }
    let plain = |text: &str| text.to_lowercase().replace(['_', ' '], "-");
    let score = |known: &str| strsim::jaro_winkler(&plain(name), &plain(known));
    let scored = known.into_iter().map(|known| (score(known), known));
    // Below 0.8 a suggestion is a guess that misleads.
    scored.filter(|(score, _)| *score >= 0.8).max_by(|a, b| a.0.total_cmp(&b.0)).map(|(_, known)| known)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn suggests_similar_names_only() {
        let known = ["retries", "min-age", "include"];
        let rows = [("retry", Some("retries")), ("Min_Age", Some("min-age")), ("platforms", None), ("", None)];
        for (name, expected) in rows {
            assert_eq!(nearest_name(name, known), expected, "{name}");
        }
    }
}
