//! The async runtime that was chosen, and its backend.

use std::sync::Arc;

use anyhow::{Context, Result};
use anypush::{AsyncStdBackend, Backend, SmolBackend, TokioBackend};

use crate::args::RuntimeName;

/// Does the work on a runtime, to its end; what was spawned besides is dropped with it.
pub(crate) fn run<F, T>(runtime: RuntimeName, work: impl FnOnce(Arc<dyn Backend>) -> F) -> Result<T>
where
    F: Future<Output = Result<T>>,
{
    match runtime {
        RuntimeName::Tokio => {
            let runtime = tokio::runtime::Builder::new_multi_thread()
                .enable_all()
                .build()
                .context("can't start the tokio runtime")?;
            let done = runtime.block_on(async {
                let backend = TokioBackend::new()?;
                work(Arc::new(backend)).await
            });
            // A name that is being looked up holds nobody up.
            runtime.shutdown_background();
            done
        }
        RuntimeName::Smol => smol::block_on(work(Arc::new(SmolBackend::new()))),
        RuntimeName::AsyncStd => async_std::task::block_on(work(Arc::new(AsyncStdBackend::new()))),
    }
}
