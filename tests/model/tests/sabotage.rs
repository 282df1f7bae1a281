//! Each guard is needed: without it the model finds a way to what must not be.

use muster_model::{Protocol, SABOTAGES, Sabotage, sabotages, shortest};

fn told(sabotage: &Sabotage) -> String {
    let Sabotage { name, what, guards, budget, breaks, .. } = *sabotage;
    let protocol = Protocol { guards, budget, examples: false };
    let Some(story) = shortest(protocol, breaks) else {
        panic!("nothing goes wrong without the guard `{name}`");
    };
    let lines = story.sentences.iter().enumerate().map(|(nr, s)| format!("{:>3}. {s}\n", nr + 1));
    let count = story.sentences.len();
    format!(
        "{name}: {what}\nbreaks \"{breaks}\" in {count} actions\n\n{}",
        lines.collect::<String>()
    )
}

#[test]
fn without_any_one_guard_something_breaks() {
    let all = sabotages();
    assert_eq!(all.len(), SABOTAGES);
    let summary: String = all.iter().map(|sabotage| told(sabotage) + "\n").collect();
    insta::assert_snapshot!(summary);
}
