//! Callouts that answer as scripted.

use std::collections::BTreeMap;
use std::sync::{Mutex, PoisonError};

use async_trait::async_trait;
use muster_contract::{OpContext, OpId, Outcome, Receipt};

use crate::ports::{CalloutCall, Callouts};

/// Answers `Done` unless told otherwise, and remembers its calls.
#[derive(Debug, Default)]
pub struct ScriptedCallouts {
    answers: Mutex<BTreeMap<String, Outcome<Receipt>>>,
    calls: Mutex<Vec<OpId>>,
}

impl ScriptedCallouts {
    /// What a callout answers from now on.
    pub fn answers(&self, name: &str, outcome: Outcome<Receipt>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        answers.insert(name.to_owned(), outcome);
    }

    /// What was called, in order.
    pub fn calls(&self) -> Vec<OpId> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).clone()
    }
}

#[async_trait]
impl Callouts for ScriptedCallouts {
    async fn call(&self, ctx: &OpContext, call: &CalloutCall) -> Outcome<Receipt> {
        self.calls.lock().unwrap_or_else(PoisonError::into_inner).push(ctx.op_id);
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        let answer = answers.get(call.name.as_str()).cloned();
        answer.unwrap_or_else(|| Outcome::Done(Receipt::default()))
    }
}
