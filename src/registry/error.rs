//! Errors of registries: which image, which URL, why, and what to do next.

use std::sync::Arc;
use std::time::Duration;

use crate::docs::{Hint, hint};
use crate::http::HttpError;

use super::credential::SentCredential;

/// Why a registry request failed. Contains no secrets. The text omits the image, which every report has in a column of its own.
#[derive(Debug, Clone, thiserror::Error)]
pub enum RegistryError {
    /// The HTTP request failed, or its status has no variant of its own.
    #[error("{source}")]
    Http {
        /// The image, with its tag where there is one.
        image: String,
        /// The error of the HTTP client.
        source: Arc<HttpError>,
    },
    /// The registry returned 401, or the token service rejected the credential.
    #[error("unauthorized: {url} denied {sent}{detail}")]
    Unauthorized {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The URL that denied access.
        url: String,
        /// What it denied.
        sent: SentCredential,
        /// The message of the registry, starting with `: `, or nothing.
        detail: String,
    },
    /// The registry returned 403: authenticated, but not allowed.
    #[error("403: {url} denied {sent}{detail}")]
    Forbidden {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The URL that denied access.
        url: String,
        /// What it denied.
        sent: SentCredential,
        /// The message of the registry, starting with `: `, or nothing.
        detail: String,
    },
    /// The registry accepted the token, and it has no right to the image: `insufficient_scope` in the challenge.
    #[error("the login is valid and lacks the right to pull: {url} denied {sent}{detail}")]
    LacksRight {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The URL that denied access.
        url: String,
        /// What it denied.
        sent: SentCredential,
        /// The message of the registry, starting with `: `, or nothing.
        detail: String,
    },
    /// The registry returned 404: no such image or tag.
    #[error("not found at {url}{}{detail}", sent.unexpected().map_or(String::new(), |sent| format!(" with {sent}")))]
    NotFound {
        /// The image, with its tag where there is one.
        image: String,
        /// The requested URL.
        url: String,
        /// What was sent: a registry that hides images returns 404 without a login.
        sent: SentCredential,
        /// The message of the registry, starting with `: `, or nothing.
        detail: String,
    },
    /// The registry returned 429 after all retries.
    #[error("rate limited by {url}{}", retry_after.map_or(String::new(), |wait| format!("; retry after {} s", wait.as_secs())))]
    RateLimited {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The URL that limits requests.
        url: String,
        /// The delay that the registry requested.
        retry_after: Option<Duration>,
    },
    /// An earlier response in this run reported an exhausted rate limit, so no request was sent.
    #[error("rate limit of {registry} exhausted ({limit})")]
    RateLimitExhausted {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The host of the registry.
        registry: String,
        /// The limit in the form of the registry: `100;w=21600`.
        limit: String,
    },
    /// The run sent as many requests to this registry as the configuration allows.
    #[error("reached `max-requests` of {registry} ({limit})")]
    MaxRequestsReached {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The host of the registry.
        registry: String,
        /// The most requests in one run.
        limit: u64,
    },
    /// The response violates the specification.
    #[error("the response of {url} is not {expected}: {cause}")]
    Malformed {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The requested URL.
        url: String,
        /// What was expected, with its article: `a tag list`.
        expected: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// The tag list is incomplete, so the newest tag is unknown.
    #[error("incomplete tag list: {cause}")]
    IncompleteTagList {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// Why the rest is missing.
        cause: String,
    },
    /// The link to the next page of the tag list must not be followed, so the newest tag is unknown.
    #[error("incomplete tag list: {cause}")]
    RefusedLink {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// What is wrong with the link.
        cause: String,
    },
    /// The tag list exceeds the limits.
    #[error("the tag list has more than {}", crate::text::count_of(*.limit, .what))]
    TagListTooLong {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// `tag` or `page`.
        what: &'static str,
        /// How many are read at most.
        limit: usize,
    },
    /// All requests for one image together took too long, retries included.
    #[error("timed out after {} s", after.as_secs_f32())]
    ImageTimeout {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The longest time that one image may take.
        after: Duration,
    },
    /// The registry did not answer in time for other images of this run, so no request was sent.
    #[error("not looked up: {registry} timed out for {images} images of this run")]
    GaveUp {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The host of the registry.
        registry: String,
        /// The number of those images.
        images: usize,
    },
    /// The manifest is Docker's version 2, schema 1, whose digest is not that of its bytes.
    #[error("the manifest has the obsolete Docker schema 1 format")]
    Schema1 {
        /// The image with its tag.
        image: String,
    },
    /// The registry no longer has content that a manifest or index names: a clean-up removed it.
    #[error("its content is gone: not found at {url}{detail}")]
    MissingContent {
        /// The image with its tag.
        image: String,
        /// The requested URL.
        url: String,
        /// The message of the registry, starting with `: `, or nothing.
        detail: String,
    },
    /// The registry refuses to serve the content with any credential.
    #[error("{source}")]
    RefusedContent {
        /// The image with its tag.
        image: String,
        /// The response as an HTTP error.
        source: Arc<HttpError>,
    },
    /// The content has the digest that it should have, and does not describe an image.
    #[error("not a readable image: {url} is not {expected}: {cause}")]
    NotAnImage {
        /// The image with its tag.
        image: String,
        /// The requested URL.
        url: String,
        /// What was expected, with its article: `an image manifest`.
        expected: &'static str,
        /// What is wrong with it.
        cause: String,
    },
    /// The content does not have the digest that was requested or that the registry reported.
    #[error("{url} returned content with digest {actual}, expected {expected}")]
    WrongDigest {
        /// The image with its tag.
        image: String,
        /// The requested URL.
        url: String,
        /// The digest that the content should have.
        expected: String,
        /// The digest that it has.
        actual: String,
    },
    /// The registry names a token service on a host or port that the credential is not for.
    #[error("{registry} requests the credential from {source_of_credential} for another host or port, {realm}")]
    UntrustedRealm {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The host of the registry.
        registry: String,
        /// The token service.
        realm: String,
        /// The host of the token service, with its port if that is not the one of its scheme.
        realm_host: String,
        /// Where the credential comes from.
        source_of_credential: String,
    },
    /// A credential is a token of this job, which is for the server that runs the job and for its registry.
    #[error("the credential from {source_of_credential} is not sent to {receiver}: it is {token}")]
    TokenOfJob {
        /// The host of the registry or of its token service.
        receiver: String,
        /// Where the credential comes from.
        source_of_credential: String,
        /// Which token it is, and the server that it is for.
        token: String,
    },
    /// A configured credential cannot be read.
    #[error("cannot read the credential for {registry}: {cause}")]
    Credential {
        /// The host of the registry.
        registry: String,
        /// The source and its problem.
        cause: String,
    },
    /// The configuration of a registry is invalid.
    #[error("cannot use the settings of {registry}: {cause}")]
    Settings {
        /// The host of the registry.
        registry: String,
        /// What is wrong with it.
        cause: String,
    },
    /// The tags come from a file, so no request is sent.
    #[error("not looked up, because --tags gives the tags")]
    Offline {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
    },
    /// An OCI image layout cannot be read.
    #[error("cannot read {path}: {cause}")]
    Layout {
        /// The image as messages name it: `acme/api:1.4.2`.
        image: String,
        /// The file or folder.
        path: String,
        /// What is wrong with it.
        cause: String,
    },
}

impl RegistryError {
    /// Returns the image, with its tag where the request was for one; `None` if the error is about the whole registry.
    pub fn image(&self) -> Option<&str> {
        match self {
            Self::Http { image, .. }
            | Self::Unauthorized { image, .. }
            | Self::Forbidden { image, .. }
            | Self::LacksRight { image, .. }
            | Self::NotFound { image, .. }
            | Self::RateLimited { image, .. }
            | Self::RateLimitExhausted { image, .. }
            | Self::MaxRequestsReached { image, .. }
            | Self::Malformed { image, .. }
            | Self::IncompleteTagList { image, .. }
            | Self::RefusedLink { image, .. }
            | Self::TagListTooLong { image, .. }
            | Self::ImageTimeout { image, .. }
            | Self::GaveUp { image, .. }
            | Self::Schema1 { image, .. }
            | Self::MissingContent { image, .. }
            | Self::RefusedContent { image, .. }
            | Self::NotAnImage { image, .. }
            | Self::WrongDigest { image, .. }
            | Self::UntrustedRealm { image, .. }
            | Self::Offline { image, .. }
            | Self::Layout { image, .. } => Some(image),
            Self::TokenOfJob { .. } | Self::Credential { .. } | Self::Settings { .. } => None,
        }
    }

