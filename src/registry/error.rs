//! What can go wrong with a registry: which image, which URL, why, and what to do next.

use std::sync::Arc;
use std::time::Duration;

use crate::http::HttpError;

/// Why a registry gave no answer. Nothing in it is secret.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegistryError {
    /// No connection, no trust, no time, a broken answer, or a status that none of the other variants stands for.
    #[error("{image}: {source}")]
    Http {
        /// The image, with its tag where there is one.
        image: String,
        /// What the HTTP client says.
        source: Arc<HttpError>,
    },
    /// 401, or a token service that refuses the credential.
    #[error("{image}: {url} does not accept {sent}{detail}")]
    Unauthorized {
        /// The image.
        image: String,
        /// Who refused.
        url: String,
        /// `an anonymous request`, or `the credential from …` with where it was found.
        sent: String,
        /// What the registry says about it, beginning with `: `, or nothing.
        detail: String,
    },
    /// 403: known, but not allowed.
    #[error("{image}: {url} forbids this to {sent}{detail}")]
    Forbidden {
        /// The image.
        image: String,
        /// Who refused.
        url: String,
        /// As for [`Unauthorized`](Self::Unauthorized).
        sent: String,
        /// What the registry says about it, beginning with `: `, or nothing.
        detail: String,
    },
    /// 404: no such image, or no such tag.
    #[error("{image} does not exist at {url}{detail}")]
    NotFound {
        /// The image, with its tag where there is one.
        image: String,
        /// What was asked.
        url: String,
        /// What the registry says about it, beginning with `: `, or nothing.
        detail: String,
    },
    /// 429, after every wait that was asked for.
    #[error("{image}: {url} limits requests{}", retry_after.map_or(String::new(), |wait| format!("; it asks to wait {} s", wait.as_secs())))]
    RateLimited {
        /// The image.
        image: String,
        /// Who limits.
        url: String,
        /// How long it wants to be left alone.
        retry_after: Option<Duration>,
    },
    /// The registry said earlier in this run that nothing is left of its rate limit; it was not asked again.
    #[error("{image}: nothing is left of the rate limit of {registry} ({limit})")]
    RateLimitExhausted {
        /// The image.
        image: String,
        /// Whose limit.
        registry: String,
        /// The limit as the registry words it: `100;w=21600`.
        limit: String,
    },
    /// The configuration allows only so many requests to this registry in one run.
    #[error("{image}: the budget of {limit} requests to {registry} is spent")]
    MaxRequestsReached {
        /// The image.
        image: String,
        /// Which registry.
        registry: String,
        /// Requests that are allowed in one run.
        limit: u64,
    },
    /// An answer that is not what the specification demands.
    #[error("{image}: {url} answers with something that is not {expected}: {cause}")]
    Malformed {
        /// The image.
        image: String,
        /// What was asked.
        url: String,
        /// What it should be, with its article: `a tag list`.
        expected: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// The list of tags can't be had to its end, so nothing can be said about what is newest.
    #[error("{image}: the tag list ends early: {why}")]
    IncompleteTagList {
        /// The image.
        image: String,
        /// What stands in the way.
        why: String,
    },
    /// More tags or pages than the limits allow.
    #[error("{image}: the tag list has more than {limit} {what}")]
    TagListTooLong {
        /// The image.
        image: String,
        /// `tags` or `pages`.
        what: &'static str,
        /// The limit.
        limit: usize,
    },
    /// One image took too long in all, retries included.
    #[error("{image}: not done within {} s", after.as_secs())]
    ImageTimeout {
        /// The image.
        image: String,
        /// The limit.
        after: Duration,
    },
    /// Docker image manifest version 2, schema 1: its digest is not that of its bytes.
    #[error("{image} is in the obsolete Docker schema 1 format")]
    Schema1 {
        /// The image with its tag.
        image: String,
    },
    /// The content has another digest than the registry says or than was asked for.
    #[error("{image}: {url} delivers content with the digest {actual} in place of {promised}")]
    WrongDigest {
        /// The image with its tag.
        image: String,
        /// What was asked.
        url: String,
        /// The digest that the content should have.
        promised: String,
        /// The digest that it has.
        actual: String,
    },
    /// The registry sends us for a token to a host that its credential was not given for.
    #[error("{image}: {registry} wants the credential from {source_of_credential} to be sent to {realm}")]
    UntrustedRealm {
        /// The image.
        image: String,
        /// The registry.
        registry: String,
        /// The token service it names.
        realm: String,
        /// Where the credential was found.
        source_of_credential: String,
    },
    /// A credential that should be there can't be read.
    #[error("{registry}: {cause}")]
    Credential {
        /// For which registry.
        registry: String,
        /// Which source, and what is wrong with it.
        cause: String,
    },
    /// A registry is configured in a way that can't work.
    #[error("registry {registry}: {cause}")]
    Settings {
        /// Which one.
        registry: String,
        /// What is wrong.
        cause: String,
    },
    /// No registry is asked, because the tags came from a file.
    #[error("{image}: no registry is asked, since the tags came from a file")]
    Offline {
        /// The image.
        image: String,
    },
    /// An OCI layout folder that can't be read.
    #[error("{image}: {path}: {cause}")]
    Layout {
        /// The image.
        image: String,
        /// The file or folder.
        path: String,
        /// What is wrong.
        cause: String,
    },
}

