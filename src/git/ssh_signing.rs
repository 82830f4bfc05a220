//! Signs commits with an SSH private key that exists only in memory: reads OpenSSH's key format and writes its signature
//! format. `ring` does the cryptography.
//!
//! The crate `ssh-key` does the same, and adds 35 packages to `Cargo.lock`, among them `rsa` with RUSTSEC-2023-0071.
//! Formats: <https://github.com/openssh/openssh-portable/blob/master/PROTOCOL.key>, `PROTOCOL.sshsig` beside it, RFC 5656
//! and RFC 8332.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{
    ECDSA_P256_SHA256_FIXED_SIGNING, ECDSA_P384_SHA384_FIXED_SIGNING, EcdsaKeyPair, EcdsaSigningAlgorithm,
    Ed25519KeyPair, RSA_PKCS1_SHA512,
};

use crate::secret::Secret;

/// The namespace of signatures of git objects.
const NAMESPACE: &str = "git";
/// The hash of the message in a signature, the default of `ssh-keygen -Y sign`.
const HASH: &str = "sha512";
const BEGIN_KEY: &str = "-----BEGIN OPENSSH PRIVATE KEY-----";
const END_KEY: &str = "-----END OPENSSH PRIVATE KEY-----";

/// An SSH private key that signs commits.
pub(super) struct SshSigningKey {
    /// The public key, as signatures contain it.
    public: Vec<u8>,
    pair: KeyPair,
}

enum KeyPair {
    Ed25519(Ed25519KeyPair),
    /// With the name of the signature algorithm.
    Ecdsa(&'static str, EcdsaKeyPair),
    Rsa(ring::rsa::KeyPair),
}

/// Why a text is not a key that can sign. Contains nothing of the key.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum SshKeyError {
    /// It is not in OpenSSH's format.
    #[error("expected a private key in OpenSSH's format, which begins with {BEGIN_KEY:?}")]
    Format,
    /// It is encrypted.
    #[error("the key is encrypted with a passphrase")]
    Encrypted,
    /// Its type cannot sign here.
    #[error("unsupported type of key: expected Ed25519, ECDSA P-256, ECDSA P-384 or RSA")]
    Unsupported,
    /// Its parts do not belong together, or it is too short.
    #[error("the key is damaged or too short")]
    Invalid,
}

impl SshSigningKey {
    /// Parses a private key without a passphrase.
    pub(super) fn parse(text: &Secret) -> Result<Self, SshKeyError> {
        let body = text.reveal().trim().strip_prefix(BEGIN_KEY).and_then(|rest| rest.strip_suffix(END_KEY));
        let base64 = body.ok_or(SshKeyError::Format)?.split_whitespace().collect::<String>();
        let bytes = STANDARD.decode(base64).map_err(|_| SshKeyError::Format)?;
        let mut outer = Fields(bytes.strip_prefix(b"openssh-key-v1\0").ok_or(SshKeyError::Format)?);
        let [cipher, _kdf, _options] = outer.strings()?;
        if cipher != b"none" {
            return Err(SshKeyError::Encrypted);
        }
        let _number_of_keys = outer.number()?;
        let [public, private] = outer.strings()?;
        let mut private = Fields(private);
        if private.number()? != private.number()? {
            return Err(SshKeyError::Invalid);
        }
        Ok(Self { public: public.to_vec(), pair: KeyPair::parse(private)? })
    }

    /// Returns the armored signature of a git object.
    pub(super) fn sign(&self, object: &[u8]) -> Result<String, SshKeyError> {
        let hash = ring::digest::digest(&ring::digest::SHA512, object);
        let mut message = b"SSHSIG".to_vec();
        for part in [NAMESPACE.as_bytes(), b"", HASH.as_bytes(), hash.as_ref()] {
            put_string(&mut message, part);
        }
        let mut blob = b"SSHSIG\0\0\0\x01".to_vec();
        for part in [&self.public, NAMESPACE.as_bytes(), b"", HASH.as_bytes(), &self.pair.sign(&message)?] {
            put_string(&mut blob, part);
        }
        let base64 = STANDARD.encode(blob).into_bytes();
        let lines = base64.chunks(70).map(|line| String::from_utf8_lossy(line)).collect::<Vec<_>>();
        Ok(format!("-----BEGIN SSH SIGNATURE-----\n{}\n-----END SSH SIGNATURE-----\n", lines.join("\n")))
    }
}

