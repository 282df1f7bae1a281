//! Renders every page in several states to HTML files, with the static files beside them:
//! `cargo run -p muster-web --example gallery -- DIR`.

mod sample;

use std::fs;
use std::path::Path;

use anyhow::{Context, Result};
use muster_web::{Template, asset, asset_url};

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
    for (name, html) in pages()? {
        // Files are opened from disk as well as served, so the static files are found next to them.
        fs::write(dir.join(format!("{name}.html")), html.replace("\"/assets/", "\"assets/"))?;
        index.push_str(&format!("<li><a href=\"{name}.html\">{name}</a>"));
    }
    fs::write(dir.join("index.html"), index)?;
    Ok(())
}

/// Every page in every state that is worth looking at.
fn pages() -> Result<Vec<(&'static str, String)>> {
    use sample::*;
    let hostile = hostile_name();
    Ok(vec![
        ("sign-in", sign_in(None).render()?),
        (
            "sign-in-error",
            sign_in(Some(
                "User or password is wrong. After five wrong tries the next one takes a while.",
            ))
            .render()?,
        ),
        ("overview", overview().render()?),
        ("overview-empty", overview_empty().render()?),
        ("sites", sites().render()?),
        ("sites-empty", sites_empty().render()?),
        ("groups", groups(false).render()?),
        ("groups-empty", groups(true).render()?),
        ("group", group(12, "erp-metro").render()?),
        ("group-empty", group(0, "erp-metro").render()?),
        ("group-huge", group(1000, "erp-metro").render()?),
        ("group-hostile", group(4, hostile).render()?),
        ("plans", plans(false).render()?),
        ("plans-empty", plans(true).render()?),
        ("plan", plan(8).render()?),
        ("plan-bare", plan_bare().render()?),
        ("plan-huge", plan(1000).render()?),
        ("start-failover", start_failover().render()?),
        ("start-rejected", start_rejected().render()?),
        ("start-refused", start_refused().render()?),
        ("start-test", start_test().render()?),
        ("run-live", run_live().render()?),
        ("run-gate", run_gate().render()?),
        ("run-failed", run_failed().render()?),
        ("run-done", run_done().render()?),
        ("run-test", run_test().render()?),
        ("run-huge", run_big(1000, "erp-app").render()?),
        ("run-hostile", run_big(5, hostile).render()?),
        ("runs", runs(14, false).render()?),
        ("runs-empty", runs(0, false).render()?),
        ("runs-nothing", runs(0, true).render()?),
        ("runs-huge", runs(1000, false).render()?),
        ("inventory", inventory(16, false).render()?),
        ("inventory-nothing", inventory(0, true).render()?),
        ("inventory-huge", inventory(1000, false).render()?),
        ("error", error(false).render()?),
        ("error-run", error(true).render()?),
        ("not-found", not_found(false).render()?),
        ("not-found-similar", not_found(true).render()?),
    ])
}
