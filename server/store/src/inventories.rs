//! What each site looked like when it was last seen.

use muster_plans::id::SiteName;
use muster_plans::time::Time;
use sea_orm::ActiveValue::Set;
use sea_orm::sea_query::OnConflict;
use sea_orm::{EntityTrait, QueryOrder, QuerySelect};

use crate::Error;
use crate::entity::site_inventory;
use crate::open::Store;

/// What a site looked like.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct SiteSnapshot {
    /// The site.
    pub site: SiteName,
    /// What was seen, as JSON.
    pub json: String,
    /// Digest of it: two looks with the same digest saw the same.
    pub digest: String,
    /// When.
    pub observed_at: Time,
}

/// Site inventories of a store.
#[derive(Debug)]
pub struct Inventories<'a>(pub(crate) &'a Store);

impl Inventories<'_> {
    /// The last look at a site.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn get(&self, site: &SiteName) -> Result<Option<SiteSnapshot>, Error> {
        let row = site_inventory::Entity::find_by_id(site.as_str()).one(self.0.reader()).await?;
        Ok(row.map(Into::into))
    }

    /// Sites with the digest and time of their last look, by name.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn marks(&self) -> Result<Vec<(SiteName, String, Time)>, Error> {
        use site_inventory::Column;
        let rows = site_inventory::Entity::find()
            .select_only()
            .columns([Column::Site, Column::Digest, Column::ObservedAt])
            .order_by_asc(Column::Site)
            .into_tuple::<(String, String, i64)>()
            .all(self.0.reader())
            .await?;
        Ok(rows.into_iter().map(|(site, digest, at)| (site.into(), digest, Time(at))).collect())
    }

    /// Replaces the look at a site.
    ///
    /// # Errors
    /// Where the database does not answer.
    pub async fn put(&self, snapshot: SiteSnapshot) -> Result<(), Error> {
        use site_inventory::Column;
        let row = site_inventory::ActiveModel {
            site: Set(snapshot.site.as_str().to_owned()),
            json: Set(snapshot.json),
            digest: Set(snapshot.digest),
            observed_at: Set(snapshot.observed_at.0),
        };
        let replace = OnConflict::column(Column::Site)
            .update_columns([Column::Json, Column::Digest, Column::ObservedAt])
            .to_owned();
        let txn = self.0.begin().await?;
        site_inventory::Entity::insert(row)
            .on_conflict(replace)
            .exec_without_returning(&txn)
            .await?;
        self.0.commit(txn).await
    }
}

impl From<site_inventory::Model> for SiteSnapshot {
    fn from(row: site_inventory::Model) -> SiteSnapshot {
        SiteSnapshot {
            site: row.site.into(),
            json: row.json,
            digest: row.digest,
            observed_at: Time(row.observed_at),
        }
    }
}
