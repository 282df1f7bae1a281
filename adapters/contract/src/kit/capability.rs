//! ATK-01.

use super::bench::{Bench, said};
use super::sample::sample;
use super::{Finding, ensure};
use crate::capability::{OperationKind, PROTOCOL_VERSION};
use crate::context::{Mode, OpContext};
use crate::error::ErrorClass;
use crate::outcome::Outcome;

/// Every operation is asked as a dry run, on objects that do not exist.
pub(super) async fn truthful(bench: &Bench<'_>) -> Finding {
    let about = &bench.capabilities;
    ensure(about.site == *bench.adapter.site(), || format!("it is site `{}`", about.site))?;
    ensure(about.protocol == PROTOCOL_VERSION, || {
        format!("it speaks version {} of the protocol, not {PROTOCOL_VERSION}", about.protocol)
    })?;
    ensure(!about.operations.is_empty(), || "it can do nothing".to_owned())?;
    for kind in OperationKind::ALL {
        let (mode, op) = sample(kind, &bench.name("nothing"), &bench.probe.tag());
        let run_tag = (mode != Mode::Planned).then(|| bench.probe.tag());
        let ctx = OpContext { dry_run: true, mode, run_tag, ..bench.ctx() };
        let outcome = bench.execute(&ctx, &op).await;
        let unsupported = matches!(
            &outcome,
            Outcome::Refused(reason) if reason.class == ErrorClass::Unsupported
        );
        let declared = about.operations.contains_key(&kind);
        ensure(declared != unsupported, || {
            let word = if declared { "declared" } else { "not declared" };
            format!("{kind:?} is {word}, and a dry run of it is {}", said(&outcome))
        })?;
    }
    Ok(format!("{} of {} operations", about.operations.len(), OperationKind::ALL.len()))
}
