//! Tokens that Debian's `docker-registry` accepts, signed with `openssl`.

use std::fs;
use std::path::Path;

use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use sha2::{Digest, Sha256};

use super::docker_registry::run;
use super::http_double::{ReceivedRequest, Reply};

/// A signing key in a folder, and its id.
pub(crate) struct TokenSigner {
    key: String,
    kid: String,
}

impl TokenSigner {
    /// Creates `tok.key` and `tok.crt` in a folder; the registry must trust the certificate.
    pub(crate) fn new(folder: &Path) -> Self {
        let (key, certificate) = (path(folder, "tok.key"), path(folder, "tok.crt"));
        let subject = ["-subj", "/CN=tok", "-days", "30", "-keyout", &key, "-out", &certificate];
        run("openssl", &[&["req", "-x509", "-newkey", "rsa:2048", "-nodes"], &subject[..]].concat());
        let der = run("openssl", &["pkey", "-in", &key, "-pubout", "-outform", "DER"]);
        Self { key, kid: kid(&der) }
    }

    /// Answers with a token, valid for `seconds`. It contains the requested scope if `allowed`.
    pub(crate) fn answer(&self, request: &ReceivedRequest, allowed: bool, seconds: i64) -> Reply {
        let scope = request.query("scope").unwrap_or_default();
        let parts: Vec<&str> = scope.split(':').collect();
        let access = match (&parts[..], allowed) {
            ([kind, name, actions], true) => {
                let actions: Vec<&str> = actions.split(',').collect();
                serde_json::json!([{ "type": kind, "name": name, "actions": actions }])
            }
            _ => serde_json::json!([]),
        };
        let now = jiff::Timestamp::now().as_second();
        let claims = serde_json::json!({
            "iss": "test-issuer", "sub": "", "aud": request.query("service").unwrap_or_default(), "jti": now.to_string(),
            "exp": now + seconds, "nbf": now - 5, "iat": now, "access": access,
        });
        let header = serde_json::json!({ "typ": "JWT", "alg": "RS256", "kid": self.kid });
        let text = [header, claims].map(|part| URL_SAFE_NO_PAD.encode(part.to_string())).join(".");
        let file = format!("{}.{}.jwt", self.key, fastrand::u64(..));
        fs::write(&file, &text).unwrap();
        let signature = run("openssl", &["dgst", "-sha256", "-sign", &self.key, &file]);
        let token = format!("{text}.{}", URL_SAFE_NO_PAD.encode(signature));
        Reply::new(200, serde_json::json!({ "token": token, "expires_in": 60 }).to_string())
    }
}

/// Returns the id of a key as libtrust does: the first 30 bytes of the hash of the public key, in base32, in groups of four.
fn kid(der: &[u8]) -> String {
    const LETTERS: &[u8] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZ234567";
    let bits: String = Sha256::digest(der)[..30].iter().map(|byte| format!("{byte:08b}")).collect();
    let letters: Vec<char> =
        (0..48).map(|at| LETTERS[usize::from_str_radix(&bits[5 * at..5 * at + 5], 2).unwrap()] as char).collect();
    letters.chunks(4).map(String::from_iter).collect::<Vec<_>>().join(":")
}

/// Returns user and password of a Basic login.
pub(crate) fn login(request: &ReceivedRequest) -> Option<(String, String)> {
    let encoded = request.header("authorization")?.strip_prefix("Basic ")?;
    let pair = String::from_utf8(STANDARD.decode(encoded).unwrap()).unwrap();
    pair.split_once(':').map(|(user, password)| (user.to_owned(), password.to_owned()))
}

fn path(folder: &Path, file: &str) -> String {
    folder.join(file).to_str().unwrap().to_owned()
}
