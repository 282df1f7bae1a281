//! One demo whose server is killed again and again.

use std::time::{Duration, Instant};

use fastrand::Rng;
use muster_tests::{Demo, DemoOptions, Method};
use serde_json::{Value, json};

use super::{Hits, WORKFLOWS};

/// Plans that are tormented in turns: one moves live and is written at both sites, so that its reprotect
/// is over at once; the other one is shut down, promoted, and catches up for seconds.
const PLANS: [&str; 2] = ["archive", "shop"];

/// Most kills of one run.
const KILLS_EACH: u32 = 8;

/// A kill comes within this part of a run's length, so that most kills find it under way and one after
/// the other goes through all of it. A run of less than [`SHORT`] is over before the third one.
const PART: f64 = 0.25;
const SHORT: Duration = Duration::from_secs(1);
const KILLS_SHORT: u32 = 2;

/// How much faster than the clock the sites are: a guest starts in a blink, and what is tormented is the
/// server.
const SPEED: u32 = 160;

/// States in which a run is over and all is well.
const WELL: [&str; 2] = ["succeeded", "succeeded-with-warnings"];

pub(super) struct Torment {
    demo: Demo,
    rng: Rng,
    hits: Hits,
    /// How long each workflow takes undisturbed, by its plan and its place in [`WORKFLOWS`].
    length: [[Length; WORKFLOWS.len()]; PLANS.len()],
    /// The plan of this round.
    turn: usize,
    goal: usize,
    begun: u32,
}

/// How long a workflow takes: until its request is answered, and from then on.
#[derive(Clone, Copy, Default)]
struct Length {
    answer: Duration,
    run: Duration,
}

impl Torment {
    pub(super) fn new(seed: u64, goal: usize, hits: Hits) -> Torment {
        let demo = Demo::start(DemoOptions { vms: 60, seed, speed: SPEED });
        let length = [[Length::default(); WORKFLOWS.len()]; PLANS.len()];
        Torment { demo, rng: Rng::with_seed(seed), hits, length, turn: 0, goal, begun: 0 }
    }

    /// Torments it until every workflow was taken over so many times. The first round of each plan is
    /// left alone, to see how long everything takes.
    pub(super) fn reach_the_goal(mut self) {
        for turn in 0..PLANS.len() {
            self.turn = turn;
            self.round(0);
        }
        while self.needs(&WORKFLOWS) {
            self.turn = (self.turn + 1) % PLANS.len();
            self.round(KILLS_EACH);
        }
    }

