//! One protection group.

use std::collections::HashMap;

use axum::extract::State;
use axum::http::{HeaderMap, Uri};
use axum::response::Response;
use muster_plans::document::{Kind, Where};
use muster_plans::group::{DerivedGroup, Member};
use muster_plans::id::{ConsistencyGroupId, VmId};
use muster_plans::inventory::{
    ConsistencyGroup as LegOf, ObjectKind, ReplicationMode, VirtualMachine,
};
use muster_web::form::GroupQuery;
use muster_web::page::{ConsistencyGroup, Gap, Group, Leg, Member as MemberLine, Points};
use muster_web::part::{Choice, When};
use muster_web::state::{Protection, Replication};
use muster_web::{Nav, route};

use super::chrome::{self, At};
use super::paging::paging;
use super::{document, groups, render, words};
use crate::api::TheApp;
use crate::http::{Code, Path, Problem, Query, Who};
use crate::landscape::Landscape;
use crate::view::{self, word};

/// Members on one page.
const ROWS: u64 = 200;
/// Gaps and consistency groups on the page at most.
const MOST: usize = 200;

/// The page.
pub(super) async fn show(
    State(app): TheApp,
    who: Who,
    Path(name): Path<String>,
    Query(query): Query<GroupQuery>,
    uri: Uri,
    headers: HeaderMap,
) -> Result<Response, Problem> {
    let at = At::of(&uri, &headers);
    let landscape = app.current.get();
    let group = landscape.derivation.groups.get(name.as_str()).ok_or_else(|| {
        Problem::new(Code::NotFound, format!("there is no protection group `{name}`"))
    })?;
    let dto = view::group::one(&landscape, group);
    let (readiness, findings) = groups::judge(&dto);
    let wanted: Vec<&Member> = group.members.iter().filter(|m| passes(m, &query)).collect();
    let vms = vms(&landscape);
    let skip = usize::try_from(query.skip).unwrap_or(usize::MAX);
    let members: Vec<MemberLine> =
        wanted.iter().skip(skip).take(ROWS as usize).map(|m| member(&landscape, &vms, m)).collect();
    let fields = [("q", query.q.as_str()), ("state", query.state.as_str())];
    let path = route::group(&name);
    let states: Vec<(&str, &str)> =
        Protection::ALL.iter().map(|state| (state.slug(), state.text())).collect();
    let narrow = landscape.config.groups.get(&group.name).and_then(|spec| spec.narrow.as_ref());
    let page = Group {
        chrome: chrome::of(&app, Some(&who), Nav::Groups, &name, &at).await,
        from: dto.protected.clone(),
        to: dto.recovery.clone(),
        policies: dto.policies,
        filter: narrow.map(filter).unwrap_or_default(),
        generation: dto.generation,
        derived: None,
        plans: dto.plans,
        readiness,
        findings,
        counts: (
            words::number(dto.protected_vms),
            words::number(dto.partly),
            words::number(dto.excluded),
        ),
        q: query.q.clone(),
        states: Choice::list("All", &states, &query.state),
        paging: paging(&path, &fields, "#members", query.skip, members.len(), wanted.len(), ROWS),
        members,
        consistency: consistency(&landscape, group, app.now().0),
        gaps: gaps(&landscape, group),
        yaml: document::yaml(&app, Kind::ProtectionGroup, &name).await?,
        name,
    };
    Ok(render(&page))
}

fn passes(member: &Member, query: &GroupQuery) -> bool {
    let named = member.name.to_lowercase().contains(&query.q.to_lowercase());
    named && (query.state.is_empty() || word(&member.protection) == query.state)
}

/// `app: erp, tier: db`.
fn filter(narrow: &Where) -> String {
    let tags = narrow.tags.iter().map(|(tag, value)| format!("{tag}: {value}"));
    tags.collect::<Vec<_>>().join(", ")
}

type Vms<'a> = HashMap<(VmId, &'a str), &'a VirtualMachine>;

fn vms(landscape: &Landscape) -> Vms<'_> {
    let sites = landscape.inventory.sites.iter();
    sites
        .flat_map(|(site, known)| known.vms.iter().map(move |vm| ((vm.id, site.as_str()), vm)))
        .collect()
}

fn member(landscape: &Landscape, vms: &Vms<'_>, member: &Member) -> MemberLine {
    let dto = view::group::member(member);
    let vm = vms.get(&(member.vm, member.at.as_str()));
    let membership = HashMap::new();
    let objects = vm
        .map(|vm| view::inventory::vm(landscape, &membership, &member.at, vm).objects)
        .unwrap_or_default();
    let needed: Vec<_> = objects.iter().filter(|o| o.kind != "swap" && o.kind != "mem").collect();
    let mut policies: Vec<String> = needed.iter().filter_map(|o| o.policy.clone()).collect();
    policies.sort();
    policies.dedup();
    MemberLine {
        vm: dto.name,
        protection: words::protection(Some(&dto.protection)),
        reasons: dto.reasons,
        objects: vm.map_or((0, 0), |vm| replicated(landscape, member, vm)),
        policies,
        compliance: words::worst_compliance(needed.iter().map(|o| o.compliance.clone())),
        rpo_ms: behind(landscape, &member.storage),
        consistency: dto.consistency_groups,
    }
}

