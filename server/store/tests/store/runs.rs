//! Runs and what is bound to them.

use muster_engine::Ending;
use muster_plans::id::RunId;
use muster_plans::run::RunKind;
use muster_store::{
    AuditEntry, Chain, ChainChange, CreateRun, Error, Finish, PlanStateChange, Run, RunFilter,
    SiteSnapshot, Store,
};
use uuid::Uuid;

use crate::Factory;
use crate::make::{NOW, create, id, run};

fn state(json: &str, expected: u64) -> PlanStateChange {
    PlanStateChange { plan: "erp".into(), json: json.to_owned(), expected }
}

pub(crate) fn finish(n: u64, ending: Ending, release_groups: bool) -> Finish {
    Finish {
        run: id(n),
        ending,
        at: NOW,
        state: String::from("over"),
        summary: serde_json::json!({}),
        release_groups,
        plan_state: None,
        chain: None,
        audit: Vec::new(),
    }
}

fn audit(action: &str) -> AuditEntry {
    AuditEntry {
        at: NOW,
        actor: String::from("alice"),
        via: String::from("session"),
        action: action.to_owned(),
        object: String::from("plan/erp"),
        outcome: String::from("done"),
        detail: serde_json::json!({"why": "drill"}),
        address: None,
        request_id: None,
    }
}

pub(crate) async fn a_group_is_in_one_active_run(db: impl Factory) {
    let store = db.open().await;
    store.runs().create(create(run(1), &["db", "web"])).await.unwrap();
    let second = store.runs().create(create(run(2), &["mail", "web"])).await.unwrap_err();
    assert!(
        matches!(&second, Error::GroupBusy { group, run } if group.as_str() == "web" && *run == id(1)),
        "{second}"
    );
    store.runs().create(create(run(3), &["mail"])).await.unwrap();
    store.runs().finish(finish(1, Ending::Succeeded, true)).await.unwrap();
    store.runs().create(create(run(4), &["web"])).await.unwrap();
    let held = store.runs().held_groups().await.unwrap();
    assert_eq!(held, [("mail".into(), id(3)), ("web".into(), id(4))]);
    assert_eq!(store.runs().groups(id(1)).await.unwrap(), ["db".into(), "web".into()]);
}

