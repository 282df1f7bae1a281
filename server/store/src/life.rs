//! Which life the journal lives.
//!
//! A database that was restored from a backup has forgotten the end of its journal, and would hand
//! out the same fencing tokens a second time. To notice it, a random mark stands in the database and
//! in a file beside it, and both change often: at each start and stop, with each lease, and every so
//! many appends. A database whose mark is not the file's was exchanged; it gets a new incarnation,
//! which is higher than that of any life before.
//!
//! The file is written before the commit with both marks, the old and the new one, and again after
//! it: at whatever point the power fails, the database's mark is in the file.

mod file;

use std::sync::atomic::Ordering;

use sea_orm::ActiveValue::Set;
use sea_orm::{
    ActiveModelTrait, ColumnTrait, ConnectionTrait, DatabaseConnection, EntityTrait, QueryFilter,
    QueryOrder,
};

use crate::Error;
use crate::entity::{epoch_counter, journal, lease, life};
use crate::open::{Store, begin};
use crate::text::{int, nat};
pub(crate) use file::{Known, LifeFile};

/// The only row of a table that has one.
pub(crate) const ONLY: i32 = 1;

/// In the file: the first commit of the database is under way, so that it may have no life yet.
const UNBORN: u64 = 0;

/// What was found at the start.
pub(crate) struct Life {
    pub(crate) incarnation: u64,
    pub(crate) restored: bool,
}

impl Life {
    /// Compares the marks, raises the incarnation if they differ, and sets a new mark.
    pub(crate) async fn begin(
        db: &DatabaseConnection,
        file: Option<&LifeFile>,
    ) -> Result<Life, Error> {
        let txn = begin(db).await?;
        let row = life::Entity::find_by_id(ONLY).one(&txn).await?;
        let known = file.map(LifeFile::read).transpose()?;
        let (incarnation, exchanged) = judge(row.as_ref(), known.as_ref());
        let restored = exchanged || row.as_ref().is_some_and(|row| row.restored);
        let mark = file::new_mark()?;
        let model = life::ActiveModel {
            id: Set(ONLY),
            mark: Set(mark.clone()),
            incarnation: Set(int(incarnation)),
            restored: Set(restored),
        };
        if let Some(row) = &row {
            model.update(&txn).await?;
            if exchanged || file.is_some() {
                // Whoever held a run held it in another life, or in a process that is gone: the lock
                // beside a database in a file lets one process in. Nobody need wait for such a lease
                // to run out, and its fence is worth nothing without it.
                lease::Entity::delete_many().exec(&txn).await?;
            }
            if let Some(file) = file.filter(|_| !exchanged) {
                file.write(incarnation, &[&row.mark, &mark])?;
            }
        } else {
            if let Some(file) = file.filter(|_| !exchanged) {
                // Before the first commit too: were the database durable and the file not, the next
                // start would take a power loss for a restore.
                file.write(UNBORN, &[&mark])?;
            }
            model.insert(&txn).await?;
            epoch_counter::ActiveModel { id: Set(ONLY), epoch: Set(0) }.insert(&txn).await?;
        }
        txn.commit().await?;
        // For an exchanged database the file is written only now: until its new incarnation is
        // durable, another start must find it exchanged again.
        if let Some(file) = file {
            file.write(incarnation, &[&mark])?;
        }
        Ok(Life { incarnation, restored })
    }
}

/// The incarnation, and whether the database was exchanged. The file remembers the highest
/// incarnation, since a backup of an earlier life knows a lower one.
fn judge(row: Option<&life::Model>, known: Option<&Known>) -> (u64, bool) {
    let Some(row) = row else {
        // A new database beside the file of another one continues after it.
        let lived = |known: &&Known| !known.marks.is_empty() && known.incarnation > UNBORN;
        return match known.filter(lived) {
            Some(known) => (known.incarnation + 1, true),
            None => (1, false),
        };
    };
    match known {
        Some(known) if !known.marks.contains(&row.mark) => {
            (known.incarnation.max(nat(row.incarnation)) + 1, true)
        }
        _ => (nat(row.incarnation), false),
    }
}

/// A mark that is being set: the file knows it already, the database learns it with the commit.
pub(crate) struct NewMark(String);

impl Store {
    /// Which life of the journal this is. It rises when the database was restored; it is the first
    /// part of every fencing token.
    pub fn incarnation(&self) -> u64 {
        self.0.incarnation.load(Ordering::Acquire)
    }

