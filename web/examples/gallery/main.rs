//! Renders every page in several states to HTML files.
fn main() {}
