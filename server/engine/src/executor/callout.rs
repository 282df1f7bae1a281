//! Callouts: anybody's code, run once.

use muster_contract::Outcome;
use muster_plans::graph::CalloutIx;
use muster_plans::time::Span;

use super::ask::before;
use super::job::How;
use super::shop::{Job, Shop};
use crate::ports::CalloutCall;

/// The callout ends its own process at the timeout; this is for one that hangs even then.
const GRACE: Span = Span::secs(10);

pub(super) async fn call(shop: &Shop, job: &Job, callout: CalloutIx) -> How {
    if job.resumed {
        return How::unknown("the server that ran it went away before it came to its end");
    }
    let callout = &shop.graph.callouts[callout.0 as usize];
    let site = shop.graph.site(shop.graph.step(job.step).site);
    let context = shop.context(job, site);
    let call = CalloutCall {
        name: callout.name.clone(),
        vm: callout.vm.map(|vm| shop.graph.vms[vm.0 as usize].name.clone()),
        timeout: job.deadline.since(shop.now()),
    };
    let outcome = shop.core.ports.callouts.call(&context, &call);
    match before(shop, job.deadline + GRACE, outcome).await {
        Some(Outcome::Done(receipt)) => How::Done(receipt),
        Some(Outcome::Refused(reason)) => How::Refused(reason),
        Some(Outcome::Unknown(hint)) => How::Unknown(hint),
        None => How::unknown("it did not come to its end in time"),
    }
}
