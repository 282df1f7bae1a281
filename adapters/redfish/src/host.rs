//! A host, and what its power is now.

use std::sync::{Mutex, PoisonError};
use std::time::Duration;

use muster_plans::id::{HostId, SiteName};
use muster_plans::time::{Span, Time};
use tokio::time::sleep;

use crate::config::Now;
use crate::decide::Power;
use crate::error::Error;
use crate::way::Way;

/// How long things may take.
#[derive(Clone, Copy)]
pub(crate) struct Limits {
    pub(crate) land: Duration,
    pub(crate) confirm: Duration,
}

impl Limits {
    pub(crate) fn land_span(self) -> Span {
        Span::secs(self.land.as_secs())
    }
}

/// A host.
pub(crate) struct Host {
    pub(crate) id: HostId,
    pub(crate) site: SiteName,
    pub(crate) ways: Vec<Way>,
    pub(crate) limits: Limits,
    pub(crate) now: Now,
    /// When it was told to switch off last and was not proven to be off since.
    pub(crate) told_at: Mutex<Option<Time>>,
}

impl Host {
    pub(crate) fn told_at(&self) -> Option<Time> {
        *self.told_at.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn note(&self, told: Option<Time>) {
        *self.told_at.lock().unwrap_or_else(PoisonError::into_inner) = told;
    }

    /// What it is now, by the first way that answers; where it is off, read a second time.
    pub(crate) async fn look(&self) -> Result<Power, Error> {
        if self.glance().await? == Power::On {
            return Ok(Power::On);
        }
        sleep(self.limits.confirm).await;
        self.glance().await
    }

    async fn glance(&self) -> Result<Power, Error> {
        let mut first = None;
        for way in &self.ways {
            match way.look().await {
                Ok(look) => return Ok(look.power),
                Err(error @ Error::Stranger { .. }) => return Err(error),
                Err(error) => first = first.or(Some(error)),
            }
        }
        Err(first.unwrap_or_else(|| Error::Unsupported("there is no way to it".to_owned())))
    }
}
