//! The [smol](https://docs.rs/smol) backend of anypush. No part of tokio's runtime is in its
//! tree.
//!
//! [`SmolRuntime`] is the [`Runtime`](push_core::Runtime), to be put together with any
//! [`Tls`](push_core::Tls); [`SmolBackend`] is ready for use, with rustls (feature `rustls`).

mod runtime;

pub use runtime::SmolRuntime;

#[cfg(feature = "rustls")]
pub use backend::SmolBackend;

#[cfg(feature = "rustls")]
mod backend {
    use push_core::Compose;
    use tls_rustls::Rustls;

    use crate::SmolRuntime;

    /// smol with rustls.
    #[derive(Debug)]
    pub struct SmolBackend {
        inner: Compose<SmolRuntime, Rustls>,
    }

    impl SmolBackend {
        /// With tasks on smol's global executor.
        pub fn new() -> Self {
            Self::on(SmolRuntime::new())
        }

        /// On a given runtime.
        pub fn on(runtime: SmolRuntime) -> Self {
            Self {
                inner: Compose::new(runtime, Rustls::new()),
            }
        }
    }

    impl Default for SmolBackend {
        fn default() -> Self {
            Self::new()
        }
    }

    push_core::delegate_backend!(SmolBackend, inner);
}
