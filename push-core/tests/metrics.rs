//! The `metrics` facade is told what the connections do.

#![cfg(all(feature = "http2", feature = "metrics"))]
#![allow(clippy::unwrap_used)]

mod common;

use std::collections::BTreeMap;

use backend_simulated::{Dial, Simulation};
use common::frames::{NO_ERROR, REFUSED_STREAM};
use common::*;
use futures_util::future::join;
use metrics_util::debugging::{DebugValue, DebuggingRecorder, Snapshotter};

fn goodbye(last: u32) -> Act {
    Act::GoAway {
        last,
        code: NO_ERROR,
        text: "",
    }
}

/// All metrics by their names, since they were read last: reading sets them to zero.
fn read(snapshotter: &Snapshotter) -> BTreeMap<String, f64> {
    let metrics = snapshotter.snapshot().into_vec().into_iter();
    let value = |value| match value {
        DebugValue::Counter(count) => count as f64,
        DebugValue::Gauge(value) => value.into_inner(),
        DebugValue::Histogram(samples) => samples.len() as f64,
    };
    metrics
        .map(|(key, _, _, metric)| {
            let labels: Vec<_> = key.key().labels().map(|l| l.value().to_owned()).collect();
            assert_eq!(labels, [format!("{HOST}:{PORT}")]);
            (key.key().name().to_owned(), value(metric))
        })
        .collect()
}

#[test]
fn what_the_connections_do_is_told_to_the_recorder_that_was_installed_before() {
    let recorder = DebuggingRecorder::new();
    let sim = &Simulation::new(1);
    let before = metrics::with_local_recorder(&recorder, || {
        let mut refused = 0;
        let _peer = Peer::start(sim, 1, move |seen| match seen.number {
            1 if refused == 0 => {
                refused += 1;
                vec![Act::Break(REFUSED_STREAM)]
            }
            2 => vec![],
            4 => vec![Act::Close],
            5 => vec![goodbye(seen.stream), Act::Answer],
            _ => vec![Act::Answer],
        });
        let client = Client::with(sim, |limits| limits.max_connections_per_destination(1));
        client.ask(0, SECOND).outcome.unwrap();
        client.ask(1, SECOND).outcome.unwrap();
        // The one stream that there is waits in vain, and others for it.
        let stuck = client.send(2, SECOND);
        let behind = client.send(3, SECOND);
        sim.advance(500 * MILLI);
        let now = read(&recorder.snapshotter());
        assert_eq!(now["anypush_requests_waiting"], 1.0);
        assert_eq!(now["anypush_connections"], 1.0);
        sim.block_on(join(stuck, behind)).0.outcome.unwrap_err();
        sim.advance(MINUTE);
        client.ask(4, MINUTE).outcome.unwrap_err();
        client.ask(5, MINUTE).outcome.unwrap();
        sim.network().next_dials(HOST, PORT, [Dial::Refuse]);
        client.ask(6, SECOND).outcome.unwrap_err();
        sim.advance(SECOND);
        now
    });
    let seen = read(&recorder.snapshotter());
    let expected = [
        ("anypush_connections", 0.0),
        ("anypush_requests_waiting", 0.0),
        ("anypush_dials_failed_total", 1.0),
        ("anypush_requests_resent_total", 1.0),
        ("anypush_requests_answered_total", 3.0),
        ("anypush_request_seconds", 3.0),
        ("anypush_goaways_total", 1.0),
    ];
    for (name, value) in expected {
        assert_eq!(before[name] + seen[name], value, "{name}: {seen:?}");
    }
}
