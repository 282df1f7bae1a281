//! IP customization: rules that cannot work.

use std::net::IpAddr;

use ipnet::IpNet;

use super::set::{Item, repeats};
use crate::document::{IpRule, PlanSpec};
use crate::finding::{Code, Finding};

pub(super) fn check(plan: &Item<'_, PlanSpec>, findings: &mut Vec<Finding>) {
    for (ix, rule) in plan.spec.vms.iter().enumerate() {
        let Some(ip) = &rule.ip else { continue };
        for (at, rule) in ip.rules.iter().enumerate() {
            let pointer = format!("/spec/vms/{ix}/ip/rules/{at}");
            host_bits(plan, &pointer, rule, findings);
            networks(plan, &pointer, rule, findings);
            addresses(plan, &pointer, rule, findings);
            unreachable(plan, &pointer, rule, &ip.rules[..at], findings);
        }
    }
}

fn family(v6: bool) -> &'static str {
    if v6 { "IPv6" } else { "IPv4" }
}

fn is_v6(net: &IpNet) -> bool {
    matches!(net, IpNet::V6(_))
}

fn host_bits(plan: &Item<'_, PlanSpec>, pointer: &str, rule: &IpRule, findings: &mut Vec<Finding>) {
    for (field, net) in [("from", rule.from), ("to", rule.to)] {
        if net != net.trunc() {
            let message = format!("{}: `{net}` is an address inside a network", plan.title());
            let help = format!("write the network: {}", net.trunc());
            let finding = Finding::error(Code::IpHostBits, message, help);
            findings.push(plan.value(&format!("{pointer}/{field}"), finding));
        }
    }
}

fn networks(plan: &Item<'_, PlanSpec>, pointer: &str, rule: &IpRule, findings: &mut Vec<Finding>) {
    let (from, to) = (rule.from, rule.to);
    let pointer = format!("{pointer}/to");
    if is_v6(&from) != is_v6(&to) {
        let message = format!(
            "{}: `{from}` is {} and `{to}` is {}",
            plan.title(),
            family(is_v6(&from)),
            family(is_v6(&to))
        );
        let help = "write one rule for IPv4 and one for IPv6";
        findings.push(plan.value(&pointer, Finding::error(Code::IpFamiliesDiffer, message, help)));
    } else if from.prefix_len() != to.prefix_len() {
        let message = format!(
            "{}: `{from}` and `{to}` have different sizes, so the host part has no place",
            plan.title()
        );
        let help = "use the same prefix length on both sides, or several smaller rules";
        findings.push(plan.value(&pointer, Finding::error(Code::IpPrefixesDiffer, message, help)));
    } else if from == to {
        let message = format!("{}: this rule rewrites `{from}` into itself", plan.title());
        let help = "remove the rule; addresses without a rule stay as they are";
        findings
            .push(plan.value(&pointer, Finding::warning(Code::PointlessSetting, message, help)));
    }
}

fn addresses(plan: &Item<'_, PlanSpec>, pointer: &str, rule: &IpRule, findings: &mut Vec<Finding>) {
    if let Some(gateway) = rule.gateway {
        let pointer = format!("{pointer}/gateway");
        if !same_family(plan, &pointer, "gateway", gateway, &rule.to, findings)
            && !rule.to.contains(&gateway)
        {
            let message =
                format!("{}: the gateway {gateway} is not in `{}`", plan.title(), rule.to);
            let help = "name the gateway of the network at the recovery site";
            let finding = Finding::error(Code::IpOutsideNetwork, message, help);
            findings.push(plan.value(&pointer, finding));
        }
    }
    for (ix, dns) in rule.dns.iter().enumerate() {
        let pointer = format!("{pointer}/dns/{ix}");
        same_family(plan, &pointer, "name server", *dns, &rule.to, findings);
    }
    repeats(&rule.dns, |ix, dns| {
        findings.push(plan.repeated(&format!("{pointer}/dns/{ix}"), &dns.to_string()));
    });
}

/// Tells where the families differ; gives whether they do.
fn same_family(
    plan: &Item<'_, PlanSpec>,
    pointer: &str,
    what: &str,
    address: IpAddr,
    to: &IpNet,
    findings: &mut Vec<Finding>,
) -> bool {
    let differ = address.is_ipv6() != is_v6(to);
    if differ {
        let message = format!(
            "{}: the {what} {address} is {} and `{to}` is {}",
            plan.title(),
            family(address.is_ipv6()),
            family(is_v6(to))
        );
        let help = "put it into the rule of its own family";
        let finding = Finding::error(Code::IpFamiliesDiffer, message, help);
        findings.push(plan.value(pointer, finding));
    }
    differ
}

/// The first rule whose `from` holds an address is taken, so a smaller network must come first.
fn unreachable(
    plan: &Item<'_, PlanSpec>,
    pointer: &str,
    rule: &IpRule,
    earlier: &[IpRule],
    findings: &mut Vec<Finding>,
) {
    let by = earlier
        .iter()
        .find(|other| is_v6(&other.from) == is_v6(&rule.from) && other.from.contains(&rule.from));
    if let Some(by) = by {
        let message = format!(
            "{}: the rule from `{}` is never taken, because an earlier rule takes `{}`",
            plan.title(),
            rule.from,
            by.from
        );
        let help = "write the smaller network first, or remove one of the two rules";
        let finding = Finding::warning(Code::IpRuleUnreachable, message, help);
        findings.push(plan.value(&format!("{pointer}/from"), finding));
    }
}
