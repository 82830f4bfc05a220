//! Names in messages: what a person writes or reads literally is in backticks.

/// Returns names in backticks, with commas: `` `shape`, `semver` ``.
pub fn code_list<T: AsRef<str>>(names: impl IntoIterator<Item = T>) -> String {
    names.into_iter().map(|name| format!("`{}`", name.as_ref())).collect::<Vec<_>>().join(", ")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn quotes_each_name() {
        assert_eq!(code_list(["shape", "semver"]), "`shape`, `semver`");
        assert_eq!(code_list::<&str>([]), "");
    }
}
