//! What the tokio runtime promises as a backend.

#![allow(clippy::unwrap_used)]

use std::net::TcpListener;
use std::time::{Duration, Instant};

use backend_tokio::TokioRuntime;
use push_core::{ErrorKind, Runtime};
use smol::io::{AsyncReadExt, AsyncWriteExt};

fn runtime() -> tokio::runtime::Runtime {
    tokio::runtime::Builder::new_multi_thread()
        .worker_threads(1)
        .enable_all()
        .build()
        .unwrap()
}

#[test]
fn outside_a_runtime_it_is_an_error_and_no_panic() {
    let error = TokioRuntime::current().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    assert!(error.to_string().contains("no tokio runtime"), "{error}");
}

#[test]
fn another_executor_may_poll_everything() {
    let tokio = runtime();
    let backend = TokioRuntime::from_handle(tokio.handle().clone());
    let listener = TcpListener::bind("127.0.0.1:0").unwrap();
    let address = listener.local_addr().unwrap();
    let echo = std::thread::spawn(move || {
        let (mut stream, _) = listener.accept().unwrap();
        std::io::copy(&mut stream.try_clone().unwrap(), &mut stream).unwrap();
    });
    smol::block_on(async {
        let found = backend.resolve("localhost", address.port()).await.unwrap();
        assert!(!found.is_empty());
        let mut stream = backend.connect_tcp(address).await.unwrap();
        assert_eq!(stream.peer_addr(), Some(address));
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
        let lock = backend.create_lock();
        drop(lock.lock().await);
        lock.lock().await;
    });
    echo.join().unwrap();
}

#[test]
fn a_task_of_an_ended_runtime_is_dropped_at_once() {
    struct Dropped(std::sync::mpsc::Sender<()>);
    impl Drop for Dropped {
        fn drop(&mut self) {
            let _ = self.0.send(());
        }
    }
    let tokio = runtime();
    let backend = TokioRuntime::from_handle(tokio.handle().clone());
    drop(tokio);
    let (sender, dropped) = std::sync::mpsc::channel();
    let task = Dropped(sender);
    backend.spawn(Box::pin(async move {
        let _task = task;
        std::future::pending::<()>().await;
    }));
    dropped.recv_timeout(Duration::from_secs(10)).unwrap();
}
