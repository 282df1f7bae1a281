//! Matrices: plots that are counted, cell by cell.
//!
//! A cell is one plot with one trouble at one moment. It is *hit* when that trouble really set in at
//! that moment, once; it passes when nothing was broken and everything came to its end. A cell that
//! makes no sense has a reason, which is printed.

mod crashes;
mod faults;
mod graphs;
mod partitions;
mod steps;

use std::collections::BTreeMap;
use std::fmt::Write as _;
use std::sync::Mutex;
use std::sync::atomic::{AtomicUsize, Ordering};

use crate::cue::Plot;
use crate::invariant::{Broken, Invariant};
use crate::play::{Mode, Options, Report, play};

/// Which matrix.
#[derive(Clone, Copy, Debug, PartialEq, Eq, clap::ValueEnum)]
pub enum Matrix {
    /// Operations of the contract, times F1 to F18, times before, during and after.
    Faults,
    /// Sets of the six directions between three places, times workflows, times when.
    Partitions,
    /// Points of the compiled graphs of all examples at which the server dies.
    Crashes,
    /// The same, and at every point of what follows the server that has taken over dies as well.
    Seconds,
    /// Steps of the compiled graphs of all examples that are refused.
    Refusals,
    /// Steps of the compiled graphs of all examples that are undone twice.
    Undos,
    /// Steps of the compiled graphs of all examples that are done twice.
    Doubles,
}

/// A cell that has been looked at.
#[derive(Clone, Debug)]
pub struct Cell {
    /// Its row, which is its name up to the first `/`.
    pub row: String,
    /// Its column.
    pub column: String,
    /// What names it on the command line.
    pub name: String,
    /// What became of it.
    pub fate: Fate,
}

/// What became of a cell.
#[derive(Clone, Debug)]
pub enum Fate {
    /// It was hit, nothing was broken, everything came to its end.
    Passed,
    /// Nobody could start what it is about, and nothing was broken.
    Refused,
    /// It makes no sense, for this reason.
    NotApplicable(&'static str),
    /// What was meant did not happen.
    Missed(String),
    /// Something was broken, or did not come to its end.
    Broken(Broken),
}

/// A cell that is going to be played.
pub(crate) struct Ahead {
    pub(crate) row: String,
    pub(crate) column: String,
    pub(crate) name: String,
    pub(crate) what: Result<Plot, Fate>,
    pub(crate) hit: Hit,
}

/// Whether what was meant happened; what did, otherwise.
pub(crate) type Hit = Box<dyn Fn(&Plot, &Report) -> Result<Fate, String> + Send + Sync>;

/// What is asked of a matrix.
#[derive(Clone, Copy, Debug)]
pub struct Ask<'a> {
    /// What chance makes of everything that the plots leave open.
    pub seed: u64,
    /// Only cells whose name is this, or begins with it and a `/`.
    pub only: Option<&'a str>,
    /// Plays side by side.
    pub jobs: usize,
    /// Of every so many cells only one: the first of these, out of the second.
    pub part: Option<(usize, usize)>,
    /// Examples in worlds of the demo's size.
    pub whole: bool,
}

/// Plays a matrix, or a part of it.
///
/// # Errors
/// As [`play`], and where there is no such part.
pub fn matrix(which: Matrix, ask: &Ask<'_>) -> anyhow::Result<Vec<Cell>> {
    let chosen = |name: &str| {
        ask.only.is_none_or(|only| {
            name.strip_prefix(only)
                .is_some_and(|rest| rest.is_empty() || rest.starts_with(['/', '.']))
        })
    };
    let named: Vec<Ahead> =
        which.cells(ask)?.into_iter().filter(|cell| chosen(&cell.name)).collect();
    let (first, of) = ask.part.unwrap_or((0, 1));
    let cells: Vec<Ahead> = named.into_iter().skip(first).step_by(of.max(1)).collect();
    anyhow::ensure!(!cells.is_empty(), "no cell has the name {}", ask.only.unwrap_or_default());
    spread(&cells, ask.jobs, |cell| cell.play(ask.seed))
}

