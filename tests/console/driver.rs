//! Chromium by the WebDriver protocol, as far as the pages need it.

use std::net::TcpListener;
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use muster_tests::{await_true, install_crypto};
use reqwest::Method;
use serde_json::{Value, json};

/// Name of an element's reference in the protocol.
const ELEMENT: &str = "element-6066-11e4-a52e-4f735466cecf";

/// A browser without a window; ended when it is dropped.
pub(super) struct Browser {
    runtime: tokio::runtime::Runtime,
    client: reqwest::Client,
    driver: Child,
    url: String,
}

impl Browser {
    /// Starts one; `None` where there is no driver.
    #[expect(clippy::disallowed_methods, reason = "runs the browser's driver")]
    pub(super) fn start() -> Option<Browser> {
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port();
        let driver = Command::new("chromedriver")
            .arg(format!("--port={port}"))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn();
        let Ok(driver) = driver else {
            let must = std::env::var_os("MUSTER_BROWSER").is_some_and(|value| value == "required");
            assert!(!must, "chromedriver is not installed");
            return None;
        };
        install_crypto();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let client = reqwest::Client::builder().no_proxy().timeout(Duration::from_secs(60));
        let url = format!("http://127.0.0.1:{port}");
        let mut browser = Browser { runtime, client: client.build().unwrap(), driver, url };
        let ready = || browser.ask(Method::GET, "/status", None).is_ok_and(|v| v["ready"] == true);
        assert!(await_true(Duration::from_secs(30), ready), "chromedriver does not become ready");
        let arguments = [
            "--headless=new",
            "--no-sandbox",
            "--disable-gpu",
            "--disable-quic",
            "--disable-dev-shm-usage",
            "--no-first-run",
            "--disable-background-networking",
            "--disable-component-update",
            "--disable-sync",
        ];
        let wish = json!({"capabilities": {"alwaysMatch": {
            "browserName": "chrome",
            "goog:loggingPrefs": {"browser": "ALL"},
            "goog:chromeOptions": {"args": arguments},
        }}});
        let made = browser.ask(Method::POST, "/session", Some(wish)).unwrap();
        let session = made["sessionId"].as_str().unwrap().to_owned();
        browser.url = format!("{}/session/{session}", browser.url);
        Some(browser)
    }

    fn ask(&self, method: Method, path: &str, body: Option<Value>) -> Result<Value, String> {
        self.runtime.block_on(async {
            let mut request = self.client.request(method, format!("{}{path}", self.url));
            if let Some(body) = body {
                request = request.json(&body);
            }
            let answer = request.send().await.map_err(|error| error.to_string())?;
            let good = answer.status().is_success();
            let mut body: Value = answer.json().await.map_err(|error| error.to_string())?;
            let value = body["value"].take();
            if good { Ok(value) } else { Err(value.to_string()) }
        })
    }

    fn tell(&self, path: &str, body: Value) -> Value {
        self.ask(Method::POST, path, Some(body)).unwrap_or_else(|said| panic!("{path}: {said}"))
    }

    fn devtools(&self, command: &str, params: Value) {
        self.tell("/goog/cdp/execute", json!({"cmd": command, "params": params}));
    }

    /// A window of this width, for somebody whose system is light or dark.
    pub(super) fn emulate(&self, width: u32, theme: &str) {
        let window = json!({
            "width": width, "height": 900, "deviceScaleFactor": 1, "mobile": width < 600,
        });
        self.devtools("Emulation.setDeviceMetricsOverride", window);
        let media = json!({"features": [{"name": "prefers-color-scheme", "value": theme}]});
        self.devtools("Emulation.setEmulatedMedia", media);
    }

    /// Goes to an address and waits until it is loaded.
    pub(super) fn go(&self, url: &str) {
        self.tell("/url", json!({"url": url}));
    }

    /// What a script returns.
    pub(super) fn script(&self, text: &str) -> Value {
        self.tell("/execute/sync", json!({"script": text, "args": []}))
    }

    /// What was written to the browser's log since this was asked last, notes left out.
    pub(super) fn complaints(&self) -> Vec<String> {
        let lines = self.tell("/se/log", json!({"type": "browser"}));
        let lines = lines.as_array().cloned().unwrap_or_default();
        let bad = |line: &&Value| matches!(line["level"].as_str(), Some("SEVERE" | "WARNING"));
        lines.iter().filter(bad).map(|line| line["message"].to_string()).collect()
    }

    fn element(&self, css: &str) -> String {
        let found = self.tell("/element", json!({"using": "css selector", "value": css}));
        found[ELEMENT].as_str().expect("a reference").to_owned()
    }

    /// Types into a field.
    pub(super) fn type_into(&self, css: &str, text: &str) {
        self.tell(&format!("/element/{}/value", self.element(css)), json!({"text": text}));
    }

    /// Presses something.
    pub(super) fn press(&self, css: &str) {
        self.tell(&format!("/element/{}/click", self.element(css)), json!({}));
    }

    /// Waits until the browser is at a path.
    pub(super) fn await_path(&self, path: &str) {
        let mut at = Value::Null;
        let there = await_true(Duration::from_secs(30), || {
            at = self.script("return location.pathname");
            at == path
        });
        assert!(there, "at {at}, not at {path}");
    }
}

impl Drop for Browser {
    fn drop(&mut self) {
        // Its session ends the browser, which the driver would leave behind when it is killed.
        let _ = self.ask(Method::DELETE, "", None);
        let _ = self.driver.kill();
        let _ = self.driver.wait();
    }
}
