use std::time::Duration;

use push_core::{Compose, Runtime};

use crate::Openssl;

/// Any runtime with OpenSSL.
#[derive(Debug)]
pub struct OpensslBackend<R> {
    inner: Compose<R, Openssl>,
}

impl<R: Runtime> OpensslBackend<R> {
    /// On a given runtime.
    pub fn new(runtime: R) -> Self {
        Self {
            inner: Compose::new(runtime, Openssl::new()),
        }
    }

    /// How long resolving, connecting and the handshake may take together. Default: 60 seconds; a
    /// session has a limit of its own, which is shorter.
    #[must_use]
    pub fn connect_timeout(mut self, timeout: Duration) -> Self {
        self.inner = self.inner.connect_timeout(timeout);
        self
    }
}

push_core::delegate_backend!(impl[R: Runtime] OpensslBackend<R>, inner);
