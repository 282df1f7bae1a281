//! Whole servers over a simulated world, in this process: what no single room can show.

mod approvals;
mod commit;
mod hold;
mod lists;
mod public;
mod start;
mod upkeep;
mod users;

use std::net::SocketAddr;
use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use axum::http::StatusCode;
use muster_plans::document::{Document, Spec};
use muster_plans::id::{PlanName, RunId};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::net::TcpListener;
use tokio::task::JoinSet;

use crate::app::{App, Options};
use crate::auth::Role;
use crate::demo::documents;
use crate::ops::{self, Asker};
use crate::server::{self, Server};
use crate::sim::{SimClient, testing};
use crate::tasks::inventory;

/// A server and its world.
struct Rig {
    dir: TempDir,
    server: Option<Server>,
    world: String,
    http: reqwest::Client,
    /// The administrator's.
    token: String,
    _world: JoinSet<()>,
}

impl Rig {
    /// With the example documents.
    async fn start() -> Rig {
        Rig::start_with(|_| ()).await
    }

    async fn start_with(change: impl FnOnce(&mut Options)) -> Rig {
        muster_adapter_remote::tls::install_provider();
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let world = format!("http://{}", listener.local_addr().unwrap());
        let mut tasks = JoinSet::new();
        tasks.spawn(async move { axum::serve(listener, testing::world()).await.unwrap() });
        let mut rig = Rig {
            dir: TempDir::new().unwrap(),
            server: None,
            world,
            http: reqwest::Client::builder()
                .redirect(reqwest::redirect::Policy::none())
                .build()
                .unwrap(),
            token: String::new(),
            _world: tasks,
        };
        rig.launch_with(change).await;
        rig.token = rig.app().auth.issue_token("admin", "test").await.unwrap();
        let documents = documents::examples(&rig.world).unwrap();
        rig.put(documents).await;
        rig
    }

    /// Starts the server over the data that are there.
    async fn launch(&mut self) {
        self.launch_with(|_| ()).await;
    }

    async fn launch_with(&mut self, change: impl FnOnce(&mut Options)) {
        let listen: SocketAddr = "127.0.0.1:0".parse().unwrap();
        let mut options = Options::new(self.data(), listen);
        options.poll = Duration::from_millis(200);
        change(&mut options);
        self.server = Some(server::start(options).await.unwrap());
        inventory::round(self.app()).await;
    }

    /// Stops it in good order.
    async fn stop(&mut self) {
        self.server.take().unwrap().until(async {}).await.unwrap();
    }

    fn data(&self) -> PathBuf {
        self.dir.path().join("data")
    }

    fn app(&self) -> &Arc<App> {
        &self.server.as_ref().unwrap().app
    }

    async fn put(&self, documents: Vec<Document>) {
        let asker = Asker::server("test");
        ops::put_documents(self.app(), &asker, documents, None).await.unwrap();
        inventory::round(self.app()).await;
    }

    /// Until the sites have been read in this life of the server, and said what they have seen.
    async fn settled(&self) {
        let app = self.app();
        ops::tell_returned(app, app.sites.all().into_iter().collect()).await;
        inventory::round(app).await;
    }

    /// Changes a plan's document.
    async fn change_plan(&self, name: &str, change: impl FnOnce(&mut Value)) {
        let (_, documents) = ops::documents_of(self.app()).await.unwrap();
        let is_it =
            |d: &&Document| matches!(d.spec, Spec::RecoveryPlan(_)) && d.metadata.name == name;
        let mut json = muster_plans::document::to_json(documents.iter().find(is_it).unwrap());
        change(&mut json);
        self.put(vec![muster_plans::document::from_json(json).unwrap()]).await;
    }

    /// A user, and a token of theirs.
    async fn user(&self, name: &str, roles: &[Role]) -> String {
        let auth = &self.app().auth;
        crate::auth::tests::make(auth, name, roles).await;
        auth.issue_token(name, "test").await.unwrap()
    }

