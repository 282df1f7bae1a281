use proptest::prelude::*;

use super::*;
use crate::document::{
    After, AfterMatch, CommitPolicy, EvidenceKind, FailoverOptions, GroupSites, GroupSpec,
    HookStep, IpRule, IpSpec, Kind, Match, Metadata, NetworkMapping, PlanSpec, PolicySpec,
    Shutdown, SiteSpec, Spec, Startup, SuspendSpec, TestNetwork, TestOptions, VmRule, Wait, Where,
    from_json,
};
use crate::load::load;
use crate::policy::{CapabilityId, Rule, RuleSet, Value as PolicyValue, Want};
use crate::render;
use crate::source::SourceFile;
use crate::time::Span;

fn read_back(text: &str) -> Vec<Document> {
    let loaded = load(&[SourceFile::new("export.yaml", text)]);
    assert_eq!(render::text(&loaded.findings), "", "{text}");
    loaded.values().collect()
}

#[test]
fn the_bank_example_is_exported_in_one_layout() {
    let file = SourceFile::new("plan.yaml", include_str!("../../examples/bank/plan.yaml"));
    let documents: Vec<Document> = load(&[file]).values().collect();
    let text = to_yaml(&documents);
    insta::assert_snapshot!(text);
    assert_eq!(read_back(&text), documents);
    assert_eq!(to_yaml(&read_back(&text)), text);
}

#[test]
fn a_digest_follows_the_meaning_and_not_the_text() {
    let one = "apiVersion: muster/v1\nkind: RecoveryPlan\nmetadata: {name: a}\nspec: {protectionGroups: [g], live-failure: restart}\n";
    let other = "# the same\nkind: RecoveryPlan\nspec:\n  protectionGroups:\n  - g\nmetadata:\n  name: a\napiVersion: muster/v1\n";
    let changed = other.replace("- g", "- h");
    let digest_of = |text: &str| digest(&read_back(text)[0]);
    assert_eq!(digest_of(one), digest_of(other));
    assert_ne!(digest_of(one), digest_of(&changed));
    // sha256sum of {"apiVersion":"muster/v1","kind":"RecoveryPlan","metadata":{"name":"a"},
    // "spec":{"protectionGroups":["g"]}} on one line.
    assert_eq!(digest_of(one), "5abea2263526e9a669cc9e2005d563100ebee8710a01ca129c58b4414ebae81d");
}

#[test]
fn json_is_checked_as_files_are() {
    let mut json = to_json(&read_back(include_str!("../../examples/single-vm/plan.yaml"))[1]);
    assert_eq!(json["kind"], Kind::RecoveryPlan.as_str());
    assert_eq!(to_json(&from_json(json.clone()).unwrap()), json);
    json["spec"]["objectives"]["rto"] = "soon".into();
    json["spec"]["on"] =
        serde_json::json!({"tset": {"sync": true}, "failover": {"approvals": "2\u{0}"}});
    let findings = from_json(json).unwrap_err();
    insta::assert_snapshot!(render::text(&findings));
}

fn text() -> impl Strategy<Value = String> {
    let odd = prop::sample::select(vec![
        "on",
        "yes",
        "null",
        "~",
        "1e3",
        "0x1f",
        "5m",
        "- a",
        "a: b",
        "# c",
        "'",
        "\"",
        "\\",
        "é€😀",
        "line\nbreak",
        " lead",
        "trail ",
        "*",
        "&a",
        "!t",
        "{a}",
        "[b]",
        "10.0.0.0/8",
        "fd00::/8",
        "%",
        "@",
        "`",
        "|",
        ">",
        "a\tb",
        "\u{2028}",
        "\u{feff}x",
        "=",
        "<<",
        "---",
        "...",
        "01",
        "1_0",
        "+1",
        ".5",
        "?",
        "a #b",
        "a:",
        ":a",
        ",",
        "2024-01-01",
        "12:30:45",
        "0o7",
        ".inf",
    ]);
    prop_oneof![odd.prop_map(String::from), "[ -~]{1,12}", "[a-z][a-z0-9-]{0,8}"]
}

/// Keys are one line.
fn key() -> impl Strategy<Value = String> {
    text().prop_filter("one line", |text| !text.contains(['\n', '\t']))
}

fn name() -> impl Strategy<Value = String> {
    "[a-z0-9]([a-z0-9-]{0,8}[a-z0-9])?"
}

fn span() -> impl Strategy<Value = Span> {
    (0_u64..200_000_000).prop_map(Span)
}

fn tags() -> impl Strategy<Value = std::collections::BTreeMap<String, String>> {
    prop::collection::btree_map(key(), text(), 0..3)
}

fn select() -> impl Strategy<Value = Match> {
    (prop::option::of("[a-z*?-]{1,8}"), prop::option::of(name()), tags())
        .prop_map(|(name, policy, tags)| Match { name, policy: policy.map(Into::into), tags })
}

fn hook() -> impl Strategy<Value = HookStep> {
    (prop::option::of(name()), prop::option::of(text()), prop::option::of(span())).prop_map(
        |(callout, prompt, timeout)| HookStep {
            callout: callout.map(Into::into),
            prompt,
            role: None,
            timeout,
        },
    )
}

fn startup() -> impl Strategy<Value = Startup> {
    let wait = prop_oneof![Just(Wait::Heartbeat), Just(Wait::None), (1_u16..).prop_map(Wait::Tcp),];
    (wait, span(), span()).prop_map(|(wait, timeout, delay)| Startup { wait, timeout, delay })
}

