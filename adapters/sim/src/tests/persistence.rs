//! The state file.

use std::path::Path;

use muster_contract::{Mode, OpId, Operation};
use muster_plans::time::{Span, Time};

use super::rig::{BRONZE, GOLD, Op, Rig, SILVER, START, demote, force, shutdown, site, sync};
use crate::WorldSpec;
use crate::control::Command;
use crate::persist::{Input, Store, StoreError};
use crate::world::World;

fn inputs() -> Vec<(Time, Input)> {
    let mut rig = Rig::with(crate::Settings::default());
    rig.mode = Mode::Unplanned;
    let mut at = START;
    let mut inputs = Vec::new();
    let mut push = |span: u64, input: Input| {
        at = at + Span(span);
        inputs.push((at, input));
    };
    let submit = |rig: &mut Rig, name: &str, op: Operation| {
        let mut ctx = rig.ctx(name);
        ctx.deadline = START + Span::mins(600);
        Input::Submit { site: site(name), ctx: Box::new(ctx), op: Box::new(op) }
    };
    let control = |text: &str, up: bool| {
        let thing = text.parse().unwrap();
        Input::Control(Box::new(if up { Command::Heal(thing) } else { Command::Break(thing) }))
    };
    for name in rig.members(SILVER) {
        let vm = rig.vm(&name);
        push(700, submit(&mut rig, "paris", Op::from(shutdown(vm)).0));
    }
    push(30_000, Input::Answered);
    push(10, submit(&mut rig, "paris", Op::from(demote(SILVER)).0));
    push(400_000, submit(&mut rig, "paris", Op::from(sync(BRONZE)).0));
    push(200, control("site/paris", false));
    push(15_000, submit(&mut rig, "lyon", Op::from(force(BRONZE)).0));
    push(1, submit(&mut rig, "lyon", Op::from(force(GOLD)).0));
    push(9000, control("site/paris", true));
    push(100_000, Input::Answered);
    inputs
}

fn replayed(inputs: &[(Time, Input)]) -> String {
    let mut world = WorldSpec::demo(60, 7).build(START).unwrap();
    for (at, input) in inputs {
        world.act(*at, input.clone());
    }
    text(&mut world)
}

fn text(world: &mut World) -> String {
    world.settle_all();
    serde_json::to_string(world).unwrap()
}

fn stored(path: &Path, inputs: &[(Time, Input)]) {
    let world = WorldSpec::demo(60, 7).build(START).unwrap();
    let mut store = Store::create(path, &world).unwrap();
    for (at, input) in inputs {
        store.append(*at, input).unwrap();
    }
}

#[test]
fn a_killed_simulator_comes_back_at_whatever_input() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world.json");
    let all = inputs();
    for count in 0..=all.len() {
        stored(&path, &all[..count]);
        let mut world = Store::load(&path).unwrap().unwrap();
        assert_eq!(text(&mut world), replayed(&all[..count]), "after {count} inputs");
    }
}

#[test]
fn a_line_that_was_being_written_is_left_out() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world.json");
    let all = inputs();
    stored(&path, &all);
    let whole = std::fs::read(&path).unwrap();
    for cut in [1, 2, 40] {
        std::fs::write(&path, &whole[..whole.len() - cut]).unwrap();
        let mut world = Store::load(&path).unwrap().unwrap();
        assert_eq!(text(&mut world), replayed(&all[..all.len() - 1]));
    }
}

#[test]
fn a_damaged_file_is_named_and_an_unknown_format_refused() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world.json");
    assert!(Store::load(&path).unwrap().is_none());
    stored(&path, &inputs());
    let text = std::fs::read_to_string(&path).unwrap();
    std::fs::write(&path, text.replacen("\"demote\"", "\"demolish\"", 1)).unwrap();
    match Store::load(&path) {
        Err(StoreError::Damaged { line, .. }) => assert_eq!(line, 7),
        other => panic!("{other:?}"),
    }
    std::fs::write(&path, text.replacen("\"format\":1", "\"format\":9", 1)).unwrap();
    assert!(matches!(Store::load(&path), Err(StoreError::Format { found: 9, .. })));
}

#[test]
fn a_long_file_is_written_anew() {
    let dir = tempfile::tempdir().unwrap();
    let path = dir.path().join("world.json");
    let mut world = WorldSpec::demo(6, 7).build(START).unwrap();
    let mut store = Store::create(&path, &world).unwrap();
    for nr in 0..30_000 {
        let at = START + Span(nr);
        world.advance(at);
        store.compact(&world).unwrap();
        store.append(at, &Input::Answered).unwrap();
    }
    let lines = std::fs::read_to_string(&path).unwrap().lines().count();
    assert!(lines < 20_000, "{lines}");
    let mut again = Store::load(&path).unwrap().unwrap();
    assert_eq!(text(&mut again), text(&mut world));
}

#[test]
fn operation_ids_are_keys() {
    let id: OpId = "018f3c5a-0000-7000-8000-000000000001/3/u1".parse().unwrap();
    let map = std::collections::BTreeMap::from([(id, 1)]);
    let text = serde_json::to_string(&map).unwrap();
    assert_eq!(serde_json::from_str::<std::collections::BTreeMap<OpId, i32>>(&text).unwrap(), map);
}
