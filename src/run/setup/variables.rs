//! Environment variables: values, and secrets that a variable or a file holds.

use crate::docs::hint;
use crate::error::Error;
use crate::secret::Secret;

/// Returns the value of a variable; `None` if it is unset or empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns a secret from a variable, or from the file that the variable with the suffix `_FILE` names.
///
/// # Errors
/// If the file cannot be read: another secret would be used in its place, or none.
pub(super) fn secret(name: &str) -> Result<Option<Secret>, Error> {
    if let Some(text) = variable(name) {
        return Ok(Some(Secret::new(&text)).filter(|secret| !secret.is_empty()));
    }
    let Some(file) = std::env::var_os(format!("{name}_FILE")).filter(|path| !path.is_empty()) else { return Ok(None) };
    let text = std::fs::read_to_string(file).map_err(|error| {
        Error::usage(
            format!("cannot read the file that {name}_FILE names: {error}"),
            hint!(
                "configuration.md#environment-variables",
                "correct the path, or let the user of Tagboat read the file"
            ),
        )
    })?;
    Ok(Some(Secret::new(&text)).filter(|secret| !secret.is_empty()))
}
