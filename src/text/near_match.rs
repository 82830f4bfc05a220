//! The nearest match of a glob that matches nothing.

/// The greatest distance of a near match: what is farther is another name.
const MAX_DISTANCE: usize = 2;

/// Letters of a glob for each letter that may differ: a short name differs from many others by one letter.
const LETTERS_PER_DIFFERENCE: usize = 3;

/// Returns the candidate that comes nearest to a glob; `None` if none is near. At most two letters differ, in either case, or the
/// parts before one of the separators are missing on one side. `*` is any text without a slash, `**` any text, `?` any letter.
pub fn nearest_match<'a>(
    glob: &str,
    separator: char,
    candidates: impl IntoIterator<Item = &'a str>,
) -> Option<&'a str> {
    let tokens = tokens(glob);
    let ends = ends_of_glob(&tokens, separator);
    let measured = candidates.into_iter().filter_map(|one| Some((nearness(&ends, separator, one)?, one.len(), one)));
    measured.min().map(|(_, _, candidate)| candidate)
}

/// A part of a glob.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Token {
    Letter(char),
    AnyLetter,
    AnyName,
    AnyPath,
}

fn tokens(glob: &str) -> Vec<Token> {
    let mut letters = glob.chars().flat_map(char::to_lowercase).peekable();
    let mut tokens = Vec::new();
    while let Some(letter) = letters.next() {
        tokens.push(match letter {
            '*' if letters.next_if_eq(&'*').is_some() => Token::AnyPath,
            '*' => Token::AnyName,
            '?' => Token::AnyLetter,
            letter => Token::Letter(letter),
        });
    }
    tokens
}

/// Returns a glob, and what follows each of its separators if it begins with a letter.
fn ends_of_glob(tokens: &[Token], separator: char) -> Vec<&[Token]> {
    let begins = |pair: &[Token]| pair[0] == Token::Letter(separator) && matches!(pair[1], Token::Letter(_));
    let starts = tokens.windows(2).enumerate().filter(|(_, pair)| begins(pair)).map(|(at, _)| at + 1);
    std::iter::once(0).chain(starts).map(|start| &tokens[start..]).collect()
}

/// Returns the distance of a candidate, or of one of its ends, from a glob or one of its ends, if they are near. What is before an
/// end counts as one letter.
fn nearness(ends: &[&[Token]], separator: char, candidate: &str) -> Option<usize> {
    let letters: Vec<char> = candidate.chars().flat_map(char::to_lowercase).collect();
    let (whole, rest) = ends.split_first()?;
    let starts = letters.iter().enumerate().filter(|(_, letter)| **letter == separator).map(|(at, _)| at + 1);
    let by_candidate = starts.filter_map(|start| distance(whole, &letters[start..], limit(whole).checked_sub(1)?));
    let by_glob = rest.iter().filter_map(|end| distance(end, &letters, limit(end).checked_sub(1)?));
    let by_ends = by_candidate.chain(by_glob).map(|distance| distance + 1);
    distance(whole, &letters, limit(whole)).into_iter().chain(by_ends).min()
}

/// Returns the greatest distance of a near match of a glob.
fn limit(glob: &[Token]) -> usize {
    let letters = glob.iter().filter(|token| matches!(token, Token::Letter(_))).count();
    MAX_DISTANCE.min(letters / LETTERS_PER_DIFFERENCE)
}

/// Returns how many letters a text differs from a glob, if it is at most `max`: the Levenshtein distance, where wildcards are free.
fn distance(glob: &[Token], text: &[char], max: usize) -> Option<usize> {
    let mut above: Vec<usize> = (0..=text.len()).collect();
    for token in glob {
        let is_wildcard = matches!(token, Token::AnyName | Token::AnyPath);
        let mut row = Vec::with_capacity(above.len());
        row.push(above[0] + usize::from(!is_wildcard));
        for (at, letter) in text.iter().enumerate() {
            let matches = match token {
                Token::Letter(expected) => expected == letter,
                Token::AnyLetter | Token::AnyName => *letter != '/',
                Token::AnyPath => true,
            };
            let inserted = row[at] + usize::from(!(is_wildcard && matches));
            let deleted = above[at + 1] + usize::from(!is_wildcard);
            row.push(inserted.min(deleted).min(above[at] + usize::from(!matches)));
        }
        if row.iter().all(|cost| *cost > max) {
            return None;
        }
        above = row;
    }
    above.last().copied().filter(|cost| *cost <= max)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn finds_the_name_that_a_glob_almost_matches() {
        let paths =
            ["apps/api/values.yaml", "charts/web/Chart.yaml", "envs/prod/eu/values.yaml", "README.md", "a.yaml"];
        #[rustfmt::skip]
        let rows = [
            ("apps/api/value.yaml",    Some("apps/api/values.yaml")),
            ("app/*/values.yaml",      Some("apps/api/values.yaml")),
            ("apps/**/*.yml",          Some("apps/api/values.yaml")),
            ("Apps/API/values.yaml",   Some("apps/api/values.yaml")),
            ("web/Chart.yaml",         Some("charts/web/Chart.yaml")),
            ("x/charts/*/Chart.yaml",  Some("charts/web/Chart.yaml")),
            ("env/prod/**",            Some("envs/prod/eu/values.yaml")),
            ("envs/*/values.yaml",     Some("envs/prod/eu/values.yaml")),
            ("deploy/**",              None),
            ("de/*.yaml",              None),
            ("**/*.gotmpl",            None),
            ("b",                      None),
        ];
        for (glob, expected) in rows {
            assert_eq!(nearest_match(glob, '/', paths), expected, "{glob}");
        }
        let fields = ["worker.imageTag", "workers[0].build", "web.image.tag"];
        let rows = [
            ("worker.imagTag", Some("worker.imageTag")),
            ("workers.0.build", Some("workers[0].build")),
            ("image.tag", Some("web.image.tag")),
            ("spec.template.tag", None),
        ];
        for (field, expected) in rows {
            assert_eq!(nearest_match(field, '.', fields), expected, "{field}");
        }
    }
}
