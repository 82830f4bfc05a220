//! Hints, and the addresses of the documentation pages that they end with. A test checks that every page and section exists.

use std::fmt;
use std::ops::Deref;

use serde::Serialize;

/// Expands to the full address of a page in `docs/`, or of a section of it, for this version of Tagboat:
/// `page!("troubleshooting.md#certificates")`.
macro_rules! page {
    ($page:literal) => {
        concat!("https://github.com/tagboat/tagboat/blob/v", env!("CARGO_PKG_VERSION"), "/docs/", $page)
    };
}

/// Expands to a [`Hint`] that ends with the address of a section. The text has the form of `format!`:
/// `hint!("configuration.md#every-key", "set `git.base` to {branch}")`.
macro_rules! hint {
    ($page:literal, $($text:tt)+) => {
        $crate::docs::Hint::new(format!($($text)+), $crate::docs::page!($page))
    };
}

pub(crate) use {hint, page};

/// What to do about an error: an imperative that ends with the full address of a documentation page.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(transparent)]
pub struct Hint(String);

impl Hint {
    /// Returns the hint with this text, and with this address unless the text ends with one.
    pub(crate) fn new(text: String, address: &str) -> Self {
        debug_assert_eq!(split_at_address(address), Some(("", address, "")), "the address of a page");
        debug_assert!(address.contains('#'), "the address of a section: {address}");
        Self(if split_final_address(&text).is_some() { text } else { format!("{text}: {address}") })
    }
}

impl Deref for Hint {
    type Target = str;

    fn deref(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for Hint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// What a machine lacks, as its system reports it in lower case, and what to do. Any operation can meet these, and what it was for
/// does not matter.
#[rustfmt::skip]
const LIMITS: &[(&str, &str)] = &[
    ("too many open files",     "raise the limit of open files (`ulimit -n`, or that of the container) to 1024 or more"),
    ("no space left on device", "free space on the disk that the message is about; temporary files are in TMPDIR"),
    ("disk quota exceeded",     "delete files of this user, or raise the quota; temporary files are in TMPDIR"),
    ("read-only file system",   "let this process write to that file system, or name a folder on another one; temporary files are in TMPDIR"),
];

impl Hint {
    /// Returns what to do about an error that a limit of the machine caused; `None` if the message names none.
    pub(crate) fn about_machine(message: &str) -> Option<Self> {
        let message = message.to_lowercase();
        let (_, text) = LIMITS.iter().find(|(phrase, _)| message.contains(phrase))?;
        Some(hint!("troubleshooting.md#limits-of-the-machine", "{text}"))
    }
}

/// The address of the folder that has the pages.
const FOLDER: &str = page!("");

/// Splits a text at the first address of a documentation page: the text before it, the address, and the text after it.
/// Returns `None` for addresses that merely start like one, such as those of a file in another folder.
pub(crate) fn split_at_address(text: &str) -> Option<(&str, &str, &str)> {
    let start = text.find(FOLDER)?;
    let rest = &text[start + FOLDER.len()..];
    let is_in_name = |c: char| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-';
    let name = rest.find(|c| !is_in_name(c)).unwrap_or(rest.len());
    let mut length = name + rest[name..].strip_prefix(".md").map(|_| ".md".len())?;
    if let Some(section) = rest[length..].strip_prefix('#') {
        length += 1 + section.find(|c| !is_in_name(c)).unwrap_or(section.len());
    }
    let end = start + FOLDER.len() + length;
    let is_complete = !text[end..].starts_with(|c: char| c.is_ascii_alphanumeric() || "/?#%@:._~".contains(c));
    (name > 0 && is_complete).then(|| (&text[..start], &text[start..end], &text[end..]))
}

/// Splits a hint that ends with `: ` and the address of a page: the text, and the address.
pub(crate) fn split_final_address(hint: &str) -> Option<(&str, &str)> {
    let (text, address) = hint.rsplit_once(": ")?;
    (split_at_address(address)? == ("", address, "")).then_some((text, address))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn adds_address_only_to_hints_without_one() {
        let (page, other) = (page!("policies.md#semver"), page!("configuration.md#rules"));
        let hint = Hint::new("use `a: b`".to_owned(), page);
        assert_eq!(split_final_address(&hint), Some(("use `a: b`", page)));
        assert_eq!(Hint::new(hint.to_string(), other), hint);
        assert_eq!(split_final_address(&format!("{hint} or not")), None);
    }

    #[test]
    fn recognizes_the_errors_of_the_system() {
        // EMFILE, ENFILE, ENOSPC, EDQUOT, EROFS, as Linux numbers them.
        #[cfg(target_os = "linux")]
        for number in [24, 23, 28, 122, 30] {
            let error = std::io::Error::from_raw_os_error(number);
            assert!(Hint::about_machine(&format!("cannot write a: {error}")).is_some(), "{error}");
        }
        let of_git = "fatal: cannot create pipe: Too many open files";
        assert!(Hint::about_machine(of_git).unwrap().starts_with("raise the limit of open files (`ulimit -n`"));
        assert_eq!(Hint::about_machine("cannot write a: permission denied"), None);
    }

    #[test]
    fn finds_only_addresses_of_our_pages() {
        let page = page!("troubleshooting.md#rate-limits");
        assert_eq!(split_at_address(&format!("wait: {page}, or not")), Some(("wait: ", page, ", or not")));
        assert_eq!(split_at_address(page!("forges.md")), Some(("", page!("forges.md"), "")));
        let other = ["../../../../evil/x.md", "x.md/../../y", "x.md#a/b", "x.md?raw=1", ".md", "x.mdx", ""];
        for path in other {
            assert_eq!(split_at_address(&format!("{FOLDER}{path}")), None, "{path}");
        }
    }
}
