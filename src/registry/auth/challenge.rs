//! `WWW-Authenticate`: how a registry wants to be asked. Pure.

use crate::http::header::{HeaderMap, WWW_AUTHENTICATE};

/// What a registry wants to see.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum Challenge {
    /// User name and password with each request.
    Basic,
    /// A token from elsewhere (distribution specification, "Token Authentication").
    Bearer {
        /// URL of the token service.
        realm: String,
        /// Name of the registry there.
        service: Option<String>,
        /// What the token has to be good for.
        scope: Option<String>,
    },
}

impl Challenge {
    /// The challenge among the headers of a 401. A Bearer challenge goes before a Basic one: its tokens are short-lived.
    pub(crate) fn of(headers: &HeaderMap) -> Option<Self> {
        let all: Vec<Self> = headers
            .get_all(WWW_AUTHENTICATE)
            .iter()
            .filter_map(|value| value.to_str().ok())
            .flat_map(read_all)
            .collect();
        all.iter().find(|challenge| matches!(challenge, Self::Bearer { .. })).or(all.first()).cloned()
    }
}

/// All challenges of one header value: `Bearer realm="…",service="…",Basic realm="…"` (RFC 9110, 11.6.1).
fn read_all(text: &str) -> Vec<Challenge> {
    let mut found: Vec<(String, Vec<(String, String)>)> = Vec::new();
    let mut rest = text.trim_start_matches([' ', ',', '\t']);
    while !rest.is_empty() {
        let end = rest.find([' ', ',', '=', '\t']).unwrap_or(rest.len());
        let (word, after) = rest.split_at(end);
        let after = after.trim_start_matches([' ', '\t']);
        match (after.strip_prefix('='), found.last_mut()) {
            (Some(value), Some((_, parameters))) => {
                let (value, after) = read_value(value.trim_start_matches([' ', '\t']));
                parameters.push((word.to_ascii_lowercase(), value));
                rest = after;
            }
            // A parameter before any scheme: skipped.
            (Some(value), None) => rest = read_value(value).1,
            (None, _) => {
                if !word.is_empty() {
                    found.push((word.to_ascii_lowercase(), Vec::new()));
                }
                rest = after;
            }
        }
        rest = rest.trim_start_matches([' ', ',', '\t']);
    }
    found.into_iter().filter_map(|(scheme, parameters)| known(&scheme, parameters)).collect()
}

fn known(scheme: &str, parameters: Vec<(String, String)>) -> Option<Challenge> {
    let mut parameters: std::collections::HashMap<_, _> = parameters.into_iter().collect();
    match scheme {
        "basic" => Some(Challenge::Basic),
        "bearer" => Some(Challenge::Bearer {
            realm: parameters.remove("realm")?,
            service: parameters.remove("service"),
            scope: parameters.remove("scope").filter(|scope| !scope.is_empty()),
        }),
        _ => None,
    }
}

/// A token or a quoted string, and what follows it.
fn read_value(text: &str) -> (String, &str) {
    let Some(quoted) = text.strip_prefix('"') else {
        let end = text.find([',', ' ']).unwrap_or(text.len());
        return (text[..end].to_owned(), &text[end..]);
    };
    let mut value = String::new();
    let mut characters = quoted.char_indices();
    while let Some((at, character)) = characters.next() {
        match character {
            '"' => return (value, &quoted[at + 1..]),
            '\\' => value.extend(characters.next().map(|(_, escaped)| escaped)),
            _ => value.push(character),
        }
    }
    (value, "")
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    fn bearer(realm: &str, service: Option<&str>, scope: Option<&str>) -> Challenge {
        Challenge::Bearer { realm: realm.into(), service: service.map(Into::into), scope: scope.map(Into::into) }
    }

    #[test]
    fn challenges_of_real_registries() {
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
        fn any_text_is_read_to_its_end(text in "[ -~äö]{0,80}") {
            read_all(&text);
        }
    }
}
