//! The database: one journal, one lease, one counter of epochs.

use crate::bounds::ATTEMPTS;
use crate::plan::{DEMOTE_B, FAILBACK, FAILOVER, MARKS, OpId, UNDO};

/// Which way a run goes. Stands for `muster_engine::state::Course` and `Ending`.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) enum Course {
    /// There is no run yet.
    #[default]
    None,
    /// Forwards.
    Forward,
    /// Back.
    Unwinding,
    /// It stopped; a person gives it up.
    Halted,
    /// Everything was done.
    Ended,
    /// Everything was undone.
    Undone,
    /// A person gave it up.
    Abandoned,
}

/// How far a journal tells that its run is: what `muster_engine::fold` makes of the records.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Cursor {
    pub(crate) run: u8,
    pub(crate) course: Course,
    pub(crate) step: u8,
    pub(crate) attempt: u8,
    /// Records of this step.
    pub(crate) records: u8,
    /// Its intent is written.
    pub(crate) intent: bool,
}

impl Cursor {
    pub(crate) fn of_run(run: u8) -> Cursor {
        Cursor { run, course: Course::Forward, ..Cursor::default() }
    }

    /// Somebody executes it, or should.
    pub(crate) fn is_open(&self) -> bool {
        matches!(self.course, Course::Forward | Course::Unwinding)
    }

    /// The position of the next record, as part of a token.
    pub(crate) fn position(&self) -> u8 {
        self.step * 8 + self.records.min(7)
    }

    pub(crate) fn op(&self) -> OpId {
        OpId { run: self.run, step: self.step, attempt: self.attempt }
    }

    /// The set of all operations of its step, of later ones and of later runs.
    pub(crate) fn ahead(&self) -> u64 {
        match self.run {
            0 => u64::MAX,
            run => u64::MAX << OpId { run, step: self.step, attempt: 0 }.bit().trailing_zeros(),
        }
    }

    /// `Event::Intent`, once more after a take-over.
    pub(crate) fn intend(&mut self) {
        self.intent = true;
        self.records += 1;
    }

    /// `Event::Done`.
    pub(crate) fn done(&mut self) {
        let last = if self.run == FAILOVER { 2 } else { 4 };
        let (course, step) = match (self.course, self.step) {
            (_, UNDO) => (Course::Undone, UNDO),
            (Course::Unwinding, DEMOTE_B) => (Course::Unwinding, UNDO),
            (_, step) if step == last => (Course::Ended, last),
            (course, step) => (course, step + 1),
        };
        *self = Cursor { run: self.run, course, step, ..Cursor::default() };
    }

    /// `Event::Refused`: the next attempt is another operation; after the last one the run halts.
    pub(crate) fn refused(&mut self) {
        self.intent = false;
        self.records += 1;
        if self.course == Course::Unwinding && self.step == DEMOTE_B {
            self.course = Course::Undone;
        } else if self.attempt + 1 >= ATTEMPTS {
            self.course = Course::Halted;
        } else {
            self.attempt += 1;
        }
    }

    /// See [`crate::plan::expected`].
    pub(crate) fn mark(&self) -> u8 {
        let ended = !matches!(self.course, Course::Forward | Course::Unwinding | Course::Halted);
        match (self.run, ended) {
            (0, _) => 0,
            (FAILOVER, true) => 3,
            (FAILOVER, false) => self.step,
            (_, true) => 9,
            (_, false) if self.step == UNDO => 4 + DEMOTE_B,
            (_, false) => 4 + self.step,
        }
    }
}

/// The lease and the journal.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub(crate) struct Database {
    pub(crate) incarnation: u8,
    /// The last epoch that was drawn.
    pub(crate) epochs: u8,
    /// Epoch of the lease in the row; 0: there is none. An epoch names its owner.
    pub(crate) lease: u8,
    pub(crate) cursor: Cursor,
    /// For each mark that was reached, the last epoch drawn by then plus one: what a restore brings back.
    marks: [u8; MARKS],
}

impl Database {
    pub(crate) fn new() -> Database {
        Database { incarnation: 1, ..Database::default() }
    }

    /// Begins a run. `Leases::acquire` draws its epoch later.
    pub(crate) fn begin(&mut self, run: u8) {
        self.cursor = Cursor::of_run(run);
        self.note();
    }

    /// Draws an epoch and writes the lease's row.
    pub(crate) fn take(&mut self) -> u8 {
        self.epochs += 1;
        self.lease = self.epochs;
        self.lease
    }

    /// The journal has come further.
    pub(crate) fn write(&mut self, cursor: Cursor) {
        self.cursor = cursor;
        if !cursor.is_open() {
            self.lease = 0;
        }
        self.note();
    }

    fn note(&mut self) {
        let mark = &mut self.marks[self.cursor.mark() as usize];
        if *mark == 0 {
            *mark = self.epochs + 1;
        }
    }

    /// No restore will ask for them.
    pub(crate) fn forget_marks(&mut self) {
        self.marks = [0; MARKS];
    }

    /// Whether the database was ever at a mark, and may be there again after a restore.
    pub(crate) fn has_been_at(&self, mark: u8) -> bool {
        self.marks[mark as usize] > 0 && mark <= self.cursor.mark() && mark < 9
    }

    /// An older database: everything after a mark is forgotten.
    pub(crate) fn rewind(&mut self, mark: u8, new_life: bool) {
        let run = if mark < 4 { FAILOVER } else { self.cursor.run.max(FAILBACK) };
        let mut cursor = Cursor::of_run(run);
        cursor.step = if mark < 4 { mark } else { mark - 4 };
        if mark == 3 {
            cursor = Cursor { step: 2, course: Course::Ended, ..cursor };
        }
        self.epochs = self.marks[mark as usize] - 1;
        self.marks[mark as usize + 1..].fill(0);
        self.cursor = cursor;
        self.lease = 0;
        self.incarnation += u8::from(new_life);
    }
}
