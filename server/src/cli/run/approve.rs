//! `muster run request`, `approvals`, `approve`.

use serde_json::json;

use super::super::client::Client;
use super::super::exit::{Exit, Failure};
use super::super::{Format, output};
use crate::api::dto::{ApprovalDto, StartRun};

/// Asks for an approval.
pub(super) async fn request(client: &Client, wish: &StartRun) -> anyhow::Result<Exit> {
    let asked: ApprovalDto = client.post("/approvals", &serde_json::to_value(wish)?).await?;
    shown(client, &asked)?;
    if client.format == Format::Table {
        output::say(&format!("each person says: muster run approve {}", asked.id));
    }
    Ok(Exit::Waiting)
}

/// What was to be approved.
pub(super) async fn list(client: &Client, plan: Option<&str>) -> anyhow::Result<Exit> {
    let path = plan.map_or_else(|| "/approvals".to_owned(), |p| format!("/approvals?plan={p}"));
    let all: Vec<ApprovalDto> = client.list(&path).await?;
    if client.format == Format::Json {
        output::json(&all)?;
        return Ok(Exit::Done);
    }
    output::table(
        &["approval", "plan", "state", "given", "asked by", "until", "graph"],
        all.iter().map(|one| {
            vec![
                one.id.clone(),
                one.plan.clone(),
                one.state.clone(),
                format!("{}/{}", one.given.len(), one.needed),
                one.requested_by.clone(),
                one.expires_at.clone(),
                one.digest.clone(),
            ]
        }),
    );
    Ok(Exit::Done)
}

/// Gives one's own, for the digest that one has read.
pub(super) async fn give(
    client: &Client,
    id: &str,
    digest: Option<String>,
    reason: Option<String>,
) -> anyhow::Result<Exit> {
    let digest = match digest {
        Some(digest) => digest,
        None => find(client, id).await?.digest,
    };
    let body = json!({"digest": digest, "reason": reason});
    let given: ApprovalDto = client.post(&format!("/approvals/{id}/approve"), &body).await?;
    shown(client, &given)?;
    Ok(Exit::Done)
}

async fn find(client: &Client, id: &str) -> anyhow::Result<ApprovalDto> {
    let all: Vec<ApprovalDto> = client.list("/approvals").await?;
    all.into_iter()
        .find(|one| one.id == id)
        .ok_or_else(|| Failure::error(Exit::Usage, format!("there is no approval {id}")))
}

fn shown(client: &Client, one: &ApprovalDto) -> anyhow::Result<()> {
    if client.format == Format::Json {
        return output::json(one);
    }
    let by: Vec<&str> = one.given.iter().map(|given| given.by.as_str()).collect();
    let by = if by.is_empty() { String::new() } else { format!(" ({})", by.join(", ")) };
    output::line(&format!(
        "{}  {}  {}  {}/{} approvals{by}, until {}",
        one.id,
        one.plan,
        one.state,
        one.given.len(),
        one.needed,
        one.expires_at
    ));
    output::line(&format!("  graph {}", one.digest));
    Ok(())
}
