use std::hash::{Hash, Hasher};
use std::sync::Arc;

use crate::http::Limits;
use crate::{Fingerprint, Proxy, Security, Target};

/// Everything that decides whether two requests may share a connection.
#[derive(Clone, Debug)]
pub(crate) struct Key {
    pub(crate) target: Target,
    pub(crate) certificate: Option<Fingerprint>,
    /// The account whose credential the connection carries, such as team and key id.
    pub(crate) scope: Arc<str>,
    /// By the word of whoever sends there.
    pub(crate) limits: Limits,
}

impl Key {
    #[allow(clippy::type_complexity)]
    fn parts(
        &self,
    ) -> (
        &str,
        u16,
        &Security,
        usize,
        Option<&Proxy>,
        Option<Fingerprint>,
        &str,
        Limits,
    ) {
        (
            &self.target.host,
            self.target.port,
            &self.target.security,
            self.target.egress.identity(),
            self.target.proxy.as_ref(),
            self.certificate,
            &self.scope,
            self.limits,
        )
    }
}

impl PartialEq for Key {
    fn eq(&self, other: &Self) -> bool {
        self.parts() == other.parts()
    }
}

impl Eq for Key {}

impl Hash for Key {
    fn hash<H: Hasher>(&self, state: &mut H) {
        self.parts().hash(state);
    }
}
