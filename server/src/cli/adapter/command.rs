//! A hand that is a command.

use std::collections::BTreeSet;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use async_trait::async_trait;
use muster_contract::SiteAdapter;
use muster_contract::kit::{Aim, Count, Hand, Hook};

/// How long one call may take, and how long the agent may take to answer after a restart.
const PATIENCE: Duration = Duration::from_secs(60);

/// A command of the user's.
pub(super) struct CommandHand {
    command: String,
    /// Restarting is all that it does, and it is told nothing.
    restarts_only: bool,
    hooks: BTreeSet<Hook>,
    agent: Arc<dyn SiteAdapter>,
}

impl CommandHand {
    /// One that restarts the agent.
    pub(super) fn restarting(command: &str, agent: Arc<dyn SiteAdapter>) -> CommandHand {
        let (command, hooks) = (command.to_owned(), BTreeSet::from([Hook::Restart]));
        CommandHand { command, restarts_only: true, hooks, agent }
    }

    /// One that is asked which hooks it has.
    pub(super) async fn open(
        command: &str,
        agent: Arc<dyn SiteAdapter>,
    ) -> Result<CommandHand, String> {
        let hooks = BTreeSet::new();
        let hand = CommandHand { command: command.to_owned(), restarts_only: false, hooks, agent };
        let said = hand.call(&["hooks"], &Aim::default()).await?;
        let hooks = said.split_whitespace().map(|name| {
            let found = Hook::ALL.into_iter().find(|hook| hook.to_string() == name);
            // The line, the log and the lab are no business of a command.
            let found = found.filter(|hook| *hook < Hook::Line);
            found.ok_or_else(|| format!("`{name}` is no hook that a command can have"))
        });
        Ok(CommandHand { hooks: hooks.collect::<Result<_, _>>()?, ..hand })
    }

    /// Calls it and gives what it prints.
    #[expect(
        clippy::disallowed_methods,
        reason = "the user's own command, named on this one's line"
    )]
    async fn call(&self, args: &[&str], aim: &Aim) -> Result<String, String> {
        let script = if self.restarts_only {
            self.command.clone()
        } else {
            format!("{} \"$@\"", self.command)
        };
        let mut process = tokio::process::Command::new("sh");
        process.arg("-c").arg(script).arg("sh").args(args);
        let settings = [
            ("ATK_OBJECT", aim.object.clone()),
            ("ATK_TIMES", aim.times.map(|times| times.to_string())),
            ("ATK_DELAY_MS", aim.delay.map(|delay| delay.0.to_string())),
        ];
        process.envs(settings.into_iter().filter_map(|(name, value)| Some((name, value?))));
        process.stdin(Stdio::null()).kill_on_drop(true);
        let ended = tokio::time::timeout(PATIENCE, process.output()).await;
        let ended = ended.map_err(|_| {
            "the command does not end; does what it started keep its output open?".to_owned()
        })?;
        let ended = ended.map_err(|error| format!("the command cannot be run: {error}"))?;
        if ended.status.success() {
            return Ok(String::from_utf8_lossy(&ended.stdout).trim().to_owned());
        }
        let said = String::from_utf8_lossy(&ended.stderr);
        Err(format!("the command failed ({}): {}", ended.status, said.trim()))
    }
}

#[async_trait]
impl Hand for CommandHand {
    fn hooks(&self) -> BTreeSet<Hook> {
        self.hooks.clone()
    }

    async fn restart(&self) -> Result<(), String> {
        self.call(&["restart"], &Aim::default()).await?;
        let answers = async {
            while self.agent.capabilities().await.is_err() {
                tokio::time::sleep(Duration::from_millis(20)).await;
            }
        };
        let answers = tokio::time::timeout(PATIENCE, answers).await;
        answers.map_err(|_| "the agent does not answer after its restart".to_owned())
    }

    async fn harm(&self, how: Hook, aim: &Aim) -> Result<(), String> {
        self.call(&["harm", &how.to_string()], aim).await.map(|_| ())
    }

    async fn heal(&self) -> Result<(), String> {
        if self.restarts_only {
            return Ok(());
        }
        self.call(&["heal"], &Aim::default()).await.map(|_| ())
    }

    async fn count(&self, what: &Count) -> Result<u64, String> {
        let hook = what.hook().to_string();
        let of = match what {
            Count::Effects(id) => id.to_string(),
            Count::Snapshots(group) => group.to_string(),
            Count::Calls | Count::Contacts => String::new(),
        };
        let said = self.call(&["count", &hook, &of], &Aim::default()).await?;
        said.parse().map_err(|_| format!("`{said}` is no number"))
    }
}
