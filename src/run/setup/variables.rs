//! Environment variables: values, and secrets that a variable or a file holds.

use crate::secret::Secret;

/// Returns the value of a variable; `None` if it is unset or empty.
pub(super) fn variable(name: &str) -> Option<String> {
    std::env::var(name).ok().filter(|value| !value.is_empty())
}

/// Returns a secret from a variable, or from the file that the variable with the suffix `_FILE` names.
pub(super) fn secret(variable: &str) -> Option<Secret> {
    let file = std::env::var_os(format!("{variable}_FILE")).filter(|path| !path.is_empty());
    let read = |file| {
        let unreadable = |error| tracing::warn!("cannot read the file that {variable}_FILE names: {error}");
        std::fs::read_to_string(file).map_err(unreadable).ok()
    };
    let text = std::env::var(variable).ok().or_else(|| read(file?))?;
    Some(Secret::new(&text)).filter(|secret| !secret.is_empty())
}
