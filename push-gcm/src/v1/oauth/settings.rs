use std::sync::Arc;

use http::Uri;

use super::environment::{Environment, ProcessEnvironment};

/// What tokens are asked for by default.
pub(super) const MESSAGING: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// What the token must be good for that another account's token is asked for with.
pub(super) const CLOUD_PLATFORM: &str = "https://www.googleapis.com/auth/cloud-platform";

/// What the caller has set about credentials.
#[derive(Clone, Debug)]
pub(super) struct Settings {
    pub(super) scope: Arc<str>,
    pub(super) token_url: Option<Uri>,
    pub(super) impersonation_url: Option<Uri>,
    pub(super) metadata_url: Option<Uri>,
    pub(super) environment: Arc<dyn Environment>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            scope: MESSAGING.into(),
            token_url: None,
            impersonation_url: None,
            metadata_url: None,
            environment: Arc::new(ProcessEnvironment),
        }
    }
}
