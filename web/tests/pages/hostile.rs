//! Names that try to break out of the page.

use muster_web::part::Finding;
use muster_web::state::Level;
use muster_web::{Banner, route};

use super::{Page, read, sample};

fn holds_nothing_foreign(page: &Page) {
    assert_eq!(page.count("script"), page.count("script[src^='/assets/']"));
    assert_eq!(page.count("[onmouseover], main script, main b b"), 0);
}

#[test]
fn names_are_text_in_every_place_of_the_run() {
    let name = sample::hostile_name();
    let mut run = sample::run_gate();
    run.live.plan = name.into();
    run.live.reason = name.into();
    run.live.from = name.into();
    run.live.q = name.into();
    run.live.sentence = name.into();
    for ask in &mut run.live.asks {
        if let muster_web::page::Ask::Gate { site, head, .. } = ask {
            *site = name.into();
            head.text = name.into();
        }
    }
    let page = read(&run);
    holds_nothing_foreign(&page);
    assert_eq!(page.text("#sentence"), name);
    assert_eq!(page.attr("#steps input[name=q]", "value"), name);
    assert_eq!(page.attr("input[name=confirm]", "data-expect"), name);
    assert_eq!(page.attr("h1 a", "href"), route::plan(name));
    assert!(!page.attr("h1 a", "href").contains(['<', '"', '?', '#', ' ']));
}

#[test]
fn names_are_text_in_tables_flashes_and_banners() {
    let name = sample::hostile_name();
    let mut group = sample::group(4, name);
    group.members[0].vm = name.into();
    group.chrome.flash = Some((Level::Error, name.into()));
    group.chrome.banner = Some(Banner { tone: muster_web::state::Tone::Bad, text: name.into() });
    group.findings = vec![Finding::new(Level::Error, name).help(name)];
    group.yaml = name.into();
    let page = read(&group);
    holds_nothing_foreign(&page);
    assert_eq!(page.text("title"), format!("{name} · Muster"));
    assert_eq!(page.texts("#members tbody th")[0], name);
    assert_eq!(page.text("#findings .help"), name);
    assert_eq!(page.text(".banner"), name);
    assert_eq!(page.text("details.source code"), name);
}

#[test]
fn step_details_of_a_backend_are_text() {
    let page = read(&sample::run_big(5, sample::hostile_name()));
    holds_nothing_foreign(&page);
    assert_eq!(page.texts("#steps td[data-label=Detail]")[0], sample::hostile_name());
}