    /// Whether the database was restored from a backup, or lost, and nobody has settled it yet. Then
    /// the journal may lack what was already done: nothing may be started before every site has seen
    /// the higher incarnation and was read again. This survives restarts.
    pub fn restored(&self) -> bool {
        self.0.restored.load(Ordering::Acquire)
    }

    /// A site has seen more than this journal knows of: the end of the journal is lost, although the mark
    /// did not show it. The journal begins a new life, above everything that was seen; every lease ends, and
    /// the database counts as restored. Gives the new incarnation; where the present life is above what was
    /// seen already, that one, and nothing changes.
    ///
    /// # Errors
    /// Where the database or the file beside it cannot be written.
    pub async fn outlive(&self, seen: u64) -> Result<u64, Error> {
        let txn = self.begin().await?;
        let row = only(&txn).await?;
        if nat(row.incarnation) > seen {
            // Somebody else was told of the same, and has done it.
            return Ok(nat(row.incarnation));
        }
        let incarnation = seen + 1;
        let mark = row.mark.clone();
        let change = life::ActiveModel {
            incarnation: Set(int(incarnation)),
            restored: Set(true),
            ..row.into()
        };
        change.update(&txn).await?;
        lease::Entity::delete_many().exec(&txn).await?;
        self.commit(txn).await?;
        self.0.restored.store(true, Ordering::Release);
        self.0.incarnation.store(incarnation, Ordering::Release);
        if let Some(file) = &self.0.life_file {
            file.write(incarnation, &[&mark])?;
        }
        Ok(incarnation)
    }

    /// The highest epoch that was given out, and how many records the journal holds of it. Together with
    /// the incarnation this is above every fencing token of this journal that a site may have seen.
    ///
    /// # Errors
    /// Where the database cannot be read.
    pub async fn reach(&self) -> Result<(u64, u64), Error> {
        let row = epoch_counter::Entity::find_by_id(ONLY).one(&self.0.read).await?;
        let epoch = row.map_or(0, |row| nat(row.epoch));
        let last = journal::Entity::find()
            .filter(journal::Column::Epoch.eq(int(epoch)))
            .order_by_desc(journal::Column::FirstSeq)
            .one(&self.0.read)
            .await?;
        Ok((epoch, last.map_or(0, |row| nat(row.first_seq) + nat(row.count))))
    }

    /// A person has looked at all sites after a restore and lets work go on.
    ///
    /// # Errors
    /// Where the database cannot be written.
    pub async fn settle_restore(&self) -> Result<(), Error> {
        let txn = self.begin().await?;
        let row = only(&txn).await?;
        life::ActiveModel { restored: Set(false), ..row.into() }.update(&txn).await?;
        self.commit(txn).await?;
        self.0.restored.store(false, Ordering::Release);
        Ok(())
    }

    /// Sets a new mark in a transaction of its own. The server does so once a minute, so that a
    /// backup is told from the database that it was made of.
    ///
    /// # Errors
    /// Where the database or the file beside it cannot be written.
    pub async fn renew_mark(&self) -> Result<(), Error> {
        let txn = self.begin().await?;
        let mark = self.change_mark(&txn).await?;
        self.commit(txn).await?;
        self.settle_mark(mark)
    }

    /// Sets a new mark inside a transaction.
    pub(crate) async fn change_mark(
        &self,
        txn: &impl ConnectionTrait,
    ) -> Result<Option<NewMark>, Error> {
        let Some(file) = &self.0.life_file else { return Ok(None) };
        let row = only(txn).await?;
        let mark = file::new_mark()?;
        file.write(self.incarnation(), &[&row.mark, &mark])?;
        life::ActiveModel { mark: Set(mark.clone()), ..row.into() }.update(txn).await?;
        Ok(Some(NewMark(mark)))
    }

    /// After the commit: the old mark counts no longer.
    pub(crate) fn settle_mark(&self, mark: Option<NewMark>) -> Result<(), Error> {
        match (&self.0.life_file, mark) {
            (Some(file), Some(NewMark(mark))) => file.write(self.incarnation(), &[&mark]),
            _ => Ok(()),
        }
    }
}

async fn only(db: &impl ConnectionTrait) -> Result<life::Model, Error> {
    let row = life::Entity::find_by_id(ONLY).one(db).await?;
    row.ok_or_else(|| Error::NotFound(String::from("life of the journal")))
}
