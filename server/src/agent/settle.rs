//! Operations whose end got lost: asked about, never repeated on a guess.

use muster_contract::{
    AdapterError, ErrorClass, Hint, Observation, OpId, OpStatus, Outcome, Query, Receipt,
};

use super::Inner;
use super::ledger::Record;
use super::perform::not_written;

/// What the backend says of an operation that it may have got.
pub(super) enum Settled {
    /// It came to this end, which is remembered now.
    Ended(Outcome<Receipt>),
    /// The backend, which keeps operation ids, never got it.
    NeverHeardOf,
    Pending,
    /// The backend cannot say now.
    Open(Hint),
    /// The backend says that it came to an end, and not to which.
    Unsure(Hint),
    /// The backend keeps no operation ids and can never say.
    Never(Hint),
}

impl Inner {
    pub(super) async fn settle(&self, id: OpId) -> Settled {
        let known = self.state().entries.get(&id).and_then(|entry| entry.outcome.clone());
        if let Some(outcome) = known {
            return Settled::Ended(outcome);
        }
        match self.backend.operation(&id).await {
            Ok(OpStatus::Ended(Outcome::Unknown(hint))) => Settled::Unsure(hint),
            Ok(OpStatus::Ended(outcome)) => {
                let digest = self.state().entries.get(&id).and_then(|entry| entry.digest.clone());
                Settled::Ended(self.remember(id, digest.unwrap_or_default(), outcome).await)
            }
            Ok(OpStatus::NotKnown) => Settled::NeverHeardOf,
            Ok(OpStatus::Pending) => Settled::Pending,
            Err(error) => {
                let message = format!(
                    "the agent stopped while it was under way, or its answer was lost; the \
                     backend cannot say what became of it: {error}"
                );
                match error.class {
                    ErrorClass::Unsupported => self.settle_by_rest(id, message).await,
                    _ => Settled::Open(Hint { message }),
                }
            }
        }
    }

    /// A backend that keeps no operation ids may know all the same that nothing is under way at the object. What
    /// the operation did stays unknown, and is read from the object.
    async fn settle_by_rest(&self, id: OpId, message: String) -> Settled {
        let intent = self.state().intent_of(&id);
        let Some((object, digest)) = intent else { return Settled::Never(Hint { message }) };
        match self.backend.is_idle(&object).await {
            Ok(true) => {
                let over = Outcome::unknown(
                    "its answer was lost, and nothing is under way there any more; look at the object",
                );
                Settled::Ended(self.remember(id, digest, over).await)
            }
            Err(error) if error.class == ErrorClass::Unsupported => {
                Settled::Never(Hint { message })
            }
            Ok(false) => Settled::Open(Hint { message }),
            Err(error) => Settled::Open(Hint { message: format!("{message}; {error}") }),
        }
    }

    /// What became of an operation.
    pub(super) async fn status(&self, id: OpId) -> Result<OpStatus, AdapterError> {
        let known = {
            let state = self.state();
            if state.running.contains_key(&id) {
                return Ok(OpStatus::Pending);
            }
            state.entries.get(&id).map(|entry| entry.outcome.clone())
        };
        match known {
            Some(Some(outcome)) => Ok(OpStatus::Ended(outcome)),
            Some(None) => Ok(match self.settle(id).await {
                Settled::Ended(outcome) => OpStatus::Ended(outcome),
                Settled::NeverHeardOf => OpStatus::NotKnown,
                Settled::Pending => OpStatus::Pending,
                Settled::Open(hint) | Settled::Unsure(hint) | Settled::Never(hint) => {
                    OpStatus::Ended(Outcome::Unknown(hint))
                }
            }),
            // The backend may remember what happened before this ledger began.
            None => match self.backend.operation(&id).await {
                Err(error) if error.class == ErrorClass::Unsupported => Ok(OpStatus::NotKnown),
                answer => answer,
            },
        }
    }

    /// A new ledger knows of no token. Where the backend does, everything below is refused: the
    /// agent may have been installed anew over a site that has a history.
    pub(super) async fn adopt(&self) -> Result<(), Outcome<Receipt>> {
        let ask = || async {
            let high_water = match self.backend.query(&Query::Alive).await {
                Ok(observed) => match observed.state {
                    Observation::Alive { high_water } => high_water,
                    _ => return Err(Outcome::unknown("the backend's answer made no sense")),
                },
                Err(error) if error.class == ErrorClass::Unsupported => return Ok(()),
                Err(error) => {
                    return Err(Outcome::unknown(format!(
                        "the agent's ledger is new, and the backend does not say which tokens it \
                         has seen: {error}"
                    )));
                }
            };
            self.state().raise(None, high_water);
            let floor = Record::Floor { group: None, token: high_water };
            self.ledger.append(floor).await.map_err(|_| not_written())
        };
        self.adopted.get_or_try_init(ask).await.map(|_| ())
    }
}
