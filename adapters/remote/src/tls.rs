//! One TLS provider for the whole process.

/// Makes ring the provider of this process. Safe to call again and again: the first provider stays,
/// whoever installed it.
pub fn install_provider() {
    // An error says that there is one already, which is what is wanted.
    let _ = rustls::crypto::ring::default_provider().install_default();
}
