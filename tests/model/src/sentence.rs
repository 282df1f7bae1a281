//! Actions as people tell them.

use crate::action::Action;
use crate::guards::Guards;
use crate::net::Request;
use crate::plan::{FAILOVER, Object, OpId, Work, expected};
use crate::server::Act;
use crate::state::State;

fn words(guards: &Guards, op: OpId) -> String {
    let work = Work::of(guards, op.run, op.step).words();
    match op.attempt {
        0 => format!("\"{work}\""),
        again => format!("\"{work}\" (attempt {})", again + 1),
    }
}

fn request(guards: &Guards, request: Option<Request>) -> String {
    let Some(request) = request else { return String::new() };
    format!("{} with token {}", words(guards, request.op), request.token)
}

fn running(guards: &Guards, state: &State, object: u8) -> String {
    request(guards, state.world.running[object as usize].map(|running| running.request))
}

/// An action that is possible in a state, in words.
pub(crate) fn sentence(guards: &Guards, state: &State, action: Action) -> String {
    let server = |nr: u8| {
        let server = state.servers[nr as usize];
        let stale = server.epoch != state.database.lease
            || server.incarnation != state.database.incarnation;
        let stale = if stale { ", which is not the owner any more," } else { "" };
        (format!("the server of epoch {}{stale}", server.epoch), words(guards, server.op()))
    };
    let told = |nr: u8, what: &str| {
        let (who, step) = server(nr);
        format!("{who} {}", what.replace("{}", &step))
    };
    match action {
        Action::StartFailover => "a person starts the failover from A to B".into(),
        Action::StartFailback => "a person starts the failback from B to A".into(),
        Action::Cancel(nr) => told(nr, "is asked by a person to cancel the failback"),
        Action::GiveUp => "a person gives the run up".into(),
        Action::RuleRetry(nr) => told(nr, "hears from a person that {} must be tried again"),
        Action::ReadWorld => "the holding server reads both sites".into(),
        Action::RaiseAt(0) => "the holding server raises the fence at A".into(),
        Action::RaiseAt(_) => "the holding server raises the fence at B".into(),
        Action::FenceByHand => "a person cuts A off at B's storage".into(),
        Action::Release => "a person lets the server go on".into(),
        Action::Acquire(_) => acquire(guards, state),
        Action::Append(nr) => append(guards, state, nr, &server(nr)),
        Action::Look(nr) => told(nr, "finds A proved unable to write"),
        Action::Send(nr) => told(nr, "sends {}"),
        Action::AskBefore(nr) => {
            told(nr, "raises the fence to its epoch and asks what became of {}")
        }
        Action::Hear(nr) => told(nr, "hears that {} is done"),
        Action::TimeOut(nr) => told(nr, "hears nothing of {}"),
        Action::ReadBack(nr) if guards.read_back => told(nr, "reads {} back"),
        Action::ReadBack(nr) => told(nr, "believes that {} is done"),
        Action::Resolve(nr) => told(nr, "finds out what became of {}"),
        Action::GoOnUnfenced(nr) => told(nr, "goes on without a fence"),
        Action::LetGo(nr) => told(nr, "lets the run go"),
        Action::Crash(nr) => told(nr, "crashes"),
        Action::Deliver(nr) => {
            format!("the request {} arrives", request(guards, state.net.get(nr)))
        }
        Action::DeliverTwice(nr) => {
            format!("the request {} arrives, and will again", request(guards, state.net.get(nr)))
        }
        Action::Lose(nr) => format!("the request {} is lost", request(guards, state.net.get(nr))),
        Action::Launch(o) => {
            format!("the agent takes {} to its backend", running(guards, state, o))
        }
        Action::Land(o) => {
            landed(guards, state, Some(Object::ALL[o as usize]), &running(guards, state, o))
        }
        Action::AcknowledgeEarly(o) => {
            format!("the backend says that {} is done before it is", running(guards, state, o))
        }
        Action::LandLate => {
            let late = state.world.late.map(|late| late.request);
            landed(guards, state, None, &request(guards, late))
        }
        Action::Restart(o) => restart(Object::ALL[o as usize]),
        Action::HearFence => "word of the fence reaches A, which writes no more".into(),
        Action::LoseA => "A is lost".into(),
        Action::ReturnA => "A comes back".into(),
        Action::Restore(mark) => restored(guards, mark),
    }
}

fn landed(guards: &Guards, state: &State, object: Option<Object>, what: &str) -> String {
    let (mut world, mut ghost) = (state.world, state.ghost);
    let landed = match object {
        Some(object) => world.land(guards, &mut ghost, object),
        None => world.land_late(guards, &mut ghost),
    };
    match landed {
        Some(Err(_)) => format!("{what} is refused"),
        _ => format!("{what} has its effect"),
    }
}

fn restart(object: Object) -> String {
    let site = if object.at_a() { "A" } else { "B" };
    format!("the agent of {site} is restarted; the backend goes on")
}

fn acquire(guards: &Guards, state: &State) -> String {
    let database = &state.database;
    let step = words(guards, database.cursor.op());
    let epoch = database.epochs + 1;
    let held = state.servers.iter().any(|s| s.act != Act::Idle && s.epoch == database.lease);
    let how = if held { "a paused owner's run" } else { "the run" };
    format!("a server takes {how} at {step} under epoch {epoch}")
}

fn append(guards: &Guards, state: &State, nr: u8, server: &(String, String)) -> String {
    let (who, step) = server;
    let what = match state.servers[nr as usize].act {
        Act::Ready => "its intent to do",
        Act::TakenOver => "anew the intent to do",
        Act::Proved => "the end of",
        _ => "that there was no effect of",
    };
    match state.owns(guards, nr as usize) {
        true => format!("{who} writes {what} {step}"),
        false => format!("{who} tries to write {what} {step}, and is refused"),
    }
}

fn restored(guards: &Guards, mark: u8) -> String {
    let (run, step) = if mark < 4 { (FAILOVER, mark) } else { (FAILOVER + 1, mark - 4) };
    let (open_a, open_b, fenced) = expected(guards, mark);
    let at = match mark {
        3 => "the end of the failover".to_owned(),
        _ => format!("the moment before \"{}\"", Work::of(guards, run, step).words()),
    };
    let word = |yes| if yes { "writable" } else { "read-only" };
    let fenced = if fenced { " and fenced" } else { "" };
    format!("the database is restored to {at} (A {}{fenced}, B {})", word(open_a), word(open_b))
}
