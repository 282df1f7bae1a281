//! Values that go in and come out.

use muster_plans::document::Kind;
use muster_plans::time::Time;

use crate::Error;
use crate::entity::{document, document_version};
use crate::text::{from_word, nat};

/// A document as it stands.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct StoredDocument {
    /// Its kind.
    pub kind: Kind,
    /// Its name, unique among its kind.
    pub name: String,
    /// The whole document as JSON.
    pub json: String,
    /// As it was written by a person, comments and all, where it came as YAML.
    pub source: Option<String>,
    /// Digest of its content.
    pub digest: String,
    /// From 1, never used twice, not even after the document was deleted and made again.
    pub version: u64,
    /// The generation of the set in which it was last changed.
    pub generation: u64,
    /// When.
    pub changed_at: Time,
    /// By whom.
    pub changed_by: String,
}

/// One version in a document's history.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct DocumentVersion {
    /// The document in this version. Of a deleted one, its last content.
    pub document: StoredDocument,
    /// This version is its deletion.
    pub deleted: bool,
}

/// What becomes of a document.
#[derive(Clone, Debug, PartialEq, Eq)]
pub enum WhatChange {
    /// It is made or replaced.
    Put {
        /// The whole document as JSON.
        json: String,
        /// As it was written by a person.
        source: Option<String>,
        /// Digest of its content. A document with the same digest is not changed and keeps its
        /// version.
        digest: String,
    },
    /// It goes.
    Delete,
}

/// One change.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Change {
    /// Kind of the document.
    pub kind: Kind,
    /// Its name.
    pub name: String,
    /// What becomes of it.
    pub what: WhatChange,
    /// The version that the writer has read; 0: there must be none. `None`: whatever is there.
    pub expected: Option<u64>,
}

/// Which set of documents a change was made for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Base {
    /// Whatever is there.
    Any,
    /// This generation: what was checked together is what is changed.
    Generation(u64),
}

/// Changes that happen together or not at all.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct ChangeSet {
    /// For which set.
    pub base: Base,
    /// What.
    pub changes: Vec<Change>,
    /// When.
    pub at: Time,
    /// By whom.
    pub by: String,
}

/// Generation and digest of the whole set.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SetMark {
    /// Rises by one with each change set that changed something.
    pub generation: u64,
    /// Of all kinds, names and digests. The same documents have the same digest on every server.
    pub digest: String,
}

/// What a change set did.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Applied {
    /// The set after it.
    pub mark: SetMark,
    /// The version of each document after its change, in order; `None`: nothing changed.
    pub versions: Vec<Option<u64>>,
}

impl TryFrom<document::Model> for StoredDocument {
    type Error = Error;

    fn try_from(row: document::Model) -> Result<Self, Error> {
        Ok(StoredDocument {
            kind: from_word("kind of document", &row.kind)?,
            name: row.name,
            json: row.json,
            source: row.source,
            digest: row.digest,
            version: nat(row.version),
            generation: nat(row.generation),
            changed_at: Time(row.changed_at),
            changed_by: row.changed_by,
        })
    }
}

impl TryFrom<document_version::Model> for DocumentVersion {
    type Error = Error;

    fn try_from(row: document_version::Model) -> Result<Self, Error> {
        let document = StoredDocument {
            kind: from_word("kind of document", &row.kind)?,
            name: row.name,
            json: row.json,
            source: row.source,
            digest: row.digest,
            version: nat(row.version),
            generation: nat(row.generation),
            changed_at: Time(row.changed_at),
            changed_by: row.changed_by,
        };
        Ok(DocumentVersion { document, deleted: row.deleted })
    }
}
