//! IPMI 2.0 over the network, by the program `ipmitool`.

use std::process::{Output, Stdio};
use std::time::Duration;

use tokio::process::Command;

use super::Look;
use crate::account;
use crate::config::IpmiConfig;
use crate::decide::Power;
use crate::error::{self, Error, tidy};

/// One BMC.
pub(crate) struct Ipmi {
    config: IpmiConfig,
    answer: Duration,
}

impl Ipmi {
    pub(super) fn new(config: IpmiConfig, answer: Duration) -> Ipmi {
        Ipmi { config, answer }
    }

    pub(super) async fn look(&self) -> Result<Look, Error> {
        let power = status(&self.run("status").await?)?;
        Ok(Look { power, reset: Ok(String::new()) })
    }

    pub(super) async fn tell(&self) -> Result<(), Error> {
        told(&self.run("off").await?)
    }

    #[expect(
        clippy::disallowed_methods,
        reason = "the one place where this adapter starts a program"
    )]
    fn command(&self, verb: &str) -> Command {
        let config = &self.config;
        let mut command = Command::new(&config.program);
        command.args(["-I", "lanplus", "-H", &config.address, "-p", &config.port.to_string()]);
        // The password is read from its file: others can see our words.
        command.args(["-U", &config.user]).arg("-f").arg(&config.password_file);
        if let Some(suite) = config.cipher_suite {
            command.args(["-C", &suite.to_string()]);
        }
        // One second for each try, and two tries: we have a limit of our own.
        command.args(["-N", "1", "-R", "2", "chassis", "power", verb]);
        command.env("LC_ALL", "C").env_remove("IPMI_PASSWORD").env_remove("IPMITOOL_PASSWORD");
        command.stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::piped());
        command.kill_on_drop(true);
        command
    }

    async fn run(&self, verb: &str) -> Result<Output, Error> {
        // It takes an empty file for an empty password.
        account::password(&self.config.password_file)?;
        let program = || self.config.program.display().to_string();
        let child = self.command(verb).spawn();
        let child =
            child.map_err(|error| Error::Program { program: program(), why: error.to_string() })?;
        match tokio::time::timeout(self.answer, child.wait_with_output()).await {
            Ok(output) => output.map_err(|error| Error::Broken(error.to_string())),
            Err(_) => Err(Error::Silent(self.answer.as_secs())),
        }
    }
}

fn status(output: &Output) -> Result<Power, Error> {
    match said(output)?.as_str() {
        "Chassis Power is on" => Ok(Power::On),
        "Chassis Power is off" => Ok(Power::Off),
        other => Err(Error::Nonsense(format!("`{}`", tidy(other)))),
    }
}

fn told(output: &Output) -> Result<(), Error> {
    match said(output)?.as_str() {
        "Chassis Power Control: Down/Off" => Ok(()),
        other => Err(Error::Nonsense(format!("`{}`", tidy(other)))),
    }
}

/// What it said, where it ended well. It says why it did not on its other output, among remarks.
fn said(output: &Output) -> Result<String, Error> {
    let why = String::from_utf8_lossy(&output.stderr);
    match output.status.code() {
        Some(0) => Ok(String::from_utf8_lossy(&output.stdout).trim().to_owned()),
        None => Err(Error::Broken(format!("the program was killed ({})", output.status))),
        Some(code) => Err(complaint(code, &why)),
    }
}

/// Without a session no command has left. Which of the lines comes depends on the BMC; a wrong password looks like
/// nobody at all with some.
fn complaint(code: i32, why: &str) -> Error {
    let has = |text: &str| why.contains(text);
    let why = error::complaint(why);
    if has("HMAC is invalid") || has("unauthorized name") || has("Insufficient privilege") {
        Error::Auth(why)
    } else if has("Unable to establish") || has("Could not open socket") || has("Address lookup") {
        Error::Unreachable(why)
    } else {
        Error::Failed { status: code, why }
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::process::ExitStatusExt;
    use std::process::ExitStatus;

    use super::*;

    fn output(wait: i32, out: &str, err: &str) -> Output {
        let status = ExitStatus::from_raw(wait);
        Output { status, stdout: out.into(), stderr: err.into() }
    }

    #[test]
    fn only_its_own_words_count() {
        let remark = "Unable to Get Channel Cipher Suites\n";
        assert_eq!(status(&output(0, "Chassis Power is off\n", remark)).unwrap(), Power::Off);
        assert_eq!(status(&output(0, "Chassis Power is on\n", "")).unwrap(), Power::On);
        assert!(told(&output(0, "Chassis Power Control: Down/Off\n", "")).is_ok());
        let unable = "Error: Unable to establish IPMI v2 / RMCP+ session\n";
        let wrong = [
            status(&output(0, "Chassis Power is offline\n", "")),
            status(&output(0, "", "")),
            status(&output(9, "Chassis Power is off\n", "")),
            status(&output(256, "Chassis Power is off\n", unable)),
            status(&output(256, "", &format!("{remark}> RAKP 2 HMAC is invalid\n{unable}"))),
            status(&output(
                256,
                "",
                "Set Chassis Power Control to Down/Off failed: Insufficient privilege level",
            )),
            status(&output(256, "", "Set Chassis Power Control to Down/Off failed: Node busy")),
        ];
        let said = wrong.map(|wrong| {
            let error = wrong.unwrap_err();
            format!("{error} ({:?}, certain: {})", error.class(), error.is_refusal())
        });
        insta::assert_snapshot!(said.join("\n"));
    }
}
