//! What libvirt is told of mirrors and backups, and what it says of disks.

use roxmltree::{Document, Node};
use uuid::Uuid;

use super::{BackupDisk, Mirror, RunningDisk};

/// Text inside an attribute or element.
fn escaped(text: &str) -> String {
    let mut out = String::with_capacity(text.len());
    for character in text.chars() {
        match character {
            '&' => out.push_str("&amp;"),
            '<' => out.push_str("&lt;"),
            '>' => out.push_str("&gt;"),
            '\'' => out.push_str("&apos;"),
            '"' => out.push_str("&quot;"),
            other => out.push(other),
        }
    }
    out
}

pub(super) fn place(socket: &str, export: &str) -> String {
    format!(
        "<disk type='network'><driver type='raw'/><source protocol='nbd' name='{}'>\
         <host transport='unix' socket='{}'/></source></disk>",
        escaped(export),
        escaped(socket)
    )
}

pub(super) fn backup(all: &[String], disks: &[BackupDisk], since: Option<&str>) -> String {
    let mut xml = String::from("<domainbackup>");
    if let Some(since) = since {
        xml.push_str(&format!("<incremental>{}</incremental>", escaped(since)));
    }
    xml.push_str("<disks>");
    for target in all {
        let name = escaped(target);
        match disks.iter().find(|disk| disk.target == *target) {
            Some(disk) => xml.push_str(&format!(
                "<disk name='{name}' backup='yes' type='file'><driver type='{}'/>\
                 <target file='{}'/></disk>",
                disk.format,
                escaped(&disk.to)
            )),
            None => xml.push_str(&format!("<disk name='{name}' backup='no'/>")),
        }
    }
    xml.push_str("</disks></domainbackup>");
    xml
}

pub(super) fn checkpoint_of(all: &[String], disks: &[BackupDisk], name: &str) -> String {
    let mut xml = format!("<domaincheckpoint><name>{}</name><disks>", escaped(name));
    for target in all {
        let kept = disks.iter().any(|disk| disk.target == *target);
        let how = if kept { "bitmap" } else { "no" };
        xml.push_str(&format!("<disk name='{}' checkpoint='{how}'/>", escaped(target)));
    }
    xml.push_str("</disks></domaincheckpoint>");
    xml
}

fn child<'a, 'd>(node: Node<'a, 'd>, name: &str) -> Option<Node<'a, 'd>> {
    node.children().find(|child| child.has_tag_name(name))
}

fn disk_nodes<'a, 'd>(document: &'a Document<'d>) -> impl Iterator<Item = Node<'a, 'd>> {
    let devices = child(document.root_element(), "devices");
    devices.into_iter().flat_map(|node| node.children()).filter(|node| node.has_tag_name("disk"))
}

fn target(node: Node<'_, '_>) -> Option<String> {
    child(node, "target")?.attribute("dev").map(str::to_owned)
}

/// All disks of a description: a backup names each, so that none is taken along unasked.
pub(super) fn targets(xml: &str) -> Result<Vec<String>, String> {
    let document = Document::parse(xml).map_err(|error| error.to_string())?;
    Ok(disk_nodes(&document).filter_map(target).collect())
}

pub(super) fn read(xml: &str, vm: Uuid, name: &str) -> Result<Vec<RunningDisk>, String> {
    let document = Document::parse(xml).map_err(|error| error.to_string())?;
    let disk = |node: Node<'_, '_>| {
        let file = child(node, "source")?.attribute("file")?.to_owned();
        let driver = child(node, "driver");
        let said = |name| driver.and_then(|driver| driver.attribute(name)).map(str::to_owned);
        let mirror = child(node, "mirror").map(|mirror| {
            let source = child(mirror, "source").and_then(|source| child(source, "host"));
            let socket = source.and_then(|host| host.attribute("socket")).map(str::to_owned);
            Mirror { ready: mirror.attribute("ready") == Some("yes"), socket }
        });
        Some(RunningDisk {
            vm,
            name: name.to_owned(),
            target: target(node)?,
            file,
            format: said("type").unwrap_or_default(),
            cache: said("cache"),
            mirror,
        })
    };
    let disks = disk_nodes(&document)
        .filter(|node| !matches!(node.attribute("device"), Some("cdrom" | "floppy")));
    Ok(disks.filter_map(disk).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    const RUNS: &str = "<domain type='qemu' id='1'><devices>
      <disk type='file' device='disk'>
        <driver name='qemu' type='raw' cache='none'/>
        <source file='/srv/muster/groups/erp/db.vda.img' index='1'/>
        <mirror type='network' job='copy' ready='yes'>
          <source protocol='nbd' name='vda' tls='no' index='3'><host transport='unix' socket='/run/x.sock'/></source>
        </mirror>
        <target dev='vda' bus='virtio'/>
      </disk>
      <disk type='file' device='disk'>
        <driver name='qemu' type='qcow2'/><source file='/srv/b.qcow2'/>
        <mirror type='file' job='copy'><source file='/srv/c'/></mirror><target dev='vdb'/>
      </disk>
      <disk type='network' device='disk'><source protocol='rbd' name='p/i'/><target dev='vdc'/></disk>
      <disk type='file' device='cdrom'><source file='/srv/cd.iso'/><target dev='sda'/></disk>
    </devices></domain>";

    #[test]
    fn disks_are_read_with_their_mirrors() {
        let disks = read(RUNS, Uuid::nil(), "db").unwrap();
        assert_eq!(disks.len(), 2);
        let mirror = Mirror { ready: true, socket: Some("/run/x.sock".to_owned()) };
        assert_eq!(disks[0].mirror, Some(mirror));
        assert_eq!((disks[0].format.as_str(), disks[0].cache.as_deref()), ("raw", Some("none")));
        assert_eq!(disks[1].mirror, Some(Mirror { ready: false, socket: None }));
        assert!(read("<domain", Uuid::nil(), "db").is_err());
    }

    #[test]
    fn a_backup_names_every_disk_and_text_stays_text() {
        let all = targets(RUNS).unwrap();
        assert_eq!(all, ["vda", "vdb", "vdc", "sda"]);
        let disks = [BackupDisk { target: "vda".into(), to: "/srv/a'&<b".into(), format: "raw" }];
        let xml = backup(&all, &disks, Some("p1"));
        let read = Document::parse(&xml).unwrap();
        let file = read.descendants().find_map(|node| node.attribute("file"));
        assert_eq!(file, Some("/srv/a'&<b"));
        assert_eq!(xml.matches("backup='no'").count(), 3);
        let xml = checkpoint_of(&all, &disks, "p2");
        assert_eq!(xml.matches("checkpoint='bitmap'").count(), 1);
        assert!(Document::parse(&place("/run/a&b", "x'y")).is_ok());
    }
}
