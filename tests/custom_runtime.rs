//! The example `custom_runtime`, with anypush's TLS on it, keeps the contract of a backend.

#![allow(clippy::unwrap_used, dead_code, unused_imports)]

#[path = "../examples/custom_backend/threads/mod.rs"]
mod threads;
#[path = "../examples/custom_runtime/threads_runtime.rs"]
mod threads_runtime;

use anypush::{Compose, Rustls};
use backend_conformance::{Environment, suite};

fn environment() -> Environment {
    let executor = threads::Executor::start(2).unwrap();
    let runtime = threads_runtime::ThreadsRuntime::new(&executor).unwrap();
    Environment::new(Compose::new(runtime, Rustls::new())).ending_with(executor)
}

suite!(environment);