impl RegistryError {
    /// What to do next, as a sentence without its full stop.
    pub fn hint(&self) -> Option<String> {
        let hint = match self {
            Self::Http { source, .. } => source.hint()?,
            Self::Unauthorized { sent, .. } if sent == ANONYMOUS => {
                "log in with `docker login`, or set TAGBOAT_REGISTRY_<HOST>_USERNAME and _PASSWORD; registries also \
                 answer so for images that do not exist (see #registry-login)"
            }
            Self::Unauthorized { sent, .. } if sent == REDIRECTED => {
                "if the other host is the one that is meant, name it in place of this one, or as its `mirror:`"
            }
            Self::Unauthorized { .. } => {
                "is the credential current, and is it meant for this registry? (see #registry-login)"
            }
            Self::Forbidden { .. } => "the account needs the right to pull this image (see #registry-login)",
            Self::NotFound { .. } => {
                "is the name right? Some registries hide images from those who may not pull them (see #registry-login)"
            }
            Self::RateLimited { .. } | Self::RateLimitExhausted { .. } => {
                "log in for a higher limit, run less often, or use a mirror of this registry (see #rate-limits)"
            }
            Self::MaxRequestsReached { .. } => {
                "raise the budget of this registry, or run again: images are asked in order"
            }
            Self::Malformed { .. } => "is this the address of a registry, not of its web page or of a login portal?",
            Self::IncompleteTagList { .. } => {
                "nothing is changed for this image; a smaller or larger page size may help"
            }
            Self::TagListTooLong { .. } => "raise the limit for this registry, or remove old tags",
            Self::ImageTimeout { .. } => "try again; if the registry is just slow, raise the time limit",
            Self::Schema1 { .. } => "push the image again with a current tool",
            Self::WrongDigest { .. } => "something between here and the registry changes its answers",
            Self::UntrustedRealm { realm, .. } => {
                return Some(format!("if {realm} may have it, name its host with `auth-hosts:` for this registry"));
            }
            Self::Offline { .. } => "this policy needs more than tags: leave --tags out to have the registry asked",
            Self::Credential { .. } | Self::Settings { .. } | Self::Layout { .. } => return None,
        };
        Some(hint.to_owned())
    }
}

/// How a request without credential is named.
pub(super) const ANONYMOUS: &str = "an anonymous request";

/// How a request is named that was answered at another host, where a redirect led.
pub(super) const REDIRECTED: &str = "a request without its credential, which does not follow redirects to another host";
