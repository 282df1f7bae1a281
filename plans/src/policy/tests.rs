use std::collections::BTreeMap;
use std::sync::Arc;

use proptest::prelude::*;

use super::*;
use crate::inventory::{ObjectKind, StorageContainer, VmObject};

const CAPABILITIES: [&str; 3] = ["replication.mode", "replication.rpo", "encryption.at-rest"];
const PROPERTIES: [&str; 2] = ["mode", "seconds"];

fn value() -> impl Strategy<Value = Value> {
    prop_oneof![
        any::<bool>().prop_map(Value::Bool),
        (0..5_i32).prop_map(|n| Value::Number(f64::from(n))),
        prop::sample::select(vec!["async", "stretched"]).prop_map(|t| Value::Text(t.to_owned())),
    ]
}

fn want() -> impl Strategy<Value = Want> {
    prop_oneof![
        value().prop_map(Want::Equals),
        prop::collection::vec(value(), 0..3).prop_map(Want::AnyOf),
        (0..4_i32, 0..4_i32)
            .prop_map(|(min, max)| Want::Range { min: f64::from(min), max: f64::from(max) }),
    ]
}

fn constraint() -> impl Strategy<Value = Constraint> {
    let property = prop::sample::select(PROPERTIES.to_vec()).prop_map(str::to_owned);
    prop::collection::btree_map(property, want(), 0..3)
}

fn rule() -> impl Strategy<Value = Rule> {
    let capability = prop::sample::select(CAPABILITIES.to_vec());
    (capability, any::<bool>(), prop::collection::vec(constraint(), 0..3)).prop_map(
        |(capability, hint, any_of)| Rule {
            capability: CapabilityId(capability.to_owned()),
            hint,
            any_of,
        },
    )
}

fn rule_set() -> impl Strategy<Value = RuleSet> {
    prop::collection::vec(rule(), 0..3).prop_map(|rules| RuleSet { rules })
}

fn policy() -> impl Strategy<Value = StoragePolicy> {
    prop::collection::vec(rule_set(), 0..3).prop_map(named)
}

fn advertised() -> impl Strategy<Value = BTreeMap<CapabilityId, PropertyValues>> {
    let property = prop::sample::select(PROPERTIES.to_vec()).prop_map(str::to_owned);
    let values = prop::collection::btree_map(property, prop::collection::vec(value(), 0..3), 0..3);
    let capability = prop::sample::select(CAPABILITIES.to_vec())
        .prop_map(|capability| CapabilityId(capability.to_owned()));
    prop::collection::btree_map(capability, values, 0..4)
}

fn named(rule_sets: Vec<RuleSet>) -> StoragePolicy {
    StoragePolicy { name: "gold-metro".into(), rule_sets, force_provision: false }
}

proptest! {
    #[test]
    fn sets_are_alternatives(a in rule_set(), b in rule_set(), there in advertised()) {
        let one = |set: &RuleSet| evaluate(&named(vec![set.clone()]), &there).compliant;
        let both = evaluate(&named(vec![a.clone(), b.clone()]), &there).compliant;
        prop_assert_eq!(both, one(&a) || one(&b));
    }

    #[test]
    fn rules_of_a_set_must_all_hold(a in rule(), b in rule(), there in advertised()) {
        let holds = |rules: Vec<Rule>| evaluate(&named(vec![RuleSet { rules }]), &there).compliant;
        prop_assert_eq!(holds(vec![a.clone(), b.clone()]), holds(vec![a]) && holds(vec![b]));
    }

    #[test]
    fn constraints_of_a_rule_are_alternatives(
        a in constraint(),
        b in constraint(),
        capability in prop::sample::select(CAPABILITIES.to_vec()),
        there in advertised(),
    ) {
        let holds = |any_of: &[&Constraint]| {
            let rule = rule_of(capability, any_of.iter().copied().cloned().collect());
            evaluate(&named(vec![RuleSet { rules: vec![rule] }]), &there).compliant
        };
        prop_assert_eq!(holds(&[&a, &b]), holds(&[&a]) || holds(&[&b]));
    }

    #[test]
    fn a_hint_never_matters(policy in policy(), hint in rule(), there in advertised()) {
        let hint = Rule { hint: true, ..hint };
        let mut hinted = policy.clone();
        hinted.rule_sets.iter_mut().for_each(|set| set.rules.push(hint.clone()));
        let plain = evaluate(&policy, &there);
        prop_assert_eq!(evaluate(&hinted, &there), plain);
    }

    #[test]
    fn one_more_rule_never_makes_more_compliant(
        policy in policy(),
        rule in rule(),
        there in advertised(),
    ) {
        let mut stricter = policy.clone();
        stricter.rule_sets.iter_mut().for_each(|set| set.rules.push(rule.clone()));
        let stricter = evaluate(&stricter, &there).compliant;
        prop_assert!(!stricter || evaluate(&policy, &there).compliant);
    }

    #[test]
    fn one_more_advertised_value_never_makes_less_compliant(
        policy in policy(),
        there in advertised(),
        capability in prop::sample::select(CAPABILITIES.to_vec()),
        property in prop::sample::select(PROPERTIES.to_vec()),
        value in value(),
    ) {
        let mut more = there.clone();
        let values = more.entry(CapabilityId(capability.to_owned())).or_default();
        values.entry(property.to_owned()).or_default().push(value);
        prop_assert!(!evaluate(&policy, &there).compliant || evaluate(&policy, &more).compliant);
    }

    #[test]
    fn what_is_not_met_says_which_rule(policy in policy(), there in advertised()) {
        let evaluation = evaluate(&policy, &there);
        let without_words = evaluation.nearest().is_empty() && !policy.rule_sets.is_empty();
        prop_assert_eq!(evaluation.compliant, without_words);
        for broken in evaluation.nearest() {
            prop_assert!(broken.to_string().starts_with(&broken.capability.0));
        }
    }
}

