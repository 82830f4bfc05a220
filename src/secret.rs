//! A secret value that can't be printed by accident.

use std::fmt;

/// A password or token. No `Display`, no `Serialize`; `Debug` shows only that there is one.
///
/// Whoever needs the text calls [`reveal`](Self::reveal), so that `grep reveal` lists every place it can leak from.
#[derive(Clone, PartialEq, Eq)]
pub struct Secret(Box<str>);

impl Secret {
    /// Takes a secret. Surrounding white space is dropped: files and CI variables often end with a newline.
    pub fn new(text: &str) -> Self {
        Self(text.trim().into())
    }

    /// The secret itself: for a header or a child's environment, never for a message.
    pub fn reveal(&self) -> &str {
        &self.0
    }

    /// Whether there is nothing in it.
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
    fn debug_says_nothing() {
        assert_eq!(format!("{:?}", Secret::new("hunter2\n")), "Secret(…)");
        assert_eq!(Secret::new("hunter2\n").reveal(), "hunter2");
    }
}
