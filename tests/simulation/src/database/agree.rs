//! Whether the product's store does as the plain values do.

use crate::database::Database;
use crate::sql::{Answer, Found, Question, Stand, Transaction};
use crate::standing::Standing;

impl Database {
    /// The store does the same, and its answer counts.
    pub(super) fn also(
        &mut self,
        expected: Answer,
        transaction: impl FnOnce() -> Transaction,
    ) -> Answer {
        let Some(sql) = &mut self.sql else { return expected };
        let transaction = transaction();
        let answer = sql.carry_out(transaction.clone());
        self.compare(&transaction, &expected, answer).unwrap_or(expected)
    }

    pub(super) fn compare(
        &mut self,
        what: &dyn std::fmt::Debug,
        expected: &Answer,
        answer: anyhow::Result<Answer>,
    ) -> Option<Answer> {
        if !answer.as_ref().is_ok_and(|answer| answer == expected) {
            let what = format!("{what:?}").chars().take(400).collect::<String>();
            let told = || format!("{what}: {answer:?}, and not {expected:?}");
            self.differs.get_or_insert_with(told);
        }
        answer.ok()
    }

    pub(super) fn same(&mut self, question: Question, expected: Found) -> Found {
        let Some(sql) = &self.sql else { return expected };
        let found = sql.find(question);
        if !found.as_ref().is_ok_and(|found| *found == expected) {
            self.differs.get_or_insert_with(|| format!("{found:?}, and not {expected:?}"));
        }
        found.unwrap_or(expected)
    }

    /// Whether the store holds what this one holds of the plan.
    pub(crate) fn check_standing(&mut self) {
        let (json, version) = match self.standing.version {
            0 => (String::new(), 0),
            version => (self.standing.to_json(), version),
        };
        let restored = self.on_hold;
        self.same(Question::Standing, Found::Standing { json, version, restored });
    }

    /// A change of where the plan stands, if it is still as it was read.
    pub(super) fn change(&self, next: &Standing) -> Stand {
        Stand { json: next.to_json(), read: next.version - 1 }
    }
}

#[cfg(test)]
mod tests {
    use muster_engine::OwnerId;
    use muster_plans::id::{PlanName, RunId};
    use muster_plans::time::{Span, Time};
    use uuid::Uuid;

    use super::*;
    use crate::sql::Sql;

    fn database() -> Database {
        let sql = Sql::open(PlanName::from("erp")).unwrap();
        Database::new(Vec::new(), Some(sql))
    }

    fn stand(database: &Database) -> Standing {
        Standing { version: database.standing.version + 1, ..database.standing.clone() }
    }

    #[test]
    fn what_only_one_of_the_two_holds_is_noticed() {
        let mut database = database();
        database.stand(stand(&database));
        database.check_standing();
        assert_eq!(database.differs, None);
        // Somebody else changes the store.
        let mut other = database.sql.clone().unwrap();
        let change = database.change(&stand(&database));
        assert_eq!(other.carry_out(Transaction::Stand(change)).unwrap(), Answer::Done);
        database.stand(stand(&database));
        let differs = database.differs.take().unwrap();
        assert!(differs.ends_with("Ok(Refused), and not Done"), "{differs}");
        database.check_standing();
        assert_eq!(database.differs, None, "by now both have made two changes");
    }

    #[test]
    fn what_the_store_refuses_and_the_plain_values_do_not_is_noticed() {
        let mut database = database();
        let run = RunId(Uuid::nil());
        // The plain values lend what they never heard of, because their caller knows better.
        let fence = database.acquire(run, &OwnerId("one".into()), Time(0), Span::secs(15));
        assert!(fence.is_some());
        let differs = database.differs.take().unwrap();
        assert!(differs.starts_with("Acquire"), "{differs}");
    }

    #[test]
    fn a_backup_is_what_was_there_when_it_was_made() {
        let mut database = database();
        database.stand(stand(&database));
        let backup = database.clone();
        database.stand(stand(&database));
        database.put_back(backup);
        assert_eq!((database.differs.take(), database.standing.version), (None, 1));
        assert_eq!((database.incarnation, database.on_hold), (2, true));
        database.let_go(std::collections::BTreeSet::new());
        assert_eq!(database.differs, None);
    }
}
