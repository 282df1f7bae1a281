//! `muster password`: one's own. Passwords come from files, or are typed without being shown; never
//! from the command line, where everybody on the machine can read them.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};

use clap::Args;
use rustix::termios::{LocalModes, OptionalActions, Termios, tcgetattr, tcsetattr};
use serde_json::json;

use super::client::Client;
use super::exit::{Exit, Failure};
use super::{Format, Server, local, output};
use crate::api::dto::MeDto;

/// Change your own password. Your sessions in browsers end; API tokens go on.
#[derive(Debug, Args)]
pub(crate) struct Password {
    #[command(flatten)]
    server: Server,
    /// File that holds the password that counts now; left out: it is asked for.
    #[arg(long)]
    old_file: Option<PathBuf>,
    /// File that holds the new one; left out: it is asked for, twice.
    #[arg(long)]
    new_file: Option<PathBuf>,
}

impl Password {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.server)?;
        let old = read(self.old_file.as_deref(), "Password until now")?;
        let new = read_new(self.new_file.as_deref())?;
        let me: MeDto = client.post("/me/password", &json!({"old": old, "new": new})).await?;
        match client.format {
            Format::Json => output::json(&me)?,
            Format::Table => output::line(&format!("the password of {} is changed", me.user)),
        }
        Ok(Exit::Done)
    }
}

/// A password from a file, or typed.
pub(super) fn read(file: Option<&Path>, what: &str) -> anyhow::Result<String> {
    match local::secret_of(file)? {
        Some(password) => Ok(password),
        None => typed(what),
    }
}

/// A new password from a file, or typed twice.
pub(super) fn read_new(file: Option<&Path>) -> anyhow::Result<String> {
    let new = read(file, "New password")?;
    if file.is_none() && typed("The new one again")? != new {
        return Err(Failure::error(Exit::Usage, "the two are not the same; nothing was changed"));
    }
    Ok(new)
}

/// Asks on the terminal, which shows nothing of the answer.
#[expect(clippy::print_stderr, reason = "the question is no data")]
fn typed(what: &str) -> anyhow::Result<String> {
    let input = std::io::stdin();
    if !input.is_terminal() {
        let text = format!("{what}: there is no terminal to ask on; give it in a file");
        return Err(Failure::error(Exit::Usage, text));
    }
    eprint!("{what}: ");
    std::io::stderr().flush()?;
    let silent = Silent::begin()?;
    let mut line = String::new();
    input.read_line(&mut line)?;
    drop(silent);
    eprintln!();
    Ok(line.trim_end_matches(['\r', '\n']).to_owned())
}

/// For as long as it lives the terminal shows nothing of what is typed.
struct Silent(Termios);

impl Silent {
    fn begin() -> anyhow::Result<Silent> {
        let before = tcgetattr(std::io::stdin())?;
        let mut now = before.clone();
        now.local_modes.remove(LocalModes::ECHO);
        tcsetattr(std::io::stdin(), OptionalActions::Flush, &now)?;
        Ok(Silent(before))
    }
}

impl Drop for Silent {
    fn drop(&mut self) {
        let _ = tcsetattr(std::io::stdin(), OptionalActions::Now, &self.0);
    }
}
