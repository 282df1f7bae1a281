//! `muster demo`: a server with two simulated sites and a witness, ready to be failed over.
//!
//! One process tree: this process is the server, and a child is the world (`muster sim`). The world
//! keeps its state in a file and outlives a killed server for a while, as real sites would; the next
//! demo over the same folder finds it again.

pub(crate) mod documents;
mod files;
mod world;

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;

use crate::cli::{Exit, say};
use crate::ops::{self, Asker};
use crate::server::{self, Options as ServerOptions, Server};

/// Run a server with two simulated sites and a witness, ready to be failed over.
#[derive(Debug, Args)]
pub struct Options {
    /// Folder for everything.
    #[arg(long, default_value = "./muster-demo")]
    pub data: PathBuf,
    /// Address to listen on.
    #[arg(long, default_value = "127.0.0.1:7878")]
    pub listen: std::net::SocketAddr,
    /// VMs in the world; used when it is made.
    #[arg(long, default_value_t = 60)]
    pub vms: u32,
    /// Seed of the world; used when it is made.
    #[arg(long, default_value_t = 1)]
    pub seed: u64,
    /// How much faster than real time the world goes.
    #[arg(long, default_value_t = 5.0)]
    pub speed: f64,
}

/// How often the sites are asked what is there: a demo is watched.
const POLL: Duration = Duration::from_millis(500);

/// Runs the demo until it is interrupted.
///
/// # Errors
/// Where the world or the server does not start.
pub async fn run(options: Options) -> anyhow::Result<Exit> {
    crate::logging::install();
    server::make_private(&options.data)?;
    files::forget_url(&options.data)?;
    files::write_callout(&options.data)?;
    let world = world::World::find_or_start(&options).await?;
    let server = serve(&options, &world.url).await?;
    prepare(&options, &server, &world.url).await?;
    files::write(&options.data.join("url"), &server.url)?;
    welcome(&options, &server);
    server.until(server::interrupted()).await?;
    world.stop().await;
    Ok(Exit::Done)
}

async fn serve(options: &Options, world: &str) -> anyhow::Result<Server> {
    let mut server = ServerOptions::new(options.data.clone(), options.listen);
    server.poll = POLL;
    server.sim_url = Some(world.to_owned());
    server.banner =
        Some("Demonstration: the sites are simulated. Nothing here touches real VMs.".to_owned());
    server::start(server).await
}

/// Brings the example documents in and makes an API token, once; points the backends at the world,
/// whose address changes when it is started again.
async fn prepare(options: &Options, server: &Server, world: &str) -> anyhow::Result<()> {
    let app = &server.app;
    if let Some(first) = &server.first_user {
        files::write_secret(&options.data.join("admin.password"), &first.password)?;
    }
    app.auth.keep_first_password().await?;
    if !options.data.join("admin.token").exists() {
        let token = app.auth.issue_token("admin", "demo").await?;
        files::write_secret(&options.data.join("admin.token"), &token)?;
    }
    let asker = Asker::server("muster");
    let (_, stored) = ops::documents_of(app).await?;
    let documents = if stored.is_empty() {
        documents::examples(world)?
    } else {
        documents::moved(stored, world)
    };
    ops::put_documents(app, &asker, documents, None).await?;
    crate::tasks::inventory::round(app).await;
    Ok(())
}

fn welcome(options: &Options, server: &Server) {
    let data = options.data.display();
    say(&format!("\nMuster answers at {}", server.url));
    if let Ok(password) = std::fs::read_to_string(options.data.join("admin.password")) {
        say(&format!("  sign in as admin, password {}", password.trim()));
    }
    say(&format!(
        "\nIn another terminal:\n  export MUSTER_URL={} MUSTER_TOKEN=$(cat {data}/admin.token)\n  \
         muster plan list\n  muster run start shop --kind test --wait\n  \
         muster sim break site paris\n\nCtrl-C ends the demo; it goes on where it was when it is started again.",
        server.url
    ));
}
