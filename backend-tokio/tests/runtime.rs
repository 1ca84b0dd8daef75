//! What the tokio runtime promises beside the contract of every backend.

#![allow(clippy::unwrap_used)]

use backend_tokio::TokioRuntime;
use push_core::ErrorKind;

#[test]
fn outside_a_runtime_it_is_an_error_and_no_panic() {
    let error = TokioRuntime::current().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("no tokio runtime"), "{error}");
}
