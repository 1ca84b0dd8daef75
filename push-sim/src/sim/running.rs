//! The thread on which everything runs.

use std::thread::JoinHandle;

use tokio::sync::oneshot;

use crate::{Error, Result};

/// Starts a listener, on the simulator's runtime.
pub(super) type Task = Box<dyn FnOnce() -> std::io::Result<()> + Send>;

/// The thread on which everything runs.
#[derive(Debug)]
pub(super) struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Running {
    pub(super) fn start(tasks: Vec<Task>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Thread)?;
        {
            let _inside = runtime.enter();
            for task in tasks {
                task().map_err(Error::Thread)?;
            }
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("push-sim".to_owned())
            .spawn(move || {
                // Ready too when the sender is dropped.
                let _ = runtime.block_on(stopped);
            })
            .map_err(Error::Thread)?;
        Ok(Self { stop, thread })
    }

    pub(super) fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the simulator's thread panicked");
        }
    }
}
