//! One's own account.

use muster_web::Template;

use super::{fields, parse, sample};

#[test]
fn with_a_one_time_password_there_is_one_thing_to_do() {
    let page = parse(&sample::account_must(false).render().unwrap());
    assert_eq!(page.text("main h1"), "Choose your password");
    assert_eq!(page.count("main form"), 1);
    assert_eq!(page.attr("main input[name=next]", "value"), "/plans");
    assert_eq!(page.count("#sessions"), 0);
}

#[test]
fn all_that_is_wrong_is_said_and_leads_to_its_field() {
    let page = parse(&sample::account_must(true).render().unwrap());
    assert_eq!(page.texts("#errors li").len(), 3);
    for link in page.all("#errors a") {
        assert_eq!(page.count(link.attr("href").unwrap()), 1);
    }
    // What was typed as a password is not sent back.
    assert_eq!(page.count("input[type=password][value]"), 0);
}

#[test]
fn another_session_can_be_ended_and_this_one_is_signed_out_of() {
    let page = parse(&sample::account_usual().render().unwrap());
    assert_eq!(page.count("#session-a1 form"), 0);
    assert!(page.text("#session-a1").contains("This one"));
    assert_eq!(
        fields(page.one("#session-b2 form")).into_iter().collect::<Vec<_>>(),
        ["csrf", "id"]
    );
    assert_eq!(page.attr("#session-b2 input[name=id]", "value"), "b2");
    assert_eq!(page.attr("header a.who", "href"), "/account");
}
