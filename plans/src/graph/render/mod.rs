//! Graphs as people read them: titles, text and DOT. JSON is serde's.

mod dot;
mod text;
mod title;

#[cfg(test)]
mod tests;

pub use dot::dot;
pub use text::text;
pub use title::step_title;
