//! Requests to a demo's REST interface, without a runtime of the caller's own.

use std::time::{Duration, Instant};

use reqwest::Method;
use serde_json::Value;

use crate::Demo;

/// What came back.
#[derive(Debug)]
pub struct Answer {
    /// Status code.
    pub status: u16,
    /// Media type.
    pub media: String,
    /// The body as text.
    pub text: String,
}

impl Answer {
    /// The body as JSON; `null` where it is none.
    pub fn json(&self) -> Value {
        serde_json::from_str(&self.text).unwrap_or_default()
    }

    /// One line of what people and programs see of a refusal: status, code, and the codes and places
    /// of its findings.
    pub fn refusal(&self) -> String {
        let body = self.json();
        let mut line = format!("{} {}", self.status, body["code"].as_str().unwrap_or("(no code)"));
        if self.media != "application/problem+json" {
            line.push_str(&format!(" as {}", self.media));
        }
        line
    }
}

/// A request that is being put together.
#[derive(Debug)]
pub struct Ask {
    method: Method,
    url: String,
    headers: Vec<(&'static str, String)>,
    body: Vec<u8>,
}

impl Ask {
    /// Adds a header.
    #[must_use]
    pub fn header(mut self, name: &'static str, value: impl Into<String>) -> Ask {
        self.headers.retain(|(known, _)| *known != name);
        self.headers.push((name, value.into()));
        self
    }

    /// Leaves a header out.
    #[must_use]
    pub fn without(mut self, name: &'static str) -> Ask {
        self.headers.retain(|(known, _)| *known != name);
        self
    }

    /// Sends this text as it stands.
    #[must_use]
    pub fn body(mut self, media: &str, body: impl Into<Vec<u8>>) -> Ask {
        self.body = body.into();
        self.header("content-type", media)
    }

    /// Sends a value.
    #[must_use]
    pub fn json(self, value: &Value) -> Ask {
        self.body("application/json", value.to_string())
    }

    /// Sends it and waits for the answer.
    ///
    /// # Panics
    /// Where nobody answers: a server that does not answer a request has not survived it.
    pub fn send(self) -> Answer {
        self.try_send().expect("the server answers")
    }

    /// The same, for a server that may be down.
    ///
    /// # Errors
    /// Where nobody answers.
    ///
    /// # Panics
    /// Where the machine cannot make a runtime.
    pub fn try_send(self) -> Result<Answer, reqwest::Error> {
        crate::install_crypto();
        let runtime =
            tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
        runtime.block_on(async move {
            let client = reqwest::Client::builder()
                .timeout(Duration::from_secs(60))
                .redirect(reqwest::redirect::Policy::none())
                .build()?;
            let mut request = client.request(self.method, self.url).body(self.body);
            for (name, value) in self.headers {
                request = request.header(name, value);
            }
            let answer = request.send().await?;
            let status = answer.status().as_u16();
            let media = answer.headers().get("content-type");
            let media = media.and_then(|value| value.to_str().ok()).unwrap_or_default().to_owned();
            Ok(Answer { status, media, text: answer.text().await? })
        })
    }
}

impl Demo {
    /// A request to a path of the server, in the administrator's name.
    pub fn ask(&self, method: Method, path: &str) -> Ask {
        let token = format!("Bearer {}", self.token());
        Ask {
            method,
            url: format!("{}{path}", self.url()),
            headers: vec![("authorization", token)],
            body: Vec::new(),
        }
    }

    /// Reads a resource.
    ///
    /// # Panics
    /// Where it is not there.
    pub fn get(&self, path: &str) -> Value {
        let answer = self.ask(Method::GET, path).send();
        assert_eq!(answer.status, 200, "{path}: {}", answer.text);
        answer.json()
    }

    /// Waits until a run is in one of these states, and gives it.
    ///
    /// # Panics
    /// Where it is in none of them after two minutes.
    pub fn await_run(&self, id: &str, states: &[&str]) -> Value {
        let path = format!("/api/v1/runs/{id}");
        let mut seen = Value::Null;
        let there = await_true(Duration::from_secs(120), || {
            let answer = self.ask(Method::GET, &path).try_send();
            seen = answer.map(|answer| answer.json()).unwrap_or_default();
            seen["state"].as_str().is_some_and(|state| states.contains(&state))
        });
        assert!(there, "not {states:?} but {seen:#}\n{}", self.log());
        seen
    }
}

/// Asks again and again until something holds; `false` when the time is over. What is waited for is
/// done by other processes, so that there is no clock to turn.
#[expect(clippy::disallowed_methods, reason = "waits for another process")]
pub fn await_true(patience: Duration, mut holds: impl FnMut() -> bool) -> bool {
    let started = Instant::now();
    loop {
        if holds() {
            return true;
        }
        if started.elapsed() > patience {
            return false;
        }
        std::thread::sleep(Duration::from_millis(50));
    }
}