/// Home and disks in one of the member's consistency groups, and all homes and disks.
fn replicated(landscape: &Landscape, member: &Member, vm: &VirtualMachine) -> (u32, u32) {
    let needed =
        || vm.objects.iter().filter(|o| matches!(o.kind, ObjectKind::Config | ObjectKind::Data));
    let volumes: Vec<_> =
        legs(landscape, &member.storage).flat_map(|(_, leg)| leg.volumes.iter()).collect();
    let inside = needed().filter(|object| volumes.contains(&&object.volume)).count();
    (words::number(inside), words::number(needed().count()))
}

fn legs<'a>(
    landscape: &'a Landscape,
    ids: &'a [ConsistencyGroupId],
) -> impl Iterator<Item = (&'a str, &'a LegOf)> {
    let sites = landscape.inventory.sites.iter();
    sites
        .flat_map(|(site, known)| known.groups.iter().map(move |leg| (site.as_str(), leg)))
        .filter(move |(_, leg)| ids.contains(&leg.id))
}

/// How far the replicas are behind at most; not known as soon as one is not.
fn behind(landscape: &Landscape, ids: &[ConsistencyGroupId]) -> Option<u64> {
    let replicas: Vec<&LegOf> = legs(landscape, ids)
        .map(|(_, leg)| leg)
        .filter(|leg| leg.in_sync || !leg.writable)
        .collect();
    if replicas.is_empty() {
        return None;
    }
    replicas.iter().try_fold(0, |worst: u64, leg| Some(worst.max(lag(leg)?)))
}

fn lag(leg: &LegOf) -> Option<u64> {
    if leg.in_sync { Some(0) } else { leg.lag.map(|span| span.0) }
}

fn consistency(landscape: &Landscape, group: &DerivedGroup, now: i64) -> Vec<ConsistencyGroup> {
    let ids = group.consistency_groups.iter().take(MOST);
    ids.filter_map(|id| one_group(landscape, group, id, now)).collect()
}

fn one_group(
    landscape: &Landscape,
    group: &DerivedGroup,
    id: &ConsistencyGroupId,
    now: i64,
) -> Option<ConsistencyGroup> {
    let mut found: Vec<(&str, &LegOf)> = legs(landscape, std::slice::from_ref(id)).collect();
    found.sort_by_key(|(site, _)| *site != group.protected.as_str());
    let (_, first) = found.first()?;
    let replica = found.iter().map(|(_, leg)| *leg).find(|leg| !leg.writable || leg.in_sync);
    let points = replica.map(|leg| leg.points.as_slice()).unwrap_or_default();
    let members = group.members.iter().filter(|member| member.storage.contains(id)).count();
    Some(ConsistencyGroup {
        id: id.to_string(),
        mode: match first.interval {
            Some(interval) => format!("{}, every {interval}", word(&first.mode)),
            None => word(&first.mode),
        },
        replication: replication(first.mode, replica),
        note: String::new(),
        lag_ms: replica.and_then(lag),
        legs: found
            .iter()
            .map(|(site, leg)| Leg {
                site: (*site).to_owned(),
                role: word(&leg.role).replace('-', " "),
                writable: leg.writable,
                generation: leg.generation,
            })
            .collect(),
        volumes: first.volumes.iter().map(ToString::to_string).collect(),
        vms: words::number(members),
        points: points.first().zip(points.last()).map(|(newest, oldest)| Points {
            newest: When::new(newest.taken_at.0, now),
            oldest: When::new(oldest.taken_at.0, now),
            count: words::number(points.len()),
        }),
        preference: first
            .preferred
            .as_ref()
            .map(|site| format!("{site} is preferred"))
            .unwrap_or_default(),
    })
}

fn replication(mode: ReplicationMode, replica: Option<&LegOf>) -> Replication {
    let Some(leg) = replica else { return Replication::Unknown };
    let at_once = matches!(mode, ReplicationMode::Stretched | ReplicationMode::Sync);
    match (leg.in_sync, leg.lag, leg.interval) {
        (true, _, _) => Replication::InSync,
        (false, _, _) if at_once => Replication::Stopped,
        (false, None, _) => Replication::Unknown,
        (false, Some(lag), Some(interval)) if lag.0 > 2 * interval.0 => Replication::Behind,
        (false, Some(_), _) => Replication::Following,
    }
}

fn gaps(landscape: &Landscape, group: &DerivedGroup) -> Vec<Gap> {
    let mut gaps: Vec<Gap> = Vec::new();
    for uncovered in view::group::uncovered(landscape, &group.protected) {
        let same = |gap: &&mut Gap| gap.vm == uncovered.vm && gap.reason == uncovered.why;
        if let Some(gap) = gaps.last_mut().filter(same) {
            gap.objects.extend(uncovered.object);
            continue;
        }
        if gaps.len() == MOST {
            break;
        }
        gaps.push(Gap {
            vm: uncovered.vm,
            objects: uncovered.object.into_iter().collect(),
            reason: uncovered.why,
            help: String::new(),
        });
    }
    gaps
}
