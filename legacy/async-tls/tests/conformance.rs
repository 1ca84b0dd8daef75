//! The contract of every backend, kept by async-tls on each runtime that the tests have.

#![allow(clippy::unwrap_used)]

use backend_conformance::{Capability, Environment};
use legacy_async_tls::AsyncTls;
use push_core::{Compose, Runtime};

fn over(runtime: impl Runtime) -> Environment {
    // What is agreed can't be read.
    Environment::new(Compose::new(runtime, AsyncTls::new())).without(Capability::Alpn)
}

mod smol {
    use backend_conformance::{Environment, suite};
    use backend_smol::SmolRuntime;

    fn environment() -> Environment {
        super::over(SmolRuntime::new())
    }

    suite!(environment);
}

mod async_std {
    use backend_async_std::AsyncStdRuntime;
    use backend_conformance::{Environment, suite};

    fn environment() -> Environment {
        super::over(AsyncStdRuntime::new())
    }

    suite!(environment);
}