fn rule_of(capability: &str, any_of: Vec<Constraint>) -> Rule {
    Rule { capability: CapabilityId(capability.to_owned()), hint: false, any_of }
}

fn text(text: &str) -> Value {
    Value::Text(text.to_owned())
}

fn mode(mode: &str) -> BTreeMap<CapabilityId, PropertyValues> {
    let values = BTreeMap::from([("mode".to_owned(), vec![text(mode)])]);
    BTreeMap::from([(CapabilityId("replication.mode".to_owned()), values)])
}

fn stretched_and_near() -> StoragePolicy {
    let stretched = Constraint::from([("mode".to_owned(), Want::Equals(text("stretched")))]);
    let near = |max| Constraint::from([("seconds".to_owned(), Want::Range { min: 0.0, max })]);
    let encrypted = rule_of("encryption.at-rest", Vec::new());
    named(vec![RuleSet {
        rules: vec![
            rule_of("replication.mode", vec![stretched]),
            rule_of("replication.rpo", vec![near(60.0), near(300.0)]),
            encrypted,
        ],
    }])
}

#[test]
fn a_broken_policy_is_told_with_values() {
    let mut there = mode("async");
    let far = BTreeMap::from([("seconds".to_owned(), vec![Value::Number(900.0)])]);
    there.insert(CapabilityId("replication.rpo".to_owned()), far);
    let evaluation = evaluate(&stretched_and_near(), &there);
    let told: Vec<String> = evaluation.nearest().iter().map(Broken::to_string).collect();
    insta::assert_snapshot!(told.join("\n"), @r"
    replication.mode is async, not stretched
    replication.rpo: seconds is 900, not between 0 and 60; or replication.rpo: seconds is 900, not between 0 and 300
    encryption.at-rest is not advertised
    ");
}

#[test]
fn compliance_of_an_object() {
    let object = |kind, policy: Option<&str>| VmObject {
        kind,
        label: Arc::from("disk-0"),
        container: "metro".into(),
        volume: "vol-1".into(),
        policy: policy.map(Into::into),
        size_mib: 1024,
    };
    let container = |there| StorageContainer {
        id: "metro".into(),
        size_gib: 100,
        free_gib: 50,
        capabilities: there,
    };
    let stretched = Constraint::from([("mode".to_owned(), Want::Equals(text("stretched")))]);
    let gold = named(vec![RuleSet { rules: vec![rule_of("replication.mode", vec![stretched])] }]);
    let policies = BTreeMap::from([(gold.name.clone(), gold)]);
    let (metro, plain) = (container(mode("stretched")), container(mode("async")));
    let of = |kind, policy, container| compliance(&object(kind, policy), &policies, container);
    let gold = Some("gold-metro");
    assert_eq!(of(ObjectKind::Data, gold, Some(&metro)), Compliance::Compliant);
    assert_eq!(of(ObjectKind::Other, gold, Some(&metro)), Compliance::Compliant);
    assert_eq!(of(ObjectKind::Config, gold, Some(&plain)), Compliance::NonCompliant);
    assert_eq!(of(ObjectKind::Data, gold, None), Compliance::Unknown);
    assert_eq!(of(ObjectKind::Data, Some("tin"), Some(&metro)), Compliance::Unknown);
    assert_eq!(of(ObjectKind::Data, None, Some(&metro)), Compliance::NotApplicable);
    assert_eq!(of(ObjectKind::Swap, gold, Some(&plain)), Compliance::NotApplicable);
    assert_eq!(of(ObjectKind::Mem, gold, None), Compliance::NotApplicable);
}
