//! Certificates for daemons that are reached by TLS.

use std::path::Path;
use std::sync::Arc;

use rustls::pki_types::pem::PemObject;
use rustls::pki_types::{CertificateDer, PrivateKeyDer};
use rustls::{ClientConfig, RootCertStore};

use crate::config::TlsFiles;
use crate::rpc::Tls;

/// Certificates that cannot be used.
#[derive(Debug, thiserror::Error)]
#[error("{path}: {why}")]
pub struct BadCertificate {
    path: String,
    why: String,
}

/// Reads them.
///
/// # Errors
/// With the file that is missing, no PEM, or does not fit the others.
pub(crate) fn client(files: &TlsFiles) -> Result<Tls, BadCertificate> {
    let bad = |path: &Path, why: String| BadCertificate { path: path.display().to_string(), why };
    let chain = |path: &Path| -> Result<Vec<CertificateDer<'static>>, BadCertificate> {
        let read = CertificateDer::pem_file_iter(path)
            .map_err(|error| bad(path, error.to_string()))?
            .collect::<Result<Vec<_>, _>>()
            .map_err(|error| bad(path, error.to_string()))?;
        if read.is_empty() { Err(bad(path, "no certificate".to_owned())) } else { Ok(read) }
    };
    let mut roots = RootCertStore::empty();
    for certificate in chain(&files.ca)? {
        roots.add(certificate).map_err(|error| bad(&files.ca, error.to_string()))?;
    }
    let own = chain(&files.cert)?;
    let key = PrivateKeyDer::from_pem_file(&files.key)
        .map_err(|error| bad(&files.key, error.to_string()))?;
    // Named, so that the process need not have installed one.
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .map_err(|error| bad(&files.cert, error.to_string()))?
        .with_root_certificates(roots)
        .with_client_auth_cert(own, key)
        .map_err(|error| bad(&files.cert, error.to_string()))?;
    Ok(Arc::new(config))
}
