//! The nemesis: chooses what goes wrong next.

use muster_adapter_sim::{Command, Fault, FaultId, Thing};
use muster_contract::OperationKind;
use muster_plans::id::SiteName;
use muster_plans::time::Span;

use crate::net::{Dice, Net};
use crate::watch::Watch;

/// A kind of fault that can be chosen with `--faults`.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, clap::ValueEnum)]
pub enum FaultKind {
    /// F1 to F18 at the backends.
    Backend,
    /// Servers die and start again.
    Crash,
    /// Servers stand still and go on.
    Pause,
    /// Lines between servers and sites are cut, in either direction.
    Partition,
    /// Links between sites and to the witness are cut; the witness goes away.
    Link,
    /// Messages are late and come twice.
    Storm,
    /// Sites, arrays and hosts fail and return.
    Site,
    /// Clocks of servers jump and run at another rate.
    Clock,
    /// The database is put back to an earlier moment.
    Rewind,
    /// VMs are renamed and moved behind the server's back; guests hang.
    Inventory,
}

impl FaultKind {
    /// All of them.
    pub const ALL: [FaultKind; 10] = [
        FaultKind::Backend,
        FaultKind::Crash,
        FaultKind::Pause,
        FaultKind::Partition,
        FaultKind::Link,
        FaultKind::Storm,
        FaultKind::Site,
        FaultKind::Clock,
        FaultKind::Rewind,
        FaultKind::Inventory,
    ];
}

/// What the stage has to do, because it is about servers or the database.
pub(crate) enum Blow {
    /// Done already.
    None,
    /// This server dies.
    Crash(usize),
    /// This server stands still for so many milliseconds.
    Pause(usize, u64),
    /// This server's clock jumps, in milliseconds, and runs at this rate.
    Clock(usize, i64, f64),
    /// The database is put back.
    Rewind,
}

/// Chooses what goes wrong.
pub(crate) struct Nemesis {
    pub(crate) dice: Dice,
    pub(crate) kinds: Vec<FaultKind>,
    pub(crate) sites: [SiteName; 2],
    pub(crate) witness: bool,
    pub(crate) servers: usize,
    /// VMs, as operations name them.
    pub(crate) vms: Vec<muster_plans::id::VmId>,
}

impl Nemesis {
    /// Does one thing, or says what the stage has to do.
    pub(crate) fn strike(&self, net: &Net, watch: &Watch) -> Blow {
        let Some(kind) = self.dice.pick(&self.kinds) else { return Blow::None };
        let server = self.dice.upto(self.servers as u64 - 1) as usize;
        match kind {
            FaultKind::Backend => watch.command("nemesis", &self.backend()),
            FaultKind::Crash => return Blow::Crash(server),
            FaultKind::Pause => return Blow::Pause(server, 1000 * self.dice.upto(90)),
            FaultKind::Clock => {
                let rate = [0.5, 1.0, 1.0, 2.0][self.dice.upto(3) as usize];
                let jump = self.dice.upto(7_200_000) as i64 - 3_600_000;
                let jump = if self.dice.chance(0.5) { jump / 60 } else { jump };
                return Blow::Clock(server, jump, rate);
            }
            FaultKind::Rewind if self.dice.chance(0.3) => return Blow::Rewind,
            FaultKind::Rewind => {}
            FaultKind::Partition => self.partition(server, net, watch),
            FaultKind::Storm => self.storm(net, watch),
            FaultKind::Link => self.toggle(watch, self.link()),
            FaultKind::Site => self.site(watch),
            FaultKind::Inventory => self.inventory(watch),
        }
        Blow::None
    }

    fn site_name(&self) -> SiteName {
        self.sites[self.dice.upto(1) as usize].clone()
    }

    fn backend(&self) -> Command {
        let id = FaultId::ALL[self.dice.upto(17) as usize];
        if self.dice.chance(0.35) {
            return Command::Heal(Thing::Backend(Fault::at(id, self.site_name())));
        }
        let mut fault = Fault::at(id, self.site_name());
        if !matches!(id, FaultId::F11 | FaultId::F12 | FaultId::F18 | FaultId::F15) {
            fault = fault.times(1 + self.dice.upto(3) as u32);
            if self.dice.chance(0.5) {
                fault = fault.on(OperationKind::ALL[self.dice.upto(28) as usize]);
            }
        }
        if matches!(id, FaultId::F4 | FaultId::F5 | FaultId::F7) {
            let most = [5_000, 300_000, 7_200_000][self.dice.upto(2) as usize];
            fault = fault.delay(Span(1000 + self.dice.upto(most)));
        }
        if id == FaultId::F15
            && let Some(vm) = self.dice.pick(&self.vms)
        {
            fault = fault.object(format!("vm/{vm}"));
        }
        fault.behind = self.dice.chance(0.5);
        Command::Break(Thing::Backend(fault))
    }

    fn partition(&self, server: usize, net: &Net, watch: &Watch) {
        let direction = (format!("server-{server}"), self.site_name(), self.dice.chance(0.5));
        let cut = !net.is_cut(&direction);
        let way = if direction.2 { "to" } else { "from" };
        watch.note(
            "nemesis",
            format_args!(
                "the line of {} {way} {} is {}",
                direction.0,
                direction.1,
                if cut { "cut" } else { "whole" }
            ),
        );
        net.cut(direction, cut);
    }

    fn storm(&self, net: &Net, watch: &Watch) {
        if self.dice.chance(0.4) {
            net.storm(0.0, 0, 0.0);
            watch.note("nemesis", format_args!("messages are on time"));
            return;
        }
        let most = [2_000, 60_000, 900_000][self.dice.upto(2) as usize];
        net.storm(0.2, most, 0.1);
        watch.note("nemesis", format_args!("messages are late by up to {most} ms, and come twice"));
    }

    fn link(&self) -> Thing {
        let [a, b] = &self.sites;
        let witness = || String::from("bordeaux");
        match self.dice.upto(if self.witness { 3 } else { 0 }) {
            0 => Thing::Link(a.to_string(), b.to_string()),
            1 => Thing::Link(a.to_string(), witness()),
            2 => Thing::Link(b.to_string(), witness()),
            _ => Thing::Witness,
        }
    }

    fn toggle(&self, watch: &Watch, thing: Thing) {
        let command =
            if self.dice.chance(0.5) { Command::Heal(thing) } else { Command::Break(thing) };
        watch.command("nemesis", &command);
    }

    fn site(&self, watch: &Watch) {
        let site = self.site_name();
        let host =
            || muster_plans::id::HostId::from(format!("{site}-h{:02}", 1 + self.dice.upto(1)));
        let thing = match self.dice.upto(4) {
            0 => Thing::Array(site.clone()),
            1 => Thing::Host(host()),
            _ => Thing::Site(site.clone()),
        };
        let kept_off = watch.is_kept_off(&site);
        if kept_off {
            return;
        }
        self.toggle(watch, thing);
    }

    fn inventory(&self, watch: &Watch) {
        let Some(vm) = self.dice.pick(&self.vms) else { return };
        let command = match self.dice.upto(1) {
            0 => Command::HangGuest { vm, hung: self.dice.chance(0.5) },
            _ => {
                let fault = Fault::at(FaultId::F15, self.site_name()).object(format!("vm/{vm}"));
                Command::Break(Thing::Backend(fault))
            }
        };
        watch.command("nemesis", &command);
    }
}
