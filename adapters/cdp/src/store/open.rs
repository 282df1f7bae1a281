//! Opening a root, and making groups.

use std::collections::BTreeMap;
use std::fs;
use std::sync::{Arc, Mutex};

use muster_adapter_pair::Leg;
use muster_plans::id::{ConsistencyGroupId, SiteName};

use super::{Cdp, Group};
use crate::config::{Config, ConfigError, Now, token};
use crate::disk;
use crate::error::Error;
use crate::guests::Guests;
use crate::layout::{FOLDERS, Layout};
use crate::peer::Client;
use muster_contract::name::check;

impl Cdp {
    /// Opens a root: makes the folders and groups that are missing, and clears away what a stop in the
    /// middle of something left behind. Speaks to nobody yet.
    ///
    /// # Errors
    /// [`ConfigError`] where the configuration cannot be used.
    pub async fn open(
        config: Config,
        site: SiteName,
        now: Now,
        guests: Arc<dyn Guests>,
    ) -> Result<Arc<Cdp>, ConfigError> {
        config.check(&site)?;
        let wrong = |why: String| ConfigError::Root(config.root.clone(), why);
        let root = config.root.canonicalize().map_err(|error| wrong(error.to_string()))?;
        let layout = Layout::new(root);
        for folder in FOLDERS {
            fs::create_dir_all(layout.folder(folder)).map_err(|error| wrong(error.to_string()))?;
        }
        let fence = disk::read(&layout.fence_file()).map_err(|error| wrong(error.to_string()))?;
        let store = Arc::new(Cdp {
            client: Arc::new(Client::new(&config.peer)?),
            guests,
            token: token(config.token_file.as_deref())?,
            site,
            layout,
            now,
            groups: Mutex::new(BTreeMap::new()),
            fence: Mutex::new(fence.unwrap_or_default()),
            fencing: tokio::sync::Mutex::default(),
            making: tokio::sync::Mutex::default(),
            cloning: tokio::sync::Mutex::default(),
            under_way: Mutex::default(),
            config,
        });
        store
            .load()
            .await
            .map_err(|error| ConfigError::Root(store.config.root.clone(), error.to_string()))?;
        Ok(store)
    }

    async fn load(&self) -> Result<(), Error> {
        for name in disk::names(&self.layout.folder("state/groups"))? {
            let Some(name) = name.strip_suffix(".json").filter(|name| check(name).is_ok()) else {
                continue;
            };
            let id = ConsistencyGroupId::from(name);
            if let Some(leg) = disk::read::<Leg>(&self.layout.leg_file(&id)?)? {
                let sure = leg.is_alone(self.fence());
                self.begin(&id, leg, sure)?;
            }
        }
        for listed in &self.config.groups {
            match (self.find(&listed.id), listed.protected) {
                (Some(_), _) => {}
                (None, true) => self.create_group(&listed.id).await?,
                (None, false) => drop(self.expect(&listed.id).await?),
            }
        }
        for group in self.groups() {
            disk::remove_all(&self.layout.new_live(&group.id)?)?;
            disk::remove_all(&self.layout.incoming(&group.id)?)?;
            disk::remove_all(&self.layout.scratch(&group.id)?)?;
            let leg = group.leg.lock().await;
            // Its servers ended with the agent that had started them.
            self.settle_mirror(&group).await?;
            self.enforce(&group, &leg).await?;
        }
        self.say_what_waits().await;
        Ok(())
    }

    /// Makes a group whose life begins here: an empty folder, or the one that lies at
    /// `legs/GROUP` already, mounted and writable. The other site makes its replica when it hears of it.
    ///
    /// # Errors
    /// Where there is a leg of it here, the name cannot be used, or the disk says no.
    pub async fn create_group(&self, id: &ConsistencyGroupId) -> Result<(), Error> {
        let live = self.layout.live(id)?;
        let _turn = self.making.lock().await;
        if self.find(id).is_some() {
            return Err(Error::NotNow(format!("there is a leg of {id} here")));
        }
        fs::create_dir_all(&live).map_err(Error::io("cannot make", &live))?;
        let leg = Leg::first(&self.site, self.now());
        self.remember(id, &leg)?;
        self.begin(id, leg, true)?;
        disk::link(&self.layout.shown(id)?, &live)
    }

    /// Makes a replica that has nothing yet.
    pub(super) async fn expect(&self, id: &ConsistencyGroupId) -> Result<Arc<Group>, Error> {
        check(id.as_str())?;
        let _turn = self.making.lock().await;
        if let Some(group) = self.find(id) {
            return Ok(group);
        }
        let leg = Leg::empty();
        self.remember(id, &leg)?;
        self.begin(id, leg, true)
    }

    fn begin(&self, id: &ConsistencyGroupId, leg: Leg, sure: bool) -> Result<Arc<Group>, Error> {
        let folder = self.layout.points(id)?;
        fs::create_dir_all(&folder).map_err(Error::io("cannot make", &folder))?;
        let mut groups = self.groups_lock();
        let group = groups.entry(id.clone());
        Ok(group.or_insert_with(|| Arc::new(Group::new(id.clone(), leg, sure))).clone())
    }
}
