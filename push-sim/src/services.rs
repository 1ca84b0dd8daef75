//! The services that run, for those who watch and steer them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::feedback::{Entry, List};
use crate::ledger::Ledger;
use crate::web::Site;
use crate::webpush::Store;
use crate::wns::Channels;
use crate::{Action, Error, Fault, Received, Result, Service, ServiceStats};

/// Counters by service.
pub type Stats = BTreeMap<Service, ServiceStats>;

#[derive(Debug, Default)]
pub(crate) struct Services {
    ledgers: BTreeMap<Service, Arc<Ledger>>,
    /// What the feedback service has to tell, if it runs.
    list: Option<Arc<List>>,
    /// The web services that run.
    sites: Vec<(Service, Arc<dyn Site>)>,
    /// The subscriptions of browsers' push services, if they run.
    subscriptions: Option<Arc<Store>>,
    /// The channels of WNS, if it runs.
    channels: Option<Arc<Channels>>,
}

impl Services {
    pub(crate) fn add(&mut self, service: Service, ledger: Ledger) -> Arc<Ledger> {
        let ledger = Arc::new(ledger);
        self.ledgers.insert(service, Arc::clone(&ledger));
        ledger
    }

    pub(crate) fn add_list(&mut self, list: List) -> Arc<List> {
        let list = Arc::new(list);
        self.list = Some(Arc::clone(&list));
        list
    }

    pub(crate) fn add_site(&mut self, service: Service, site: Arc<dyn Site>) -> Arc<dyn Site> {
        self.sites.push((service, Arc::clone(&site)));
        site
    }

    pub(crate) fn add_subscriptions(&mut self, store: Store) -> Arc<Store> {
        let store = Arc::new(store);
        self.subscriptions = Some(Arc::clone(&store));
        store
    }

    /// The subscriptions of browsers' push services.
    pub(crate) fn subscriptions(&self) -> Result<&Store> {
        let missing = || Error::Service(Service::Web.as_str().to_owned());
        self.subscriptions.as_deref().ok_or_else(missing)
    }

    pub(crate) fn add_channels(&mut self, channels: Channels) -> Arc<Channels> {
        let channels = Arc::new(channels);
        self.channels = Some(Arc::clone(&channels));
        channels
    }

    /// The channels of WNS.
    pub(crate) fn channels(&self) -> Result<&Channels> {
        let missing = || Error::Service(Service::Wns.as_str().to_owned());
        self.channels.as_deref().ok_or_else(missing)
    }

    /// Makes invalid the access tokens that the service's token endpoints have given; how many.
    pub(crate) fn revoke_access_tokens(&self, service: Service) -> Result<usize> {
        self.running(service)?;
        let mut sites = self.sites.iter();
        let revoked =
            sites.find_map(|(of, site)| (*of == service).then(|| site.revoke_tokens())?);
        revoked.ok_or(Error::Tokenless(service))
    }

    /// Makes an access token invalid; whether there was such a one.
    pub(crate) fn revoke_access_token(&self, service: Service, token: &str) -> Result<bool> {
        self.running(service)?;
        let mut sites = self.sites.iter();
        let revoked =
            sites.find_map(|(of, site)| (*of == service).then(|| site.revoke_token(token))?);
        revoked.ok_or(Error::Tokenless(service))
    }

    fn running(&self, service: Service) -> Result<&Ledger> {
        let missing = || Error::Service(service.as_str().to_owned());
        self.ledgers
            .get(&service)
            .map(Arc::as_ref)
            .ok_or_else(missing)
    }

    pub(crate) fn stats(&self) -> Stats {
        let stats = self
            .ledgers
            .iter()
            .map(|(service, ledger)| (*service, ledger.stats()));
        stats.collect()
    }

    pub(crate) fn received(&self, service: Service, limit: usize) -> Result<Vec<Received>> {
        Ok(self.running(service)?.received(limit))
    }

    /// How often each token was taken.
    pub(crate) fn tokens(&self, service: Service) -> Result<BTreeMap<String, u64>> {
        let tokens = self.running(service)?.tokens();
        tokens.ok_or(Error::Uncounted(service))
    }

    /// Adds entries to the list of the feedback service; how many it has then.
    pub(crate) fn feedback(&self, entries: &[Entry]) -> Result<usize> {
        let missing = || Error::Service(Service::ApnsFeedback.as_str().to_owned());
        let list = self.list.as_ref().ok_or_else(missing)?;
        list.add(entries)?;
        Ok(list.len())
    }

    /// All of them, or none if a service does not run or a fault makes no sense.
    pub(crate) fn fault(&self, faults: Vec<Fault>) -> Result<()> {
        for fault in &faults {
            self.running(fault.service)?;
            fault.check()?;
        }
        for fault in faults {
            self.running(fault.service)?.fault(fault);
        }
        Ok(())
    }

    /// On how many connections the action is carried out.
    pub(crate) fn apply(&self, service: Service, action: &Action) -> Result<usize> {
        let ledger = self.running(service)?;
        action.check().map_err(Error::Fault)?;
        action.applies(service).map_err(Error::Fault)?;
        Ok(ledger.apply(action))
    }

    pub(crate) fn clear_faults(&self) {
        self.ledgers
            .values()
            .for_each(|ledger| ledger.clear_faults());
    }

    pub(crate) fn reset(&self) {
        self.ledgers.values().for_each(|ledger| ledger.reset());
        if let Some(list) = &self.list {
            list.clear();
        }
        self.sites.iter().for_each(|(_, site)| site.reset());
    }
}