/// Plays one cell and gives what happened, line by line.
///
/// # Errors
/// As [`matrix`], and where the cell is not applicable.
pub fn story(which: Matrix, ask: &Ask<'_>, name: &str) -> anyhow::Result<Report> {
    let all = which.cells(&Ask { only: Some(name), ..*ask })?;
    let cell = all.into_iter().find(|cell| cell.name == name);
    let plot = cell.and_then(|cell| cell.what.ok());
    let plot = plot.ok_or_else(|| anyhow::anyhow!("nothing is played in {name}"))?;
    play(ask.seed, &options(plot, true))
}

impl Matrix {
    /// Its cells; `only` may spare some of the work, but leaves none out that it names.
    fn cells(self, ask: &Ask<'_>) -> anyhow::Result<Vec<Ahead>> {
        Ok(match self {
            Matrix::Faults => faults::cells(ask.seed)?,
            Matrix::Partitions => partitions::cells(),
            Matrix::Crashes => crashes::cells(ask)?,
            Matrix::Seconds => crashes::seconds(ask)?,
            Matrix::Refusals => steps::refusals(ask)?,
            Matrix::Undos => steps::undos(ask)?,
            Matrix::Doubles => steps::doubles(ask)?,
        })
    }
}

fn options(plot: Plot, tell: bool) -> Options {
    Options {
        faults: Vec::new(),
        mode: Mode::Liveness,
        plot: Some(plot),
        tell,
        ..Options::default()
    }
}

impl Ahead {
    fn play(&self, seed: u64) -> anyhow::Result<Cell> {
        let fate = match &self.what {
            Err(fate) => fate.clone(),
            Ok(plot) => {
                let report = play(seed, &options(plot.clone(), false))?;
                match (report.broken.clone(), (self.hit)(plot, &report)) {
                    (Some(broken), _) => Fate::Broken(broken),
                    (None, Ok(fate)) => fate,
                    (None, Err(instead)) => Fate::Missed(instead),
                }
            }
        };
        let (row, column, name) = (self.row.clone(), self.column.clone(), self.name.clone());
        Ok(Cell { row, column, name, fate })
    }
}

/// Does something for all of several, on so many threads, in their order.
pub(crate) fn spread<T: Sync, R: Send>(
    all: &[T],
    jobs: usize,
    each: impl Fn(&T) -> anyhow::Result<R> + Sync,
) -> anyhow::Result<Vec<R>> {
    let next = AtomicUsize::new(0);
    let done = Mutex::new(BTreeMap::new());
    std::thread::scope(|scope| -> anyhow::Result<()> {
        let workers: Vec<_> = (0..jobs.max(1))
            .map(|_| {
                scope.spawn(|| -> anyhow::Result<()> {
                    loop {
                        let nr = next.fetch_add(1, Ordering::Relaxed);
                        let Some(one) = all.get(nr) else { return Ok(()) };
                        let result = each(one)?;
                        if let Ok(mut done) = done.lock() {
                            done.insert(nr, result);
                        }
                    }
                })
            })
            .collect();
        for worker in workers {
            worker.join().map_err(|_| anyhow::anyhow!("a play broke down"))??;
        }
        Ok(())
    })?;
    let done = done.into_inner().map_err(|_| anyhow::anyhow!("a play broke down"))?;
    Ok(done.into_values().collect())
}

/// How a matrix went.
#[derive(Clone, Debug)]
pub struct Tally {
    /// The table, why cells are not applicable, what failed, and the sums.
    pub text: String,
    /// Cells that failed.
    pub failed: usize,
}

