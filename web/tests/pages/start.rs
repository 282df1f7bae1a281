//! The form that starts a run.

use super::{fields, read, sample, text};

#[test]
fn a_failover_shows_evidence_points_and_loss_and_asks_for_the_name() {
    let page = read(&sample::start_failover());
    assert_eq!(page.texts("#evidence .stance"), ["cannot write", "can write", "says nothing"]);
    assert_eq!(page.texts("#points .flag").len(), 2, "too old, and not known");
    assert!(page.text("#points .callout").starts_with("Up to 9 min 12 s of changes"));
    assert!(page.text("#blast").contains("is written at lyon afterwards"));
    assert!(page.text("#blast").contains("and 34 more"));
    assert_eq!(page.attr("#f-confirm", "data-expect"), "erp");
    assert!(page.one("#f-confirm").attr("required").is_some());
    assert!(page.one("#f-reason").attr("required").is_some());
    assert_eq!(page.attr("#confirm-form input[name=digest]", "value"), "sha256:5b1f0c9a77de");
    assert_eq!(page.attr("#confirm-form input[name=kind]", "value"), "failover");
    assert!(page.text("#confirm-form").contains("1 approval of other persons"));
}

#[test]
fn nothing_dangerous_is_ticked_beforehand() {
    let page = read(&sample::start_failover());
    assert_eq!(page.count("input[type=checkbox]"), 2);
    assert_eq!(page.count("input[checked]"), 0);
    assert_eq!(page.attr("#f-confirm", "value"), "");
    for note in page.all("fieldset .note") {
        assert!(text(note).len() > 80, "each of the two is explained");
    }
}

#[test]
fn a_form_that_was_not_accepted_keeps_what_was_typed() {
    let page = read(&sample::start_rejected());
    assert!(page.text("#errors").starts_with("Nothing was started."));
    assert_eq!(page.attr("#f-confirm", "value"), "epr");
    assert_eq!(page.text("#f-reason"), "Fire alarm in paris");
    assert_eq!(page.count("input[checked]"), 2);
    let links: Vec<_> = page.all("#errors a").iter().filter_map(|a| a.attr("href")).collect();
    assert_eq!(links, ["#f-confirm", "#f-attest_reason"]);
}

#[test]
fn what_may_not_be_started_has_no_form() {
    let page = read(&sample::start_refused());
    assert_eq!(page.count("#confirm-form"), 0);
    assert!(page.text("[role=alert]").contains("A planned migration of erp is under way"));
}

#[test]
fn a_test_asks_for_no_name_and_touches_no_production() {
    let page = read(&sample::start_test());
    let names = ["csrf", "digest", "kind", "reason"].map(String::from).into();
    assert_eq!(fields(page.one("#confirm-form")), names);
    assert!(page.text("#blast").contains("is not touched"));
    assert_eq!(page.text("#confirm-form button"), "Start test");
    assert_eq!(page.count("#evidence, #points"), 0);
}

#[test]
fn owed_steps_are_not_called_a_failover() {
    let page = read(&muster_web::page::Start { owed: true, ..sample::start_failover() });
    assert_eq!(page.text("h1"), "Owed steps of erp");
    assert!(page.text(".head .lead").contains("Nothing is promoted"));
    assert_eq!(page.text("#confirm-form button"), "Do what is owed");
}

#[test]
fn what_cannot_be_compiled_shows_no_empty_sections() {
    let refused = sample::start_refused();
    let bare = muster_web::page::Start { story: vec![], checks: vec![], ..refused };
    assert_eq!(read(&bare).count("#story, #blast, #checks"), 0);
}
