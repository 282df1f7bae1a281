//! The graph of a run, piece by piece.
//!
//! The graph of 50,000 VMs is 60 MB of JSON. On its way through the statement, the driver and the
//! database a value stands in memory several times over, so a large graph goes in and comes out in
//! pieces, and only the piece is copied.

use muster_plans::id::RunId;
use sea_orm::ActiveValue::Set;
use sea_orm::{ConnectionTrait, DatabaseTransaction, EntityTrait};

use crate::Error;
use crate::entity::{run_graph, run_graph_part};

/// Bytes of a piece.
const PIECE: usize = 1 << 20;

/// Writes the graph of a run that is being made.
pub(super) async fn put(txn: &DatabaseTransaction, run: RunId, graph: &str) -> Result<(), Error> {
    let (first, mut rest) = cut(graph, PIECE);
    let row = run_graph::ActiveModel { run_id: Set(run.0), graph: Set(first.to_owned()) };
    run_graph::Entity::insert(row).exec_without_returning(txn).await?;
    let mut part = 1;
    while !rest.is_empty() {
        let (piece, behind) = cut(rest, PIECE);
        let (run_id, graph) = (Set(run.0), Set(piece.to_owned()));
        let row = run_graph_part::ActiveModel { run_id, part: Set(part), graph };
        run_graph_part::Entity::insert(row).exec_without_returning(txn).await?;
        (rest, part) = (behind, part + 1);
    }
    Ok(())
}

/// Reads it. A run's graph never changes, so its pieces belong together whenever they are read.
pub(super) async fn get(db: &impl ConnectionTrait, run: RunId) -> Result<Option<String>, Error> {
    let Some(first) = run_graph::Entity::find_by_id(run.0).one(db).await? else {
        return Ok(None);
    };
    let mut graph = first.graph;
    // A graph that fits into one row has no other, so most reads end here.
    if graph.len() + char::MAX_LEN_UTF8 > PIECE {
        let mut part = 1;
        while let Some(row) = run_graph_part::Entity::find_by_id((run.0, part)).one(db).await? {
            graph.push_str(&row.graph);
            part += 1;
        }
    }
    Ok(Some(graph))
}

/// At most so many bytes, and what comes behind them; no character is cut.
fn cut(text: &str, bytes: usize) -> (&str, &str) {
    text.split_at(text.floor_char_boundary(bytes))
}

#[cfg(test)]
mod tests {
    use super::cut;

    #[test]
    fn no_character_is_cut() {
        assert_eq!(cut("lyon", 9), ("lyon", ""));
        assert_eq!(cut("lyon", 2), ("ly", "on"));
        assert_eq!(cut("chêne", 3), ("ch", "êne"));
        assert_eq!(cut("", 3), ("", ""));
    }
}