impl KeyPair {
    /// Reads the private part of a key.
    fn parse(mut fields: Fields<'_>) -> Result<Self, SshKeyError> {
        let invalid = |_| SshKeyError::Invalid;
        match fields.string()? {
            b"ssh-ed25519" => {
                let [public, seed_and_public] = fields.strings()?;
                let seed = seed_and_public.get(..32).ok_or(SshKeyError::Invalid)?;
                Ok(Self::Ed25519(Ed25519KeyPair::from_seed_and_public_key(seed, public).map_err(invalid)?))
            }
            b"ecdsa-sha2-nistp256" => Self::ecdsa("ecdsa-sha2-nistp256", &ECDSA_P256_SHA256_FIXED_SIGNING, 32, fields),
            b"ecdsa-sha2-nistp384" => Self::ecdsa("ecdsa-sha2-nistp384", &ECDSA_P384_SHA384_FIXED_SIGNING, 48, fields),
            b"ssh-rsa" => {
                let [n, e, d, q_inverse, p, q] = fields.strings()?.map(without_leading_zeros);
                let components = ring::rsa::KeyPairComponents {
                    public_key: ring::rsa::PublicKeyComponents { n, e },
                    d,
                    p,
                    q,
                    dP: &remainder(d, &minus_one(p)),
                    dQ: &remainder(d, &minus_one(q)),
                    qInv: q_inverse,
                };
                Ok(Self::Rsa(ring::rsa::KeyPair::from_components(&components).map_err(invalid)?))
            }
            _ => Err(SshKeyError::Unsupported),
        }
    }

    fn ecdsa(
        name: &'static str,
        algorithm: &'static EcdsaSigningAlgorithm,
        size: usize,
        mut fields: Fields<'_>,
    ) -> Result<Self, SshKeyError> {
        let [_curve, public, scalar] = fields.strings()?;
        let scalar = without_leading_zeros(scalar);
        let padding = size.checked_sub(scalar.len()).ok_or(SshKeyError::Invalid)?;
        let scalar = [vec![0; padding], scalar.to_vec()].concat();
        let pair = EcdsaKeyPair::from_private_key_and_public_key(algorithm, &scalar, public, &SystemRandom::new());
        Ok(Self::Ecdsa(name, pair.map_err(|_| SshKeyError::Invalid)?))
    }

    /// Returns the signature of a message, with the name of its algorithm.
    fn sign(&self, message: &[u8]) -> Result<Vec<u8>, SshKeyError> {
        let failed = |_| SshKeyError::Invalid;
        let random = SystemRandom::new();
        let (name, signature) = match self {
            Self::Ed25519(pair) => ("ssh-ed25519", pair.sign(message).as_ref().to_vec()),
            Self::Ecdsa(name, pair) => {
                let pair_of_integers = pair.sign(&random, message).map_err(failed)?;
                let (r, s) = pair_of_integers.as_ref().split_at(pair_of_integers.as_ref().len() / 2);
                let mut signature = Vec::new();
                put_integer(&mut signature, r);
                put_integer(&mut signature, s);
                (*name, signature)
            }
            Self::Rsa(pair) => {
                let mut signature = vec![0; pair.public().modulus_len()];
                pair.sign(&RSA_PKCS1_SHA512, &random, message, &mut signature).map_err(failed)?;
                ("rsa-sha2-512", signature)
            }
        };
        let mut named = Vec::new();
        put_string(&mut named, name.as_bytes());
        put_string(&mut named, &signature);
        Ok(named)
    }
}

/// The fields of SSH's binary formats that are still to be read (RFC 4251, section 5).
struct Fields<'a>(&'a [u8]);

impl<'a> Fields<'a> {
    fn number(&mut self) -> Result<u32, SshKeyError> {
        let (bytes, rest) = self.0.split_first_chunk::<4>().ok_or(SshKeyError::Invalid)?;
        self.0 = rest;
        Ok(u32::from_be_bytes(*bytes))
    }

