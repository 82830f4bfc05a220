//! Suggestions for misspelled names.

use super::quote::code_list;

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

/// Returns what to write instead of a misspelled or unknown name: the most similar known name, or all of them; `None` if there is none.
pub fn suggestion<'a>(name: &str, known: impl IntoIterator<Item = &'a str>) -> Option<String> {
    let known: Vec<&str> = known.into_iter().collect();
    match (nearest_name(name, known.iter().copied()), &known[..]) {
        (_, []) => None,
        (Some(name), _) | (None, &[name]) => Some(format!("use `{name}`")),
        (None, _) => Some(format!("use one of {}", code_list(known))),
    }
}

/// Returns whether at most two letters differ between a word and a known one in lower case.
pub fn is_misspelling_of(word: &str, known: &str) -> bool {
    word.len().abs_diff(known.len()) <= 2 && strsim::levenshtein(&word.to_lowercase(), known) <= 2
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn recognizes_misspellings_of_at_most_two_letters() {
        let rows = [
            ("Tagboat", true),
            ("tagbot", true),
            ("tag-boats", true),
            ("tgbot", true),
            ("boat", false),
            ("image", false),
        ];
        for (word, expected) in rows {
            assert_eq!(is_misspelling_of(word, "tagboat"), expected, "{word}");
        }
    }

    #[test]
    fn suggests_all_names_if_none_is_similar() {
        let rows = [
            ("minage", &["min-age", "include"][..], Some("use `min-age`")),
            ("x", &["min-age", "include"][..], Some("use one of `min-age`, `include`")),
            ("x", &["min-age"][..], Some("use `min-age`")),
            ("x", &[][..], None),
        ];
        for (name, known, expected) in rows {
            assert_eq!(suggestion(name, known.iter().copied()).as_deref(), expected, "{name} {known:?}");
        }
    }

    #[test]
    fn suggests_similar_names_only() {
        let known = ["retries", "min-age", "include"];
        let rows = [("retry", Some("retries")), ("Min_Age", Some("min-age")), ("platforms", None), ("", None)];
        for (name, expected) in rows {
            assert_eq!(nearest_name(name, known), expected, "{name}");
        }
    }
}
