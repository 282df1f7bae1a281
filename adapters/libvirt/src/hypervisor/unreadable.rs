//! VMs whose description nobody understands: one of them must not hide the others, and must not look as if it had
//! gone. It is listed as it was when it was last understood, and says so; what is asked of itself is refused where it
//! would have to be understood for that.

use std::sync::PoisonError;

use muster_contract::AdapterError;
use uuid::Uuid;

use super::Libvirt;
use crate::domain::Domain;
use crate::pool::Found;

impl Libvirt {
    /// What a VM is made of, as well as it is known, and what is wrong with that.
    pub(super) async fn understood(
        &self,
        found: &Found,
    ) -> Result<(Domain, Option<String>), AdapterError> {
        let uuid = Uuid::from_bytes(found.domain.uuid.0);
        let (_, domain) = self.seen(found).await?;
        let mut last = self.understood.lock().unwrap_or_else(PoisonError::into_inner);
        match domain {
            Ok(domain) => {
                last.insert(uuid, domain.clone());
                Ok((domain, None))
            }
            Err(error) => {
                tracing::warn!(site.name = %self.site, vm = found.domain.name, %error, "a VM cannot be understood");
                let domain = last.get(&uuid).cloned().unwrap_or_else(|| by_name(uuid, found));
                Ok((domain, Some(error.message)))
            }
        }
    }

    /// What a VM is made of, for what looks for those that have to do with a name. `None`: it is not understood, and
    /// has certainly nothing to do with it.
    pub(super) async fn concerned(
        &self,
        found: &Found,
        name: &str,
    ) -> Result<Option<Domain>, AdapterError> {
        let (xml, domain) = self.seen(found).await?;
        match domain {
            Ok(domain) => Ok(Some(domain)),
            Err(error) if mentions(&xml, name) => Err(error),
            Err(_) => Ok(None),
        }
    }
}

/// Whether a name may be in a text that nobody understands. What may be written in several ways counts as there.
fn mentions(xml: &str, name: &str) -> bool {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte);
    xml.contains(name) || xml.contains("&#") || !name.bytes().all(plain)
}

/// Of one that was never understood there is a name.
fn by_name(uuid: Uuid, found: &Found) -> Domain {
    Domain {
        uuid,
        name: found.domain.name.clone(),
        vcpus: 1,
        memory_mib: 0,
        disks: Vec::new(),
        nics: Vec::new(),
        policy: None,
        tags: Default::default(),
        run_tag: None,
        copy_of: None,
        ports: Vec::new(),
        addresses: Default::default(),
    }
}
