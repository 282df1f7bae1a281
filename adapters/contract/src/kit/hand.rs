//! A hand on what the contract alone does not reach: the agent's process, its backend, the line to
//! it, and a group that may really be failed over.

use std::collections::BTreeSet;
use std::fmt;
use std::sync::Arc;

use async_trait::async_trait;
use muster_plans::id::{ConsistencyGroupId, VmId};
use muster_plans::time::Span;
use serde::Serialize;

use crate::agent::SiteAdapter;
use crate::context::OpId;

/// Something that a hand can do. A case whose hooks are not there is not applicable, never passed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Hook {
    /// Ends the agent's process without a word, as `kill -9` does, and starts it again.
    Restart,
    /// The backend's next operations are lost on the way there.
    Lost,
    /// The backend's next operations are done, and the answer is lost.
    AnswerLost,
    /// The backend's next operations time out, and have their effect later.
    Late,
    /// The backend does its next operations by half.
    HalfWay,
    /// The backend hangs.
    Hang,
    /// The backend throttles.
    Throttle,
    /// The credentials that the agent shows to the backend have expired.
    Expire,
    /// The backend's answers cannot be read.
    Garble,
    /// A VM is renamed, and moved to another host, behind the agent's back.
    Rename,
    /// The peer site is a black hole: nothing that is sent there is answered.
    Cut,
    /// Counts how often an operation had its effect.
    Effects,
    /// Counts the calls that the backend got.
    Calls,
    /// Counts how often the peer site was asked for something.
    Contacts,
    /// Counts the snapshots that were made of a group before its data was discarded.
    Snapshots,
    /// A line to the agent that can be bent: [`Line`].
    Line,
    /// What the agent has written to its log.
    Log,
    /// A group that may really be failed over, and its other site: [`Lab`].
    Lab,
}

impl Hook {
    /// All of them.
    pub const ALL: [Hook; 18] = [
        Hook::Restart,
        Hook::Lost,
        Hook::AnswerLost,
        Hook::Late,
        Hook::HalfWay,
        Hook::Hang,
        Hook::Throttle,
        Hook::Expire,
        Hook::Garble,
        Hook::Rename,
        Hook::Cut,
        Hook::Effects,
        Hook::Calls,
        Hook::Contacts,
        Hook::Snapshots,
        Hook::Line,
        Hook::Log,
        Hook::Lab,
    ];
}

impl fmt::Display for Hook {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Hook::Restart => "restart",
            Hook::Lost => "lost",
            Hook::AnswerLost => "answer-lost",
            Hook::Late => "late",
            Hook::HalfWay => "half-way",
            Hook::Hang => "hang",
            Hook::Throttle => "throttle",
            Hook::Expire => "expire",
            Hook::Garble => "garble",
            Hook::Rename => "rename",
            Hook::Cut => "cut",
            Hook::Effects => "effects",
            Hook::Calls => "calls",
            Hook::Contacts => "contacts",
            Hook::Snapshots => "snapshots",
            Hook::Line => "line",
            Hook::Log => "log",
            Hook::Lab => "lab",
        })
    }
}

/// Where a fault strikes, and how often.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Aim {
    /// Only on this object, as [`crate::Operation::object`] names it; `None`: on everything.
    pub object: Option<String>,
    /// So often; `None`: until it is healed.
    pub times: Option<u32>,
    /// How much later [`Hook::Late`] comes; `None`: as the hand likes.
    pub delay: Option<Span>,
}

/// What a hand can count.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Count {
    /// Effects of one operation.
    Effects(OpId),
    /// Calls that the backend got.
    Calls,
    /// Requests to the peer site.
    Contacts,
    /// Snapshots of a group, at whichever site, made before data was discarded.
    Snapshots(ConsistencyGroupId),
}

/// How a line between a server and the agent is bent.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum Line {
    /// Requests arrive, and no answer comes back.
    Silent,
    /// Requests arrive, and the connection is reset instead of the answer.
    Reset,
    /// Requests arrive, and these bytes come back as the body of a 200.
    Garbage(&'static [u8]),
    /// The client shows this token instead of the right one.
    Stranger(String),
    /// The server is newer: its requests hold a field that the agent cannot know.
    NewerServer,
    /// The agent is newer: its answers hold a field that the server cannot know.
    NewerAgent,
    /// The agent says that it speaks this version of the protocol.
    Version(u16),
}

