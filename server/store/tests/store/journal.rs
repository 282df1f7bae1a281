//! The journal holds what its owner wrote, in order, once.

use muster_engine::{AppendError, Fence, Journal, Leases};
use muster_store::Store;

use crate::Factory;
use crate::make::{NOW, TTL, create, entry, id, owner, records, run, taken};

async fn append(
    store: &Store,
    n: u64,
    fence: &Fence,
    from: u64,
    to: u64,
) -> Result<(), AppendError> {
    let mut answers = store.append(vec![entry(n, fence, records(from, to))]).await.unwrap();
    assert_eq!(answers.len(), 1);
    answers.remove(0)
}

pub(crate) async fn records_come_back_as_they_were_written(db: impl Factory) {
    let store = db.open().await;
    let fence = taken(&store, 1).await;
    append(&store, 1, &fence, 0, 3).await.unwrap();
    append(&store, 1, &fence, 3, 4).await.unwrap();
    assert_eq!(store.read(id(1), 0).await.unwrap(), records(0, 4));
    assert_eq!(store.journal_length(id(1)).await.unwrap(), 4);
    assert_eq!(store.journal_length(id(2)).await.unwrap(), 0);
}

pub(crate) async fn only_the_owner_appends(db: impl Factory) {
    let store = db.open().await;
    let first = taken(&store, 1).await;
    append(&store, 1, &first, 0, 2).await.unwrap();
    let second = store.acquire(id(1), &owner("two"), NOW + TTL, TTL).await.unwrap().unwrap();

    assert_eq!(append(&store, 1, &first, 2, 3).await, Err(AppendError::FencedOff));
    append(&store, 1, &second, 2, 3).await.unwrap();
    assert_eq!(append(&store, 1, &first, 3, 4).await, Err(AppendError::FencedOff));

    for wrong in [
        Fence { epoch: second.epoch + 1, ..second.clone() },
        Fence { incarnation: second.incarnation + 1, ..second.clone() },
        Fence { owner: owner("three"), ..second.clone() },
    ] {
        assert_eq!(append(&store, 1, &wrong, 3, 4).await, Err(AppendError::FencedOff), "{wrong:?}");
    }
    assert_eq!(append(&store, 9, &second, 0, 1).await, Err(AppendError::NoRun));
    assert_eq!(store.read(id(1), 0).await.unwrap(), records(0, 3));
}

pub(crate) async fn records_follow_without_a_gap(db: impl Factory) {
    let store = db.open().await;
    let fence = taken(&store, 1).await;
    assert_eq!(append(&store, 1, &fence, 1, 2).await, Err(AppendError::Gap(0)));
    append(&store, 1, &fence, 0, 5).await.unwrap();
    for (from, to) in [(0, 5), (4, 6), (6, 7)] {
        assert_eq!(append(&store, 1, &fence, from, to).await, Err(AppendError::Gap(5)));
    }
    let mut torn = records(5, 8);
    torn.remove(1);
    let answers = store.append(vec![entry(1, &fence, torn)]).await.unwrap();
    assert_eq!(answers, [Err(AppendError::Gap(6))]);
    assert_eq!(store.read(id(1), 0).await.unwrap(), records(0, 5));
}

pub(crate) async fn each_run_of_a_batch_succeeds_or_fails_by_itself(db: impl Factory) {
    let store = db.open().await;
    let (one, two) = (taken(&store, 1).await, taken(&store, 2).await);
    let batch = vec![
        entry(1, &one, records(0, 2)),
        entry(2, &one, records(0, 2)),
        entry(2, &two, records(0, 1)),
        entry(2, &two, records(1, 3)),
        entry(3, &two, records(0, 1)),
        entry(1, &one, records(5, 6)),
    ];
    let answers = store.append(batch).await.unwrap();
    let gap = Err(AppendError::Gap(2));
    let expected =
        [Ok(()), Err(AppendError::FencedOff), Ok(()), Ok(()), Err(AppendError::NoRun), gap];
    assert_eq!(answers, expected);
    assert_eq!(store.read(id(1), 0).await.unwrap(), records(0, 2));
    assert_eq!(store.read(id(2), 0).await.unwrap(), records(0, 3));
}

/// The process is gone without a word, as after `kill -9`; the next one reads everything and goes on.
pub(crate) async fn what_was_appended_survives_the_process(db: impl Factory) {
    if !db.is_durable() {
        return;
    }
    let store = db.open().await;
    let fence = taken(&store, 1).await;
    append(&store, 1, &fence, 0, 7).await.unwrap();
    drop(store);

    let store = db.open().await;
    assert_eq!(store.read(id(1), 0).await.unwrap(), records(0, 7));
    // Whoever held it is gone with its process: nobody waits for the lease to run out.
    assert_eq!(append(&store, 1, &fence, 7, 8).await, Err(AppendError::FencedOff));
    let next = store.acquire(id(1), &owner("two"), NOW, TTL).await.unwrap().unwrap();
    assert!(next.epoch > fence.epoch);
    append(&store, 1, &next, 7, 9).await.unwrap();
    assert_eq!(store.read(id(1), 0).await.unwrap(), records(0, 9));
}

pub(crate) async fn sixty_four_appenders_write_one_journal_each(db: impl Factory) {
    let store = db.open().await;
    let mut tasks = tokio::task::JoinSet::new();
    for n in 0..64 {
        let store = store.clone();
        tasks.spawn(async move {
            let fence = taken(&store, n).await;
            for from in (0..20).step_by(5) {
                append(&store, n, &fence, from, from + 5).await.unwrap();
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    for n in 0..64 {
        assert_eq!(store.read(id(n), 0).await.unwrap(), records(0, 20), "run {n}");
    }
}

/// All try to write the next record at once; for each position one succeeds, whoever it is.
pub(crate) async fn sixty_four_appenders_on_one_run_leave_no_hole(db: impl Factory) {
    let store = db.open().await;
    let fence = taken(&store, 1).await;
    let mut tasks = tokio::task::JoinSet::new();
    for _ in 0..64 {
        let (store, fence) = (store.clone(), fence.clone());
        tasks.spawn(async move {
            let mut next = 0;
            loop {
                match append(&store, 1, &fence, next, next + 1).await {
                    Ok(()) => break,
                    Err(AppendError::Gap(end)) => next = end,
                    Err(error) => panic!("{error}"),
                }
            }
        });
    }
    while let Some(done) = tasks.join_next().await {
        done.unwrap();
    }
    assert_eq!(store.read(id(1), 0).await.unwrap(), records(0, 64));
}

pub(crate) async fn any_position_can_be_read_from(db: impl Factory) {
    let store = db.open().await;
    let fence = taken(&store, 1).await;
    for from in (0..200).step_by(2) {
        append(&store, 1, &fence, from, from + 2).await.unwrap();
    }
    for from in [0, 1, 2, 131, 198, 199, 200, 5000] {
        assert_eq!(store.read(id(1), from).await.unwrap(), records(from.min(200), 200), "{from}");
        let page = store.journal_page(id(1), from, 3).await.unwrap();
        assert_eq!(page, records(from.min(200), (from + 3).min(200)), "{from}");
    }
    store.runs().create(create(run(2), &[])).await.unwrap();
    assert_eq!(store.read(id(2), 0).await.unwrap(), []);
}
