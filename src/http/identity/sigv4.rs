//! AWS Signature Version 4 for requests to `/` without a query ("Create a signed AWS API request"). Pure.

use jiff::Timestamp;
use jiff::tz::TimeZone;
use sha2::{Digest, Sha256};

use crate::http::header::{AUTHORIZATION, HeaderName};
use crate::http::{Request, Url};
use crate::secret::Secret;

/// AWS access keys, permanent or temporary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct AwsKeys {
    pub(crate) id: String,
    pub(crate) secret: Secret,
    /// The session token of temporary keys.
    pub(crate) session: Option<Secret>,
}

/// A POST request to the root of an AWS service.
pub(crate) struct Post<'a> {
    pub(crate) url: Url,
    /// The name that the signature is made for, such as `ecr`.
    pub(crate) service: &'a str,
    pub(crate) region: &'a str,
    pub(crate) content_type: &'a str,
    /// `X-Amz-Target`, for services that take JSON.
    pub(crate) target: Option<&'a str>,
    pub(crate) body: Vec<u8>,
}

impl Post<'_> {
    /// Returns the signed request.
    pub(crate) fn sign(self, keys: &AwsKeys, now: Timestamp) -> Request {
        let port = self.url.port().map_or(String::new(), |port| format!(":{port}"));
        let host = format!("{}{port}", self.url.host_str().unwrap_or_default());
        let date = amz_date(now);
        let mut headers = vec![("content-type", self.content_type), ("host", &*host), ("x-amz-date", &*date)];
        if let Some(session) = &keys.session {
            headers.push(("x-amz-security-token", session.reveal()));
        }
        if let Some(target) = self.target {
            headers.push(("x-amz-target", target));
        }
        let call = SignedRequest {
            method: "POST",
            region: self.region,
            service: self.service,
            headers: &headers,
            body: &self.body,
        };
        let authorization = authorization(&call, keys, &date);
        let mut request = Request::post(self.url)
            .body(self.content_type, self.body)
            .header(HeaderName::from_static("x-amz-date"), &date)
            .secret_header(AUTHORIZATION, &authorization)
            .idempotent();
        if let Some(target) = self.target {
            request = request.header(HeaderName::from_static("x-amz-target"), target);
        }
        if let Some(session) = &keys.session {
            request = request.secret_header(HeaderName::from_static("x-amz-security-token"), session);
        }
        request
    }
}

/// The signed parts of a request to `/` without a query.
struct SignedRequest<'a> {
    method: &'a str,
    region: &'a str,
    service: &'a str,
    /// Names in lower case and sorted, values trimmed; `host` and `x-amz-date` among them.
    headers: &'a [(&'a str, &'a str)],
    body: &'a [u8],
}

/// Returns the time in the form of `x-amz-date`: `20150830T123600Z`.
fn amz_date(now: Timestamp) -> String {
    now.to_zoned(TimeZone::UTC).strftime("%Y%m%dT%H%M%SZ").to_string()
}

/// Returns the value of `Authorization` for a call at that `x-amz-date`.
fn authorization(call: &SignedRequest<'_>, keys: &AwsKeys, date: &str) -> Secret {
    let day = date.get(..8).unwrap_or_default();
    let names = call.headers.iter().map(|(name, _)| *name).collect::<Vec<_>>().join(";");
    let headers: String = call.headers.iter().map(|(name, value)| format!("{name}:{value}\n")).collect();
    let canonical = format!("{}\n/\n\n{headers}\n{names}\n{}", call.method, hex(&Sha256::digest(call.body)));
    let scope = format!("{day}/{}/{}/aws4_request", call.region, call.service);
    let text = format!("AWS4-HMAC-SHA256\n{date}\n{scope}\n{}", hex(&Sha256::digest(canonical)));
    let first = format!("AWS4{}", keys.secret.reveal()).into_bytes();
    let key = [day, call.region, call.service, "aws4_request"]
        .iter()
        .fold(first, |key, part| hmac(&key, part.as_bytes()).as_ref().to_vec());
    let signature = hex(hmac(&key, text.as_bytes()).as_ref());
    Secret::new(&format!(
        "AWS4-HMAC-SHA256 Credential={}/{scope}, SignedHeaders={names}, Signature={signature}",
        keys.id
    ))
}

/// Returns the HMAC-SHA256 of a text.
///
/// `ring` computes it, which `rustls` depends on: the `hmac` 0.12 in Cargo.lock requires `sha2` 0.10, and this crate uses 0.11.
fn hmac(key: &[u8], text: &[u8]) -> ring::hmac::Tag {
    ring::hmac::sign(&ring::hmac::Key::new(ring::hmac::HMAC_SHA256, key), text)
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().map(|byte| format!("{byte:02x}")).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn matches_the_test_vectors_of_aws() {
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
            let call = SignedRequest { method, region: "us-east-1", service: "service", headers: &headers, body: b"" };
            let expected = format!(
                "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/service/aws4_request, \
                 SignedHeaders=host;x-amz-date, Signature={signature}"
            );
            assert_eq!(authorization(&call, &keys, &date).reveal(), expected);
        }
    }
}
