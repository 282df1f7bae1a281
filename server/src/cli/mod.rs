//! The command line: what `muster` can be told, and its exit codes.

mod adapter;
mod apply;
mod client;
mod exit;
mod group;
mod local;
mod output;
mod password;
mod plan;
mod run;
mod serve;
mod server;
mod sign_in;
mod sim;
mod user;

use std::net::SocketAddr;
use std::path::PathBuf;

use clap::{Args, Parser, Subcommand, ValueEnum};

pub use exit::Exit;

/// Disaster-recovery orchestration for stretched and replicated storage.
///
/// Exit codes: 0 succeeded; 1 usage or bad input; 2 could not run (no server, no file); 3 refused,
/// with the reason; 4 finished with problems; 5 waiting for a person.
#[derive(Debug, Parser)]
#[command(name = "muster", version, max_term_width = 100)]
struct Cli {
    #[command(subcommand)]
    command: Command,
}

/// How to reach a server.
#[derive(Debug, Clone, Args)]
pub(crate) struct Server {
    /// Address of the server.
    #[arg(long, env = "MUSTER_URL", global = true, default_value = "http://127.0.0.1:7878")]
    url: String,
    /// API token.
    #[arg(long, env = "MUSTER_TOKEN", global = true, hide_env_values = true, hide = true)]
    token: Option<String>,
    /// File that holds the API token.
    #[arg(long, global = true)]
    token_file: Option<PathBuf>,
    /// How to print.
    #[arg(long, short, global = true, value_enum, default_value_t = Format::Table)]
    output: Format,
}

/// How to print.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub(crate) enum Format {
    /// For people.
    Table,
    /// For programs.
    Json,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the server.
    Serve(serve::Serve),
    /// Run a server with two simulated sites and a witness, ready to be failed over.
    Demo(Box<crate::demo::Options>),
    /// Run a simulated world in its own process, or break, heal and examine one.
    Sim(sim::Sim),
    /// Run a site agent.
    Agent(local::AgentArgs),
    /// Judge a site agent by the adapter contract.
    Adapter(adapter::Adapter),
    /// Bring documents to the server: all of them or none.
    Apply(apply::Apply),
    /// Check, compile and explain recovery plans.
    Plan(plan::Plan),
    /// Protection groups.
    Group(group::Group),
    /// Start, watch and answer runs.
    Run(run::Run),
    /// What exists at the sites.
    Inventory(group::Inventory),
    /// The server itself: its state, and the end of a hold after a restore.
    Server(server::TheServer),
    /// Sign in with a user's password; prints an API token.
    SignIn(sign_in::SignIn),
    /// Change your own password.
    Password(password::Password),
    /// Users: make, change and delete them.
    User(user::User),
    /// Roles, and what each allows.
    Role(user::Role),
    /// Print the OpenAPI document of the REST API.
    Openapi,
    /// Print a shell completion script.
    Completion {
        /// The shell.
        shell: clap_complete::Shell,
    },
}

/// Where a server listens.
#[derive(Debug, Clone, Args)]
pub(crate) struct Listen {
    /// Address to listen on. Anything but loopback is reachable by others: put TLS in front.
    #[arg(long, default_value = "127.0.0.1:7878")]
    pub(crate) listen: SocketAddr,
}

/// Parses the command line, does what it says, and gives the exit code.
pub fn main() -> std::process::ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let _ = error.print();
            return if error.use_stderr() { Exit::Usage } else { Exit::Done }.into();
        }
    };
    local::install_crypto();
    let result = match cli.command {
        Command::Openapi => local::print_openapi(),
        Command::Completion { shell } => local::print_completion(shell),
        Command::Plan(plan) if plan.is_offline() => plan.run_offline(),
        command => local::in_runtime(dispatch(command)),
    };
    exit::report(result)
}

async fn dispatch(command: Command) -> anyhow::Result<Exit> {
    match command {
        Command::Serve(serve) => serve.run().await,
        Command::Demo(options) => crate::demo::run(*options).await,
        Command::Sim(sim) => sim.run().await,
        Command::Agent(agent) => agent.run().await,
        Command::Adapter(adapter) => adapter.run().await,
        Command::Apply(apply) => apply.run().await,
        Command::Plan(plan) => plan.run().await,
        Command::Group(group) => group.run().await,
        Command::Run(run) => run.run().await,
        Command::Inventory(inventory) => inventory.run().await,
        Command::Server(server) => server.run().await,
        Command::SignIn(sign_in) => sign_in.run().await,
        Command::Password(password) => password.run().await,
        Command::User(user) => user.run().await,
        Command::Role(role) => role.run().await,
        Command::Openapi | Command::Completion { .. } => Ok(Exit::Done),
    }
}

/// Says something beside the data, on stderr.
pub fn say(text: &str) {
    output::say(text);
}
