//! The `metrics` facade is told of requests by HTTP/1.1, too.

#![cfg(all(feature = "http1", feature = "metrics"))]
#![allow(clippy::unwrap_used)]

mod http1;

use std::cell::RefCell;
use std::collections::BTreeMap;

use backend_simulated::Simulation;
use futures_util::future::join_all;
use http1::*;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};
use push_core::ResendUnknown;

#[test]
fn requests_by_http1_count_as_those_by_http2() {
    let recorder = DebuggingRecorder::new();
    let sim = &Simulation::new(1);
    let told = RefCell::new(BTreeMap::<String, f64>::new());
    let read = |name: &str| {
        // A snapshot tells what changed since the last one.
        for (key, _, _, value) in recorder.snapshotter().snapshot().into_vec() {
            let change = match value {
                DebugValue::Gauge(value) => value.into_inner(),
                DebugValue::Counter(count) => count as f64,
                DebugValue::Histogram(took) => took.len() as f64,
            };
            let mut told = told.borrow_mut();
            *told.entry(key.key().name().to_owned()).or_default() += change;
        }
        told.borrow().get(name).copied().unwrap_or_default()
    };
    metrics::with_local_recorder(&recorder, || {
        let _server = Server::start(sim, |seen| match seen.number {
            0..3 => vec![Act::Wait(SECOND), ok("")],
            _ => vec![Act::Close],
        });
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        let asked: Vec<_> = (0..3).map(|number| client.send(number, MINUTE)).collect();
        sim.advance(SECOND);
        assert_eq!(read("anypush_requests_waiting"), 2.0);
        for ended in sim.block_on(join_all(asked)) {
            ended.outcome.unwrap();
        }
        assert_eq!(read("anypush_requests_waiting"), 0.0);
        let mut lost = Numbered::new(3);
        lost.resend = ResendUnknown::Times(1);
        client.put(lost, MINUTE).outcome.unwrap_err();
        let late = client.ask(4, std::time::Duration::ZERO);
        late.outcome.unwrap_err();
        for (name, count) in [
            ("requests_sent_total", 5.0),
            ("requests_answered_total", 3.0),
            ("requests_resent_total", 1.0),
            ("requests_lost_total", 2.0),
            ("requests_timed_out_total", 1.0),
            ("request_seconds", 3.0),
            ("dials_failed_total", 0.0),
        ] {
            assert_eq!(read(&format!("anypush_{name}")), count, "{name}");
        }
        sim.block_on(client.session.shutdown(SECOND));
        assert_eq!(read("anypush_connections"), 0.0);
    });
}
