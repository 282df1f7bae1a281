//! Whole stories, told by the commands that operators type, against the real binary. After each the
//! world is asked what really happened.

mod disaster;
mod evidence;
mod people;
mod prompt;
mod shared_fence;
mod walk;

use muster_tests::Demo;
use serde_json::Value;

/// The phases that a run went through, and how it ended.
fn phases(run: &Value) -> String {
    let phases = run["phases"].as_array().into_iter().flatten();
    let line = |phase: &Value| {
        format!("{} {}/{}", phase["name"].as_str().unwrap_or("?"), phase["done"], phase["total"])
    };
    let lines: Vec<String> = phases.map(line).collect();
    format!("{}\n{}", run["state"].as_str().unwrap_or("?"), lines.join("\n"))
}

/// What a plan is called now, in the words that SRM's users know.
fn standing(demo: &Demo, plan: &str) -> String {
    let plan = demo.get(&format!("/api/v1/plans/{plan}"));
    let [phase, srm] = ["phase", "srmStatus"].map(|name| plan[name].as_str().unwrap_or("?"));
    let [from, to] = [&plan["from"][0], &plan["to"]].map(|site| site.as_str().unwrap_or("?"));
    format!("{from} -> {to}, {phase} ({srm})")
}
