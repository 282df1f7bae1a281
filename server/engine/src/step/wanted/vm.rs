//! Answers about a VM.

use muster_contract::{NicState, VmState};
use muster_plans::document::Wait;
use muster_plans::inventory::Power;

use super::{Met, Wanted, unanswered};

pub(super) fn met(wanted: &Wanted, state: Option<&VmState>) -> Met {
    match (wanted, state) {
        (Wanted::Registered(wanted), state) => Met::or(state.is_some() == *wanted, || {
            String::from(if *wanted { "it is not registered" } else { "it is still registered" })
        }),
        (Wanted::Power(Power::Off), None) => Met::Met,
        (
            Wanted::Power(_)
            | Wanted::Arrived
            | Wanted::Connected(_)
            | Wanted::Addressed(_)
            | Wanted::Healthy(_),
            None,
        ) => Met::NotYet(String::from("it is not registered there")),
        (Wanted::Power(wanted), Some(vm)) => power(*wanted, vm),
        (Wanted::Arrived, Some(vm)) => arrived(vm),
        (Wanted::Connected(cards), Some(vm)) => {
            let missing = cards.iter().find(|(mac, network)| {
                card(vm, mac).and_then(|card| card.network.as_ref()) != Some(network)
            });
            match missing {
                None => Met::Met,
                Some((mac, network)) => {
                    Met::NotYet(format!("card {mac} is not connected to {network}"))
                }
            }
        }
        (Wanted::Addressed(cards), Some(vm)) => {
            let missing = cards.iter().find(|(mac, addresses)| {
                card(vm, mac).is_none_or(|card| !same(&card.address.addresses, addresses))
            });
            match missing {
                None => Met::Met,
                Some((mac, _)) => Met::NotYet(format!("card {mac} has other addresses")),
            }
        }
        (Wanted::Healthy(wait), Some(vm)) => healthy(wait, vm),
        _ => unanswered(),
    }
}

fn card<'a>(vm: &'a VmState, mac: &str) -> Option<&'a NicState> {
    vm.nics.iter().find(|card| card.mac.eq_ignore_ascii_case(mac))
}

fn same(one: &[ipnet::IpNet], other: &[ipnet::IpNet]) -> bool {
    one.len() == other.len() && one.iter().all(|address| other.contains(address))
}

fn word(power: Power) -> &'static str {
    match power {
        Power::On => "on",
        Power::Off => "off",
        Power::Suspended => "suspended",
    }
}

fn power(wanted: Power, vm: &VmState) -> Met {
    let met = vm.power == wanted || (wanted == Power::Suspended && vm.power == Power::Off);
    Met::or(met, || format!("it is {}", word(vm.power)))
}

fn arrived(vm: &VmState) -> Met {
    match &vm.moving {
        Some(progress) => Met::NotYet(format!("the move is at {:.0} %", progress.fraction * 100.0)),
        None => power(Power::On, vm),
    }
}

fn healthy(wait: &Wait, vm: &VmState) -> Met {
    if vm.power != Power::On {
        return Met::NotYet(format!("it is {}", word(vm.power)));
    }
    match wait {
        Wait::Heartbeat if !vm.heartbeat => Met::NotYet(String::from("no heartbeat")),
        Wait::Tcp(port) if !vm.open_ports.contains(port) => {
            Met::NotYet(format!("port {port} does not accept"))
        }
        _ => Met::or(vm.wrote, || String::from("it has not written to its storage yet")),
    }
}
