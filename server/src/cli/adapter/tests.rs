//! The kit against the simulator, and against an agent that lies.

use async_trait::async_trait;
use axum::Router;
use muster_adapter_remote::serve::{ServeOptions, router};
use muster_contract::kit::{Aim, Count, Hand, Hook};
use muster_contract::{
    AdapterError, Capabilities, FenceDomain, Observed, OpContext, OpId, OpStatus, Operation,
    Outcome, Query, Receipt, SiteAdapter, Token,
};
use muster_plans::id::SiteName;
use muster_plans::inventory::{Link, SiteInventory, Witness};
use muster_plans::time::Span;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use super::command::CommandHand;
use super::*;
use crate::sim::testing;

/// Says that a fence is raised, and raises none.
struct Liar(Arc<dyn SiteAdapter>);

#[async_trait]
impl SiteAdapter for Liar {
    fn site(&self) -> &SiteName {
        self.0.site()
    }

    async fn capabilities(&self) -> Result<Capabilities, AdapterError> {
        self.0.capabilities().await
    }

    async fn inventory(&self) -> Result<SiteInventory, AdapterError> {
        self.0.inventory().await
    }

    async fn surroundings(&self) -> Result<(Vec<Link>, Vec<Witness>), AdapterError> {
        self.0.surroundings().await
    }

    async fn execute(&self, ctx: &OpContext, op: &Operation) -> Outcome<Receipt> {
        self.0.execute(ctx, op).await
    }

    async fn query(&self, query: &Query) -> Result<Observed, AdapterError> {
        self.0.query(query).await
    }

    async fn operation(&self, id: &OpId) -> Result<OpStatus, AdapterError> {
        self.0.operation(id).await
    }

    async fn cancel(&self, id: &OpId) -> Outcome<()> {
        self.0.cancel(id).await
    }

    async fn raise_fence(&self, _: &FenceDomain, token: Token) -> Outcome<Token> {
        Outcome::Done(token)
    }
}

async fn listen(router: Router) -> (String, JoinSet<()>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}", listener.local_addr().unwrap());
    let mut tasks = JoinSet::new();
    tasks.spawn(async move { axum::serve(listener, router).await.unwrap() });
    (url, tasks)
}

fn asked(url: &str) -> Verify {
    Verify {
        url: Some(url.to_owned()),
        token_file: None,
        ca_file: None,
        identity_file: None,
        only: Vec::new(),
        list: false,
        hands: hands::Options::default(),
        output: Format::Json,
    }
}

fn exit_of(error: &anyhow::Error) -> Exit {
    error.downcast_ref::<Failure>().unwrap().exit
}

#[tokio::test(flavor = "multi_thread")]
async fn the_simulator_passes_over_the_protocol() {
    let (world, _tasks) = listen(testing::world()).await;
    let verify = asked(&format!("{world}/sites/lyon"));
    let report = verify.judge().await.unwrap();
    assert_eq!(report.site.as_str(), "lyon");
    assert!(report.passed(), "{report}");
    assert_eq!(verify.clone().run().await.unwrap(), Exit::Done);
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_that_lies_fails_and_must_be_shown_its_token() {
    let site = testing::site("paris");
    let options = ServeOptions { token: Some("s3cret".to_owned()), now: None };
    let (url, _tasks) = listen(router(Arc::new(Liar(site)), options)).await;
    let folder = tempfile::TempDir::new().unwrap();
    let file = folder.path().join("token");
    std::fs::write(&file, "s3cret\n").unwrap();
    let refused = asked(&url).run().await.unwrap_err();
    assert_eq!(exit_of(&refused), Exit::CouldNotRun, "{refused}");
    let shown = Verify { token_file: Some(file), ..asked(&url) };
    let report = shown.judge().await.unwrap();
    assert!(report.to_string().contains("FAILED  ATK-09"), "{report}");
    assert_eq!(shown.run().await.unwrap(), Exit::Problems);
}

#[tokio::test]
async fn bad_input_and_nobody_there_are_told_apart() {
    for (url, file, exit) in [
        ("paris", None, Exit::Usage),
        ("http://127.0.0.1:1", Some("/nowhere/token"), Exit::Usage),
        ("http://127.0.0.1:1", None, Exit::CouldNotRun),
    ] {
        let verify = Verify { token_file: file.map(PathBuf::from), ..asked(url) };
        let error = verify.run().await.unwrap_err();
        assert_eq!(exit_of(&error), exit, "{error}");
    }
}

/// A hand of a few lines.
const HAND: &str = r#"
case "$1" in
hooks) echo calls; echo late; echo restart ;;
count) echo "7$3" ;;
harm) [ "$ATK_OBJECT $ATK_TIMES $ATK_DELAY_MS" = "bubble/b 1 2000" ] || { echo "$*" >&2; exit 3; } ;;
heal|restart) touch "$0.$1" ;;
esac
"#;

#[tokio::test(flavor = "multi_thread")]
async fn a_command_can_be_a_hand() {
    let folder = tempfile::TempDir::new().unwrap();
    let script = folder.path().join("hand");
    std::fs::write(&script, HAND).unwrap();
    let line = format!("sh '{}'", script.display());
    let hand = CommandHand::open(&line, testing::site("paris")).await.unwrap();
    assert_eq!(hand.hooks(), [Hook::Restart, Hook::Late, Hook::Calls].into());
    assert_eq!(hand.count(&Count::Calls).await, Ok(7));
    let aim = Aim { object: Some("bubble/b".into()), times: Some(1), delay: Some(Span::secs(2)) };
    assert_eq!(hand.harm(Hook::Late, &aim).await, Ok(()));
    let wrong = hand.harm(Hook::Late, &Aim::default()).await.unwrap_err();
    assert_eq!(wrong, "the command failed (exit status: 3): harm late");
    assert_eq!((hand.heal().await, hand.restart().await), (Ok(()), Ok(())));
    assert!(
        folder.path().join("hand.heal").exists() && folder.path().join("hand.restart").exists()
    );
    let nonsense = CommandHand::open("echo line #", testing::site("paris")).await;
    let why = nonsense.err().unwrap();
    assert_eq!(why, "`line` is no hook that a command can have");
}
