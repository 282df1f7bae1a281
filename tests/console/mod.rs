//! The console as a browser shows it: every page of a demo, on a desk and on a phone, by day and by
//! night, says nothing to the browser's log, breaks no rule of the content policy and is no wider than
//! its window. Needs Chromium and its driver, which `tests/run` installs; where they are missing,
//! the test says so and looks at nothing.

mod driver;
mod look;

use std::collections::BTreeSet;

use driver::Browser;
use muster_tests::{Demo, DemoOptions};

/// Widths in CSS pixels: a desk and a phone.
const WIDTHS: [u32; 2] = [1440, 390];

#[test]
fn every_page_fits_its_window_and_the_browser_complains_of_nothing() {
    let Some(browser) = Browser::start() else { return };
    let demo = Demo::start(DemoOptions { speed: 100, ..DemoOptions::default() });
    let run = demo.run("shop", "test", &[]);
    let run = run["id"].as_str().unwrap();
    let pages = [
        "/",
        "/sites",
        "/inventory",
        "/groups",
        "/groups/shop-metro",
        "/plans",
        "/plans/shop",
        "/plans/archive/start?kind=test",
        "/plans/archive/start?kind=failover",
        "/plans/archive/start?kind=planned-migration",
        "/plans/shop/start?kind=reprotect",
        "/runs",
        &format!("/runs/{run}"),
        "/plans/none",
        "/nowhere",
    ];
    let mut wrong = BTreeSet::new();
    for width in WIDTHS {
        for theme in ["light", "dark"] {
            browser.emulate(width, theme);
            look::at(&browser, &demo, "/sign-in", width, theme, &mut wrong);
            look::sign_in(&browser, &demo);
            for page in pages {
                look::at(&browser, &demo, page, width, theme, &mut wrong);
            }
            look::sign_out(&browser, &demo);
        }
    }
    assert!(wrong.is_empty(), "{}", Vec::from_iter(wrong).join("\n"));
}
