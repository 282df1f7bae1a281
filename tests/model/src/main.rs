//! `cargo run --release -p muster-model -- check|sabotage [NAME]`
//!
//! `check` explores all scopes with all guards on; `sabotage [NAME]` tells what happens without one of them.
#![allow(clippy::print_stdout, clippy::print_stderr)]

use std::process::ExitCode;
use std::time::Instant;

use muster_model::{Protocol, explore, sabotages, scopes, shortest, traps};

fn main() -> ExitCode {
    let good = match std::env::args().nth(1).as_deref() {
        Some("check") => check(),
        Some("sabotage") => sabotage(),
        _ => {
            eprintln!("usage: muster-model check|sabotage");
            false
        }
    };
    if good { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}

/// Does something, and says how many seconds it took.
#[allow(clippy::disallowed_methods)] // a figure for people; nothing is decided by it
fn timed<T>(work: impl FnOnce() -> T) -> (T, f64) {
    let begun = Instant::now();
    let done = work();
    (done, begun.elapsed().as_secs_f64())
}

/// Everything with all guards on.
fn check() -> bool {
    let mut good = true;
    for scope in scopes() {
        let protocol = scope.protocol();
        let (figures, seconds) = timed(|| explore(protocol));
        println!("{}: {:?}", scope.name, scope.budget);
        println!(
            "  {} unique states of {} generated, depth {}, {seconds:.1} s",
            figures.states, figures.generated, figures.depth
        );
        for (name, holds) in figures.properties {
            println!("  {} {name}", if holds { "yes" } else { "NO " });
            good &= holds;
        }
        let (found, seconds) = timed(|| traps(&protocol));
        println!(
            "  {} {} states, {} of them ends, {} trapped, {seconds:.1} s",
            if found.trapped == 0 { "yes every state can come to an end:" } else { "NO " },
            found.states,
            found.over,
            found.trapped
        );
        if let Some(example) = &found.example {
            println!("  {example:#?}");
        }
        good &= found.trapped == 0;
    }
    good
}

/// Each guard off.
fn sabotage() -> bool {
    let wanted = std::env::args().nth(2);
    let mut good = true;
    for sabotage in sabotages() {
        if wanted.as_ref().is_some_and(|name| name != sabotage.name) {
            continue;
        }
        let protocol =
            Protocol { guards: sabotage.guards, budget: sabotage.budget, examples: false };
        let (story, seconds) = timed(|| shortest(protocol, sabotage.breaks));
        let today = if sabotage.today { " (as the product does it today)" } else { "" };
        println!("{}: {}{today}", sabotage.name, sabotage.what);
        let Some(story) = story else {
            println!("  NOT FOUND ({seconds:.1} s)\n");
            good = false;
            continue;
        };
        let (count, states) = (story.sentences.len(), story.states);
        println!(
            "  breaks \"{}\" in {count} actions, {states} states, {seconds:.1} s",
            story.property
        );
        for (nr, sentence) in story.sentences.iter().enumerate() {
            println!("  {:>3}. {sentence}", nr + 1);
        }
        println!();
    }
    good
}
