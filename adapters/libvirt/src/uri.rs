//! Where a host is: libvirt's connection URIs.

use std::fmt;
use std::path::PathBuf;
use std::str::FromStr;

use url::Url;

/// How a daemon is reached.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Transport {
    /// A UNIX socket on this machine; `None`: one of the usual places.
    Unix(Option<PathBuf>),
    /// TCP without encryption or a name: for a network that nobody else is on.
    Tcp,
    /// TLS, both sides with a certificate.
    Tls,
    /// The system's ssh, and the daemon's socket at its other end.
    Ssh,
}

/// Where a host's daemon is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HostUri {
    /// How it is reached.
    pub transport: Transport,
    /// The machine; empty for this one.
    pub host: String,
    /// The port; `None`: the transport's own.
    pub port: Option<u16>,
    /// Whom to be there, for ssh.
    pub user: Option<String>,
    /// What is opened there: `qemu:///system`.
    pub local: String,
}

/// A URI that says no such place.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error("`{uri}` is no place of a libvirt host: {why}; write for instance {example}")]
pub struct BadUri {
    uri: String,
    why: String,
    example: &'static str,
}

const EXAMPLE: &str = "qemu+tls://host.example/system";

impl FromStr for HostUri {
    type Err = BadUri;

    fn from_str(text: &str) -> Result<HostUri, BadUri> {
        let bad =
            |why: String| BadUri { uri: text.chars().take(200).collect(), why, example: EXAMPLE };
        let url = Url::parse(text).map_err(|error| bad(error.to_string()))?;
        let (driver, named) = match url.scheme().split_once('+') {
            Some((driver, transport)) => (driver, Some(transport)),
            None => (url.scheme(), None),
        };
        if !matches!(driver, "qemu" | "test") {
            return Err(bad(format!("`{driver}` is not spoken to, only qemu is")));
        }
        if url.password().is_some() {
            return Err(bad("a password has no place in it".to_owned()));
        }
        let host = url.host_str().unwrap_or_default().trim_matches(['[', ']']).to_owned();
        let mut socket = None;
        for (key, value) in url.query_pairs() {
            match key.as_ref() {
                "socket" => socket = Some(PathBuf::from(value.as_ref())),
                other => return Err(bad(format!("`{other}` is not known; `socket` is"))),
            }
        }
        let transport = match (named, host.is_empty()) {
            (Some("unix"), _) | (None, true) => Transport::Unix(socket.take()),
            (Some("tcp"), false) => Transport::Tcp,
            (Some("tls"), false) | (None, false) => Transport::Tls,
            (Some("ssh"), false) => Transport::Ssh,
            (Some("tcp" | "tls" | "ssh"), true) => return Err(bad("it names no host".to_owned())),
            (Some(other), _) => {
                return Err(bad(format!("`{other}` is none of unix, tcp, tls and ssh")));
            }
        };
        if socket.is_some() {
            return Err(bad("`socket` belongs to unix".to_owned()));
        }
        if matches!(transport, Transport::Unix(_)) && !host.is_empty() {
            return Err(bad("a UNIX socket is on this machine".to_owned()));
        }
        if !matches!(url.path(), "/system" | "/session" | "/default") {
            let path = url.path();
            return Err(bad(format!("`{path}` is none of /system, /session and /default")));
        }
        let plain = |text: &str| {
            let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | ':');
            text.chars().all(allowed) && !text.starts_with('-')
        };
        if !plain(&host) || !plain(url.username()) {
            return Err(bad("hosts and users are letters, digits, dots and dashes".to_owned()));
        }
        let user = Some(url.username()).filter(|user| !user.is_empty()).map(str::to_owned);
        if user.is_some() && transport != Transport::Ssh {
            return Err(bad("a user belongs to ssh".to_owned()));
        }
        let local = format!("{driver}://{}", url.path());
        Ok(HostUri { transport, host, port: url.port(), user, local })
    }
}

impl fmt::Display for HostUri {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let (driver, path) = self.local.split_once("://").unwrap_or((&self.local, ""));
        let transport = match self.transport {
            Transport::Unix(_) => "unix",
            Transport::Tcp => "tcp",
            Transport::Tls => "tls",
            Transport::Ssh => "ssh",
        };
        write!(f, "{driver}+{transport}://")?;
        if let Some(user) = &self.user {
            write!(f, "{user}@")?;
        }
        match self.host.contains(':') {
            true => write!(f, "[{}]", self.host)?,
            false => f.write_str(&self.host)?,
        }
        if let Some(port) = self.port {
            write!(f, ":{port}")?;
        }
        f.write_str(path)?;
        match &self.transport {
            Transport::Unix(Some(socket)) => write!(f, "?socket={}", socket.display()),
            _ => Ok(()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn uris_as_libvirt_writes_them() {
        let shown = |text: &str| match text.parse::<HostUri>() {
            Ok(uri) => {
                assert_eq!(uri.to_string().parse(), Ok(uri.clone()), "{text}");
                uri.to_string()
            }
            Err(error) => error.to_string(),
        };
        let uris = [
            "qemu:///system",
            "qemu+unix:///system?socket=/tmp/site-a/libvirt-sock",
            "qemu+tcp://10.77.0.1/system",
            "qemu://kvm-1.example/system",
            "qemu+tls://kvm-1.example:17000/system",
            "qemu+ssh://root@kvm-1.example/system",
            "qemu+tls://[fd00::1]/system",
            "test:///default",
            "xen:///system",
            "qemu+rsh://host/system",
            "qemu+tcp:///system",
            "qemu+tls://host/elsewhere",
            "qemu+tls://host/system?no_verify=1",
            "qemu+tls://ops@host/system",
            "qemu+ssh://ops:word@host/system",
            "qemu+ssh://$(reboot)/system",
            "qemu+ssh://-oProxyCommand=x@host/system",
            "not a uri",
        ];
        let lines: Vec<String> =
            uris.iter().map(|uri| format!("{uri}\n    {}", shown(uri))).collect();
        insta::assert_snapshot!("uris", lines.join("\n"));
    }
}
