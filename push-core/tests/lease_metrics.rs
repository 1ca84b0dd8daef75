//! The `metrics` facade is told of exclusive connections, too.

#![cfg(all(feature = "http2", feature = "metrics"))]
#![allow(clippy::unwrap_used)]

mod leased;

use std::cell::RefCell;
use std::collections::BTreeMap;

use backend_simulated::{Dial, Side, Simulation};
use leased::*;
use metrics_util::debugging::{DebugValue, DebuggingRecorder};

#[test]
fn leases_count_among_the_connections() {
    let recorder = DebuggingRecorder::new();
    let sim = &Simulation::new(1);
    let told = RefCell::new(BTreeMap::<String, f64>::new());
    let read = |name: &str| {
        // A snapshot tells what changed since the last one.
        for (key, _, _, value) in recorder.snapshotter().snapshot().into_vec() {
            let change = match value {
                DebugValue::Gauge(value) => value.into_inner(),
                DebugValue::Counter(count) => count as f64,
                DebugValue::Histogram(_) => continue,
            };
            let mut told = told.borrow_mut();
            *told.entry(key.key().name().to_owned()).or_default() += change;
        }
        told.borrow().get(name).copied().unwrap_or_default()
    };
    let connections = || read("anypush_connections");
    metrics::with_local_recorder(&recorder, || {
        let echo = Echo::start(sim);
        let session = session(sim);
        let lease = used(sim, cached(&session));
        assert_eq!(connections(), 1.0);
        use_once(sim, &session);
        assert_eq!(connections(), 2.0, "one is leased and one idles");
        drop(lease);
        assert_eq!(connections(), 1.0);
        echo.cables()[1].close(Side::Server);
        sim.advance(SECOND);
        assert_eq!(connections(), 0.0);
        used(sim, cached(&session)).release();
        assert_eq!(read("anypush_connections_opened_total"), 3.0);
        sim.network().next_dials(HOST, PORT, [Dial::Refuse]);
        sim.block_on(uncached(&session).ready()).unwrap_err();
        assert_eq!(read("anypush_dials_failed_total"), 1.0);
        sim.block_on(session.shutdown(SECOND));
        assert_eq!(connections(), 0.0);
    });
}
