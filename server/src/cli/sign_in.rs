//! `muster sign-in`: a password for an API token.

use std::path::PathBuf;

use clap::Args;
use serde_json::{Value, json};

use super::client::Client;
use super::exit::{Exit, Failure};
use super::{Format, Server, output, password};
use crate::api::dto::SignedInDto;

/// Sign in with a user's password; prints an API token:
/// `export MUSTER_TOKEN=$(muster sign-in --user NAME)`. A one-time password is replaced on the way.
#[derive(Debug, Args)]
pub(crate) struct SignIn {
    #[command(flatten)]
    server: Server,
    /// The user.
    #[arg(long)]
    user: String,
    /// File that holds the password; left out: it is asked for.
    #[arg(long)]
    password_file: Option<PathBuf>,
    /// File that holds a new password, to replace a one-time password; left out: it is asked for
    /// where one is needed.
    #[arg(long)]
    new_password_file: Option<PathBuf>,
    /// What the token is for.
    #[arg(long)]
    label: Option<String>,
    /// How long the token lasts: `30d`, `12h`; left out: twelve hours.
    #[arg(long)]
    lasts: Option<String>,
}

impl SignIn {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.server)?;
        let file = self.new_password_file.as_deref();
        let mut body = json!({
            "user": self.user,
            "password": password::read(self.password_file.as_deref(), "Password")?,
            "label": self.label,
            "lasts": self.lasts,
        });
        if file.is_some() {
            body["newPassword"] = Value::from(password::read_new(file)?);
        }
        let mut answer = client.post::<SignedInDto>("/sign-in", &body).await;
        if file.is_none() && answer.as_ref().is_err_and(must_change) {
            output::say("this is a one-time password; choose your own");
            body["newPassword"] = Value::from(password::read_new(None)?);
            answer = client.post("/sign-in", &body).await;
        }
        let signed_in = answer?;
        match client.format {
            Format::Json => output::json(&signed_in)?,
            Format::Table => {
                output::line(&signed_in.token);
                output::say(&format!("the token ends at {}", signed_in.expires_at));
            }
        }
        Ok(Exit::Done)
    }
}

fn must_change(error: &anyhow::Error) -> bool {
    let failure = error.downcast_ref::<Failure>();
    failure.is_some_and(|failure| failure.code == "password-must-change")
}
