//! What the pages say, in their usual and in their empty state.

use muster_web::state::Readiness;

use super::{read, sample};

#[test]
fn the_overview_answers_whether_one_could_fail_over_now() {
    let page = read(&sample::overview());
    assert_eq!(page.text("h1"), "2 of 4 plans could fail over now.");
    let verdicts = page.texts(".verdict header .badge");
    assert_eq!(verdicts, ["not ready", "run under way", "ready, with warnings", "ready"]);
    let reasons = page.texts("#plan-mail .why .said > p:first-child");
    assert_eq!(reasons.len(), 3);
    assert!(reasons[0].starts_with("The consistency group cg-mail-2 is stopped"));
    assert_eq!(page.text("#plan-mail .why > .note"), "and 1 more");
    assert_eq!(page.attr("#plan-web-shop .next a", "href"), "/plans/web-shop/start?kind=test");
    assert_eq!(page.text(".lead"), "12 VMs without protection, 3 VMs protected in part");
    assert_eq!(page.texts("#runs tbody .badge"), ["waiting for you", "running"]);
    assert_eq!(page.text(".nav .tally"), "1 waiting");
}

#[test]
fn an_age_that_is_not_known_counts_as_too_old() {
    let page = read(&sample::overview());
    assert_eq!(page.text("#plan-mail .missed dt"), "Data loss");
    assert_eq!(page.count("#plan-intranet .missed"), 0);
    assert_eq!(page.count("#plan-web-shop .missed"), 2);
}

#[test]
fn the_headline_fits_any_number_of_plans() {
    let body = |readiness: &[Readiness]| {
        let mut live = sample::overview().live;
        let card = live.plans[0].clone();
        live.plans = readiness
            .iter()
            .map(|&readiness| muster_web::page::PlanCard { readiness, ..card.clone() })
            .collect();
        live.headline()
    };
    assert_eq!(body(&[]), "There are no recovery plans yet.");
    assert_eq!(body(&[Readiness::Ready]), "The plan could fail over now.");
    assert_eq!(body(&[Readiness::Unknown]), "The plan could not fail over now.");
    assert_eq!(body(&[Readiness::Busy]), "A run is under way.");
    assert_eq!(body(&[Readiness::Ready, Readiness::Warnings]), "All 2 plans could fail over now.");
}

#[test]
fn empty_pages_say_what_to_do_first() {
    let said = |page: super::Page| page.texts(".empty").join(" ");
    assert!(said(read(&sample::overview_empty())).contains("muster apply -f DIR"));
    assert!(said(read(&sample::sites_empty())).contains("No site has been applied."));
    assert!(said(read(&sample::groups(true))).contains("its members are derived"));
    assert!(
        said(read(&sample::group(0, "erp")))
            .contains("No VM carries the group's policies at paris.")
    );
    assert!(said(read(&sample::plans(true))).contains("muster plan check"));
    assert!(said(read(&sample::runs(0, false))).contains("Begin with a test"));
    assert!(said(read(&sample::runs(0, true))).contains("No run matches the filter."));
    assert!(said(read(&sample::inventory(0, true))).contains("No VM matches the filter."));
}

#[test]
fn sites_show_links_witnesses_fences_and_since_when() {
    let page = read(&sample::sites());
    assert_eq!(page.texts("#links tbody td.num")[..3], ["4.7 ms", "10 Gbit/s", "0.00 %"]);
    assert_eq!(
        page.texts("#witnesses li"),
        ["lyon seen", "paris silent, may still write", "nantes dead, cannot write"]
    );
    assert_eq!(page.text("#nantes h2"), "nantes down fenced");
    assert_eq!(page.texts("#nantes dt")[0], "Unreachable for");
    assert_eq!(page.texts("#lyon .figures dd").last().unwrap(), "agent enforced");
}

#[test]
fn a_group_names_what_is_left_out_and_why() {
    let page = read(&sample::group(12, "erp-metro"));
    assert_eq!(
        page.texts("#members tbody tr:nth-child(4) .note"),
        ["Its volumes replicate to nantes and not to lyon."]
    );
    assert_eq!(
        page.texts("#gaps tbody td"),
        [
            "disk 2",
            "The disk has no storage policy.",
            "Give it gold-metro, or exclude the VM by a tag."
        ]
    );
    assert_eq!(page.texts("#consistency .badge"), ["in sync", "behind its objective", "stopped"]);
    assert_eq!(read(&sample::group(1000, "erp-metro")).count("#members tbody tr"), 1000);
}

#[test]
fn a_plan_offers_what_is_allowed_and_says_why_the_rest_is_not() {
    let page = read(&sample::plan(8));
    assert_eq!(page.texts(".offer a"), ["Start test…", "Start planned migration…", "Fail over…"]);
    assert_eq!(page.texts(".offer .no")[0], "Not now: no test is held.");
    assert_eq!(page.text(".offer.suggested h3"), "Test next step");
    assert_eq!(page.texts("#steps summary .name")[1], "2. Promote storage at lyon");
    assert_eq!(
        page.texts("#steps details > .note"),
        ["and 1,016 more; muster plan graph erp --kind failover prints all."]
    );
    assert_eq!(page.text("#steps .tabs [aria-current]"), "Failover");
    assert!(page.text("#verified").contains("The member erp-cache-03 came."));
}

#[test]
fn a_plan_that_does_not_compile_offers_nothing() {
    let page = read(&sample::plan_bare());
    assert_eq!(page.count(".offer a"), 0);
    assert_eq!(page.text("#findings .where code"), "dangling-reference");
    assert!(page.text("#steps").contains("cannot be compiled now"));
    assert!(page.text("#history").contains("never been run"));
}

#[test]
fn long_lists_are_paged() {
    let page = read(&sample::inventory(1000, false));
    assert_eq!(page.count("tbody tr"), 1000);
    assert_eq!(page.text(".pager"), "1–1,000 of 1,000 VMs");
    let runs = read(&sample::runs(1000, false));
    assert_eq!(runs.text(".pager"), "1–1,000 of 3,000 runs Next");
    assert_eq!(runs.attr(".pager a[rel=next]", "href"), "/runs?skip=1000");
}

#[test]
fn errors_say_what_to_do_and_under_which_id_the_log_knows_them() {
    let page = read(&sample::error(true));
    assert_eq!(page.text(".status"), "409 graph-changed");
    assert_eq!(page.texts(".error li").len(), 2);
    assert_eq!(page.attr(".error p > a:not(.button)", "href"), "/runs/r1");
    assert!(page.text(".fine").contains("01957f3e-8a01-7c22-b1f4-6d0b6a2f9a11"));
    let missing = read(&sample::not_found(true));
    assert_eq!(missing.text("h1"), "There is no plan erq.");
    assert_eq!(missing.text(".error ul a"), "erp");
}

#[test]
fn signing_in_works_without_a_navigation() {
    let page = read(&sample::sign_in(Some("User or password is wrong.")));
    assert_eq!(page.count("nav, form[action='/sign-out']"), 0);
    assert_eq!(page.text("[role=alert]"), "User or password is wrong.");
    assert_eq!(page.attr("input[name=user]", "value"), "mara");
    assert_eq!(page.attr("input[name=password]", "autocomplete"), "current-password");
    assert_eq!(page.attr("input[name=next]", "value"), "/runs/r1");
}
