//! A secret value that cannot be printed by accident.

use std::fmt;

/// A password or token. No `Display`, no `Serialize`; `Debug` shows only that there is one.
///
/// Code that needs the text calls [`reveal`](Self::reveal), so `grep reveal` lists every place that could leak it.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Returns a secret without surrounding white space: files and CI variables often end with a newline.
    pub fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// Returns the text, for a header or the environment of a child process, never for a message.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Returns whether the text is empty.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }
}

impl fmt::Debug for Secret {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Secret(…)")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn debug_hides_the_text() {
        assert_eq!(format!("{:?}", Secret::new("hunter2\n")), "Secret(…)");
        assert_eq!(Secret::new("hunter2\n").reveal(), "hunter2");
    }
}
