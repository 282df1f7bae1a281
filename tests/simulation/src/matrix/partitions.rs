//! Every set of the six directions between three places, for every workflow, before it and in its
//! middle.

use clap::ValueEnum as _;

use super::{Ahead, Fate};
use crate::cue::{Act, Plot, Trouble};
use crate::example::Setting;
use crate::play::Report;

pub(super) fn cells() -> Vec<Ahead> {
    let mut cells = Vec::new();
    for half_way in [false, true] {
        let column = if half_way { "half-way" } else { "before" };
        for act in Act::WORKFLOWS {
            cells.extend((0..64).map(|ways| cell(act, column, ways, half_way)));
        }
    }
    // Beside the workflows: somebody believes that a site is dead, which may only be cut off.
    cells.extend((0..64).map(|ways| cell(Act::Split, "before", ways, false)));
    cells
}

fn cell(act: Act, column: &str, ways: u8, half_way: bool) -> Ahead {
    let row = act.to_possible_value().map_or_else(String::new, |value| value.get_name().to_owned());
    let name = format!("{row}/{column}/{ways}");
    let trouble = Some(Trouble::Cut { ways, half_way });
    let plot = Plot { setting: Setting::Everything, whole: false, act, refused: None, trouble };
    Ahead { row, column: column.to_owned(), name, what: Ok(plot), hit: Box::new(hit) }
}

/// The run was under way while all of these directions were cut.
fn hit(plot: &Plot, report: &Report) -> Result<Fate, String> {
    match (report.told.cut, report.told.started, plot.act) {
        (true, true, _) if report.told.meanwhile > 0 => Ok(Fate::Passed),
        (true, _, Act::Split) => Ok(Fate::Refused),
        (cut, started, _) => {
            let meanwhile = report.told.meanwhile;
            Err(format!("started: {started}, cut: {cut}, records meanwhile: {meanwhile}"))
        }
    }
}