pub(crate) async fn nothing_of_a_refused_run_is_left(db: impl Factory) {
    let store = db.open().await;
    store.plan_states().put(&state("{}", 0)).await.unwrap();
    let mut new = create(run(1), &["db"]);
    new.plan_state = Some(state(r#"{"phase":"FailingOver"}"#, 7));
    new.audit = vec![audit("run.start")];
    let refused = store.runs().create(new.clone()).await.unwrap_err();
    assert!(matches!(refused, Error::Conflict { expected: 7, found: Some(1), .. }));
    assert_eq!(store.runs().get(id(1)).await.unwrap(), None);
    assert_eq!(store.runs().graph(id(1)).await.unwrap(), None);
    assert_eq!(store.runs().held_groups().await.unwrap(), []);
    assert_eq!(store.audit().head().await.unwrap().seq, 0);

    new.plan_state = Some(state(r#"{"phase":"FailingOver"}"#, 1));
    store.runs().create(new).await.unwrap();
    assert_eq!(store.runs().get(id(1)).await.unwrap(), Some(run(1)));
    assert_eq!(store.runs().graph(id(1)).await.unwrap().unwrap(), r#"{"steps":[]}"#);
    let (plan, stands) = store.plan_states().all().await.unwrap().remove(0);
    assert_eq!((plan.as_str(), stands.version), ("erp", 2));
    assert_eq!(stands.json, r#"{"phase":"FailingOver"}"#);
    assert_eq!(store.audit().head().await.unwrap().seq, 1);

    let twice = store.runs().create(create(run(1), &[])).await.unwrap_err();
    assert!(matches!(twice, Error::Exists(_)));
}

async fn ids(store: &Store, filter: &RunFilter) -> Vec<RunId> {
    let (mut seen, mut before) = (Vec::new(), None);
    loop {
        let page = store.runs().list(filter, before, 3).await.unwrap();
        assert!(page.items.len() <= 3);
        seen.extend(page.items.iter().map(|run: &Run| run.id));
        before = page.next;
        if before.is_none() {
            return seen;
        }
    }
}

pub(crate) async fn pages_hold_every_run_once(db: impl Factory) {
    let store = db.open().await;
    assert_eq!(ids(&store, &RunFilter::default()).await, []);
    // 3 and 6 end on the edge of a page; ids around 0x80 and 0xff would be wrong if text were compared.
    for n in [1, 2, 3, 0x7f, 0x80, 0xff, 0x100] {
        store.runs().create(create(run(n), &[])).await.unwrap();
        let newest = ids(&store, &RunFilter::default()).await;
        assert_eq!(newest[0], id(n));
        assert!(newest.windows(2).all(|pair| pair[0] > pair[1]), "{newest:?}");
    }
    assert_eq!(ids(&store, &RunFilter::default()).await.len(), 7);
    let first = store.runs().list(&RunFilter::default(), None, 2).await.unwrap();
    store.runs().create(create(run(0x200), &[])).await.unwrap();
    let second = store.runs().list(&RunFilter::default(), first.next, 2).await.unwrap();
    let seen: Vec<_> = second.items.iter().map(|run| run.id).collect();
    assert_eq!(seen, [id(0x80), id(0x7f)], "a new run moves no page");
}

pub(crate) async fn lists_are_filtered(db: impl Factory) {
    let store = db.open().await;
    let chain = Uuid::from_u128(5);
    let other = Run { plan: "mail".into(), kind: RunKind::Test, ..run(2) };
    let chained = Run { chain: Some(chain), state: String::from("waiting"), ..run(3) };
    store.runs().create(create(run(1), &["db"])).await.unwrap();
    store.runs().create(create(other, &["mail"])).await.unwrap();
    store.runs().create(create(chained, &[])).await.unwrap();
    store.runs().finish(finish(1, Ending::Succeeded, true)).await.unwrap();

    let all = RunFilter::default;
    let cases = [
        (RunFilter { plan: Some("mail".into()), ..all() }, vec![id(2)]),
        (RunFilter { kind: Some(RunKind::Failover), ..all() }, vec![id(3), id(1)]),
        (RunFilter { active: Some(true), ..all() }, vec![id(3), id(2)]),
        (RunFilter { active: Some(false), ..all() }, vec![id(1)]),
        (RunFilter { state: Some("waiting".into()), ..all() }, vec![id(3)]),
        (RunFilter { chain: Some(chain), ..all() }, vec![id(3)]),
        (RunFilter { group: Some("db".into()), ..all() }, vec![id(1)]),
    ];
    for (filter, expected) in cases {
        assert_eq!(ids(&store, &filter).await, expected, "{filter:?}");
    }
}

pub(crate) async fn a_halted_run_keeps_its_groups(db: impl Factory) {
    let store = db.open().await;
    store.runs().create(create(run(1), &["db"])).await.unwrap();
    store.runs().finish(finish(1, Ending::Halted, false)).await.unwrap();
    let halted = store.runs().get(id(1)).await.unwrap().unwrap();
    assert_eq!(
        (halted.active, halted.ending, halted.ended_at),
        (true, Some(Ending::Halted), Some(NOW))
    );
    assert_eq!(halted.state, "over");
    let busy = store.runs().create(create(run(2), &["db"])).await;
    assert!(matches!(busy, Err(Error::GroupBusy { .. })));
    let gone = store.runs().finish(finish(9, Ending::Halted, false)).await;
    assert!(matches!(gone, Err(Error::NotFound(_))));
}

pub(crate) async fn a_run_that_goes_on_takes_its_groups_again(db: impl Factory) {
    let store = db.open().await;
    store.runs().create(create(run(1), &["db"])).await.unwrap();
    store.runs().finish(finish(1, Ending::Halted, true)).await.unwrap();
    store.runs().create(create(run(2), &["db"])).await.unwrap();
    let busy = store.runs().reopen(id(1), "running", None, Vec::new()).await.unwrap_err();
    assert!(matches!(busy, Error::GroupBusy { run, .. } if run == id(2)), "{busy}");
    store.runs().finish(finish(2, Ending::Undone, true)).await.unwrap();

    let change = Some(state("{}", 0));
    store.runs().reopen(id(1), "running", change, vec![audit("run.resume")]).await.unwrap();
    assert_eq!(store.runs().get(id(1)).await.unwrap().unwrap().ending, None);
    assert_eq!(store.runs().held_groups().await.unwrap(), [("db".into(), id(1))]);
    store.runs().set_progress(id(1), "waiting", &serde_json::json!({"done": 1})).await.unwrap();
    let shown = store.runs().get(id(1)).await.unwrap().unwrap();
    assert_eq!((shown.state.as_str(), &shown.summary["done"]), ("waiting", &serde_json::json!(1)));
}

pub(crate) async fn chains_advance_from_the_version_that_was_read(db: impl Factory) {
    let store = db.open().await;
    let mut chain = Chain {
        id: Uuid::from_u128(7),
        plan: "erp".into(),
        kind: String::from("failback"),
        created_at: NOW,
        started_by: String::from("alice"),
        stage: 0,
        json: String::from("{}"),
        ending: None,
        version: 1,
    };
    let mut new = create(Run { chain: Some(chain.id), ..run(1) }, &[]);
    new.chain = Some(ChainChange::Begin(chain.clone()));
    store.runs().create(new).await.unwrap();
    assert_eq!(store.chains().open().await.unwrap(), [chain.clone()]);

    chain.stage = 1;
    let mut end = finish(1, Ending::Succeeded, true);
    end.chain = Some(ChainChange::Advance(chain.clone()));
    store.runs().finish(end).await.unwrap();
    let again = store.chains().change(&ChainChange::Advance(chain.clone())).await.unwrap_err();
    assert!(matches!(again, Error::Conflict { expected: 1, found: Some(2), .. }));

    chain = store.chains().get(chain.id).await.unwrap().unwrap();
    assert_eq!((chain.stage, chain.version), (1, 2));
    chain.ending = Some(String::from("succeeded"));
    store.chains().change(&ChainChange::Advance(chain)).await.unwrap();
    assert_eq!(store.chains().open().await.unwrap(), []);
    assert_eq!(store.chains().of_plan(&"erp".into()).await.unwrap().len(), 1);
}

pub(crate) async fn settings_and_inventories_are_kept(db: impl Factory) {
    let store = db.open().await;
    assert_eq!(store.settings().get("theme").await.unwrap(), None);
    assert_eq!(store.settings().put("theme", "1", 0).await.unwrap(), 1);
    assert_eq!(store.settings().put("theme", "2", 1).await.unwrap(), 2);
    let late = store.settings().put("theme", "3", 1).await;
    assert!(matches!(late, Err(Error::Conflict { found: Some(2), .. })));
    assert_eq!(store.settings().get("theme").await.unwrap().unwrap().json, "2");

    for (json, at) in [("{}", 1), (r#"{"vms":[]}"#, 2)] {
        let snapshot = SiteSnapshot {
            site: "paris".into(),
            json: json.to_owned(),
            digest: json.len().to_string(),
            observed_at: muster_plans::time::Time(at),
        };
        store.inventories().put(snapshot.clone()).await.unwrap();
        assert_eq!(store.inventories().get(&"paris".into()).await.unwrap(), Some(snapshot));
    }
    let marks = store.inventories().marks().await.unwrap();
    assert_eq!(marks, [("paris".into(), "10".into(), muster_plans::time::Time(2))]);
}

pub(crate) async fn a_large_graph_comes_back_as_it_was(db: impl Factory) {
    let store = db.open().await;
    // Sizes around the pieces in which it is kept, of characters of more than one byte.
    for (n, chars) in [(1, 0), (2, 524_288), (3, 524_289), (4, 1_600_000)] {
        let graph = "é".repeat(chars);
        let new = CreateRun { graph: graph.clone(), ..create(run(n), &[]) };
        store.runs().create(new).await.unwrap();
        let read = store.runs().graph(id(n)).await.unwrap();
        assert!(read == Some(graph), "a graph of {chars} characters");
    }
    assert_eq!(store.runs().graph(id(9)).await.unwrap(), None);
}
