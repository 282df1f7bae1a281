//! The store beside the model.

use muster_engine::{Append, Journal, JournalError, Leases};
use muster_store::{Error, Store};
use proptest_state_machine::StateMachineTest;
use tokio::runtime::Runtime;

use super::Of;
use super::command::{Answer, Command};
use super::reference::{Commands, Model};
use crate::Factory;
use crate::make::{TTL, create, entry, id, owner, run};

/// A store that is asked the same things.
pub(crate) struct Agrees<F>(Of<F>);

/// A database, and the store that is open on it.
pub(crate) struct Opened<F> {
    runtime: Runtime,
    db: F,
    store: Store,
}

impl<F: Factory + 'static> StateMachineTest for Agrees<F> {
    type SystemUnderTest = Opened<F>;
    type Reference = Commands<F>;

    fn init_test(_: &Model) -> Opened<F> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let db = F::new();
        let store = runtime.block_on(db.open());
        Opened { runtime, db, store }
    }

    fn apply(opened: Opened<F>, model: &Model, command: Command) -> Opened<F> {
        let Opened { runtime, db, store } = opened;
        let store = runtime.block_on(async {
            let Command::Restart { orderly } = command else {
                assert_eq!(ask(&store, model, &command).await, model.answer, "{command:?}");
                return store;
            };
            if orderly {
                store.clone().close().await.unwrap();
            }
            drop(store);
            let store = db.open().await;
            assert_eq!((store.incarnation(), store.restored()), (1, false));
            store
        });
        Opened { runtime, db, store }
    }

    fn check_invariants(opened: &Opened<F>, model: &Model) {
        opened.runtime.block_on(async {
            for (run, journal) in &model.journals {
                assert_eq!(opened.store.read(id(*run), 0).await.unwrap(), *journal, "run {run}");
                let length = opened.store.journal_length(id(*run)).await.unwrap();
                assert_eq!(length, journal.len() as u64, "run {run}");
            }
        });
    }
}

/// The same question to the store, whose model has gone on already.
async fn ask(store: &Store, model: &Model, command: &Command) -> Answer {
    let shown = || model.fence.clone().unwrap();
    match command {
        Command::Create(n) => match store.runs().create(create(run(*n), &[])).await {
            Ok(()) => Answer::Made(true),
            Err(Error::Exists(_)) => Answer::Made(false),
            Err(error) => panic!("{error}"),
        },
        Command::Acquire(run, who) => {
            let owner = owner(&format!("owner-{who}"));
            let taken = store.acquire(id(*run), &owner, model.now, TTL).await;
            Answer::Taken(taken.map_err(|error| assert!(is_missing(&error), "{error:?}")))
        }
        Command::Renew(run, _) => {
            Answer::Kept(store.renew(id(*run), &shown(), model.now, TTL).await.unwrap())
        }
        Command::Release(run, _) => {
            store.release(id(*run), &shown()).await.unwrap();
            Answer::Nothing
        }
        Command::Append(_) => {
            let entries = model.entries.iter();
            let batch: Vec<Append> =
                entries.map(|(run, fence, records)| entry(*run, fence, records.clone())).collect();
            Answer::Appended(store.append(batch).await.unwrap())
        }
        Command::Read(run, from, limit) => {
            Answer::Read(store.journal_page(id(*run), *from, *limit).await.unwrap())
        }
        Command::Wait(_) | Command::Restart { .. } => Answer::Nothing,
    }
}

fn is_missing(error: &JournalError) -> bool {
    error.0.downcast_ref::<Error>().is_some_and(|error| matches!(error, Error::NotFound(_)))
}
