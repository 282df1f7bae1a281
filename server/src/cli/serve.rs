//! `muster serve`.

use std::path::PathBuf;

use clap::Args;

use super::Listen;
use super::exit::Exit;
use crate::http::PublicUrl;
use crate::server::{self, Options};

/// Run the server.
#[derive(Debug, Args)]
pub(crate) struct Serve {
    #[command(flatten)]
    listen: Listen,
    /// Folder for the database and the server's files.
    #[arg(long, default_value = "./muster-data", env = "MUSTER_DATA")]
    data: PathBuf,
    /// How browsers reach the server where a proxy that ends TLS stands before it:
    /// `https://muster.example`. Cookies and the check of origins follow it.
    #[arg(long, env = "MUSTER_PUBLIC_URL")]
    public_url: Option<PublicUrl>,
    /// Address of a simulated world to break and heal (`muster sim`).
    #[arg(long)]
    sim_url: Option<String>,
}

impl Serve {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        crate::logging::install();
        let mut options = Options::new(self.data, self.listen.listen);
        options.public_url = self.public_url;
        options.sim_url = self.sim_url;
        let server = server::start(options).await?;
        server.announce();
        server.until(server::interrupted()).await?;
        Ok(Exit::Done)
    }
}
