//! Small fragments as they are written, and live blocks against their pages.

use insta::assert_snapshot;
use muster_web::Template;
use muster_web::page::{OverviewLive, RunLive, SitesLive};
use muster_web::part::{Finding, When};
use muster_web::state::{Level, RunState};

use super::sample::{self, HOUR, NOW};

#[test]
fn a_live_block_is_the_same_text_in_the_page_and_alone() {
    let run = sample::run_failed();
    let block = RunLive { live: run.live.clone() }.render().unwrap();
    assert!(block.starts_with("<div id=\"live\"") && run.render().unwrap().contains(&block));

    let overview = sample::overview();
    let block = OverviewLive { live: overview.live.clone() }.render().unwrap();
    assert!(block.starts_with("<div id=\"live\"") && overview.render().unwrap().contains(&block));

    let sites = sample::sites();
    let block = SitesLive { live: sites.live.clone() }.render().unwrap();
    assert!(block.starts_with("<div id=\"live\"") && sites.render().unwrap().contains(&block));
}

#[test]
fn a_state_is_icon_word_and_colour() {
    assert_snapshot!(RunState::Waiting.badge(), @r##"<span class="badge warn" data-state="waiting"><svg class="icon" aria-hidden="true"><use href="#i-hand"/></svg>waiting for you</span>"##);
}

#[test]
fn instants_carry_their_full_time() {
    let when = When::new(NOW - 2 * HOUR, NOW);
    assert_snapshot!(when, @r#"<time datetime="2026-03-14T00:41:07Z" title="2026-03-14 00:41:07 UTC">2 h ago</time>"#);
    assert_snapshot!(when.lasting(), @r#"<time datetime="2026-03-14T00:41:07Z" title="since 2026-03-14 00:41:07 UTC">2 h</time>"#);
}

#[test]
fn a_finding_says_what_and_how_to_mend_it() {
    let finding = Finding {
        code: "dangling-reference".into(),
        place: "erp.yaml:12:5".into(),
        ..Finding::new(Level::Error, "The group <erp-metr> does not exist.")
            .help("Did you mean erp-metro?")
    };
    assert_snapshot!(finding, @r##"<div class="finding bad"><span class="badge bad" data-state="error"><svg class="icon" aria-hidden="true"><use href="#i-bad"/></svg>error</span><div class="said"><p>The group &#60;erp-metr&#62; does not exist.</p><p class="help">Did you mean erp-metro?</p><p class="where"><code>dangling-reference</code> erp.yaml:12:5</p></div></div>"##);
}
