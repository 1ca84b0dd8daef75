//! The services that run, for those who watch and steer them.

use std::collections::BTreeMap;
use std::sync::Arc;

use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::{Action, Error, Fault, Received, Result, Service, ServiceStats};

/// Counters by service.
pub type Stats = BTreeMap<Service, ServiceStats>;

#[derive(Debug, Default)]
pub(crate) struct Services(BTreeMap<Service, Arc<Ledger>>);

impl Services {
    pub(crate) fn add(&mut self, service: Service, journal: Journal) -> Arc<Ledger> {
        let ledger = Arc::new(Ledger::new(journal));
        self.0.insert(service, Arc::clone(&ledger));
        ledger
    }

    fn running(&self, service: Service) -> Result<&Ledger> {
        let missing = || Error::Service(service.as_str().to_owned());
        self.0.get(&service).map(Arc::as_ref).ok_or_else(missing)
    }

    pub(crate) fn stats(&self) -> Stats {
        let stats = self
            .0
            .iter()
            .map(|(service, ledger)| (*service, ledger.stats()));
        stats.collect()
    }

    pub(crate) fn received(&self, service: Service, limit: usize) -> Result<Vec<Received>> {
        Ok(self.running(service)?.received(limit))
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
        if !action.needs_no_request() {
            let line = "this action needs a request, and can't be applied to a connection";
            return Err(Error::Fault(line.to_owned()));
        }
        Ok(ledger.apply(action))
    }

    pub(crate) fn clear_faults(&self) {
        self.0.values().for_each(|ledger| ledger.clear_faults());
    }

    pub(crate) fn reset(&self) {
        self.0.values().for_each(|ledger| ledger.reset());
    }
}
