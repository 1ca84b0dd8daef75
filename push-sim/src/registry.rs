//! The connections that are open, for those who command them.

use std::collections::BTreeMap;

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use crate::fault::Action;

/// Where the connections of one service listen for actions.
#[derive(Debug, Default)]
pub(crate) struct Registry {
    open: BTreeMap<u64, UnboundedSender<Action>>,
    given: u64,
}

impl Registry {
    /// Adds a connection: the number by which it is removed, and what it is told.
    pub(crate) fn add(&mut self) -> (u64, UnboundedReceiver<Action>) {
        let (sender, receiver) = unbounded_channel();
        let number = self.given;
        self.given += 1;
        self.open.insert(number, sender);
        (number, receiver)
    }

    pub(crate) fn remove(&mut self, number: u64) {
        self.open.remove(&number);
    }

    /// Tells all of them; how many there are.
    pub(crate) fn apply(&self, action: &Action) -> usize {
        let told = self
            .open
            .values()
            .filter(|connection| connection.send(action.clone()).is_ok());
        told.count()
    }
}
