//! An explanation as people read it.

use std::fmt;
use std::sync::Arc;

use super::Explanation;
use crate::id::HostId;
use crate::inventory::ReplicationMode;
use crate::mobility::Assessment;

impl fmt::Display for Explanation {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Explanation { vm, plan, group, from, to, priority, .. } = self;
        writeln!(f, "{vm} in plan {plan}")?;
        writeln!(f, "  why: group {group}, because {}", self.objects.join(", "))?;
        for reason in &self.reasons {
            writeln!(f, "  note: {reason}")?;
        }
        let host = self.host.as_ref().map_or("no host", HostId::as_str);
        writeln!(f, "  way: {from} -> {to}, on {host}")?;
        for (group, mode) in &self.storage {
            writeln!(f, "  storage: {group}, {}", mode_text(*mode))?;
        }
        for card in &self.cards {
            write!(f, "  network: {} -> {}", card.from, card.to)?;
            match card.addresses.as_slice() {
                [] => writeln!(f, ", addresses stay")?,
                new => writeln!(f, ", {}", new.join(", "))?,
            }
        }
        let rules: Vec<String> = self.rules.iter().map(ToString::to_string).collect();
        let rules = if rules.is_empty() { "none".to_owned() } else { rules.join(", ") };
        writeln!(f, "  order: priority {priority}; rules that pick it: {rules}")?;
        list(f, "after", &self.after)?;
        list(f, "before", &self.before)?;
        if !self.power_on {
            writeln!(f, "  it is registered and not powered on")?;
        }
        match &self.never_live {
            Some(why) => writeln!(f, "  method: {}; never live, because {why}", self.method)?,
            None => writeln!(f, "  method: {}", self.method)?,
        }
        for assessment in &self.assessments {
            assessment_line(f, assessment)?;
        }
        self.findings.iter().try_for_each(|finding| writeln!(f, "  {}", finding.message))
    }
}

fn list(f: &mut fmt::Formatter<'_>, what: &str, names: &[Arc<str>]) -> fmt::Result {
    if names.is_empty() { Ok(()) } else { writeln!(f, "  {what}: {}", names.join(", ")) }
}

fn mode_text(mode: ReplicationMode) -> &'static str {
    match mode {
        ReplicationMode::Stretched => "stretched: written at both sites",
        ReplicationMode::Sync => "synchronous",
        ReplicationMode::Async => "asynchronous",
        ReplicationMode::Cdp => "continuous, with a journal",
    }
}

fn assessment_line(f: &mut fmt::Formatter<'_>, assessment: &Assessment) -> fmt::Result {
    let Assessment { method, eligible, against, warnings, forecast } = assessment;
    match (eligible, forecast) {
        (true, Some(forecast)) => {
            let (duration, downtime) = (forecast.duration, forecast.downtime);
            writeln!(f, "    {method}: possible, takes {duration}, VM down for {downtime}")?;
        }
        (true, None) => writeln!(f, "    {method}: possible")?,
        (false, _) => {
            let against: Vec<String> = against.iter().map(ToString::to_string).collect();
            writeln!(f, "    {method}: no: {}", against.join("; "))?;
        }
    }
    warnings.iter().try_for_each(|warning| writeln!(f, "      warning: {warning}"))
}