    fn plan(&self) -> &'static str {
        PLANS[self.turn]
    }

    fn was_hit(&self, workflow: &str) -> bool {
        self.hits.lock().unwrap().get(workflow).is_some_and(|n| *n >= self.goal)
    }

    /// The workflows that were not hit often enough, and those that lead to them, back to where it began.
    fn round(&mut self, kills: u32) {
        let lost_before = self.demo.truth().lost();
        if kills == 0 || self.needs(&["test", "cleanup"]) {
            self.run("test", kills);
            self.run("cleanup", kills);
        }
        if kills == 0 || self.needs(&["planned", "reprotect", "failback"]) {
            self.run("planned", kills);
            self.run("reprotect", kills);
            self.run("failback", kills);
        }
        self.demo.truth().assert_spotless_since(&lost_before);
        if kills == 0 || self.needs(&["failover"]) {
            self.fail_over(kills);
        }
        let plan = self.demo.get(&format!("/api/v1/plans/{}", self.plan()));
        assert_eq!((&plan["phase"], &plan["from"][0]), (&json!("idle"), &json!("paris")));
    }

    /// Paris is lost and returns.
    fn fail_over(&mut self, kills: u32) {
        self.demo.sim("break", "site", "paris");
        self.run("failover", kills);
        self.demo.truth().assert_safe();
        self.demo.sim("heal", "site", "paris");
        self.await_return();
        self.run("failover", kills);
        self.run("failback", kills);
        self.demo.truth().assert_safe();
    }

    fn needs(&self, workflows: &[&str]) -> bool {
        !workflows.iter().all(|workflow| self.was_hit(workflow))
    }

    /// Until the owed steps can run.
    fn await_return(&self) {
        let ready = || {
            let path = format!("/api/v1/plans/{}/readiness?kind=failover", self.plan());
            self.demo
                .ask(Method::GET, &path)
                .try_send()
                .is_ok_and(|answer| answer.json()["ready"] == json!(true))
        };
        assert!(muster_tests::await_true(Duration::from_secs(60), ready), "{}", self.demo.log());
    }

    /// Starts a workflow, kills the server under it, and waits until all is well.
    fn run(&mut self, kind: &'static str, kills: u32) {
        self.begun += 1;
        let key = format!("torment-{}", self.begun);
        let body = json!({"plan": self.plan(), "kind": kind});
        let place = WORKFLOWS.iter().position(|workflow| *workflow == kind).unwrap();
        // A workflow that was hit often enough is only gone through, for the sake of the others.
        let length = self.length[self.turn][place];
        let most = if length.run < SHORT { KILLS_SHORT } else { KILLS_EACH };
        let kills = if self.was_hit(kind) { 0 } else { kills.min(most) };
        for _ in 0..kills {
            self.kill_within(length, &key, &body);
        }
        let asked = now();
        let first = self.start(&key, &body);
        let answered = asked.elapsed();
        let runs = self.await_all(kind, first["id"].as_str().unwrap());
        if kills == 0 {
            let run = runs.iter().map(|id| self.took(id)).sum();
            self.length[self.turn][place] = Length { answer: answered, run };
        }
        let taken = runs.iter().map(|id| self.taken_over(id)).sum::<usize>();
        *self.hits.lock().unwrap().entry(kind).or_default() += taken;
    }

    /// Asks for the run; the server is killed at some moment from then on, and started again. Half of
    /// the moments are counted from the answer: a run that is shorter than its request takes would
    /// hardly ever be hit else.
    fn kill_within(&mut self, length: Length, key: &str, body: &Value) {
        let answered = self.rng.bool();
        let within = if answered { length.run } else { length.answer + length.run };
        let part = if length.run < SHORT { 1.0 } else { PART };
        let moment = within.mul_f64(part * self.rng.f64());
        let ask = self.demo.ask(Method::POST, "/api/v1/runs").header("idempotency-key", key);
        let asking = std::thread::spawn({
            let ask = ask.json(body);
            move || drop(ask.try_send())
        });
        if answered {
            asking.join().unwrap();
            std::thread::sleep(moment);
            self.demo.kill();
        } else {
            std::thread::sleep(moment);
            self.demo.kill();
            asking.join().unwrap();
        }
        self.demo.launch();
    }

    /// The same key always means the same run, whether the kill came before or after its start.
    fn start(&self, key: &str, body: &Value) -> Value {
        let ask = self.demo.ask(Method::POST, "/api/v1/runs").header("idempotency-key", key);
        let answer = ask.json(body).send();
        assert!(
            answer.status < 300,
            "{body}: {} {}\n{}",
            answer.status,
            answer.text,
            self.demo.log()
        );
        answer.json()
    }

    /// Waits for a run, and for those that follow it in a failback. Gives all of them.
    fn await_all(&self, kind: &str, id: &str) -> Vec<String> {
        let first = self.demo.await_run(id, &WELL);
        if kind != "failback" {
            return vec![id.to_owned()];
        }
        let chain = first["chain"].as_str().unwrap();
        let mut ids = Vec::new();
        let complete = muster_tests::await_true(Duration::from_secs(120), || {
            let runs = self.demo.get(&format!("/api/v1/runs?plan={}&limit=20", self.plan()));
            let ours = runs["items"].as_array().into_iter().flatten();
            let ours: Vec<&Value> = ours.filter(|run| run["chain"] == chain).collect();
            ids = ours.iter().map(|run| run["id"].as_str().unwrap().to_owned()).collect();
            let idle = self.demo.get(&format!("/api/v1/plans/{}", self.plan()))["phase"] == "idle";
            idle && ours[0]["kind"] == "reprotect"
                && WELL.iter().any(|w| ours[0]["state"] == *w)
                && ours.iter().any(|run| run["kind"] == "planned-migration")
        });
        assert!(complete, "the failback goes on to its end\n{}", self.demo.log());
        ids
    }

    /// From its start to its end.
    fn took(&self, id: &str) -> Duration {
        let run = self.demo.get(&format!("/api/v1/runs/{id}"));
        Duration::from_millis(run["elapsedMs"].as_u64().unwrap())
    }

    /// How often another process went on with it.
    fn taken_over(&self, id: &str) -> usize {
        let journal = self.demo.get(&format!("/api/v1/runs/{id}/journal?limit=1000"));
        journal.to_string().matches("\"taken-over\"").count()
    }
}

#[expect(clippy::disallowed_methods, reason = "measures how long the real server takes")]
fn now() -> Instant {
    Instant::now()
}
