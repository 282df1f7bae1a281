//! Tables as sea-orm sees them. Nothing here leaves the crate: rows become values at its border.

#![expect(unreachable_pub, reason = "the derives write `pub` items")]

/// A table without declared relations: rows that belong together are read by their keys.
macro_rules! alone {
    () => {
        #[derive(Copy, Clone, Debug, EnumIter, DeriveRelation)]
        pub enum Relation {}

        impl ActiveModelBehavior for ActiveModel {}
    };
}
use alone;

pub(crate) mod api_token;
pub(crate) mod approval;
pub(crate) mod audit;
pub(crate) mod chain;
pub(crate) mod document;
pub(crate) mod document_set;
pub(crate) mod document_version;
pub(crate) mod epoch_counter;
pub(crate) mod group_lock;
pub(crate) mod idempotency;
pub(crate) mod journal;
pub(crate) mod lease;
pub(crate) mod life;
pub(crate) mod plan_state;
pub(crate) mod run;
pub(crate) mod run_graph;
pub(crate) mod run_graph_part;
pub(crate) mod run_group;
pub(crate) mod session;
pub(crate) mod setting;
pub(crate) mod site_inventory;
pub(crate) mod user_account;
