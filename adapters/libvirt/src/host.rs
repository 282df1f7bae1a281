//! A host that was opened.

use std::time::Duration;

use libvirt_xdr::opaque::FixedOpaque16;
use tokio::sync::broadcast;
use uuid::Uuid;

use crate::rpc::{
    AuthList, AuthPolkit, Call, CallError, ConnectOpen, Connection, DomainRef, GetHostname, GetXml,
    LineError, ListAllDomains, LookupByUuid, RegisterEvent, SupportsFeature, Tls, Told, code, dial,
};
use crate::uri::HostUri;

/// How long a daemon has for what it answers from what it knows.
const PATIENCE: Duration = Duration::from_secs(10);

/// `VIR_DRV_FEATURE_PROGRAM_KEEPALIVE`.
const KEEPALIVE: i32 = 10;

/// Ways to say who one is (`remote_auth_type`).
const AUTH_NONE: i32 = 0;
const AUTH_POLKIT: i32 = 2;

/// A host that cannot be opened.
#[derive(Debug, thiserror::Error)]
pub enum OpenError {
    /// There is no way to it.
    #[error(transparent)]
    Line(#[from] LineError),
    /// It asks for a name and a password.
    #[error("{0} asks for SASL, which is not spoken; use TLS with certificates, or ssh")]
    Sasl(String),
    /// It answers, and does not want to be opened.
    #[error("{place} cannot be opened: {source}")]
    Refused {
        /// Where.
        place: String,
        /// What it says.
        source: CallError,
    },
}

/// A host's daemon, opened.
pub struct Host {
    connection: Connection,
}

impl Host {
    /// Opens a host. What happens to its domains from then on is told to the receiver.
    ///
    /// # Errors
    /// Where it is out of reach or does not want to.
    pub async fn open(
        uri: &HostUri,
        tls: Option<&Tls>,
    ) -> Result<(Host, broadcast::Receiver<Told>), OpenError> {
        let refused = |source| OpenError::Refused { place: uri.to_string(), source };
        let connection = Connection::over(dial(uri, tls).await?);
        let ways = connection.call(&AuthList {}, PATIENCE).await.map_err(refused)?;
        if !ways.contains(&AUTH_NONE) {
            if !ways.contains(&AUTH_POLKIT) {
                return Err(OpenError::Sasl(uri.to_string()));
            }
            connection.call(&AuthPolkit {}, PATIENCE).await.map_err(refused)?;
        }
        // The daemon itself answers this, before there is a driver.
        let keeps = SupportsFeature { feature: KEEPALIVE };
        let keeps = connection.call(&keeps, PATIENCE).await.map_err(refused)?;
        if keeps.number == 1 {
            connection.keep_alive();
        }
        let open = ConnectOpen { name: Some(uri.local.clone()), flags: 0 };
        connection.call(&open, PATIENCE).await.map_err(refused)?;
        let told = connection.listen();
        let lives = RegisterEvent { event: 0, domain: None };
        connection.call(&lives, PATIENCE).await.map_err(refused)?;
        Ok((Host { connection }, told))
    }

    /// Whether its line is there, as far as it is known.
    pub fn is_open(&self) -> bool {
        self.connection.is_open()
    }

    /// Whether it owes no answer.
    pub(crate) fn is_quiet(&self) -> bool {
        self.connection.is_quiet()
    }

    /// Does something for as long as this host is kept.
    pub(crate) fn attend(&self, work: impl Future<Output = ()> + Send + 'static) {
        self.connection.attend(work);
    }

    /// Asks for something that is answered from what the daemon knows.
    ///
    /// # Errors
    /// With what is known of whether it had an effect.
    pub async fn ask<C: Call>(&self, call: &C) -> Result<C::Answer, CallError>
    where
        C::Answer: serde::de::DeserializeOwned,
    {
        self.connection.call(call, PATIENCE).await
    }

    /// The same of what takes its time.
    ///
    /// # Errors
    /// With what is known of whether it had an effect.
    pub async fn ask_for<C: Call>(
        &self,
        call: &C,
        patience: Duration,
    ) -> Result<C::Answer, CallError>
    where
        C::Answer: serde::de::DeserializeOwned,
    {
        self.connection.call(call, patience).await
    }

    /// Its name.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn hostname(&self) -> Result<String, CallError> {
        Ok(self.ask(&GetHostname {}).await?.text)
    }

    /// All domains that it knows, whether they run or not.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn domains(&self) -> Result<Vec<DomainRef>, CallError> {
        Ok(self.ask(&ListAllDomains { need_results: 1, flags: 0 }).await?.domains)
    }

    /// The domain with an id; `None`: it knows none.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn domain(&self, uuid: Uuid) -> Result<Option<DomainRef>, CallError> {
        match self.ask(&LookupByUuid { uuid: FixedOpaque16(*uuid.as_bytes()) }).await {
            Ok(domain) => Ok(Some(domain)),
            Err(error) if error.code() == Some(code::NO_DOMAIN) => Ok(None),
            Err(error) => Err(error),
        }
    }

    /// What a domain is made of. `next`: as it will be started, and not as it runs.
    ///
    /// # Errors
    /// Where it does not answer.
    pub async fn xml(&self, domain: &DomainRef, next: bool) -> Result<String, CallError> {
        // With what is secret (1): it is written back, and libvirt would take it for left out.
        let flags = if next { 2 | 1 } else { 0 };
        Ok(self.ask(&GetXml { domain: domain.clone(), flags }).await?.text)
    }
}
