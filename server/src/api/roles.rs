//! Roles, and what each allows.

use super::Answer;
use super::dto::{Page, RoleDto};
use crate::auth::Role;
use crate::http::{Json, PageQuery, Query};

/// All roles with their privileges.
#[utoipa::path(get, path = "/api/v1/roles", tag = "users", responses((status = 200, body = Page<RoleDto>)))]
pub(crate) async fn list(Query(page): Query<PageQuery>) -> Answer<Page<RoleDto>> {
    let roles = Role::ALL.iter().map(|role| RoleDto {
        name: role.to_string(),
        privileges: role.privileges().iter().map(|one| one.to_string()).collect(),
    });
    Ok(Json(super::page_of(roles.collect(), &page)?))
}
