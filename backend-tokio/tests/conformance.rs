//! The contract of every backend, kept by tokio with rustls.

#![allow(clippy::unwrap_used)]

use backend_conformance::Environment;
use backend_tokio::{TokioBackend, TokioRuntime};
use tokio::runtime::Builder;

/// A runtime with threads of its own.
mod many_threads {
    use super::*;

    fn environment() -> Environment {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let backend = TokioBackend::on(TokioRuntime::from_handle(runtime.handle().clone()));
        Environment::new(backend).ending_with(runtime)
    }

    backend_conformance::suite!(environment);
}

/// A runtime that lives on the one thread that drives it.
mod one_thread {
    use std::thread::{self, JoinHandle};

    use tokio::sync::oneshot;

    use super::*;

    struct Driven {
        stop: Option<oneshot::Sender<()>>,
        thread: Option<JoinHandle<()>>,
    }

    impl Drop for Driven {
        fn drop(&mut self) {
            self.stop = None;
            if let Some(thread) = self.thread.take() {
                thread.join().unwrap();
            }
        }
    }

    fn environment() -> Environment {
        let runtime = Builder::new_current_thread().enable_all().build().unwrap();
        let backend = TokioBackend::on(TokioRuntime::from_handle(runtime.handle().clone()));
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = thread::spawn(move || {
            let _ = runtime.block_on(stopped);
        });
        Environment::new(backend).ending_with(Driven {
            stop: Some(stop),
            thread: Some(thread),
        })
    }

    backend_conformance::suite!(environment);
}

/// A runtime that the backend has started itself.
mod own_runtime {
    use super::*;

    fn environment() -> Environment {
        Environment::new(TokioBackend::start().unwrap())
    }

    backend_conformance::suite!(environment);
}
