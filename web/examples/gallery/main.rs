//! Renders every page in several states to HTML files, with the static files beside them:
//! `cargo run -p muster-web --example gallery -- DIR`.

mod sample;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use muster_web::{asset, asset_url};

const ASSETS: [&str; 10] = [
    "tokens.css",
    "app.css",
    "table.css",
    "form.css",
    "page.css",
    "print.css",
    "morph.js",
    "live.js",
    "app.js",
    "favicon.svg",
];

fn main() -> Result<()> {
    let dir = std::env::args().nth(1).context("give the folder to write to")?;
    let dir = Path::new(&dir);
    fs::create_dir_all(dir.join("assets"))?;
    for name in ASSETS {
        let url = asset_url(name);
        let file = asset(name).with_context(|| format!("no file {name}"))?;
        fs::write(dir.join(url.trim_start_matches('/')), file.bytes)?;
    }
    let mut index = String::from("<!doctype html><title>Gallery</title><ul>");
    for (name, html) in sample::usual()?.into_iter().chain(sample::huge()?) {
        // Files are opened from disk as well as served, so the static files are found next to them.
        fs::write(dir.join(format!("{name}.html")), html.replace("\"/assets/", "\"assets/"))?;
        index.push_str(&format!("<li><a href=\"{name}.html\">{name}</a>"));
    }
    fs::write(dir.join("index.html"), index)?;
    Ok(())
}
