//! `muster user` and `muster role`.

use clap::{Args, Subcommand};
use muster_web::route::encode;
use reqwest::Method;
use serde_json::{Value, json};

use super::client::Client;
use super::exit::Exit;
use super::{Format, Server, output};
use crate::api::dto::{GoneDto, OneTimeDto, RoleDto, UserDto};

/// Users: make, change and delete them.
#[derive(Debug, Args)]
pub(crate) struct User {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// List users.
    List,
    /// Show a user.
    Show(Name),
    /// Make a user; prints a one-time password, which must be changed at the first sign-in.
    Add(Roles),
    /// Replace a user's roles, from their next request on.
    Roles(Roles),
    /// Let a user in no longer; sessions end, tokens do not count.
    Disable(Name),
    /// Let a user in again.
    Enable(Name),
    /// Give a user a new one-time password; sessions end.
    ResetPassword(Name),
    /// Delete a user. One who has done something is disabled for good instead: the audit trail
    /// needs the name.
    Delete(Name),
}

#[derive(Debug, Args)]
struct Name {
    /// The user.
    user: String,
}

#[derive(Debug, Args)]
struct Roles {
    /// The user.
    user: String,
    /// A role (`muster role list`); may be given several times.
    #[arg(long = "role", required = true, value_name = "ROLE")]
    roles: Vec<String>,
}

fn path(name: &str) -> String {
    format!("/users/{}", encode(name))
}

impl User {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.server)?;
        match self.command {
            Command::List => {
                let users: Vec<UserDto> = client.list("/users").await?;
                table(&client, &users)
            }
            Command::Show(Name { user }) => one(&client, client.get(&path(&user)).await?),
            Command::Add(Roles { user, roles }) => {
                let body = json!({"name": user, "roles": roles});
                one_time(&client, &client.post("/users", &body).await?)
            }
            Command::Roles(Roles { user, roles }) => {
                let body = json!({"roles": roles});
                let changed = change(&client, &user, (Method::PUT, "/roles"), Some(&body)).await?;
                one(&client, changed)
            }
            Command::Disable(Name { user }) => {
                one(&client, change(&client, &user, (Method::POST, "/disable"), None).await?)
            }
            Command::Enable(Name { user }) => {
                one(&client, change(&client, &user, (Method::POST, "/enable"), None).await?)
            }
            Command::ResetPassword(Name { user }) => {
                let path = format!("{}/reset-password", path(&user));
                one_time(&client, &client.post(&path, &json!({})).await?)
            }
            Command::Delete(Name { user }) => {
                gone(&client, &change(&client, &user, (Method::DELETE, ""), None).await?)
            }
        }
    }
}

/// Changes a user as they are now.
async fn change<T: serde::de::DeserializeOwned>(
    client: &Client,
    name: &str,
    (method, what): (Method, &str),
    body: Option<&Value>,
) -> anyhow::Result<T> {
    let user: UserDto = client.get(&path(name)).await?;
    client.change((method, &format!("{}{what}", path(name))), user.version, body).await
}

fn one(client: &Client, user: UserDto) -> anyhow::Result<Exit> {
    if client.format == Format::Json {
        output::json(&user)?;
        return Ok(Exit::Done);
    }
    table(client, &[user])
}

fn table(client: &Client, users: &[UserDto]) -> anyhow::Result<Exit> {
    if client.format == Format::Json {
        output::json(&users)?;
        return Ok(Exit::Done);
    }
    output::table(
        &["user", "roles", "state", "changed"],
        users.iter().map(|user| {
            let state = match (user.disabled, user.must_change_password) {
                (true, _) => "disabled",
                (false, true) => "one-time password",
                (false, false) => "enabled",
            };
            vec![
                user.name.clone(),
                user.roles.join(", "),
                state.to_owned(),
                user.changed_at.clone(),
            ]
        }),
    );
    Ok(Exit::Done)
}

/// The password alone is data, so that a script can take it.
fn one_time(client: &Client, made: &OneTimeDto) -> anyhow::Result<Exit> {
    if client.format == Format::Json {
        output::json(made)?;
        return Ok(Exit::Done);
    }
    output::line(&made.password);
    let name = &made.user.name;
    output::say(&format!(
        "the one-time password of {name}; it is shown once. They sign in with it in the browser, or \
         with: muster sign-in --user {name}"
    ));
    Ok(Exit::Done)
}

fn gone(client: &Client, gone: &GoneDto) -> anyhow::Result<Exit> {
    match client.format {
        Format::Json => output::json(gone)?,
        Format::Table => output::line(&format!("{} is {}: {}", gone.name, gone.outcome, gone.why)),
    }
    Ok(Exit::Done)
}

/// Roles, and what each allows.
#[derive(Debug, Args)]
pub(crate) struct Role {
    #[command(flatten)]
    server: Server,
    #[command(subcommand)]
    command: RoleCommand,
}

#[derive(Debug, Subcommand)]
enum RoleCommand {
    /// List roles with their privileges.
    List,
}

impl Role {
    pub(crate) async fn run(self) -> anyhow::Result<Exit> {
        let client = Client::new(&self.server)?;
        let RoleCommand::List = self.command;
        let roles: Vec<RoleDto> = client.list("/roles").await?;
        if client.format == Format::Json {
            output::json(&roles)?;
            return Ok(Exit::Done);
        }
        output::table(
            &["role", "privileges"],
            roles.iter().map(|role| vec![role.name.clone(), role.privileges.join(", ")]),
        );
        Ok(Exit::Done)
    }
}
