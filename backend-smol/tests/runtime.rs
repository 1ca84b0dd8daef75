//! What smol promises as a backend.

#![allow(clippy::unwrap_used)]

use std::net::TcpListener;
use std::sync::Arc;
use std::time::{Duration, Instant};

use backend_smol::SmolRuntime;
use push_core::Runtime;
use smol::io::{AsyncReadExt, AsyncWriteExt};

#[test]
fn another_executor_may_poll_everything() {
    let backend = SmolRuntime::new();
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let echo = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::copy(&mut stream.try_clone().unwrap(), &mut stream).unwrap();
    });
    let work = async {
        assert!(!backend.resolve("localhost", 1).await.unwrap().is_empty());
        let mut stream = backend.connect_tcp(address).await.unwrap();
        stream.write_all(b"hello").await.unwrap();
        stream.close().await.unwrap();
        let mut echoed = Vec::new();
        stream.read_to_end(&mut echoed).await.unwrap();
        assert_eq!(echoed, b"hello");
        backend
            .sleep_until(Instant::now() + Duration::from_millis(5))
            .await;
        backend
            .sleep_until(Instant::now() - Duration::from_secs(1))
            .await;
        drop(backend.create_lock().lock().await);
    };
    block_on(work);
    echo.join().unwrap();
}

/// The smallest executor there is: parks its thread.
fn block_on<F: Future>(future: F) -> F::Output {
    struct Unpark(std::thread::Thread);
    impl std::task::Wake for Unpark {
        fn wake(self: Arc<Self>) {
            self.0.unpark();
        }
    }
    let waker = Arc::new(Unpark(std::thread::current())).into();
    let mut cx = std::task::Context::from_waker(&waker);
    let mut future = std::pin::pin!(future);
    loop {
        match future.as_mut().poll(&mut cx) {
            std::task::Poll::Ready(output) => return output,
            std::task::Poll::Pending => std::thread::park(),
        }
    }
}

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