/// Sums up; `again` is the command that plays one cell again, up to its name.
pub fn tally(cells: &[Cell], again: &str) -> Tally {
    let mut text = table(cells);
    let mut reasons: BTreeMap<&str, Vec<&str>> = BTreeMap::new();
    let mut sums = [0usize; 6];
    let mut failures = String::new();
    for cell in cells {
        let (place, what) = match &cell.fate {
            Fate::Passed => (0, None),
            Fate::Refused => (1, None),
            Fate::NotApplicable(reason) => {
                reasons.entry(reason).or_default().push(&cell.name);
                (2, None)
            }
            Fate::Broken(broken) if broken.invariant == Invariant::Liveness => {
                (4, Some(format!("stuck: {}", broken.what)))
            }
            Fate::Broken(broken) => (3, Some(format!("{:?}: {}", broken.invariant, broken.what))),
            Fate::Missed(instead) => (5, Some(format!("not hit: {instead}"))),
        };
        sums[place] += 1;
        if let Some(what) = what {
            _ = writeln!(failures, "{}: {what}\n  {again} {}", cell.name, cell.name);
        }
    }
    for (reason, names) in reasons {
        let words = abridged(&names);
        _ = writeln!(text, "not applicable, {}: {reason}: {words}", names.len());
    }
    text.push_str(&failures);
    let [passed, refused, not, broken, stuck, missed] = sums;
    _ = writeln!(
        text,
        "{} cells, {} hit, {refused} refused, {not} not applicable, {missed} not hit, \
         {broken} violations, {stuck} stuck",
        cells.len(),
        passed + broken + stuck,
    );
    Tally { text, failed: broken + stuck + missed }
}

/// What cells have in common, where their names differ in the operation alone.
fn abridged(names: &[&str]) -> String {
    let rest = |name: &&str| name.split_once('/').map_or("", |(_, rest)| rest).to_owned();
    let rows = |name: &&str| name.split('/').next().unwrap_or_default().to_owned();
    let mut columns: Vec<String> = names.iter().map(rest).collect();
    let mut all: Vec<String> = names.iter().map(rows).collect();
    columns.sort();
    columns.dedup();
    all.dedup();
    match all.as_slice() {
        [one] if columns.len() > 3 => format!("all of {one}"),
        [one] => format!("{} of {one}", columns.join(", ")),
        rows if columns.len() > 3 || columns.iter().all(String::is_empty) => {
            format!("{} rows", rows.len())
        }
        rows => format!("{} of {} rows", columns.join(", "), rows.len()),
    }
}

/// Rows and columns, with how many cells of each were hit; `-` where none makes sense.
fn table(cells: &[Cell]) -> String {
    let mut columns: Vec<&str> = Vec::new();
    let mut rows: Vec<&str> = Vec::new();
    let mut counts: BTreeMap<(&str, &str), (usize, usize)> = BTreeMap::new();
    for cell in cells {
        if !columns.contains(&cell.column.as_str()) {
            columns.push(&cell.column);
        }
        if !rows.contains(&cell.row.as_str()) {
            rows.push(&cell.row);
        }
        let (good, bad) = counts.entry((&cell.row, &cell.column)).or_default();
        match cell.fate {
            Fate::Passed | Fate::Refused => *good += 1,
            Fate::NotApplicable(_) => {}
            Fate::Missed(_) | Fate::Broken(_) => *bad += 1,
        }
    }
    let width = rows.iter().map(|row| row.len()).max().unwrap_or_default();
    let mut text = format!("{:width$}", "");
    for column in &columns {
        _ = write!(text, " {column:>5}");
    }
    text.push('\n');
    for row in &rows {
        _ = write!(text, "{row:width$}");
        for column in &columns {
            let word = match counts.get(&(*row, *column)).copied().unwrap_or_default() {
                (0, 0) => String::from("-"),
                (good, 0) => good.to_string(),
                (good, bad) => format!("{good}!{bad}"),
            };
            _ = write!(text, " {word:>5}");
        }
        text.push('\n');
    }
    text
}
