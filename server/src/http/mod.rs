//! What all of HTTP has in common: problem reports, extractors, paging, versions, repeated requests,
//! and the table of routes with who may use each.
//!
//! Handlers take their arguments from here and answer [`Problem`]s; they never see a cookie, a token
//! or an `Origin`. Whoever comes to a handler was let in by [`Gate`] before its body was read.

mod code;
mod codes;
mod csrf;
mod etag;
mod extract;
mod frame;
mod gate;
mod headers;
mod json;
mod once;
mod origin;
mod paging;
mod problem;
mod respond;
mod route;
mod sse;
#[cfg(test)]
mod tests;
mod who;

pub use code::Code;
pub use codes::{list_codes, show_code};
pub use etag::{ETag, IfMatch, NotModified};
pub use extract::{Form, Path, Query};
pub use gate::{Gate, Surface};
pub use json::Json;
pub use origin::{NotPublic, PublicUrl};
pub use paging::{Linked, PageQuery};
pub use problem::{FieldError, Problem};
pub use respond::{Created, Yaml};
pub use route::{Access, Info, Method, Table, TableError};
pub use sse::{After, Sse, live};
pub use who::{RequestId, Who};
