//! Figures, and how they are shown.

use std::fmt::Write;

use serde::Serialize;

/// A limit that a figure should keep.
#[derive(Clone, Copy, Debug, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Goal {
    AtLeast(f64),
    AtMost(f64),
}

impl Goal {
    fn limit(self) -> f64 {
        match self {
            Goal::AtLeast(limit) | Goal::AtMost(limit) => limit,
        }
    }

    fn is_met(self, value: f64) -> bool {
        match self {
            Goal::AtLeast(limit) => value >= limit,
            Goal::AtMost(limit) => value <= limit,
        }
    }
}

/// One figure.
#[derive(Clone, Debug, Serialize)]
pub(crate) struct Figure {
    name: String,
    value: f64,
    unit: &'static str,
    goal: Option<Goal>,
    /// The value divided by the goal.
    ratio: Option<f64>,
    met: Option<bool>,
}

/// What the figures were measured on.
#[derive(Clone, Debug, Serialize)]
struct Machine {
    os: &'static str,
    arch: &'static str,
    cores: usize,
    memory_mib: u64,
    debug_build: bool,
}

impl Machine {
    fn here() -> Machine {
        let info = std::fs::read_to_string("/proc/meminfo").unwrap_or_default();
        let kib = info.lines().find_map(|line| line.strip_prefix("MemTotal:"));
        let kib = kib.and_then(|text| text.trim().trim_end_matches(" kB").parse::<u64>().ok());
        Machine {
            os: std::env::consts::OS,
            arch: std::env::consts::ARCH,
            cores: std::thread::available_parallelism().map_or(1, usize::from),
            memory_mib: kib.unwrap_or(0) / 1024,
            debug_build: cfg!(debug_assertions),
        }
    }
}

/// All figures of one benchmark.
#[derive(Debug, Serialize)]
pub(crate) struct Report {
    bench: &'static str,
    pub(crate) quick: bool,
    machine: Machine,
    figures: Vec<Figure>,
}

impl Report {
    pub(crate) fn new(bench: &'static str, quick: bool) -> Report {
        Report { bench, quick, machine: Machine::here(), figures: Vec::new() }
    }

    /// A figure by itself.
    pub(crate) fn plain(&mut self, name: impl Into<String>, value: f64, unit: &'static str) {
        self.push(name.into(), value, unit, None);
    }

    /// A figure that should keep a limit.
    pub(crate) fn goal(
        &mut self,
        name: impl Into<String>,
        value: f64,
        unit: &'static str,
        goal: Goal,
    ) {
        self.push(name.into(), value, unit, Some(goal));
    }

    fn push(&mut self, name: String, value: f64, unit: &'static str, goal: Option<Goal>) {
        let ratio = goal.map(|goal| value / goal.limit());
        let met = goal.map(|goal| goal.is_met(value));
        // Progress on the other stream, since some figures take minutes.
        _ = std::io::Write::write_fmt(
            &mut std::io::stderr(),
            format_args!("  {name}: {} {unit}\n", number(value)),
        );
        self.figures.push(Figure { name, value, unit, goal, ratio, met });
    }

    /// For people.
    pub(crate) fn table(&self) -> String {
        let width = self.figures.iter().map(|f| f.name.chars().count()).max().unwrap_or(0);
        let machine = &self.machine;
        let mut text = format!(
            "\n{} on {} cores, {} MiB, {} {}{}{}\n",
            self.bench,
            machine.cores,
            machine.memory_mib,
            machine.os,
            machine.arch,
            if self.quick { ", quick" } else { "" },
            if machine.debug_build { ", DEBUG BUILD" } else { "" },
        );
        for figure in &self.figures {
            let goal = figure.goal.map_or(String::new(), |goal| goal_words(goal, figure));
            _ = writeln!(
                text,
                "{:width$}  {:>12} {:12} {goal}",
                figure.name,
                number(figure.value),
                figure.unit,
            );
        }
        text
    }

    /// For machines.
    pub(crate) fn json(&self) -> serde_json::Result<String> {
        serde_json::to_string_pretty(self)
    }
}

fn goal_words(goal: Goal, figure: &Figure) -> String {
    let sign = if matches!(goal, Goal::AtLeast(_)) { ">=" } else { "<=" };
    let word = if figure.met == Some(true) { "met" } else { "MISSED" };
    let ratio = figure.ratio.unwrap_or_default();
    format!("goal {sign} {:<8} {ratio:>6.2} of it  {word}", number(goal.limit()))
}

fn number(value: f64) -> String {
    match value.abs() {
        0.0 => String::from("0"),
        x if x >= 1000.0 => format!("{value:.0}"),
        x if x >= 10.0 => format!("{value:.1}"),
        x if x >= 0.01 => format!("{value:.3}"),
        _ => format!("{value:.2e}"),
    }
}
