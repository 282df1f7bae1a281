//! Looks at one page.

use std::collections::BTreeSet;

use muster_tests::Demo;
use serde_json::Value;

use super::driver::Browser;

/// What is wider than the window, and what is pressed or filled in without a name.
const FAULTS: &str = r#"
const root = document.documentElement, faults = [];
if (root.scrollWidth > root.clientWidth) faults.push(`is ${root.scrollWidth} wide`);
for (const field of document.querySelectorAll("input:not([type=hidden]), select, textarea"))
  if (!field.labels.length) faults.push(`field without a label: ${field.name}`);
for (const pressed of document.querySelectorAll("button, a[href], summary"))
  if (!pressed.textContent.trim() && !pressed.ariaLabel) faults.push(`no name: ${pressed.outerHTML}`);
const night = getComputedStyle(document.body).backgroundColor.match(/\d+/g).every((c) => c < 128);
if (night !== matchMedia("(prefers-color-scheme: dark)").matches) faults.push("has the wrong colours");
return faults;
"#;

/// Goes to a page and adds what is wrong there.
pub(super) fn at(
    browser: &Browser,
    demo: &Demo,
    page: &str,
    width: u32,
    theme: &str,
    wrong: &mut BTreeSet<String>,
) {
    browser.go(&format!("{}{page}", demo.url()));
    let faults = browser.script(FAULTS);
    let faults = faults.as_array().expect("a list").iter().filter_map(Value::as_str);
    let mut found: Vec<String> = faults.map(str::to_owned).collect();
    // That a page is an error page is what some of them are looked at for.
    let said = browser.complaints();
    found.extend(said.into_iter().filter(|line| !line.contains("status of 404")));
    wrong.extend(found.into_iter().map(|fault| format!("{page} ({width}, {theme}): {fault}")));
}

/// Signs in as the administrator, by the form.
pub(super) fn sign_in(browser: &Browser, demo: &Demo) {
    let password = std::fs::read_to_string(demo.dir().join("admin.password")).unwrap();
    browser.go(&format!("{}/sign-in", demo.url()));
    browser.type_into("[name=user]", "admin");
    browser.type_into("[name=password]", password.trim());
    browser.press("main form button");
    browser.await_path("/");
}

/// Signs out, from a page where nothing is: also there the bar is whole.
pub(super) fn sign_out(browser: &Browser, demo: &Demo) {
    browser.go(&format!("{}/nowhere", demo.url()));
    browser.press("form[action='/sign-out'] button");
    browser.await_path("/sign-in");
    let _ = browser.complaints();
}
