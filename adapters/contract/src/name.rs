//! Names that become parts of paths, of images and of arguments of programs.

use crate::error::{AdapterError, ErrorClass};
use crate::stop::Stop;

/// A name that could leave its folder, hide in it, or mean something else to a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name here: letters, digits, `.`, `_` and `-`, not beginning with a dot or a dash, at \
     most 200 of them"
)]
pub struct NameError(String);

impl NameError {
    /// Of a text that is none.
    pub fn of(text: &str) -> NameError {
        NameError(text.chars().take(80).collect())
    }
}

/// The name, where it may be a part of something larger.
///
/// # Errors
/// Where it may not.
pub fn check(name: &str) -> Result<&str, NameError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let good = !name.is_empty()
        && name.len() <= 200
        && !name.starts_with(['.', '-'])
        && name.bytes().all(plain);
    if good { Ok(name) } else { Err(NameError::of(name)) }
}

/// Nothing has such a name.
impl From<NameError> for AdapterError {
    fn from(error: NameError) -> AdapterError {
        AdapterError::new(ErrorClass::NotFound, error.to_string())
    }
}

impl From<NameError> for Stop {
    fn from(error: NameError) -> Stop {
        AdapterError::from(error).into()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_leaves_the_folder_and_nothing_is_taken_for_an_option() {
        for name in ["erp", "vm-1_a.raw", "2026-11-28T15-20-11.123Z"] {
            assert_eq!(check(name), Ok(name));
        }
        let bad = ["", ".", "..", ".new", "a/b", "../x", "a b", "ä", "-rf", "--conf", "a@b", "a'b"];
        for name in bad.into_iter().chain(["a\0", "a\n"]) {
            assert!(check(name).is_err(), "{name:?}");
        }
        assert!(check(&"x".repeat(200)).is_ok());
        assert!(check(&"x".repeat(201)).is_err());
    }
}
