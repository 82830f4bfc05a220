//! Parses `WWW-Authenticate`: how a registry requires authentication. Pure.

use http_auth::ChallengeRef;
use http_auth::parser::ChallengeParser;

use crate::http::header::{HeaderMap, WWW_AUTHENTICATE};

/// An authentication challenge.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User name and password, sent with each request.
    Basic,
    /// A token from a token service (distribution specification, "Token Authentication").
    Bearer {
        /// URL of the token service.
        realm: String,
        /// Name of the registry at the token service.
        service: Option<String>,
        /// What the token has to allow.
        scope: Option<String>,
    },
}

impl Challenge {
    /// Returns the challenge of a 401 response. Bearer is preferred to Basic, because its tokens are short-lived.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let all: Vec<Self> =
            headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()).flat_map(parse).collect();
        all.iter().find(|challenge| matches!(challenge, Self::Bearer { .. })).or(all.first()).cloned()
    }
}

/// Returns whether the challenges say that the token is valid and lacks the right to the image (RFC 6750, 3.1).
pub(crate) fn lacks_right(headers: &HeaderMap) -> bool {
    let mut challenges =
        headers.get_all(WWW_AUTHENTICATE).iter().filter_map(|value| value.to_str().ok()).flat_map(read);
    challenges.any(|challenge| parameter(&challenge, "error").as_deref() == Some("insufficient_scope"))
}

/// Returns the supported challenges of one header value.
fn parse(text: &str) -> impl Iterator<Item = Challenge> {
    read(text).filter_map(|challenge| supported(&challenge))
}

/// Returns the challenges of one header value (RFC 9110, 11.6.1), up to the first syntax error.
fn read(text: &str) -> impl Iterator<Item = ChallengeRef<'_>> {
    // Some registries end the list with a space, which the parser refuses.
    ChallengeParser::new(text.trim()).map_while(Result::ok)
}

/// Returns a parameter of a challenge.
fn parameter(challenge: &ChallengeRef<'_>, name: &str) -> Option<String> {
    let (_, value) = challenge.params.iter().find(|(key, _)| key.eq_ignore_ascii_case(name))?;
    Some(value.to_unescaped())
}

fn supported(challenge: &ChallengeRef<'_>) -> Option<Challenge> {
    let parameter = |name: &str| parameter(challenge, name);
    if challenge.scheme.eq_ignore_ascii_case("basic") {
        return Some(Challenge::Basic);
    }
    if !challenge.scheme.eq_ignore_ascii_case("bearer") {
        return None;
    }
    let scope = parameter("scope").filter(|scope| !scope.is_empty());
    Some(Challenge::Bearer { realm: parameter("realm")?, service: parameter("service"), scope })
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.into(), service: service.map(Into::into), scope: scope.map(Into::into) }
    }

    #[test]
    fn parses_challenges_of_real_registries() {
        #[rustfmt::skip]
        let rows = [
            (r#"Bearer realm="https://auth.docker.io/token",service="registry.docker.io",scope="repository:library/nginx:pull""#,
             Some(bearer("https://auth.docker.io/token", Some("registry.docker.io"), Some("repository:library/nginx:pull")))),
            (r#"Bearer realm="http://127.0.0.1:5006/token",service="reg.test",scope="repository:a:pull",error="invalid_token""#,
             Some(bearer("http://127.0.0.1:5006/token", Some("reg.test"), Some("repository:a:pull")))),
            (r#"Basic realm="Registry Realm""#,                         Some(Challenge::Basic)),
            (r#"BASIC realm=test"#,                                     Some(Challenge::Basic)),
            (r#"Basic realm="x", Bearer realm="https://a/t""#,          Some(bearer("https://a/t", None, None))),
            (r#"bearer service = "s" , realm = "https://a/\"t,x=y" "#,  Some(bearer("https://a/\"t,x=y", Some("s"), None))),
            (r#"Bearer service="s""#,                                   None),
            ("Negotiate",                                               None),
            ("",                                                        None),
        ];
        for (text, challenge) in rows {
            let headers = HeaderMap::from_iter([(WWW_AUTHENTICATE, text.parse().unwrap())]);
            assert_eq!(Challenge::of(&headers), challenge, "{text}");
        }
    }

    proptest! {
        #[test]
        fn never_panics_on_any_text(text in "[ -~äö]{0,80}") {
            let _ = parse(&text).count();
        }
    }
}
