//! The console: page structs with plain fields, templates, and the static files that they use.
//!
//! A page is a struct with public fields and `#[derive(Template)]`; whoever fills it calls
//! [`askama::Template::render`]. Nothing here knows HTTP, the database or another crate of Muster:
//! names arrive as strings, instants as milliseconds, states as the small enums of [`state`].
//!
//! Pages that change while one looks at them have a *body* struct that both the page and a block
//! fragment of the same template render, so that the two cannot drift apart.

pub mod asset;
pub mod chrome;
pub mod form;
pub mod page;
pub mod part;
pub mod route;
pub mod state;
pub mod text;

pub use askama::{self, Template};
pub use asset::{Asset, asset, asset_url};
pub use chrome::{Banner, Chrome, Contradiction, Hold, Live, Nav, Theme, User};