fn rule() -> impl Strategy<Value = VmRule> {
    let after = prop_oneof![
        text().prop_map(After::Name),
        select().prop_map(|select| After::Match(AfterMatch { select })),
    ];
    let shutdown = (any::<bool>(), span()).prop_map(|(guest, timeout)| Shutdown { guest, timeout });
    let ip = prop::option::of(Just(IpSpec {
        rules: vec![IpRule {
            from: "fd00:10::/64".parse().unwrap(),
            to: "fd00:20::/64".parse().unwrap(),
            gateway: Some("fd00:20::1".parse().unwrap()),
            dns: vec!["fd00:20::53".parse().unwrap()],
        }],
    }));
    (
        select(),
        prop::option::of(1_u8..=5),
        prop::collection::vec(after, 0..3),
        prop::option::of(shutdown),
        prop::option::of(startup()),
        prop::option::of(any::<bool>()),
        ip,
        prop::collection::vec(hook(), 0..3),
    )
        .prop_map(|(select, priority, after, shutdown, startup, power_on, ip, hooks)| VmRule {
            select,
            priority,
            after,
            shutdown,
            startup,
            mobility: None,
            power_on,
            ip,
            before_power_on: hooks.clone(),
            after_power_on: hooks,
        })
}

fn plan() -> impl Strategy<Value = Spec> {
    let failover = (prop::option::of(span()), 0_u8..=9, any::<bool>()).prop_map(
        |(commit_window, approvals, manual)| FailoverOptions {
            evidence: vec![EvidenceKind::Fence],
            approvals,
            commit_window,
            commit: if manual { CommitPolicy::Manual } else { CommitPolicy::Auto },
        },
    );
    let network =
        (name(), name(), prop::option::of(name())).prop_map(|(protected, recovery, test)| {
            NetworkMapping {
                protected: protected.into(),
                recovery: recovery.into(),
                test: test.map_or(TestNetwork::Bubble, |name| TestNetwork::Network(name.into())),
            }
        });
    (
        prop::option::of(text()),
        prop::collection::vec(name(), 1..3),
        prop::collection::vec(rule(), 0..4),
        prop::collection::vec(network, 0..3),
        prop::option::of(select()),
        prop::option::of(failover),
        prop::option::of(any::<bool>()),
        prop::option::of(startup()),
    )
        .prop_map(|(description, groups, vms, networks, suspend, failover, sync, startup)| {
            let mut spec = PlanSpec {
                description,
                protection_groups: groups.into_iter().map(Into::into).collect(),
                vms,
                networks,
                suspend_at_recovery: suspend.map(|select| SuspendSpec { select }),
                ..PlanSpec::default()
            };
            spec.on.failover = failover;
            spec.on.test = sync.map(|sync| TestOptions { sync });
            spec.defaults.startup = startup;
            Spec::RecoveryPlan(Box::new(spec))
        })
}

fn policy() -> impl Strategy<Value = Spec> {
    let value = prop_oneof![
        any::<bool>().prop_map(PolicyValue::Bool),
        (-1e6_f64..1e6).prop_map(PolicyValue::Number),
        (-1000_i32..1000).prop_map(|n| PolicyValue::Number(n.into())),
        text().prop_map(PolicyValue::Text),
    ];
    let want = prop_oneof![
        value.clone().prop_map(Want::Equals),
        prop::collection::vec(value, 1..3).prop_map(Want::AnyOf),
        (0.0..10.0_f64, 10.0..1e9_f64).prop_map(|(min, max)| Want::Range { min, max }),
    ];
    let constraint = prop::collection::btree_map(key(), want, 0..3);
    let rule = (text(), any::<bool>(), prop::collection::vec(constraint, 0..3)).prop_map(
        |(capability, hint, any_of)| Rule { capability: CapabilityId(capability), hint, any_of },
    );
    let rule_set = prop::collection::vec(rule, 0..3).prop_map(|rules| RuleSet { rules });
    (prop::collection::vec(rule_set, 1..3), any::<bool>()).prop_map(
        |(rule_sets, force_provision)| {
            Spec::StoragePolicy(PolicySpec { description: None, rule_sets, force_provision })
        },
    )
}

fn group() -> impl Strategy<Value = Spec> {
    (name(), name(), prop::collection::vec(name(), 1..3), prop::option::of(tags())).prop_map(
        |(protected, recovery, policies, tags)| {
            Spec::ProtectionGroup(GroupSpec {
                sites: GroupSites { protected: protected.into(), recovery: recovery.into() },
                policies: policies.into_iter().map(Into::into).collect(),
                narrow: tags.map(|tags| Where { tags }),
            })
        },
    )
}

fn document() -> impl Strategy<Value = Document> {
    let site = prop::option::of(text())
        .prop_map(|description| Spec::Site(SiteSpec { description, witness: None }));
    (name(), tags(), prop_oneof![site, group(), policy(), plan()])
        .prop_map(|(name, labels, spec)| Document { metadata: Metadata { name, labels }, spec })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 400, ..ProptestConfig::default() })]

    #[test]
    fn what_is_written_is_what_is_read(documents in prop::collection::vec(document(), 1..4)) {
        let text = to_yaml(&documents);
        let back = read_back(&text);
        prop_assert_eq!(&back, &documents, "{}", text);
        prop_assert_eq!(to_yaml(&back), text);
        for document in documents {
            let json = to_json(&document);
            prop_assert_eq!(from_json(json).unwrap(), document);
        }
    }
}
