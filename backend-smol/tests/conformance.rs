//! The contract of every backend, kept by smol with rustls.

#![allow(clippy::unwrap_used)]

/// Tasks on smol's global executor.
mod global {
    use backend_conformance::{Environment, suite};
    use backend_smol::SmolBackend;

    fn environment() -> Environment {
        Environment::new(SmolBackend::new())
    }

    suite!(environment);
}

/// Tasks on an executor of one's own, which a thread drives.
mod own {
    use std::panic::{AssertUnwindSafe, catch_unwind};
    use std::sync::Arc;
    use std::thread::{self, JoinHandle};

    use backend_conformance::{Environment, suite};
    use backend_smol::{SmolBackend, SmolRuntime};
    use smol::Executor;
    use smol::channel::{Sender, bounded};

    struct Driven {
        executor: Option<Arc<Executor<'static>>>,
        stop: Sender<()>,
        thread: Option<JoinHandle<()>>,
    }

    impl Drop for Driven {
        fn drop(&mut self) {
            self.stop.close();
            if let Some(thread) = self.thread.take() {
                thread.join().unwrap();
            }
            self.executor = None;
        }
    }

    fn environment() -> Environment {
        let executor = Arc::new(Executor::new());
        let (stop, stopped) = bounded::<()>(1);
        let driving = executor.clone();
        let thread = thread::spawn(move || {
            let run = || smol::block_on(driving.run(stopped.recv()));
            // A task that panics ends the run, and not the executor.
            while catch_unwind(AssertUnwindSafe(run)).is_err() {}
        });
        let backend = SmolBackend::on(SmolRuntime::with_executor(&executor));
        Environment::new(backend).ending_with(Driven {
            executor: Some(executor),
            stop,
            thread: Some(thread),
        })
    }

    suite!(environment);
}
