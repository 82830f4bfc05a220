//! A digest: the immutable address of an image's content.

use std::fmt;

/// `sha256:` or `sha512:` followed by lower-case hex of the right length, as the OCI image specification requires.
#[derive(Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Digest(Box<str>);

/// Why a text is not a digest.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum DigestError {
    /// There is no `:` between algorithm and hash.
    #[error("invalid digest `{}`: expected sha256:<64 hex digits>", .0.escape_debug())]
    NoAlgorithm(String),
    /// The algorithm is not one that registries have to support.
    #[error("unknown digest algorithm `{}`: expected sha256 or sha512", .0.escape_debug())]
    Algorithm(String),
    /// Too short, too long, or not lower-case hex.
    #[error("invalid {0} hash `{hash}`: expected {1} lower-case hex digits", hash = .2.escape_debug())]
    Hex(&'static str, usize, String),
}

impl Digest {
    /// Parses `algorithm:hex`.
    pub fn new(text: &str) -> Result<Self, DigestError> {
        let (algorithm, hex) = text.split_once(':').ok_or_else(|| DigestError::NoAlgorithm(text.to_owned()))?;
        let (algorithm, length) = match algorithm {
            "sha256" => ("sha256", 64),
            "sha512" => ("sha512", 128),
            other => return Err(DigestError::Algorithm(other.to_owned())),
        };
        if hex.len() != length || !hex.bytes().all(|b| matches!(b, b'0'..=b'9' | b'a'..=b'f')) {
            return Err(DigestError::Hex(algorithm, length, hex.to_owned()));
        }
        Ok(Self(text.into()))
    }

    /// Returns `algorithm:hex`.
    pub fn as_str(&self) -> &str {
        &self.0
    }

    /// Returns the hash without its algorithm, as some Helm charts store it.
    pub fn hex(&self) -> &str {
        self.0.split_once(':').map_or(&self.0, |(_, hex)| hex)
    }

    /// Returns twelve hex digits, as `docker images` shows them: for people, never for comparison.
    pub fn short(&self) -> &str {
        &self.hex()[..12]
    }
}

impl fmt::Display for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

impl fmt::Debug for Digest {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Digest({})", self.0)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn accepts_only_full_lower_case_hashes() {
        let hex = "0123456789abcdef".repeat(4);
        let digest = Digest::new(&format!("sha256:{hex}")).unwrap();
        assert_eq!((digest.hex(), digest.short()), (hex.as_str(), "0123456789ab"));
        assert!(Digest::new(&format!("sha512:{hex}{hex}")).is_ok());
        assert!(matches!(Digest::new(&hex), Err(DigestError::NoAlgorithm(_))));
        assert!(matches!(Digest::new(&format!("md5:{hex}")), Err(DigestError::Algorithm(_))));
        for bad in [hex[1..].to_owned(), hex.to_uppercase(), format!("{hex}0")] {
            assert!(matches!(Digest::new(&format!("sha256:{bad}")), Err(DigestError::Hex(..))), "{bad}");
        }
    }
}
