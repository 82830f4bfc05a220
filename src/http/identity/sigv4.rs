//! AWS Signature Version 4 for a POST or GET to `/` without a query ("Create a signed AWS API request"). Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::secret::Secret;

/// Access keys, permanent or temporary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwsKeys {
    pub(crate) id: String,
    pub(crate) secret: Secret,
    /// Only for temporary keys.
    pub(crate) session: Option<Secret>,
}

/// What is signed.
pub(crate) struct Call<'a> {
    pub(crate) method: &'a str,
    pub(crate) region: &'a str,
    pub(crate) service: &'a str,
    /// Names in lower case and in order, values trimmed; `host` and `x-amz-date` among them.
    pub(crate) headers: &'a [(&'a str, &'a str)],
    pub(crate) body: &'a [u8],
}

/// The time as `x-amz-date` has it: `20150830T123600Z`.
pub(crate) fn amz_date(now: Timestamp) -> String {
    now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// The value of `Authorization` for a call at that `x-amz-date`.
pub(crate) fn authorization(call: &Call<'_>, keys: &AwsKeys, date: &str) -> Secret {
    let day = date.get(..8).unwrap_or_default();
    let names = call.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let headers: String = call.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical = format!("{}\n/\n\n{headers}\n{names}\n{}", call.method, hex(&Sha256::digest(call.body)));
    let scope = format!("{day}/{}/{}/aws4_request", call.region, call.service);
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let first = format!("AWS4{}", keys.secret.reveal()).into_bytes();
    let key = [day, call.region, call.service, "aws4_request"]
        .iter()
        .fold(first, |key, part| hmac(&key, part.as_bytes()).to_vec());
    let signature = hex(&hmac(&key, text.as_bytes()));
    Secret::new(&format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        keys.id
    ))
}

/// HMAC-SHA256 (RFC 2104).
fn hmac(key: &[u8], text: &[u8]) -> [u8; 32] {
    let mut block = [0; 64];
    if key.len() > block.len() {
        block[..32].copy_from_slice(&Sha256::digest(key));
    } else {
        block[..key.len()].copy_from_slice(key);
    }
    let inner = Sha256::new().chain_update(block.map(|byte| byte ^ 0x36)).chain_update(text).finalize();
    Sha256::new().chain_update(block.map(|byte| byte ^ 0x5c)).chain_update(inner).finalize().into()
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hmac_of_rfc_4231() {
        let cases = [
            (
                &b"Jefe"[..],
                &b"what do ya want for nothing?"[..],
                "5bdcc146bf60754e6a042426089575c75a003f089d2739839dec58b964ec3843",
            ),
            (
                &[0xaa; 131],
                b"Test Using Larger Than Block-Size Key - Hash Key First",
                "60e431591ee0b67f0d8a26aacbf5b77f8e0bc6213728c5140546040f0ee37f54",
            ),
        ];
        for (key, text, expected) in cases {
            assert_eq!(hex(&hmac(key, text)), expected);
        }
    }

    #[test]
    fn the_vectors_that_aws_publishes() {
        let keys = AwsKeys {
            id: "AKIDEXAMPLE".to_owned(),
            secret: Secret::new("wJalrXUtnFEMI/K7MDENG+bPxRfiCYEXAMPLEKEY"),
            session: None,
        };
        #[rustfmt::skip]
        let rows = [
            ("GET",  "5fa00fa31553b73ebf1942676e86291e8372ff2a2260956d9b8aae1d763fbf31"),
            ("POST", "5da7c1a2acd57cee7505fc6676e4e544621c30862966e37dddb68e92efbe5d6b"),
        ];
        for (method, signature) in rows {
            let date = amz_date("2015-08-30T12:36:00Z".parse().unwrap());
            let headers = [("host", "example.amazonaws.com"), ("x-amz-date", &*date)];
            let call = Call { method, region: "us-east-1", service: "service", headers: &headers, body: b"" };
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature={signature}"
            );
            assert_eq!(authorization(&call, &keys, &date).reveal(), expected);
        }
    }
}
