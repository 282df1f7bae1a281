//! Which of those that an authority vouches for may call.
//!
//! An authority often signs more than the server's certificate: those of agents, of hosts, of whatever else. None of
//! them is to command a site, so that the names of those that may can be said.

use std::sync::Arc;

use rustls::client::danger::HandshakeSignatureValid;
use rustls::client::verify_server_name;
use rustls::pki_types::{CertificateDer, InvalidDnsNameError, ServerName, UnixTime};
use rustls::server::ParsedCertificate;
use rustls::server::danger::{ClientCertVerified, ClientCertVerifier};
use rustls::{CertificateError, DigitallySignedStruct, DistinguishedName, Error, SignatureScheme};

/// Asks for a certificate of the authority, and for one of some names in it.
#[derive(Debug)]
pub(super) struct Callers {
    authority: Arc<dyn ClientCertVerifier>,
    names: Vec<ServerName<'static>>,
}

impl Callers {
    /// Of these names, on top of what an authority's verifier asks for.
    pub(super) fn new(
        authority: Arc<dyn ClientCertVerifier>,
        names: &[String],
    ) -> Result<Callers, InvalidDnsNameError> {
        let names = names.iter().map(|name| ServerName::try_from(name.clone()));
        Ok(Callers { authority, names: names.collect::<Result<_, _>>()? })
    }
}

impl ClientCertVerifier for Callers {
    fn root_hint_subjects(&self) -> &[DistinguishedName] {
        self.authority.root_hint_subjects()
    }

    fn verify_client_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        intermediates: &[CertificateDer<'_>],
        now: UnixTime,
    ) -> Result<ClientCertVerified, Error> {
        let verified = self.authority.verify_client_cert(end_entity, intermediates, now)?;
        let parsed = ParsedCertificate::try_from(end_entity)?;
        let mut last = Error::InvalidCertificate(CertificateError::NotValidForName);
        for name in &self.names {
            match verify_server_name(&parsed, name) {
                Ok(()) => return Ok(verified),
                Err(error) => last = error,
            }
        }
        // The authority is the right one, so that it is a mistake in the configuration, or worse.
        tracing::warn!(error = %last, "a client's certificate has none of the names in `clientNames`");
        Err(last)
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authority.verify_tls12_signature(message, cert, dss)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        dss: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, Error> {
        self.authority.verify_tls13_signature(message, cert, dss)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.authority.supported_verify_schemes()
    }
}
