//! The authentication of one request: which scheme to try after a rejection, and when to give up. Pure.

use crate::http::Request;
use crate::secret::Secret;

use super::auth::RegistryAuthScheme;
use super::credential::SentCredential;

/// The authorization of a request, and its credential for errors.
pub(super) struct Authorization {
    pub(super) header: Header,
    pub(super) sent: SentCredential,
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

/// How many schemes one request tries before a registry that keeps changing its challenge counts as denying access.
const MAX_SCHEMES: u32 = 4;

/// The authentication of one request: the scheme in use, and the rejected token.
pub(super) struct Negotiation {
    pub(super) scheme: RegistryAuthScheme,
    /// Whether the challenge for another image named the scheme. Then its token service may be another one than for this image.
    pub(super) is_inherited: bool,
    pub(super) rejected_token: Option<Secret>,
    schemes_tried: u32,
}

/// What to do after a rejection.
pub(super) enum NextAttempt {
    /// Send the request again with the scheme of the challenge.
    UseScheme,
    /// Send the request again with a new token: the old one may have expired early or been revoked.
    RenewToken,
    /// Return the rejection.
    GiveUp,
}

impl Negotiation {
    pub(super) fn new(scheme: RegistryAuthScheme) -> Self {
        let is_inherited = scheme != RegistryAuthScheme::Unknown;
        Self { scheme, is_inherited, rejected_token: None, schemes_tried: 0 }
    }

    /// Discards the scheme of another image, so that the registry sends a challenge for this one.
    pub(super) fn start_over(&mut self) {
        (self.scheme, self.is_inherited) = (RegistryAuthScheme::Unknown, false);
    }

    /// Returns the scheme that an accepted request confirms.
    pub(super) fn confirmed(self) -> RegistryAuthScheme {
        if self.scheme == RegistryAuthScheme::Unknown { RegistryAuthScheme::Open } else { self.scheme }
    }

    /// Returns what to do after a rejection whose challenge names a scheme. A token is renewed once, unless the challenge says that
    /// it is valid and `lacks_right`: another one would be the same.
    pub(super) fn next(
        &mut self,
        demanded: Option<RegistryAuthScheme>,
        lacks_right: bool,
        sent: &Header,
    ) -> NextAttempt {
        let renewable = match sent {
            Header::Bearer(token) if self.rejected_token.is_none() => Some(token.clone()),
            _ => None,
        };
        self.schemes_tried += 1;
        let step = match demanded {
            Some(demanded) if demanded != self.scheme && self.schemes_tried <= MAX_SCHEMES => {
                (self.scheme, self.is_inherited) = (demanded, false);
                NextAttempt::UseScheme
            }
            Some(_) if renewable.is_some() && !lacks_right => NextAttempt::RenewToken,
            _ => NextAttempt::GiveUp,
        };
        self.rejected_token = renewable.or(self.rejected_token.take());
        step
    }
}
