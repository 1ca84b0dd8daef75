//! What all requests to FCM have in common.

use super::clock::Moment;
use super::config::Config;
use super::ids::Ids;
use super::oauth::Grant;
use super::topics::Subscriptions;
use crate::service_account::ServiceAccount;
use crate::web::Tokens;

/// The service: its settings, the tokens that it has given, and who is subscribed to what.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(super) config: Config,
    pub(super) account: ServiceAccount,
    pub(super) tokens: Tokens<Grant>,
    pub(super) subscriptions: Subscriptions,
    pub(super) ids: Ids,
}

impl Shared {
    /// A service that takes the assertions of this account, and messages for its project.
    pub(crate) fn new(mut config: Config, account: ServiceAccount) -> Self {
        let fixed = std::mem::take(&mut config.access_tokens);
        Self {
            subscriptions: Subscriptions::new(config.max_topics),
            tokens: Tokens::new(fixed.into_iter().map(|token| (token, Grant::Messaging))),
            ids: Ids::new(),
            config,
            account,
        }
    }

    /// The topics that a registration is subscribed to, in their order.
    pub(crate) fn topics(&self, registration: &str) -> Vec<String> {
        self.subscriptions.topics(registration)
    }

    /// The present by the service's clock.
    pub(super) fn now(&self) -> Moment {
        Moment::now(self.config.clock_offset_seconds)
    }
}
