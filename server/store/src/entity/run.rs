//! One execution of a plan.

use sea_orm::entity::prelude::*;

#[derive(Clone, Debug, PartialEq, Eq, DeriveEntityModel)]
#[sea_orm(table_name = "run")]
pub struct Model {
    #[sea_orm(primary_key, auto_increment = false)]
    pub id: Uuid,
    pub plan: String,
    pub kind: String,
    pub created_at: i64,
    pub started_by: String,
    pub reason: Option<String>,
    pub graph_digest: String,
    pub chain_id: Option<Uuid>,
    pub tag: Option<String>,
    pub state: String,
    pub summary: String,
    pub active: bool,
    pub ending: Option<String>,
    pub ended_at: Option<i64>,
}

super::alone!();
