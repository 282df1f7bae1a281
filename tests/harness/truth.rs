//! What the simulated world itself says happened.

use serde_json::Value;

use crate::Demo;

/// The ground truth at an instant.
#[derive(Debug)]
pub struct Truth(pub Value);

impl Demo {
    /// The ground truth of the world.
    ///
    /// # Panics
    /// Where the world does not answer.
    pub fn truth(&self) -> Truth {
        Truth(self.muster(&["sim", "truth", "--output", "json"]).expect(0).json())
    }
}

impl Truth {
    /// How many entries a list or map has.
    ///
    /// # Panics
    /// Where it is neither.
    pub fn count(&self, name: &str) -> usize {
        let value = &self.0[name];
        let list = value.as_array().map(Vec::len);
        list.or_else(|| value.as_object().map(serde_json::Map::len)).expect(name)
    }

    /// Writes that were acknowledged so far, by the writers inside the VMs.
    pub fn acknowledged(&self) -> u64 {
        self.0["acknowledged"].as_u64().unwrap_or_default()
    }

    /// Acknowledged writes that were given up, by promotion.
    pub fn lost(&self) -> Vec<Value> {
        self.0["lost"].as_array().cloned().unwrap_or_default()
    }

    /// Operations whose effect happened more than once.
    pub fn repeated(&self) -> Vec<String> {
        let effects = self.0["effects"].as_object().into_iter().flatten();
        let twice = effects.filter(|(_, count)| count.as_u64() != Some(1));
        twice.map(|(id, count)| format!("{id}: {count}")).collect()
    }

    /// Consistency groups that more than one site can write.
    fn written_twice(&self) -> Vec<String> {
        let writers = self.0["writers"].as_object().into_iter().flatten();
        let many = writers.filter(|(group, sites)| {
            // Stretched storage may be written from both sides: there the world itself judges.
            sites.as_array().is_some_and(|sites| sites.len() > 1) && !group.contains("gold-metro")
        });
        many.map(|(group, sites)| format!("{group}: {sites}")).collect()
    }

    /// Asserts that no promise was broken: no second writer, no divergence, no violation of any
    /// kind, and no effect of one operation twice.
    ///
    /// # Panics
    /// Where one was.
    #[track_caller]
    pub fn assert_safe(&self) -> &Truth {
        assert_eq!(self.0["violations"], Value::Array(Vec::new()));
        assert_eq!(self.0["diverged"], Value::Array(Vec::new()));
        assert_eq!(self.repeated(), Vec::<String>::new(), "effects that happened again");
        assert_eq!(self.written_twice(), Vec::<String>::new(), "second writers");
        self
    }

    /// Asserts besides that no acknowledged write is lost, and that tests left nothing behind.
    ///
    /// # Panics
    /// Where it is not so.
    #[track_caller]
    pub fn assert_spotless(&self) -> &Truth {
        self.assert_spotless_since(&[])
    }

    /// The same, but for writes that were lost before: those that an unplanned failover of replicated
    /// storage gives up are lost for good.
    ///
    /// # Panics
    /// Where it is not so.
    #[track_caller]
    pub fn assert_spotless_since(&self, lost_before: &[Value]) -> &Truth {
        let lost = self.lost().into_iter().filter(|one| !lost_before.contains(one));
        assert_eq!(lost.collect::<Vec<_>>(), Vec::<Value>::new(), "acknowledged writes are lost");
        assert_eq!(self.0["leftovers"], Value::Array(Vec::new()));
        assert_eq!(self.0["framesLeaked"].as_u64(), Some(0), "frames left a bubble");
        self.assert_safe()
    }
}
