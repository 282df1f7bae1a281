//! The ledger after a crash at every byte, and after damage.

use std::collections::BTreeMap;
use std::path::Path;

use muster_contract::SiteAdapter;

use super::*;

/// What a site went through: two objects, a fence, a cancel.
async fn history(agent: &Agent) {
    agent.execute(&ctx(1), &bubble("b-1")).await;
    agent.execute(&ctx(2), &bubble("b-2")).await;
    agent.raise_fence(&group("erp"), token(3)).await;
    agent.cancel(&id(4)).await;
    agent.execute(&ctx(5), &drop_bubble("b-1")).await;
}

async fn ledger_of_a_history(bench: &Bench) -> Vec<u8> {
    history(&bench.agent()).await;
    std::fs::read(bench.folder.path().join("ledger")).unwrap()
}

fn put(folder: &Path, ledger: &[u8]) {
    std::fs::write(folder.join("ledger"), ledger).unwrap();
}

/// Every end of a line, and some places within each.
fn cuts(ledger: &[u8]) -> Vec<usize> {
    let heading = ledger.iter().position(|byte| *byte == b'\n').unwrap() + 1;
    (heading..=ledger.len()).filter(|end| end % 61 == 0 || ledger[end - 1] == b'\n').collect()
}

/// Operations whose intent is on disk, in order; `ended`: whose end is too.
fn intents(ledger: &[u8]) -> Vec<(u32, bool)> {
    let whole = ledger.iter().rposition(|byte| *byte == b'\n').unwrap();
    let text = std::str::from_utf8(&ledger[..whole]).unwrap();
    let holds =
        |kind: &str, step: u32| text.contains(&format!(r#""{kind}":{{"id":"{}""#, id(step)));
    let begun = [1, 2, 5].into_iter().filter(|step| holds("intent", *step));
    begun.map(|step| (step, holds("ended", step))).collect()
}

#[tokio::test]
async fn wherever_it_was_cut_off_everything_is_done_once() {
    let bench = Bench::new();
    let ledger = ledger_of_a_history(&bench).await;
    let wanted = ["bubble/b-1", "bubble/b-2", "bubble/b-1"];
    assert_eq!(bench.effects(), wanted);
    let objects = BTreeMap::from([(1, wanted[0]), (2, wanted[1]), (5, wanted[2])]);
    let mut open = 0;
    for (end, last_happened) in
        cuts(&ledger).into_iter().flat_map(|end| [(end, true), (end, false)])
    {
        // The backend at the moment of the crash: an intent that was not on disk had no effect; one
        // without an end on disk may have had it or not.
        let mut bench = Bench::new();
        for (step, ended) in intents(&ledger[..end]) {
            open += usize::from(!ended);
            if ended || last_happened {
                bench.backend.finish(&id(step), objects[&step]);
            }
        }
        put(bench.folder.path(), &ledger[..end]);
        bench.start = NOON + Span::secs(1);
        history(&bench.agent()).await;
        assert_eq!(bench.effects(), wanted, "cut at byte {end}, {last_happened}");
    }
    assert!(open > 10, "{open} cuts between an intent and its end");
}

#[tokio::test]
async fn a_ledger_in_place_is_whole_or_refused() {
    let bench = Bench::new();
    let ledger = ledger_of_a_history(&bench).await;
    let lines: Vec<&[u8]> = ledger.split_inclusive(|byte| *byte == b'\n').collect();
    // Damage before whole lines: nobody knows what is missing.
    for damaged in 0..lines.len() - 1 {
        let mut bytes = lines.concat();
        let start: usize = lines[..damaged].iter().map(|line| line.len()).sum();
        bytes[start + 40] ^= 1;
        put(bench.folder.path(), &bytes);
        let error = bench.try_agent().err().unwrap().to_string();
        assert!(error.starts_with(&format!("line {} of ", damaged + 1)), "{error}");
    }
    put(bench.folder.path(), b"");
    assert!(matches!(bench.try_agent(), Err(LedgerError::Damaged { line: 1, .. })));
}

#[tokio::test]
async fn one_folder_is_one_agents() {
    let bench = Bench::new();
    let agent = bench.agent();
    assert!(matches!(bench.try_agent(), Err(LedgerError::InUse(_))));
    drop(agent);
    assert!(bench.try_agent().is_ok());
    let mut foreign = Backend::new();
    foreign.rename("lyon");
    let settings = Settings::new(bench.folder.path().to_owned(), clock(NOON));
    let error = Agent::open(settings, Arc::new(foreign)).err().unwrap().to_string();
    assert!(
        error.ends_with(
            "holds the ledger of site `paris` in format 1, not of site `lyon` in format 1"
        ),
        "{error}"
    );
}

#[tokio::test]
async fn many_operations_at_once_share_their_writes() {
    let bench = Bench::new();
    let agent = bench.agent();
    let work = (1..=64).map(|step| {
        let agent = agent.clone();
        async move { agent.execute(&ctx(step), &bubble(&format!("b-{step}"))).await }
    });
    let outcomes = futures_util::future::join_all(work).await;
    assert_eq!(outcomes, vec![done(); 64]);
    let ledger = std::fs::read(bench.folder.path().join("ledger")).unwrap();
    let lines = ledger.iter().filter(|byte| **byte == b'\n').count();
    // 128 records, one line each without sharing.
    assert!(lines < 100, "{lines}");
    drop(agent);
    let agent = bench.agent();
    for step in 1..=64 {
        bench.backend.forget(&id(step));
        assert_eq!(agent.execute(&ctx(step), &bubble(&format!("b-{step}"))).await, done());
    }
    assert_eq!(bench.effects().len(), 64);
}