    /// Returns whether the error is about one tag and stays until a person changes that tag: the same request fails in the
    /// same way. Timeouts, 5xx, 429 and denied access may pass.
    pub fn is_permanent(&self) -> bool {
        matches!(
            self,
            Self::NotFound { .. }
                | Self::Schema1 { .. }
                | Self::MissingContent { .. }
                | Self::RefusedContent { .. }
                | Self::NotAnImage { .. }
        )
    }

    /// Returns whether access was denied. If others of the repository are served, the error is about this one: a scanner blocks it.
    pub fn is_denied(&self) -> bool {
        matches!(self, Self::Forbidden { .. })
    }

    /// Returns whether the server refuses the method of the request: 405, or 501 (RFC 9110).
    pub(super) fn refuses_method(&self) -> bool {
        let status = match self {
            Self::Http { source, .. } | Self::RefusedContent { source, .. } => source.status(),
            _ => None,
        };
        status.is_some_and(|status| matches!(status.as_u16(), 405 | 501))
    }

    /// Converts the error of a request for a manifest or a configuration. These statuses are how registries answer one in a
    /// format that they no longer serve, or for an image that a scanner blocks.
    pub(super) fn into_refused_content(self) -> Self {
        match self {
            Self::Http { image, source } => match &*source {
                HttpError::Status(rejection)
                    if matches!(rejection.status.as_u16(), 400 | 405 | 406 | 410 | 412 | 415 | 422 | 451) =>
                {
                    Self::RefusedContent { image, source }
                }
                _ => Self::Http { image, source },
            },
            error => error,
        }
    }

