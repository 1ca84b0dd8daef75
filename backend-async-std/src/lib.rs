//! The [async-std](https://docs.rs/async-std) backend of anypush. No part of tokio's runtime is in
//! its tree.
//!
//! **async-std is discontinued** ([RUSTSEC-2025-0052]); its authors name smol as the successor. This
//! backend is for programs that are still on it. New ones take the smol backend.
//!
//! [`AsyncStdRuntime`] is the [`Runtime`](push_core::Runtime), to be put together with any
//! [`Tls`](push_core::Tls); [`AsyncStdBackend`] is ready for use, with rustls (feature `rustls`).
//!
//! [RUSTSEC-2025-0052]: https://rustsec.org/advisories/RUSTSEC-2025-0052.html

mod runtime;

pub use runtime::AsyncStdRuntime;

#[cfg(feature = "rustls")]
pub use backend::AsyncStdBackend;

#[cfg(feature = "rustls")]
mod backend {
    use push_core::Compose;
    use tls_rustls::Rustls;

    use crate::AsyncStdRuntime;

    /// async-std with rustls.
    #[derive(Debug)]
    pub struct AsyncStdBackend {
        inner: Compose<AsyncStdRuntime, Rustls>,
    }

    impl AsyncStdBackend {
        /// With tasks on async-std's global executor.
        pub fn new() -> Self {
            Self {
                inner: Compose::new(AsyncStdRuntime::new(), Rustls::new()),
            }
        }
    }

    impl Default for AsyncStdBackend {
        fn default() -> Self {
            Self::new()
        }
    }

    push_core::delegate_backend!(AsyncStdBackend, inner);
}
