//! Names that become parts of paths.

use muster_plans::id::VolumeId;

/// A name that could leave the root, or hide in it.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name here: letters, digits, `.`, `_` and `-`, not beginning with a dot, at most \
     200 of them"
)]
pub struct NameError(String);

/// The name, where it may be a part of a path.
pub(crate) fn check(name: &str) -> Result<&str, NameError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let good = !name.is_empty()
        && name.len() <= 200
        && !name.starts_with(['.', '-'])
        && name.bytes().all(plain);
    if good { Ok(name) } else { Err(NameError(name.chars().take(80).collect())) }
}

/// Group and file of a volume.
pub(crate) fn volume(id: &VolumeId) -> Result<(&str, &str), NameError> {
    let wrong = || NameError(id.as_str().chars().take(80).collect());
    let (group, file) = id.as_str().split_once('/').ok_or_else(wrong)?;
    Ok((check(group)?, check(file)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nobody_leaves_the_root() {
        for name in ["erp", "vm-1_a.raw", "2026-11-28T15-20-11.123Z"] {
            assert_eq!(check(name), Ok(name));
        }
        for name in ["", ".", "..", ".new", "a/b", "../x", "a b", "ä", "-rf", "a\0", "a\n"] {
            assert!(check(name).is_err(), "{name:?}");
        }
        assert!(check(&"x".repeat(201)).is_err());
    }

    #[test]
    fn a_volume_is_a_file_of_a_group() {
        assert_eq!(volume(&"erp/db.raw".into()), Ok(("erp", "db.raw")));
        for id in ["erp", "erp/", "/db", "erp/../x", "erp/a/b", "../erp/a"] {
            assert!(volume(&id.into()).is_err(), "{id}");
        }
    }
}
