//! Verifies the certificate of a server: as the platform does, and also one that is trusted itself.

use std::sync::Arc;
use std::time::Duration;

use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::client::verify_server_name;
use rustls::crypto::CryptoProvider;
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error, SignatureScheme};
use rustls_platform_verifier::Verifier;
use webpki::{EndEntityCert, KeyUsage};

/// Accepts what the platform accepts, and a certificate that is one of the trusted ones, byte for byte, with any signature. The
/// platform refuses such a certificate if it is that of an authority, as `openssl req -x509` makes them, or if its issuer is
/// unknown. curl (`X509_V_FLAG_PARTIAL_CHAIN`) accepts it, and so does Go, in which crane and skopeo are written.
#[derive(Debug)]
pub(super) struct ServerVerifier {
    platform: Verifier,
    /// The trusted certificates in addition to those of the system.
    trusted: Vec<CertificateDer<'static>>,
}

impl ServerVerifier {
    /// Returns a verifier that trusts these certificates and those of the system.
    pub(super) fn new(trusted: Vec<CertificateDer<'static>>, provider: Arc<CryptoProvider>) -> Result<Self, Error> {
        let platform = if trusted.is_empty() {
            Verifier::new(provider)?
        } else {
            Verifier::new_with_extra_roots(trusted.clone(), provider)?
        };
        Ok(Self { platform, trusted })
    }

    /// Returns whether a certificate is a trusted one. Those of the system are read only where the platform refused.
    fn is_trusted(&self, certificate: &CertificateDer<'_>) -> bool {
        self.trusted.contains(certificate) || rustls_native_certs::load_native_certs().certs.contains(certificate)
    }
}

impl ServerCertVerifier for ServerVerifier {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        server_name: &ServerName<'_>,
        ocsp_response: &[u8],
        now: UnixTime,
    ) -> Result<ServerCertVerified, Error> {
        let verified = self.platform.verify_server_cert(end_entity, intermediates, server_name, ocsp_response, now);
        if verified.is_ok() || !is_refused_for_its_issuer(end_entity, now) || !self.is_trusted(end_entity) {
            return verified;
        }
        verify_server_name(&ParsedCertificate::try_from(end_entity)?, server_name)?;
        Ok(ServerCertVerified::assertion())
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.platform.verify_tls12_signature(message, certificate, signature)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        certificate: &CertificateDer<'_>,
        signature: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.platform.verify_tls13_signature(message, certificate, signature)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.platform.supported_verify_schemes()
    }
}

/// Returns whether a certificate is valid now, and would be refused only because of its issuer or because it is that of an
/// authority.
fn is_refused_for_its_issuer(certificate: &CertificateDer<'_>, now: UnixTime) -> bool {
    let Ok(parsed) = EndEntityCert::try_from(certificate) else { return false };
    // Without an authority nothing is accepted, and the error is that of the first check that fails.
    let refusal = |time| parsed.verify_for_usage(&[], &[], &[], time, KeyUsage::server_auth(), None, None).err();
    // At the end of time, the certificate has to be expired. Otherwise the library no longer checks the dates first, and its error
    // for `now` would not show that they are right.
    let end_of_time = UnixTime::since_unix_epoch(Duration::from_secs(u64::MAX));
    matches!(refusal(end_of_time), Some(webpki::Error::CertExpired { .. }))
        && matches!(refusal(now), Some(webpki::Error::CaUsedAsEndEntity | webpki::Error::UnknownIssuer))
}

#[cfg(test)]
mod tests {
    use rustls::pki_types::pem::PemObject as _;

    use super::*;

    /// `openssl req -x509 -newkey ec -pkeyopt ec_paramgen_curve:P-256 -nodes -days 365 -subj /CN=registry -addext
    /// subjectAltName=DNS:registry.test`: valid from 2026-11-30 for a year.
    const SELF_SIGNED: &[u8] = b"-----BEGIN CERTIFICATE-----
MIIBlTCCATugAwIBAgIUa47O30kTSLmjDa5SlMkMDH7tpNcwCgYIKoZIzj0EAwIw
EzERMA8GA1UEAwwIcmVnaXN0cnkwHhcNMjYxMTMwMDcxMTA3WhcNMjcxMTMwMDcx
MTA3WjATMREwDwYDVQQDDAhyZWdpc3RyeTBZMBMGByqGSM49AgEGCCqGSM49AwEH
A0IABOF+iyQM7Cj0/cl5MMwMnxTR2vwEkA2Lj8kIPpIDKGdF9OCuKAKmDIRfbQry
vCYoiZEIgYQZYL3JZpQrbeAoveijbTBrMB0GA1UdDgQWBBT72YsqugoCRZNceK6D
B7JKHO+mfDAfBgNVHSMEGDAWgBT72YsqugoCRZNceK6DB7JKHO+mfDAPBgNVHRMB
Af8EBTADAQH/MBgGA1UdEQQRMA+CDXJlZ2lzdHJ5LnRlc3QwCgYIKoZIzj0EAwID
SAAwRQIgd3yFTpUtDhZ4bN/Db8E1j0w3OoLDKyH+fWNVb8PPp0ECIQC6WL97pHfY
9MDiiYolIoYBWyYgkYSQNk5QnXd6EXD+5Q==
-----END CERTIFICATE-----";

    #[test]
    fn checks_dates_and_names_of_a_certificate_that_is_trusted_itself() {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let certificate = CertificateDer::from_pem_slice(SELF_SIGNED).unwrap();
        let verifier = ServerVerifier::new(vec![certificate.clone()], provider).unwrap();
        #[rustfmt::skip]
        let rows = [
            ("2026-12-01T00:00:00Z", "registry.test",     ""),
            ("2027-11-01T00:00:00Z", "registry.test",     ""),
            ("2026-11-01T00:00:00Z", "registry.test",     "not valid yet"),
            ("2027-12-01T00:00:00Z", "registry.test",     "expired"),
            ("2026-12-01T00:00:00Z", "registry.evil",     "not valid for name"),
            ("2026-12-01T00:00:00Z", "127.0.0.1",         "not valid for name"),
            ("2026-12-01T00:00:00Z", "a.registry.test",   "not valid for name"),
        ];
        for (now, name, expected) in rows {
            let seconds = now.parse::<jiff::Timestamp>().unwrap().as_second();
            let now = UnixTime::since_unix_epoch(Duration::from_secs(seconds.unsigned_abs()));
            let verified =
                verifier.verify_server_cert(&certificate, &[], &ServerName::try_from(name).unwrap(), &[], now);
            match verified {
                Ok(_) => assert_eq!(expected, "", "{now:?} {name}"),
                Err(error) => {
                    let text = error.to_string();
                    assert!(!expected.is_empty() && text.contains(expected), "{now:?} {name}: {text}");
                }
            }
        }
    }
}
