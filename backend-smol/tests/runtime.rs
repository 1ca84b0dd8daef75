//! What smol promises beside the contract of every backend.

#![allow(clippy::unwrap_used)]

use std::sync::Arc;

use backend_smol::SmolRuntime;
use push_core::Runtime;

#[test]
fn tasks_run_on_the_executor_that_was_given_and_end_with_it() {
    let executor = Arc::new(smol::Executor::new());
    let backend = SmolRuntime::with_executor(&executor);
    let (sender, receiver) = smol::channel::bounded(1);
    backend.spawn(Box::pin(async move {
        let _ = sender.send("ran").await;
    }));
    assert!(
        receiver.try_recv().is_err(),
        "nobody drives the executor yet"
    );
    let ran = smol::block_on(executor.run(receiver.recv()));
    assert_eq!(ran, Ok("ran"));

    drop(executor);
    let (sender, receiver) = smol::channel::bounded::<()>(1);
    backend.spawn(Box::pin(async move {
        let _sender = sender;
        std::future::pending::<()>().await;
    }));
    assert!(receiver.is_closed(), "the task was dropped at once");
}
