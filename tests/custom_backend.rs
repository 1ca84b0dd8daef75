//! The example `custom_backend` keeps the contract of a backend.

#![allow(clippy::unwrap_used, dead_code, unused_imports)]

#[path = "../examples/custom_backend/std_backend/mod.rs"]
mod std_backend;
#[path = "../examples/custom_backend/threads/mod.rs"]
mod threads;

use std::net::{SocketAddr, TcpStream};
use std::task::{Context, Waker};
use std::time::{Duration, Instant};

use backend_conformance::{Environment, suite};
use socket2::{Domain, Type};

fn environment() -> Environment {
    let executor = threads::Executor::start(2).unwrap();
    let backend = std_backend::StdBackend::new(&executor).unwrap();
    Environment::new(backend).ending_with(executor)
}

suite!(environment);

/// Beyond the suite: on Linux the blocking call that connects is broken off.
#[cfg(target_os = "linux")]
#[test]
fn a_dial_that_is_given_up_stops_trying() {
    let listener = full_listener();
    let port = listener.local_addr().unwrap().as_socket().unwrap().port();
    let executor = threads::Executor::start(1).unwrap();
    let backend = std_backend::StdBackend::new(&executor).unwrap();

    let target = anypush::Target::plain("127.0.0.1", port);
    let mut dial = anypush::Backend::connect(&backend, &target, None);
    let mut context = Context::from_waker(Waker::noop());
    assert!(dial.as_mut().poll(&mut context).is_pending());
    wait_until(|| is_connecting_to(port));
    drop(dial);
    wait_until(|| !is_connecting_to(port));
}

/// A listener whose queue is full: the system leaves whoever comes now without an answer.
#[cfg(target_os = "linux")]
fn full_listener() -> socket2::Socket {
    let listener = socket2::Socket::new(Domain::IPV4, Type::STREAM, None).unwrap();
    let any = SocketAddr::from(([127, 0, 0, 1], 0));
    listener.bind(&any.into()).unwrap();
    listener.listen(0).unwrap();
    let address = listener.local_addr().unwrap().as_socket().unwrap();
    let mut queued = Vec::new();
    let is_full = (0..8).any(|_| {
        let stream = TcpStream::connect_timeout(&address, Duration::from_millis(200));
        stream.map(|stream| queued.push(stream)).is_err()
    });
    assert!(is_full, "the queue takes more than {}", queued.len());
    // They stay in the queue, closed or not.
    listener
}

/// Whether this machine waits for an answer from a port.
#[cfg(target_os = "linux")]
fn is_connecting_to(port: u16) -> bool {
    // The peer's port, then the state, in hexadecimal: 02 is SYN_SENT.
    let wanted = format!(":{port:04X} 02 ");
    std::fs::read_to_string("/proc/net/tcp")
        .unwrap()
        .contains(&wanted)
}

#[cfg(target_os = "linux")]
fn wait_until(holds: impl Fn() -> bool) {
    let begun = Instant::now();
    while !holds() {
        assert!(begun.elapsed() < Duration::from_secs(20), "it never came");
        std::thread::park_timeout(Duration::from_millis(1));
    }
}
