//! The authentication scheme of a registry, as far as its challenges have shown it. Pure.

use crate::http::Url;

use super::challenge::Challenge;

/// The authentication scheme of a registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum RegistryAuthScheme {
    /// No challenge and no response yet.
    Unknown,
    /// No authentication.
    Open,
    /// User name and password with each request.
    Basic,
    /// A token in each request, which a token service issues.
    Bearer {
        /// The token service.
        realm: Url,
        /// The name of the registry at the token service.
        service: Option<String>,
        /// The scope of the tokens.
        scope: TokenScope,
    },
}

/// The scope of a token, in the form of the registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) enum TokenScope {
    /// `repository:<path>:<actions>`; Azure requires `metadata_read` for lists.
    Actions(String),
    /// The same scope for all images: `aws` at public.ecr.aws.
    Constant(String),
}

impl RegistryAuthScheme {
    /// Returns the scheme of a challenge. `base` is the URL of the API, `path` the requested image.
    pub(crate) fn demanded(challenge: Challenge, base: &Url, path: &str) -> Option<Self> {
        let (realm, service, scope) = match challenge {
            Challenge::Basic => return Some(Self::Basic),
            Challenge::Bearer { realm, service, scope } => (base.join(&realm).ok()?, service, scope),
        };
        if !matches!(realm.scheme(), "http" | "https") || !realm.username().is_empty() || realm.password().is_some() {
            return None;
        }
        let scope = match scope {
            Some(scope) if !scope.starts_with("repository:") => TokenScope::Constant(scope),
            // ghcr.io sends the scope of an example image for `/v2/`: only a scope for this image counts.
            Some(scope) => match scope.strip_prefix(&format!("repository:{path}:")) {
                Some(actions) => TokenScope::Actions(actions.to_owned()),
                None => TokenScope::Actions("pull".to_owned()),
            },
            None => TokenScope::Actions("pull".to_owned()),
        };
        Some(Self::Bearer { realm, service, scope })
    }
}

impl TokenScope {
    /// Returns the scope of a token for one image.
    pub(crate) fn of(&self, path: &str) -> String {
        match self {
            Self::Actions(actions) => format!("repository:{path}:{actions}"),
            Self::Constant(scope) => scope.clone(),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derives_scopes_from_challenges_of_real_registries() {
        let base = Url::parse("https://r.acme/v2/").unwrap();
        #[rustfmt::skip]
        let rows = [
            (Some("repository:team/app:pull"),                "repository:team/app:pull",               "repository:other:pull"),
            (Some("repository:team/app:metadata_read,pull"),  "repository:team/app:metadata_read,pull", "repository:other:metadata_read,pull"),
            (Some("repository:user/image:pull"),              "repository:team/app:pull",               "repository:other:pull"),
            (Some("aws"),                                     "aws",                                    "aws"),
            (None,                                            "repository:team/app:pull",               "repository:other:pull"),
        ];
        for (scope, this, other) in rows {
            let challenge =
                Challenge::Bearer { realm: "/token".to_owned(), service: None, scope: scope.map(str::to_owned) };
            let Some(RegistryAuthScheme::Bearer { realm, scope, .. }) =
                RegistryAuthScheme::demanded(challenge, &base, "team/app")
            else {
                panic!("{scope:?}")
            };
            assert_eq!(realm.as_str(), "https://r.acme/token");
            assert_eq!((scope.of("team/app").as_str(), scope.of("other").as_str()), (this, other));
        }
        for realm in ["file:///etc/passwd", "https://u:p@r.acme/token", "http://["] {
            let challenge = Challenge::Bearer { realm: realm.to_owned(), service: None, scope: None };
            assert_eq!(RegistryAuthScheme::demanded(challenge, &base, "a"), None, "{realm}");
        }
    }
}
