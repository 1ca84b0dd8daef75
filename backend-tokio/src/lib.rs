//! The [tokio](https://docs.rs/tokio) backend of anypush.
//!
//! [`TokioRuntime`] is the [`Runtime`](push_core::Runtime), to be put together with any
//! [`Tls`](push_core::Tls); [`TokioBackend`] is ready for use, with rustls (feature `rustls`).

mod runtime;

pub use runtime::TokioRuntime;

#[cfg(feature = "rustls")]
pub use backend::TokioBackend;

#[cfg(feature = "rustls")]
mod backend {
    use push_core::{Compose, Result};
    use tls_rustls::Rustls;

    use crate::TokioRuntime;

    /// tokio with rustls: the default backend.
    #[derive(Debug)]
    pub struct TokioBackend {
        inner: Compose<TokioRuntime, Rustls>,
    }

    impl TokioBackend {
        /// On the runtime that this is called from.
        ///
        /// # Errors
        /// [`ErrorKind::Config`](push_core::ErrorKind::Config) outside a runtime.
        pub fn new() -> Result<Self> {
            Ok(Self::on(TokioRuntime::current()?))
        }

        /// On a runtime that is started for it and ends with it, for programs that have none.
        ///
        /// # Errors
        /// [`ErrorKind::Config`](push_core::ErrorKind::Config) when it can't be started.
        pub fn start() -> Result<Self> {
            Ok(Self::on(TokioRuntime::start()?))
        }

        /// On a given runtime.
        pub fn on(runtime: TokioRuntime) -> Self {
            Self {
                inner: Compose::new(runtime, Rustls::new()),
            }
        }
    }

    push_core::delegate_backend!(TokioBackend, inner);
}