    /// Converts the error of a request for content that a manifest names, which is not found if it is gone.
    pub(super) fn into_missing_content(self) -> Self {
        match self {
            Self::NotFound { image, url, detail, .. } => Self::MissingContent { image, url, detail },
            error => error,
        }
    }

    /// Returns what to do next.
    #[rustfmt::skip]
    pub fn hint(&self) -> Hint {
        match self {
            Self::Http { source, .. } if source.status().is_some_and(|status| status == 400) => hint!("troubleshooting.md#unexpected-responses",
                "check the name of the image, which the registry refuses, and whether `plain-http` and `mirror` fit the registry"),
            Self::Http { source, .. } => source.hint(),
            Self::Unauthorized { sent: SentCredential::Withheld(_), .. } | Self::Forbidden { sent: SentCredential::Withheld(_), .. } => hint!(
                "security.md#settings-and-who-may-set-them", "set `plain-http`, `mirror` or `ca-file` of this registry in the file of --config instead of tagboat.yaml"),
            Self::Unauthorized { sent: SentCredential::None | SentCredential::Unusable(_), .. } | Self::Forbidden { sent: SentCredential::None | SentCredential::Unusable(_), .. } => hint!("troubleshooting.md#registry-login",
                "check the name, and log in with `docker login` or TAGBOAT_REGISTRY_<HOST>_USERNAME and _PASSWORD"),
            Self::Unauthorized { sent: SentCredential::Redirected, .. } => hint!("registries.md#mirrors-certificates-offline",
                "configure the other host instead of this one, or as its `mirror:`"),
            Self::Unauthorized { .. } => hint!("troubleshooting.md#registry-login",
                "check that the credential is current and belongs to this registry"),
            Self::Forbidden { .. } => hint!("troubleshooting.md#registry-login", "give the account permission to pull this image"),
            Self::LacksRight { .. } => hint!("troubleshooting.md#registry-login",
                "check the name, and give the account permission to pull this image"),
            Self::NotFound { sent: SentCredential::Withheld(_), .. } => hint!("security.md#settings-and-who-may-set-them",
                "check the name; if the image needs a login, set `plain-http`, `mirror` or `ca-file` of this registry in the file of --config"),
            Self::NotFound { .. } => hint!("troubleshooting.md#registry-login",
                "check the name and whether the account may pull the image"),
            Self::RateLimited { .. } | Self::RateLimitExhausted { .. } => hint!("troubleshooting.md#rate-limits",
                "log in for a higher limit, run less often, or use a mirror"),
            Self::MaxRequestsReached { .. } => hint!("registries.md#limits",
                "raise `max-requests` for this registry, or update some of its images by a run of their own: `--image` or `--path`"),
            Self::Malformed { .. } => hint!("troubleshooting.md#unexpected-responses",
                "check that this is the address of a registry, not of its web page or of a login portal"),
            Self::IncompleteTagList { .. } => hint!("registries.md#limits",
                "try a smaller or larger `page-size`; this image stays unchanged until its list is complete"),
            Self::RefusedLink { .. } => hint!("registries.md#mirrors-certificates-offline",
                "set `mirror:` to the server that the link names, or correct the external address in the settings of the registry"),
            Self::TagListTooLong { .. } => hint!("registries.md#limits", "raise the limit in `limits:`, or delete old tags"),
            Self::ImageTimeout { .. } => hint!("troubleshooting.md#slow-or-large-responses",
                "try again, or raise `image-timeout` for a slow registry"),
            Self::GaveUp { .. } => hint!("troubleshooting.md#slow-or-large-responses",
                "check whether the host is up; raise `request-timeout` for a slow registry, and run again"),
            Self::Schema1 { .. } => hint!("troubleshooting.md#unexpected-responses", "push the image again with a current tool"),
            Self::MissingContent { .. } => hint!("policies.md#unreadable-tags", "push the image again, or delete the tag"),
            Self::RefusedContent { .. } | Self::NotAnImage { .. } => hint!("policies.md#unreadable-tags",
                "exclude the tag with `exclude`, or delete it"),
            Self::WrongDigest { .. } => hint!("troubleshooting.md#unexpected-responses",
                "check for a proxy or cache that changes the responses of the registry"),
            Self::UntrustedRealm { registry, realm_host, .. } => hint!("registries.md#where-credentials-come-from",
                "if {realm_host} may receive the credential, write `registries: {{ '{registry}': {{ auth-hosts: ['{realm_host}'] }} }}` in the file of --config"),
            Self::Offline { .. } => hint!("command-line.md#try-a-policy",
                "omit --tags to query the registry: this policy needs more than tags"),
            Self::TokenOfJob { receiver, source_of_credential, .. } => hint!("security.md#where-secrets-go",
                "replace the credential from {source_of_credential} with one that was made for {receiver}, or remove it"),
            Self::Credential { .. } => hint!("registries.md#where-credentials-come-from",
                "correct this source of the credential, or set one that precedes it"),
            Self::Settings { .. } => hint!("registries.md#mirrors-certificates-offline",
                "correct the settings of this registry under `registries:`"),
            Self::Layout { .. } => hint!("registries.md#mirrors-certificates-offline",
                "set `oci-layout:` to a folder that has an OCI image layout with this image"),
        }
    }
}
