//! Names of groups, images and clones, and the ids of volumes.

use muster_plans::id::{VmId, VolumeId};

/// A name that could mean something else to a program.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(
    "`{0}` is no name here: letters, digits, `.`, `_` and `-`, not beginning with a dot or a dash, at \
     most 200 of them"
)]
pub struct NameError(String);

/// The name, where it can be part of an image's.
pub(crate) fn check(name: &str) -> Result<&str, NameError> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    let good = !name.is_empty()
        && name.len() <= 200
        && !name.starts_with(['.', '-'])
        && name.bytes().all(plain);
    if good { Ok(name) } else { Err(NameError(name.chars().take(80).collect())) }
}

/// What every image that is no production volume of anybody begins with.
pub(crate) const CLONE: &str = "clone-";
/// What is kept of an image that was discarded.
pub(crate) const BEFORE: &str = "before-";

/// Whether an image's name says that it is a clone or something that was kept.
pub(crate) fn is_ours(image: &str) -> bool {
    image.starts_with(CLONE) || image.starts_with(BEFORE)
}

/// The id of a volume: `GROUP/IMAGE`, or `IMAGE` where it is in no group.
pub(crate) fn volume_id(group: Option<&str>, image: &str) -> VolumeId {
    match group {
        Some(group) => VolumeId::from(format!("{group}/{image}")),
        None => VolumeId::from(image),
    }
}

/// Group and image of a volume.
pub(crate) fn volume(id: &VolumeId) -> Result<(Option<&str>, &str), NameError> {
    match id.as_str().split_once('/') {
        Some((group, image)) => Ok((Some(check(group)?), check(image)?)),
        None => Ok((None, check(id.as_str())?)),
    }
}

/// The image of a VM's home.
pub(crate) fn home(vm: VmId) -> String {
    format!("{vm}.home")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_is_taken_for_an_option_or_another_pool() {
        for name in ["shop", "vm-1_a.raw"] {
            assert_eq!(check(name), Ok(name));
        }
        for name in ["", ".", "a/b", "a@b", "--conf", "-p", "a b", "ä", "a\n", "a'b"] {
            assert!(check(name).is_err(), "{name:?}");
        }
        assert!(check(&"x".repeat(201)).is_err());
    }

    #[test]
    fn a_volume_is_an_image_of_a_group_or_alone() {
        assert_eq!(volume(&"shop/db".into()), Ok((Some("shop"), "db")));
        assert_eq!(volume(&"db".into()), Ok((None, "db")));
        for id in ["shop/", "/db", "shop/a/b", "shop/a@b", ""] {
            assert!(volume(&id.into()).is_err(), "{id}");
        }
        assert_eq!(volume_id(Some("shop"), "db"), VolumeId::from("shop/db"));
    }
}
