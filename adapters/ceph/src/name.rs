//! Names of images and clones, and the ids of volumes.

use muster_contract::name::{NameError, check};
use muster_plans::id::{VmId, VolumeId};

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
    fn a_volume_is_an_image_of_a_group_or_alone() {
        assert_eq!(volume(&"shop/db".into()), Ok((Some("shop"), "db")));
        assert_eq!(volume(&"db".into()), Ok((None, "db")));
        for id in ["shop/", "/db", "shop/a/b", "shop/a@b", ""] {
            assert!(volume(&id.into()).is_err(), "{id}");
        }
        assert_eq!(volume_id(Some("shop"), "db"), VolumeId::from("shop/db"));
    }
}
