//! Consistency groups as they are in a healthy world.

use muster_plans::id::{ConsistencyGroupId, VmId, VolumeId};
use muster_plans::inventory::{DetachRule, ReplicaRole, ReplicationMode};
use muster_plans::time::{Span, Time};

use super::hosts::container;
use super::spec::AppSpec;
use crate::data::{Data, Line};
use crate::world::{Group, Leg, Settings};

pub(super) struct Members {
    pub(super) vms: Vec<VmId>,
    pub(super) volumes: Vec<(VolumeId, u64)>,
}

/// A group that has just come into being: both legs hold the same, the app's site is the source.
pub(super) fn group(
    id: ConsistencyGroupId,
    app: &AppSpec,
    members: Members,
    nr: u64,
    start: Time,
    settings: &Settings,
) -> Group {
    let stretched = app.mode == ReplicationMode::Stretched;
    let leg = |source: bool| {
        let site = if source { &app.site } else { &app.peer };
        let behind = matches!(app.mode, ReplicationMode::Async | ReplicationMode::Cdp) && !source;
        let asynchronous = app.mode == ReplicationMode::Async && !source;
        Leg {
            site: site.clone(),
            container: container(site, app.mode),
            role: if source { ReplicaRole::Source } else { ReplicaRole::Target },
            open: source || stretched,
            hold: false,
            attested: false,
            generation: 1,
            mounted: source || stretched,
            line: if behind { Line::at(0, start) } else { Line::head(0) },
            points: if asynchronous { vec![start] } else { Vec::new() },
            journal_from: start,
            promoted: None,
            peer_generation: 1,
            peer_closed: source && !stretched,
            serving: source || stretched,
            lost_since: None,
        }
    };
    // Groups take their points one after the other, not all at once.
    let interval = app.interval.unwrap_or(Span::ZERO).0;
    let phase = if interval == 0 { 0 } else { nr * 7000 % interval };
    Group {
        id,
        mode: app.mode,
        interval: app.interval,
        phase: Span(phase),
        volumes: members.volumes,
        vms: members.vms,
        legs: [leg(true), leg(false)],
        replicating: true,
        flowing: (!stretched).then_some(start),
        in_sync: stretched,
        ahead: None,
        resync: None,
        preferred: stretched.then(|| app.site.clone()),
        detach: stretched.then(|| DetachRule::Winner(app.site.clone())),
        torn: false,
        cdp_lag: settings.cdp_lag,
        async_transfer: settings.async_transfer,
        data: Data::new(start),
    }
}