    async fn get(&self, path: &str) -> (StatusCode, Value) {
        let url = format!("{}/api/v1{path}", self.server.as_ref().unwrap().url);
        answer(self.http.get(url).bearer_auth(&self.token)).await
    }

    async fn post(&self, path: &str, body: Value) -> (StatusCode, Value) {
        self.post_as(&self.token, path, body).await
    }

    async fn post_as(&self, token: &str, path: &str, body: Value) -> (StatusCode, Value) {
        let url = format!("{}/api/v1{path}", self.server.as_ref().unwrap().url);
        answer(self.http.post(url).bearer_auth(token).json(&body)).await
    }

    /// The text of a page.
    async fn page(&self, path: &str) -> String {
        let url = format!("{}{path}", self.server.as_ref().unwrap().url);
        let request = self.http.get(url).bearer_auth(&self.token);
        request.send().await.unwrap().text().await.unwrap()
    }

    /// Starts a run and gives its id.
    async fn begin(&self, body: Value) -> RunId {
        let (status, run) = self.post("/runs", body).await;
        assert_eq!(status, StatusCode::CREATED, "{run:#}");
        RunId(run["id"].as_str().unwrap().parse().unwrap())
    }

    /// Waits until a run has ended and its end is taken in; gives its row's word.
    async fn ended(&self, id: RunId) -> String {
        loop {
            let run = self.app().store.runs().get(id).await.unwrap().unwrap();
            if run.ending.is_some() {
                return run.state;
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    /// Waits until a run waits for a person; gives the step.
    async fn waits(&self, id: RunId) -> u64 {
        loop {
            let (_, run) = self.get(&format!("/runs/{id}")).await;
            if let Some(step) = run["waiting"][0]["step"].as_u64() {
                return step;
            }
            assert_ne!(run["ended"], true, "{run:#}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }

    async fn sim(&self, verb: &str, what: Value) {
        SimClient::new(&self.world).unwrap().change(verb, &what).await.unwrap();
        inventory::round(self.app()).await;
    }

    async fn standing(&self, plan: &str) -> ops::Standing {
        ops::standing_of(self.app(), &PlanName::from(plan)).await.unwrap()
    }

    /// Actions in the audit trail, newest first, with who did them.
    async fn audit(&self) -> Vec<String> {
        let (_, page) = self.get("/audit?limit=100").await;
        let items = page["items"].as_array().unwrap().iter();
        items
            .map(|item| {
                format!("{} {}", item["actor"].as_str().unwrap(), item["action"].as_str().unwrap())
            })
            .collect()
    }

    /// What a backup of the database holds, made while the server runs.
    fn backup(&self) -> Vec<(PathBuf, Vec<u8>)> {
        ["muster.db", "muster.db-wal"]
            .iter()
            .map(|name| self.data().join(name))
            .filter(|path| path.exists())
            .map(|path| (path.clone(), std::fs::read(&path).unwrap()))
            .collect()
    }

    /// Puts a backup in the place of the database.
    fn restore(&self, backup: Vec<(PathBuf, Vec<u8>)>) {
        for name in ["muster.db", "muster.db-wal", "muster.db-shm"] {
            let _ = std::fs::remove_file(self.data().join(name));
        }
        for (path, bytes) in backup {
            std::fs::write(path, bytes).unwrap();
        }
    }
}

async fn answer(request: reqwest::RequestBuilder) -> (StatusCode, Value) {
    let response = request.send().await.unwrap();
    let status = response.status();
    let text = response.text().await.unwrap();
    let body = serde_json::from_str(&text).unwrap_or_else(|_| json!(text));
    (StatusCode::from_u16(status.as_u16()).unwrap(), body)
}

/// Status and code of a refusal.
fn refusal((status, body): (StatusCode, Value)) -> (u16, String) {
    (status.as_u16(), body["code"].as_str().unwrap_or_default().to_owned())
}

fn refused(status: u16, code: &str) -> (u16, String) {
    (status, code.to_owned())
}
