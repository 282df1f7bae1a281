//! Serves with TLS, and asks clients for a certificate.

use std::path::{Path, PathBuf};
use std::sync::Arc;

use rustls::RootCertStore;
use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::server::WebPkiClientVerifier;
use rustls::server::danger::ClientCertVerifier;
use serde::Deserialize;
use tokio_rustls::TlsAcceptor;

use super::caller::Callers;

/// Files for TLS.
#[derive(Clone, Debug, Deserialize)]
#[serde(deny_unknown_fields, rename_all = "camelCase")]
pub struct TlsFiles {
    /// Certificates that are shown, PEM, this agent's own first.
    pub cert: PathBuf,
    /// The key of the first one, PEM.
    pub key: PathBuf,
    /// Who signs the certificates of those that may connect, PEM. `None`: no certificate is asked for, and
    /// a token has to say who may.
    #[serde(default)]
    pub client_ca: Option<PathBuf>,
    /// Names of those that may connect: each of them has one as a subject alternative name (DNS or IP) in its
    /// certificate, where `*.lab.example` stands for each name below it; a common name counts for nothing. `None`:
    /// whoever has a certificate of `client_ca`, so that this authority should sign for nobody else.
    #[serde(default)]
    pub client_names: Option<Vec<String>>,
}

/// Files that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct TlsError {
    path: String,
    why: String,
}

fn bad(path: &Path, why: impl ToString) -> TlsError {
    TlsError { path: path.display().to_string(), why: why.to_string() }
}

fn certificates(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let read = CertificateDer::pem_file_iter(path).map_err(|error| bad(path, error))?;
    let read: Vec<_> = read.collect::<Result<_, _>>().map_err(|error| bad(path, error))?;
    if read.is_empty() { Err(bad(path, "it holds no certificate")) } else { Ok(read) }
}

impl TlsFiles {
    /// Reads them.
    ///
    /// # Errors
    /// With the file that is missing, no PEM, or does not fit the others; and where names are said of whom nobody
    /// asks for a certificate, or none that anybody could have.
    pub fn acceptor(&self) -> Result<TlsAcceptor, TlsError> {
        let provider = Arc::new(rustls::crypto::ring::default_provider());
        let key = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| bad(&self.key, error))?;
        let builder = rustls::ServerConfig::builder_with_provider(Arc::clone(&provider))
            .with_safe_default_protocol_versions()
            .map_err(|error| bad(&self.cert, error))?;
        let builder = match &self.client_ca {
            // Whoever wrote names believes that they are asked for.
            None if self.client_names.is_some() => {
                return Err(bad(&self.cert, "`clientNames` are of no use without `clientCa`"));
            }
            None => builder.with_no_client_auth(),
            Some(path) => {
                let mut roots = RootCertStore::empty();
                for certificate in certificates(path)? {
                    roots.add(certificate).map_err(|error| bad(path, error))?;
                }
                let authority =
                    WebPkiClientVerifier::builder_with_provider(Arc::new(roots), provider)
                        .build()
                        .map_err(|error| bad(path, error))?;
                builder.with_client_cert_verifier(self.callers(authority)?)
            }
        };
        let mut config = builder
            .with_single_cert(certificates(&self.cert)?, key)
            .map_err(|error| bad(&self.cert, error))?;
        config.alpn_protocols = vec![b"http/1.1".to_vec()];
        Ok(TlsAcceptor::from(Arc::new(config)))
    }

    fn callers(
        &self,
        authority: Arc<dyn ClientCertVerifier>,
    ) -> Result<Arc<dyn ClientCertVerifier>, TlsError> {
        let Some(names) = &self.client_names else { return Ok(authority) };
        let wrong = |why: String| TlsError { path: "clientNames".to_owned(), why };
        if names.is_empty() {
            return Err(wrong("it names nobody; leave it out, or name who may call".to_owned()));
        }
        let callers = Callers::new(authority, names);
        let why = "each has to be a name or an address as certificates have them";
        Ok(Arc::new(callers.map_err(|error| wrong(format!("{error}: {why}")))?))
    }
}
