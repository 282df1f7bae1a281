//! The documents of a configuration by kind, each still with its places.

use crate::document::{
    BackendSpec, Document, GroupSpec, InventoryMappingSpec, Kind, PlanSpec, PolicySpec,
    ScheduleSpec, SiteSpec, Spec,
};
use crate::finding::{Code, Finding, Place};
use crate::source::{At, Located, Places};

/// One document of a known kind.
pub(super) struct Item<'a, S> {
    pub(super) kind: Kind,
    pub(super) name: &'a str,
    pub(super) spec: &'a S,
    places: &'a Places,
}

impl<S> Item<'_, S> {
    /// A finding at the name of a field.
    pub(super) fn key(&self, pointer: &str, finding: Finding) -> Finding {
        self.places.put(finding, pointer, At::Key)
    }

    /// A finding at the value of a field.
    pub(super) fn value(&self, pointer: &str, finding: Finding) -> Finding {
        self.places.put(finding, pointer, At::Value)
    }

    /// The place of a value.
    pub(super) fn place(&self, pointer: &str) -> Option<Place> {
        self.places.find(pointer, At::Value)
    }

    /// `RecoveryPlan shop`, for messages.
    pub(super) fn title(&self) -> String {
        format!("{} `{}`", self.kind, self.name)
    }

    /// An entry that stands twice in a list.
    pub(super) fn repeated(&self, pointer: &str, entry: &str) -> Finding {
        let message = format!("{} names `{entry}` twice in one list", self.title());
        let help = "remove one of the two";
        self.value(pointer, Finding::warning(Code::DuplicateEntry, message, help))
    }
}

/// All documents by kind, in the order in which they were given.
#[derive(Default)]
pub(super) struct Set<'a> {
    pub(super) sites: Vec<Item<'a, SiteSpec>>,
    pub(super) backends: Vec<Item<'a, BackendSpec>>,
    pub(super) policies: Vec<Item<'a, PolicySpec>>,
    pub(super) mappings: Vec<Item<'a, InventoryMappingSpec>>,
    pub(super) groups: Vec<Item<'a, GroupSpec>>,
    pub(super) plans: Vec<Item<'a, PlanSpec>>,
    pub(super) schedules: Vec<Item<'a, ScheduleSpec>>,
}

fn item<'a, S>(document: &'a Located<Document>, spec: &'a S) -> Item<'a, S> {
    Item {
        kind: document.value.kind(),
        name: &document.value.metadata.name,
        spec,
        places: &document.places,
    }
}

impl<'a> Set<'a> {
    pub(super) fn new(documents: &'a [Located<Document>]) -> Set<'a> {
        let mut set = Set::default();
        for document in documents {
            match &document.value.spec {
                Spec::Site(spec) => set.sites.push(item(document, spec)),
                Spec::Backend(spec) => set.backends.push(item(document, spec)),
                Spec::StoragePolicy(spec) => set.policies.push(item(document, spec)),
                Spec::InventoryMapping(spec) => set.mappings.push(item(document, spec)),
                Spec::ProtectionGroup(spec) => set.groups.push(item(document, spec)),
                Spec::RecoveryPlan(spec) => set.plans.push(item(document, spec.as_ref())),
                Spec::Schedule(spec) => set.schedules.push(item(document, spec)),
            }
        }
        set
    }

    /// The groups of a plan that there are.
    pub(super) fn groups_of(&self, plan: &PlanSpec) -> Vec<&Item<'a, GroupSpec>> {
        let named = |name: &str| self.groups.iter().find(|group| group.name == name);
        plan.protection_groups.iter().filter_map(|name| named(name.as_str())).collect()
    }
}

/// Calls back with each entry that stood before in the same list, and its index.
pub(super) fn repeats<T: PartialEq>(entries: &[T], mut found: impl FnMut(usize, &T)) {
    for (ix, entry) in entries.iter().enumerate() {
        if entries[..ix].contains(entry) {
            found(ix, entry);
        }
    }
}
