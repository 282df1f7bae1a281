//! Whom a connection is believed. There is no way to turn that off.

use std::path::Path;
use std::sync::Arc;

use reqwest::{Certificate, ClientBuilder};
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{
    WebPkiSupportedAlgorithms, ring, verify_tls12_signature, verify_tls13_signature,
};
use rustls::pki_types::{CertificateDer, ServerName, UnixTime};
use rustls::{ClientConfig, DigitallySignedStruct, SignatureScheme};
use sha2::{Digest, Sha256};

/// Reads SHA-256 of a certificate, as `openssl x509 -fingerprint -sha256` prints it.
pub(crate) fn fingerprint(text: &str) -> Option<[u8; 32]> {
    let digits: Vec<u8> = text.bytes().filter(|byte| *byte != b':').collect();
    let mut digest = [0; 32];
    if digits.len() != 64 || !digits.iter().all(u8::is_ascii_hexdigit) {
        return None;
    }
    for (byte, pair) in digest.iter_mut().zip(digits.chunks(2)) {
        *byte = u8::from_str_radix(std::str::from_utf8(pair).ok()?, 16).ok()?;
    }
    Some(digest)
}

/// A client that believes what the machine believes, or these authorities alone, or this certificate alone.
pub(super) fn believing(
    builder: ClientBuilder,
    ca: Option<&Path>,
    pinned: Option<[u8; 32]>,
) -> Result<ClientBuilder, String> {
    // An error says that there is one already, which is what is wanted.
    let _ = ring::default_provider().install_default();
    if let Some(digest) = pinned {
        return Ok(builder.tls_backend_preconfigured(pin(digest)?));
    }
    let Some(path) = ca else { return Ok(builder) };
    let pem = std::fs::read(path).map_err(|error| format!("{}: {error}", path.display()))?;
    let certificates = Certificate::from_pem_bundle(&pem).map_err(|error| error.to_string())?;
    if certificates.is_empty() {
        return Err(format!("{} holds no certificate", path.display()));
    }
    Ok(builder.tls_certs_only(certificates))
}

fn pin(digest: [u8; 32]) -> Result<ClientConfig, String> {
    let provider = Arc::new(ring::default_provider());
    let algorithms = provider.signature_verification_algorithms;
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| error.to_string())?;
    let pinned = Arc::new(Pinned { digest, algorithms });
    Ok(config.dangerous().with_custom_certificate_verifier(pinned).with_no_client_auth())
}

/// Believes one certificate, whatever name and dates are in it: BMCs sign theirs themselves, and forget the date. That
/// the other end holds its key is checked as always.
#[derive(Debug)]
struct Pinned {
    digest: [u8; 32],
    algorithms: WebPkiSupportedAlgorithms,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _: &[CertificateDer<'_>],
        _: &ServerName<'_>,
        _: &[u8],
        _: UnixTime,
    ) -> Result<ServerCertVerified, rustls::Error> {
        match Sha256::digest(end_entity).as_slice() == self.digest {
            true => Ok(ServerCertVerified::assertion()),
            false => {
                let why =
                    "it shows another certificate than the one with the configured fingerprint";
                Err(rustls::Error::General(why.to_owned()))
            }
        }
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls12_signature(message, cert, dss, &self.algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, rustls::Error> {
        verify_tls13_signature(message, cert, dss, &self.algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.algorithms.supported_schemes()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fingerprints_are_read_as_openssl_prints_them() {
        let digest = [0xAB; 32];
        assert_eq!(fingerprint(&"ab".repeat(32)), Some(digest));
        assert_eq!(fingerprint(&["AB"; 32].join(":")), Some(digest));
        for wrong in ["", "ab", &"ab".repeat(33), &"zz".repeat(32), &"+1".repeat(32)] {
            assert_eq!(fingerprint(wrong), None, "{wrong}");
        }
    }
}
