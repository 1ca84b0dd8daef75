//! The contract of every backend, kept by async-std with rustls.

use backend_async_std::AsyncStdBackend;
use backend_conformance::{Environment, suite};

fn environment() -> Environment {
    Environment::new(AsyncStdBackend::new())
}

suite!(environment);
