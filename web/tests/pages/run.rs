//! The run page.

use muster_web::page::Ask;

use super::{fields, read, sample, text};

#[test]
fn the_head_tells_state_pace_and_who() {
    let page = read(&sample::run_live());
    assert_eq!(page.text("h1"), "Planned migration of erp waiting for you");
    assert_eq!(page.attr("#sentence", "aria-live"), "polite");
    assert_eq!(
        page.texts("#figures > div"),
        [
            "Steps 59 % 128 of 214",
            "Elapsed 9 min 12 s",
            "Remaining, about 6 min 50 s",
            "Objective 30 min",
            "Direction paris → to lyon",
            "Started 9 min ago by mara",
        ]
    );
    assert_eq!(page.attr("#figures progress", "value"), "59");
    assert_eq!(page.attr("#live", "data-fragment"), "/runs/r1/live");
    assert_eq!(page.attr("#live", "data-events"), "/runs/r1/events");
}

#[test]
fn phases_have_progress_and_the_point_of_no_return_is_marked() {
    let page = read(&sample::run_live());
    assert_eq!(page.count("#phases li"), 9);
    assert_eq!(page.text("#phase-7"), "Power on, priority 2 running 31/72");
    assert_eq!(page.attr("#phase-7 progress", "value"), "43");
    assert_eq!(page.text("#phase-5 .note"), "After this nothing is undone any more.");
    assert_eq!(page.texts("#phases [aria-current] a"), ["Power on, priority 2"]);
}

#[test]
fn steps_are_grouped_by_phase_and_by_vm() {
    let page = read(&sample::run_live());
    assert_eq!(page.texts("#steps tr.phase"), ["Move live", "Power on, priority 2"]);
    let second = page.all("#rows-7 th[scope=row]");
    assert_eq!(text(second[0]), "erp-app-001");
    assert_eq!(second[0].attr("rowspan"), Some("2"));
    assert_eq!(page.text("#s122 td[data-label=State]"), "will try again attempt 2");
    assert_eq!(page.text("#s123 td[data-label=Took]"), "about 24 s");
    assert_eq!(
        page.texts("#steps select[name=show] option"),
        ["all", "running, waiting, failed", "failed"]
    );
}

#[test]
fn a_prompt_is_answered_in_place() {
    let page = read(&sample::run_live());
    assert_eq!(page.attr("#ask-125 form", "action"), "/runs/r1/answer");
    assert_eq!(page.attr("#ask-125 input[name=step]", "value"), "125");
    assert_eq!(page.texts("#ask-125 button[name=answer]"), ["Go on", "Give up"]);
    assert!(page.text("#ask-125").contains("47 steps wait for it"));
}

#[test]
fn a_gate_asks_for_a_word_with_its_reason_and_the_name_typed() {
    let page = read(&sample::run_gate());
    let form = page.one("#ask-4 form");
    assert_eq!(form.attr("action"), Some("/runs/r1/attest"));
    let names = ["confirm", "csrf", "reason", "site"].map(String::from).into();
    assert_eq!(fields(form), names);
    assert_eq!(page.attr("#ask-4 input[name=confirm]", "data-expect"), "paris");
    assert!(page.text("#ask-4 form").contains("your word counts for 60 minutes"));
    assert_eq!(page.text(".strip"), "Forced: nothing is tried at paris.");
}

#[test]
fn an_unknown_outcome_offers_rulings_and_a_refusal_offers_none() {
    let page = read(&sample::run_failed());
    let rulings: Vec<_> =
        page.all("#ask-77 input[name=verdict]").iter().filter_map(|r| r.attr("value")).collect();
    assert_eq!(rulings, ["retry", "done", "skip", "fail"]);
    assert_eq!(page.count("#ask-77 input[checked]"), 0, "nothing is decided beforehand");
    assert_eq!(page.count("#ask-79 form"), 0);
    assert!(page.text("#ask-79 .no").starts_with("Only a recovery admin may answer"));
    assert_eq!(page.attr("#resume form", "action"), "/runs/r1/resume");
    assert_eq!(page.count("#cancel"), 0, "a halted run is not cancelled");
    assert!(page.text("#figures").contains("2 failed"));
}

#[test]
fn owed_steps_wait_for_their_site() {
    let failed = read(&sample::run_failed());
    assert_eq!(failed.text("#owed .no"), "Not now: paris does not answer.");
    assert_eq!(failed.count("#owed form"), 0);
    let done = read(&sample::run_done());
    assert_eq!(done.text("#owed h2"), "6 steps are owed");
    assert_eq!(done.attr("#owed form", "action"), "/runs/r1/owed");
    assert_eq!(done.count("#owed li"), 6);
}

#[test]
fn what_is_owed_can_be_done_also_where_nothing_was_tried_and_only_once() {
    let mut run = sample::run_done();
    run.live.owed.clear();
    let forced = read(&run);
    assert_eq!(forced.text("#owed h2"), "Steps at paris are owed");
    assert_eq!(forced.attr("#owed form", "action"), "/runs/r1/owed");
    let mut run = sample::run_done();
    run.live.owes = false;
    let paid = read(&run);
    assert!(paid.text("#owed").contains("Nothing is owed any more."));
    assert_eq!(paid.count("#owed form"), 0);
}

#[test]
fn cancelling_says_what_it_will_do_before_it_is_pressed() {
    let page = read(&sample::run_live());
    assert!(page.text("#cancel").contains("nothing is undone any more"));
    assert_eq!(page.attr("#cancel form", "method"), "post");
    assert_eq!(page.count("#cancel[open]"), 0);
}

#[test]
fn a_test_cannot_be_taken_for_the_real_thing() {
    let page = read(&sample::run_test());
    assert!(page.text(".strip.test").contains("production is not touched"));
    assert_eq!(read(&sample::run_live()).count(".strip"), 0);
    assert_eq!(page.text("#log .empty"), "Nothing has been written yet.");
}

#[test]
fn a_thousand_steps_are_a_page_with_a_way_to_the_next() {
    let page = read(&sample::run_big(1000, "erp-app"));
    assert_eq!(page.count("#rows-7 tr[id]"), 1000);
    assert_eq!(page.text("#steps .pager"), "1–1,000 of 100,000 steps Next");
}

#[test]
fn every_question_stands_before_the_steps() {
    let run = sample::run_failed();
    let html = muster_web::Template::render(&run).unwrap();
    let steps = html.find("id=\"steps\"").unwrap();
    for ask in &run.live.asks {
        let (Ask::Prompt { head, .. } | Ask::Gate { head, .. } | Ask::Step { head, .. }) = ask;
        assert!(html.find(&format!("id=\"ask-{}\"", head.step)).unwrap() < steps);
    }
}