    fn string(&mut self) -> Result<&'a [u8], SshKeyError> {
        let length = usize::try_from(self.number()?).map_err(|_| SshKeyError::Invalid)?;
        let (string, rest) = self.0.split_at_checked(length).ok_or(SshKeyError::Invalid)?;
        self.0 = rest;
        Ok(string)
    }

    fn strings<const N: usize>(&mut self) -> Result<[&'a [u8]; N], SshKeyError> {
        let mut strings = [&b""[..]; N];
        for string in &mut strings {
            *string = self.string()?;
        }
        Ok(strings)
    }
}

fn put_string(to: &mut Vec<u8>, string: &[u8]) {
    to.extend(u32::try_from(string.len()).unwrap_or(u32::MAX).to_be_bytes());
    to.extend(string);
}

/// Writes a positive integer: without leading zeros, and with one zero before a highest bit that is set.
fn put_integer(to: &mut Vec<u8>, bytes: &[u8]) {
    let bytes = without_leading_zeros(bytes);
    let is_high = bytes.first().is_some_and(|first| first & 0x80 != 0);
    put_string(to, &[if is_high { &[0][..] } else { &[] }, bytes].concat());
}

fn without_leading_zeros(bytes: &[u8]) -> &[u8] {
    &bytes[bytes.iter().take_while(|byte| **byte == 0).count()..]
}

/// Returns an odd number minus one, in big-endian bytes. The primes of an RSA key are odd.
fn minus_one(number: &[u8]) -> Vec<u8> {
    let mut number = number.to_vec();
    if let Some(last) = number.last_mut() {
        *last &= 0xFE;
    }
    number
}

/// Returns `number` modulo `divisor`, in big-endian bytes without leading zeros: OpenSSH stores no exponents modulo the
/// primes. Binary long division.
fn remainder(number: &[u8], divisor: &[u8]) -> Vec<u8> {
    let divisor = without_leading_zeros(divisor);
    // One byte longer than the divisor, because it is doubled before it is reduced.
    let mut rest = vec![0; divisor.len() + 1];
    let divisor = [&[0], divisor].concat();
    for bit in number.iter().flat_map(|byte| (0..8).rev().map(move |shift| byte >> shift & 1)) {
        let mut carry = bit;
        for byte in rest.iter_mut().rev() {
            (*byte, carry) = (*byte << 1 | carry, *byte >> 7);
        }
        if rest >= divisor {
            let mut borrow = false;
            for (byte, subtrahend) in rest.iter_mut().zip(&divisor).rev() {
                let (without_borrow, first) = byte.overflowing_sub(*subtrahend);
                let (difference, second) = without_borrow.overflowing_sub(u8::from(borrow));
                (*byte, borrow) = (difference, first || second);
            }
        }
    }
    without_leading_zeros(&rest).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn divides_like_the_native_integers() {
        for (number, divisor) in [(0_u64, 7), (6, 7), (7, 7), (1 << 63, 255), (u64::MAX, 256), (u64::MAX, 0xFFFF_FFFE)]
        {
            let found = remainder(&number.to_be_bytes(), &u64::to_be_bytes(divisor));
            assert_eq!(found, without_leading_zeros(&(number % divisor).to_be_bytes()), "{number} % {divisor}");
        }
    }

    #[test]
    fn rejects_what_is_not_a_private_key_of_openssh() {
        let armored = |bytes: &[u8]| format!("{BEGIN_KEY}\n{}\n{END_KEY}", STANDARD.encode(bytes));
        let cut = armored(b"openssh-key-v1\0\0\0\0\x04none\0\0");
        let mut encrypted = b"openssh-key-v1\0".to_vec();
        for part in [&b"aes256-ctr"[..], b"bcrypt", b"salt"] {
            put_string(&mut encrypted, part);
        }
        for (text, expected) in [
            ("ssh-ed25519 AAAA a public key", SshKeyError::Format),
            ("-----BEGIN RSA PRIVATE KEY-----\nAAAA\n-----END RSA PRIVATE KEY-----", SshKeyError::Format),
            (&*armored(b"something else"), SshKeyError::Format),
            (&*cut, SshKeyError::Invalid),
            (&*armored(&encrypted), SshKeyError::Encrypted),
        ] {
            assert_eq!(SshSigningKey::parse(&Secret::new(text)).err(), Some(expected), "{text}");
        }
    }
}
