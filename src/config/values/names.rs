//! Names that the forge receives as they are: labels, users and teams.

use crate::config::error::Problem;
use crate::config::syntax::located::Located;
use crate::docs::page;

/// The maximum number of characters of a name: the longest that a forge accepts.
const LONGEST: usize = 255;

/// Why a text is no name.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum ForgeNameError {
    /// It has no letter.
    #[error("expected a name, found an empty text")]
    Empty,
    /// It has more characters than any forge accepts.
    #[error("the name has {0} characters, and the limit is {LONGEST}")]
    TooLong(usize),
    /// It has a line break or another control character.
    #[error("the name has a line break or another control character")]
    Control,
}

/// Checks a name.
///
/// # Errors
/// If no forge has a label, user or team with it.
pub fn check_name(name: &str) -> Result<(), ForgeNameError> {
    let length = name.chars().count();
    if name.trim().is_empty() {
        Err(ForgeNameError::Empty)
    } else if length > LONGEST {
        Err(ForgeNameError::TooLong(length))
    } else if name.contains(char::is_control) {
        Err(ForgeNameError::Control)
    } else {
        Ok(())
    }
}

/// Returns the names of a key, and reports invalid ones; `example` is a valid name.
pub(in crate::config) fn checked_names(
    key: &str,
    example: &str,
    written: Vec<Located<String>>,
    problems: &mut Vec<Problem>,
) -> Vec<String> {
    for name in &written {
        if let Err(error) = check_name(&name.value) {
            let problem = Problem::new(name.place, format!("`{key}`: {error}"));
            problems.push(problem.hint(format!("write one line, as in `{key}: [{example}]`, or remove the name")));
        }
    }
    written.into_iter().map(|name| name.value).collect()
}

/// Returns the text of a key, and reports an empty one.
pub(in crate::config) fn checked_text(
    key: &str,
    example: &str,
    written: Option<Located<String>>,
    problems: &mut Vec<Problem>,
) -> Option<String> {
    let written = written?;
    if let Err(error) = check_name(&written.value) {
        let problem = Problem::new(written.place, format!("`{key}`: {error}"));
        let problem = problem.hint(format!("write one line, as in `{key}: {example}`, or remove the key"));
        problems.push(problem.documented_at(page!("configuration.md#every-key")));
    }
    Some(written.value)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_names_of_one_line() {
        #[rustfmt::skip]
        let rows = [
            ("deploy",                    Ok(())),
            ("area: apps / prod",         Ok(())),
            (" ",                         Err(ForgeNameError::Empty)),
            ("",                          Err(ForgeNameError::Empty)),
            ("a\nb",                      Err(ForgeNameError::Control)),
        ];
        for (name, expected) in rows {
            assert_eq!(check_name(name), expected, "{name}");
        }
        assert_eq!(check_name(&"ä".repeat(255)), Ok(()));
        assert_eq!(check_name(&"ä".repeat(256)), Err(ForgeNameError::TooLong(256)));
    }
}
