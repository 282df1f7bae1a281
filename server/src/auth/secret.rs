//! Secrets: made from the operating system's randomness, stored as hashes, compared in constant time.

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use subtle::ConstantTimeEq;

use super::AuthError;

/// Letters and digits that nobody mistakes for another one when typing them.
const TYPED: &[u8; 32] = b"abcdefghijkmnpqrstuvwxyz23456789";

/// 256 random bits as 43 characters that need no escaping anywhere.
pub(super) fn long() -> Result<String, AuthError> {
    let mut bytes = [0_u8; 32];
    getrandom::fill(&mut bytes).map_err(|_| AuthError::Secret)?;
    Ok(URL_SAFE_NO_PAD.encode(bytes))
}

/// So many random characters that can be typed, five bits each.
pub(super) fn typed(characters: usize) -> Result<String, AuthError> {
    let mut bytes = vec![0_u8; characters];
    getrandom::fill(&mut bytes).map_err(|_| AuthError::Secret)?;
    // 32 divides 256: every character is equally likely.
    Ok(bytes.iter().map(|byte| char::from(TYPED[usize::from(*byte) % TYPED.len()])).collect())
}

/// What is stored of a secret that has enough randomness of its own.
pub(super) fn digest(secret: &str) -> String {
    muster_store::sha256_hex(secret.as_bytes())
}

/// Takes as long however much of it is right.
pub(super) fn same(a: &str, b: &str) -> bool {
    a.as_bytes().ct_eq(b.as_bytes()).into()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_two_secrets_are_the_same() {
        let secrets: std::collections::BTreeSet<String> =
            (0..100).map(|_| long().unwrap()).collect();
        assert_eq!(secrets.len(), 100);
        assert!(secrets.iter().all(|secret| secret.len() == 43));
        let typed = typed(24).unwrap();
        assert!(typed.len() == 24 && typed.bytes().all(|byte| TYPED.contains(&byte)), "{typed}");
    }
}
