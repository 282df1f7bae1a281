//! Ids of volumes: `GROUP/FILE`.

use muster_contract::name::{NameError, check};
use muster_plans::id::VolumeId;

/// Group and file of a volume.
///
/// # Errors
/// Where it is no id, or one of the two could not be a part of a path.
pub fn volume(id: &VolumeId) -> Result<(&str, &str), NameError> {
    let wrong = || NameError::of(id.as_str());
    let (group, file) = id.as_str().split_once('/').ok_or_else(wrong)?;
    Ok((check(group)?, check(file)?))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_volume_is_a_file_of_a_group() {
        assert_eq!(volume(&"erp/db.raw".into()), Ok(("erp", "db.raw")));
        for id in ["erp", "erp/", "/db", "erp/../x", "erp/a/b", "../erp/a"] {
            assert!(volume(&id.into()).is_err(), "{id}");
        }
    }
}
