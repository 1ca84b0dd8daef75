//! The contract of every backend, kept by OpenSSL on each runtime.

#![allow(clippy::unwrap_used)]

use backend_conformance::Environment;
use backend_openssl::OpensslBackend;

mod on_tokio {
    use backend_tokio::TokioRuntime;
    use tokio::runtime::Builder;

    use super::*;

    fn environment() -> Environment {
        let runtime = Builder::new_multi_thread()
            .worker_threads(2)
            .enable_all()
            .build()
            .unwrap();
        let backend = OpensslBackend::new(TokioRuntime::from_handle(runtime.handle().clone()));
        Environment::new(backend).ending_with(runtime)
    }

    backend_conformance::suite!(environment);
}

mod on_smol {
    use backend_smol::SmolRuntime;

    use super::*;

    fn environment() -> Environment {
        Environment::new(OpensslBackend::new(SmolRuntime::new()))
    }

    backend_conformance::suite!(environment);
}

mod on_async_std {
    use backend_async_std::AsyncStdRuntime;

    use super::*;

    fn environment() -> Environment {
        Environment::new(OpensslBackend::new(AsyncStdRuntime::new()))
    }

    backend_conformance::suite!(environment);
}