/// A group that may really be failed over and back, as the kit likes, with an interruption of what
/// runs on it. It is received at the site under test.
#[derive(Clone)]
pub struct Lab {
    /// The other site.
    pub peer: Arc<dyn SiteAdapter>,
    /// The group; its source is at the peer.
    pub group: ConsistencyGroupId,
    /// A VM that runs at the peer and whose disks can be reached here too, so that only the lock
    /// keeps a second instance from running; `None`: the first one of the group.
    pub locked: Option<VmId>,
}

/// A hand. It does what [`Hand::hooks`] names, and the kit asks nothing else of it.
#[async_trait]
pub trait Hand: Send + Sync {
    /// What it can do.
    fn hooks(&self) -> BTreeSet<Hook>;

    /// [`Hook::Restart`]; back when the agent answers again.
    async fn restart(&self) -> Result<(), String> {
        Err(missing(Hook::Restart))
    }

    /// Makes the backend fail in one of the ways from [`Hook::Lost`] to [`Hook::Cut`].
    async fn harm(&self, how: Hook, _aim: &Aim) -> Result<(), String> {
        Err(missing(how))
    }

    /// Takes all harm back.
    async fn heal(&self) -> Result<(), String> {
        Ok(())
    }

    /// Counts.
    async fn count(&self, what: &Count) -> Result<u64, String> {
        Err(missing(what.hook()))
    }

    /// [`Hook::Line`]: the agent at the end of a line that is bent. It times out within two seconds
    /// of a deadline, and of any other request within two seconds.
    async fn line(&self, _how: Line) -> Result<Arc<dyn SiteAdapter>, String> {
        Err(missing(Hook::Line))
    }

    /// [`Hook::Log`].
    async fn log(&self) -> Result<String, String> {
        Err(missing(Hook::Log))
    }

    /// [`Hook::Lab`].
    fn lab(&self) -> Option<Lab> {
        None
    }
}

fn missing(hook: Hook) -> String {
    format!("this hand has no hook `{hook}`")
}

impl Count {
    /// The hook that counts it.
    pub fn hook(&self) -> Hook {
        match self {
            Count::Effects(_) => Hook::Effects,
            Count::Calls => Hook::Calls,
            Count::Contacts => Hook::Contacts,
            Count::Snapshots(_) => Hook::Snapshots,
        }
    }
}

/// Several hands; the first that has a hook is asked.
#[derive(Clone, Default)]
pub struct Hands(pub Vec<Arc<dyn Hand>>);

impl Hands {
    fn with(&self, hook: Hook) -> Result<&dyn Hand, String> {
        let found = self.0.iter().find(|hand| hand.hooks().contains(&hook));
        found.map(|hand| &**hand).ok_or_else(|| missing(hook))
    }
}

#[async_trait]
impl Hand for Hands {
    fn hooks(&self) -> BTreeSet<Hook> {
        self.0.iter().flat_map(|hand| hand.hooks()).collect()
    }

    async fn restart(&self) -> Result<(), String> {
        self.with(Hook::Restart)?.restart().await
    }

    async fn harm(&self, how: Hook, aim: &Aim) -> Result<(), String> {
        self.with(how)?.harm(how, aim).await
    }

    async fn heal(&self) -> Result<(), String> {
        for hand in &self.0 {
            hand.heal().await?;
        }
        Ok(())
    }

    async fn count(&self, what: &Count) -> Result<u64, String> {
        self.with(what.hook())?.count(what).await
    }

    async fn line(&self, how: Line) -> Result<Arc<dyn SiteAdapter>, String> {
        self.with(Hook::Line)?.line(how).await
    }

    async fn log(&self) -> Result<String, String> {
        self.with(Hook::Log)?.log().await
    }

    fn lab(&self) -> Option<Lab> {
        self.0.iter().find_map(|hand| hand.lab())
    }
}
