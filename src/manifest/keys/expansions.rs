//! Variables in values, as Compose, Dockerfiles and shells write them: `$TAG`, `${TAG}`, `${TAG:-1.2}`.

use std::ops::Range;

/// One variable in a text.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(in crate::manifest) struct Expansion<'t> {
    /// The bytes of the whole expression.
    pub(in crate::manifest) range: Range<usize>,
    pub(in crate::manifest) name: &'t str,
    pub(in crate::manifest) operator: Operator,
    /// The bytes of the word after the operator.
    pub(in crate::manifest) word: Range<usize>,
}

/// What an expression does if its variable is not set, or is set.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::manifest) enum Operator {
    /// `${TAG}`: nothing.
    None,
    /// `${TAG:-word}`, `${TAG-word}`: without the variable, the value is the word.
    Default,
    /// `${TAG:?word}`, `${TAG?word}`: without the variable, the word is the message of an error.
    Required,
    /// `${TAG:+word}`, `${TAG+word}`: with the variable, the value is the word. And whatever else there is.
    Other,
}

/// Returns the variables in a text; `None` if one of them is malformed or within another one.
pub(in crate::manifest) fn expansions(text: &str) -> Option<Vec<Expansion<'_>>> {
    let is_name = |c: char| c.is_ascii_alphanumeric() || c == '_';
    let mut found = Vec::new();
    let mut at = 0;
    while let Some(start) = text[at..].find('$').map(|dollar| at + dollar) {
        let braced = text[start + 1..].starts_with('{');
        let from = start + 1 + usize::from(braced);
        let rest = &text[from..];
        let name = &rest[..rest.find(|c| !is_name(c)).unwrap_or(rest.len())];
        let inner_end = if braced { from + rest.find('}')? } else { from + name.len() };
        let inner = text.get(from + name.len()..inner_end)?;
        let behind = inner.strip_prefix(':').unwrap_or(inner);
        let (operator, length) = match behind.chars().next() {
            None if inner.is_empty() => (Operator::None, 0),
            Some('-') => (Operator::Default, 1),
            Some('?') => (Operator::Required, 1),
            _ => (Operator::Other, behind.chars().next().map_or(0, char::len_utf8)),
        };
        let word = inner_end - behind.len() + length..inner_end;
        if name.is_empty() || text[word.clone()].contains('$') {
            return None;
        }
        at = inner_end + usize::from(braced);
        found.push(Expansion { range: start..at, name, operator, word });
    }
    Some(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn parses_variables_and_their_operators() {
        let shown = |text: &str| {
            let all = expansions(text)?;
            let one = |one: Expansion<'_>| {
                format!("{} {} {:?} {}", &text[one.range.clone()], one.name, one.operator, &text[one.word])
            };
            Some(all.into_iter().map(one).collect::<Vec<_>>().join(", "))
        };
        #[rustfmt::skip]
        let rows = [
            ("acme/api:1",          Some("")),
            ("a:$TAG-x",            Some("$TAG TAG None ")),
            ("${A}/${B:-x}",        Some("${A} A None , ${B:-x} B Default x")),
            ("a:${T-1.2}",          Some("${T-1.2} T Default 1.2")),
            ("a:${T:?set T, now}",  Some("${T:?set T, now} T Required set T, now")),
            ("a:${T?}",             Some("${T?} T Required ")),
            ("a:${T:+1.2}",         Some("${T:+1.2} T Other 1.2")),
            ("a:${T#v}",            Some("${T#v} T Other v")),
            ("a:${T:-${U}}",        None),
            ("a:${T",               None),
            ("a:$(T)",              None),
            ("a:$",                 None),
        ];
        for (text, expected) in rows {
            assert_eq!(shown(text).as_deref(), expected, "{text}");
        }
    }
}
