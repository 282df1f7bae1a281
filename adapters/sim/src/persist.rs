//! The state file: a world that outlives its process.
//!
//! The first line is the whole world, every further line one input with its instant. A world is a
//! deterministic function of its inputs, so replaying them gives back exactly the world that the
//! killed process had, answers included. An input is written before it is acted on, and the instant
//! of an answer before the answer leaves: what was answered is never lost. There is no fsync: the
//! file is to survive the end of the process, not the end of the machine.
//!
//! When the inputs have grown longer than the world, the file is written anew beside the old one and
//! renamed over it, so that a large world is not written more often than a small one.

use std::fs::{File, OpenOptions};
use std::io::{BufRead, BufReader, Write};
use std::path::{Path, PathBuf};

use muster_contract::{FenceDomain, OpContext, OpId, Operation, Query, Token};
use muster_plans::id::SiteName;
use muster_plans::time::Time;
use serde::{Deserialize, Serialize};

use crate::control::Command;
use crate::world::World;

/// Written into each file; a file of another format is not read.
const FORMAT: u32 = 1;
/// Bytes of inputs below which it is not worth while to write the file anew.
const INPUTS_MIN: usize = 1 << 20;

/// Something that changed the world.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Input {
    Submit {
        site: SiteName,
        ctx: Box<OpContext>,
        op: Box<Operation>,
    },
    Cancel {
        site: SiteName,
        id: OpId,
    },
    Raise {
        site: SiteName,
        domain: FenceDomain,
        token: Token,
    },
    /// A query that a fault struck: the fault is counted down.
    Query {
        site: SiteName,
        query: Query,
    },
    Control(Box<Command>),
    /// Something was answered at this instant.
    Answered,
}

#[derive(Serialize, Deserialize)]
struct Line<T> {
    at: Time,
    input: T,
}

#[derive(Serialize, Deserialize)]
struct Head<T> {
    format: u32,
    world: T,
}

/// Why a state file cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum StoreError {
    /// It cannot be read or written.
    #[error("the state file {path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: std::io::Error,
    },
    /// It is no state file of this version.
    #[error("the state file {path} is of format {found}, and this simulator reads {FORMAT}")]
    Format {
        /// The file.
        path: PathBuf,
        /// What it says.
        found: u32,
    },
    /// A line in it makes no sense.
    #[error("the state file {path} is damaged in line {line}: {source}")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// Counted from 1.
        line: usize,
        /// Why.
        source: serde_json::Error,
    },
}

/// The open state file.
#[derive(Debug)]
pub(crate) struct Store {
    path: PathBuf,
    file: File,
    /// Bytes of the world at its head.
    head: usize,
    /// Bytes of the inputs after it.
    inputs: usize,
}

impl Store {
    /// Starts a file with a world.
    pub(crate) fn create(path: &Path, world: &World) -> Result<Store, StoreError> {
        let (file, head) = write_whole(path, world)?;
        Ok(Store { path: path.to_owned(), file, head, inputs: 0 })
    }

    /// Reads a file and brings its world back. `None`: there is no such file.
    pub(crate) fn load(path: &Path) -> Result<Option<World>, StoreError> {
        let file = match File::open(path) {
            Ok(file) => file,
            Err(source) if source.kind() == std::io::ErrorKind::NotFound => return Ok(None),
            Err(source) => return Err(StoreError::Io { path: path.to_owned(), source }),
        };
        let mut reader = BufReader::new(file);
        let mut text = String::new();
        let io = |source| StoreError::Io { path: path.to_owned(), source };
        let damaged = |line, source| StoreError::Damaged { path: path.to_owned(), line, source };
        reader.read_line(&mut text).map_err(io)?;
        let head: Head<serde::de::IgnoredAny> =
            serde_json::from_str(&text).map_err(|source| damaged(1, source))?;
        if head.format != FORMAT {
            return Err(StoreError::Format { path: path.to_owned(), found: head.format });
        }
        let head: Head<World> = serde_json::from_str(&text).map_err(|source| damaged(1, source))?;
        let mut world = head.world;
        for line in 2.. {
            text.clear();
            reader.read_line(&mut text).map_err(io)?;
            if !text.ends_with('\n') {
                // The end, or a line that was being written when the process was killed: nobody
                // was told of it.
                break;
            }
            let input: Line<Input> =
                serde_json::from_str(&text).map_err(|source| damaged(line, source))?;
            world.act(input.at, input.input);
        }
        Ok(Some(world))
    }

    /// Writes an input down, before it is acted on.
    pub(crate) fn append(&mut self, at: Time, input: &Input) -> Result<(), StoreError> {
        let io = |source| StoreError::Io { path: self.path.clone(), source };
        let mut line = serde_json::to_vec(&Line { at, input }).map_err(|e| io(e.into()))?;
        line.push(b'\n');
        // One call, so that lines are never mixed.
        self.file.write_all(&line).map_err(io)?;
        self.inputs += line.len();
        Ok(())
    }

    /// Writes the file anew when it has grown long. The world must have acted on every input.
    pub(crate) fn compact(&mut self, world: &World) -> Result<(), StoreError> {
        if self.inputs >= self.head.max(INPUTS_MIN) {
            (self.file, self.head) = write_whole(&self.path, world)?;
            self.inputs = 0;
        }
        Ok(())
    }
}

fn write_whole(path: &Path, world: &World) -> Result<(File, usize), StoreError> {
    let io = |source| StoreError::Io { path: path.to_owned(), source };
    let mut bytes =
        serde_json::to_vec(&Head { format: FORMAT, world }).map_err(|e| io(e.into()))?;
    bytes.push(b'\n');
    let beside = path.with_extension("new");
    std::fs::write(&beside, &bytes).map_err(io)?;
    std::fs::rename(&beside, path).map_err(io)?;
    let file = OpenOptions::new().append(true).open(path).map_err(io)?;
    Ok((file, bytes.len()))
}

impl World {
    /// Acts on an input at its instant.
    pub(crate) fn act(&mut self, at: Time, input: Input) {
        self.advance(at);
        match input {
            Input::Submit { site, ctx, op } => {
                self.submit(&site, &ctx, &op);
            }
            Input::Cancel { site, id } => {
                self.cancel(&site, &id);
            }
            Input::Raise { site, domain, token } => {
                self.raise(&site, &domain, token);
            }
            Input::Query { site, query } => {
                // What it answered went to somebody else.
                let _ = self.query(&site, &query);
            }
            Input::Control(command) => {
                // A command that failed then fails again, and changes as little.
                let _ = self.control(&command);
            }
            Input::Answered => {}
        }
    }

    /// Raises a floor at a site.
    pub(crate) fn raise(
        &mut self,
        site: &SiteName,
        domain: &FenceDomain,
        token: Token,
    ) -> muster_contract::Outcome<Token> {
        if !self.reachable(site) {
            return muster_contract::Outcome::unknown("no answer");
        }
        if &domain.site != site {
            let class = muster_contract::ErrorClass::Precondition;
            return muster_contract::Outcome::refused(class, "the fence domain is of another site");
        }
        match self.ledger(site) {
            Some(ledger) => muster_contract::Outcome::Done(ledger.raise(domain, token)),
            None => muster_contract::Outcome::unknown("no answer"),
        }
    }
}
