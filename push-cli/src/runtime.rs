//! The async runtime that was chosen, and the backend on it.

use std::sync::Arc;

use anyhow::{Context, Result};
use anypush::{
    AsyncStdRuntime, Backend, Compose, Openssl, Runtime, Rustls, SmolRuntime, TokioRuntime,
};

use crate::args::{BackendName, RuntimeName, TlsName};

/// Does the work on a backend, to its end; what was spawned besides is dropped with its runtime.
pub(crate) fn run<F, T>(name: BackendName, work: impl FnOnce(Arc<dyn Backend>) -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    match name.runtime {
        RuntimeName::Tokio => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .context("can't start the tokio runtime")?;
            let here = TokioRuntime::from_handle(runtime.handle().clone());
            let done = runtime.block_on(work(backend(here, name.tls)));
            // A name that is being looked up holds nobody up.
            runtime.shutdown_background();
            done
        }
        RuntimeName::Smol => smol::block_on(work(backend(SmolRuntime::new(), name.tls))),
        RuntimeName::AsyncStd => {
            async_std::task::block_on(work(backend(AsyncStdRuntime::new(), name.tls)))
        }
    }
}

fn backend(runtime: impl Runtime, tls: TlsName) -> Arc<dyn Backend> {
    match tls {
        TlsName::Rustls => Arc::new(Compose::new(runtime, Rustls::new())),
        TlsName::Openssl => Arc::new(Compose::new(runtime, Openssl::new())),
    }
}
