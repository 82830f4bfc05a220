//! The authentication of one request: which scheme to try after a refusal, and when to give up. Pure.

use crate::http::Request;
use crate::secret::Secret;

use super::auth::AuthScheme;

/// What authorizes a request, and how an error names it.
pub(super) struct Authorization {
    pub(super) header: Header,
    pub(super) named: String,
}

/// The `Authorization` header of a request.
pub(super) enum Header {
    None,
    Basic(String, Secret),
    Bearer(Secret),
}

impl Header {
    pub(super) fn apply(&self, request: Request) -> Request {
        match self {
            Self::None => request,
            Self::Basic(user, password) => request.basic(user, password),
            Self::Bearer(token) => request.bearer(token),
        }
    }
}

/// Schemes that one request follows before a registry that keeps changing its demand counts as refusing.
const MAX_SCHEMES: u32 = 4;

/// The authentication of one request: which scheme is tried, and what was refused so far.
pub(super) struct Negotiation {
    pub(super) scheme: AuthScheme,
    /// Whether the scheme is what another image was told. Then its token service need not be that of this image.
    pub(super) is_inherited: bool,
    pub(super) refused_token: Option<Secret>,
    schemes_tried: u32,
}

/// What to do after a refusal.
pub(super) enum Step {
    /// Send the request again with the scheme that the registry demanded.
    UseScheme,
    /// Send the request again with a new token: the old one may have expired early or been revoked.
    RenewToken,
    /// Return the refusal.
    GiveUp,
}

impl Negotiation {
    pub(super) fn new(scheme: AuthScheme) -> Self {
        let is_inherited = scheme != AuthScheme::Unknown;
        Self { scheme, is_inherited, refused_token: None, schemes_tried: 0 }
    }

    /// Forgets what another image was told, so that the registry is asked for the scheme of this one.
    pub(super) fn start_over(&mut self) {
        (self.scheme, self.is_inherited) = (AuthScheme::Unknown, false);
    }

    /// Returns the scheme that an accepted request confirms.
    pub(super) fn confirmed(self) -> AuthScheme {
        if self.scheme == AuthScheme::Unknown { AuthScheme::Open } else { self.scheme }
    }

    /// Takes a refusal and the scheme that it demands, and decides how to go on. A token is renewed once.
    pub(super) fn next(&mut self, demanded: Option<AuthScheme>, sent: &Header) -> Step {
        let renewable = match sent {
            Header::Bearer(token) if self.refused_token.is_none() => Some(token.clone()),
            _ => None,
        };
        self.schemes_tried += 1;
        let step = match demanded {
            Some(demanded) if demanded != self.scheme && self.schemes_tried <= MAX_SCHEMES => {
                (self.scheme, self.is_inherited) = (demanded, false);
                Step::UseScheme
            }
            Some(_) if renewable.is_some() => Step::RenewToken,
            _ => Step::GiveUp,
        };
        self.refused_token = renewable.or(self.refused_token.take());
        step
    }
}
