//! This client's backends, each run on one thread, tasks and all.

use std::sync::Arc;

use anyhow::Result;
use anypush::{AsyncStdRuntime, Backend, Compose, Openssl, Rustls, SmolRuntime, TokioRuntime};
use smol::Executor;

/// The variable that holds async-std's executor to one thread, with its value.
pub const ONE_THREAD: (&str, &str) = ("ASYNC_STD_THREAD_COUNT", "1");

/// The runtimes.
#[derive(Debug, Clone, Copy)]
pub enum Runtime {
    /// tokio.
    Tokio,
    /// smol.
    Smol,
    /// async-std.
    AsyncStd,
}

/// The TLS stacks.
#[derive(Debug, Clone, Copy)]
pub enum Stack {
    /// rustls.
    Rustls,
    /// OpenSSL, built from source.
    Openssl,
}

impl Stack {
    fn on(self, runtime: impl anypush::Runtime) -> Arc<dyn Backend> {
        match self {
            Self::Rustls => Arc::new(Compose::new(runtime, Rustls::new())),
            Self::Openssl => Arc::new(Compose::new(runtime, Openssl::new())),
        }
    }
}

/// Runs it on one thread, tasks and all; with async-std the environment has to hold
/// [`ONE_THREAD`].
///
/// # Errors
/// The work's own, or the runtime can't be started.
pub fn alone<T, F>(
    runtime: Runtime,
    stack: Stack,
    work: impl FnOnce(Arc<dyn Backend>) -> F,
) -> Result<T>
where
    T: Send + 'static,
    F: Future<Output = Result<T>> + Send + 'static,
{
    match runtime {
        Runtime::Tokio => on_tokio(async {
            let backend = stack.on(TokioRuntime::current()?);
            work(backend).await
        }),
        Runtime::Smol => {
            let executor = Arc::new(Executor::new());
            let backend = stack.on(SmolRuntime::with_executor(&executor));
            smol::block_on(executor.run(work(backend)))
        }
        // Its executor has threads of its own: as a task the work is on them too, and this thread
        // only waits.
        Runtime::AsyncStd => {
            let backend = stack.on(AsyncStdRuntime::new());
            async_std::task::block_on(async_std::task::spawn(work(backend)))
        }
    }
}

/// Runs it on tokio, on this thread alone.
///
/// # Errors
/// The work's own, or the runtime can't be started.
pub fn on_tokio<T>(work: impl Future<Output = Result<T>>) -> Result<T> {
    tokio::runtime::Builder::new_current_thread()
        .enable_all()
        .build()?
        .block_on(work)
}
