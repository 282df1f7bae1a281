//! One suite for every database: each test is a function over a [`Factory`], and each database that
//! the store speaks is put under all of them by one line.

#![expect(clippy::unwrap_used, reason = "a test that cannot go on has failed")]

mod approvals;
mod audit;
mod documents;
mod identity;
mod journal;
mod lease;
mod life;
mod make;
mod model;
mod requests;
mod runs;

use std::path::PathBuf;

use muster_store::{Options, Store};

/// Makes databases for one test.
trait Factory: Sized {
    /// A place for one database.
    fn new() -> Self;
    /// Where it is.
    fn location(&self) -> String;

    /// Whether it is still there when its store is gone.
    fn is_durable(&self) -> bool;

    /// Opens it.
    async fn open(&self) -> Store {
        Store::open(&self.location(), Options::default()).await.unwrap()
    }
}

/// A SQLite file in a folder of its own.
struct SqliteFile(tempfile::TempDir);

impl SqliteFile {
    fn path(&self) -> PathBuf {
        self.0.path().join("muster.db")
    }
}

impl Factory for SqliteFile {
    fn is_durable(&self) -> bool {
        true
    }
    fn new() -> Self {
        SqliteFile(tempfile::tempdir().unwrap())
    }
    fn location(&self) -> String {
        self.path().display().to_string()
    }
}

/// SQLite in memory.
struct SqliteMemory;

impl Factory for SqliteMemory {
    fn is_durable(&self) -> bool {
        false
    }
    fn new() -> Self {
        SqliteMemory
    }
    fn location(&self) -> String {
        String::from(":memory:")
    }
}

/// Puts one database under all tests.
macro_rules! suite {
    ($name:ident, $factory:ty: $($module:ident::{$($test:ident),* $(,)?}),* $(,)?) => {
        mod $name {
            $(mod $module {
                $(#[tokio::test]
                async fn $test() {
                    crate::$module::$test(<$factory as crate::Factory>::new()).await;
                })*
            })*
        }
    };
}

macro_rules! every_database {
    ($($tests:tt)*) => {
        suite!(sqlite_file, crate::SqliteFile: $($tests)*);
        suite!(sqlite_memory, crate::SqliteMemory: $($tests)*);
    };
}

every_database! {
    journal::{
        records_come_back_as_they_were_written,
        only_the_owner_appends,
        records_follow_without_a_gap,
        each_run_of_a_batch_succeeds_or_fails_by_itself,
        what_was_appended_survives_the_process,
        sixty_four_appenders_write_one_journal_each,
        sixty_four_appenders_on_one_run_leave_no_hole,
        any_position_can_be_read_from,
    },
    lease::{
        one_owner_at_a_time,
        a_lease_is_ended_only_as_it_was_seen,
        a_later_owner_has_a_higher_epoch,
        of_two_runs_the_later_one_is_higher,
        a_run_given_back_cannot_be_written,
        a_lease_that_ran_out_is_kept_until_somebody_takes_it,
        a_run_that_does_not_exist_cannot_be_taken,
        a_run_whose_end_was_taken_in_cannot_be_taken,
    },
    life::{
        a_restart_is_no_new_life,
    },
    documents::{
        a_set_is_applied_as_a_whole_or_not_at_all,
        two_writers_of_one_version,
        a_check_of_the_whole_set_is_for_one_generation,
        history_keeps_deleted_documents,
        the_same_documents_have_the_same_digest,
    },
    runs::{
        a_group_is_in_one_active_run,
        nothing_of_a_refused_run_is_left,
        a_large_graph_comes_back_as_it_was,
        pages_hold_every_run_once,
        lists_are_filtered,
        a_halted_run_keeps_its_groups,
        a_run_that_goes_on_takes_its_groups_again,
        chains_advance_from_the_version_that_was_read,
        settings_and_inventories_are_kept,
    },
    approvals::{
        an_approval_starts_one_run,
    },
    identity::{
        users_are_changed_from_the_version_that_was_read,
        sessions_end,
        tokens_are_revoked,
        changes_of_users_are_whole,
    },
    requests::{
        a_request_is_done_once,
        what_was_done_is_known_after_a_crash,
    },
    model::{
        the_store_answers_as_a_model,
    },
    audit::{
        the_trail_is_chained,
        pages_and_filters,
    },
}
