//! What stands in logs: no secret, whatever becomes of a fetch.

use std::fmt;
use std::sync::{Arc, Mutex};

use push_core::ErrorKind;
use tracing::field::{Field, Visit};
use tracing::span::{Attributes, Id, Record};
use tracing::{Event, Metadata, Subscriber};

use crate::{HOUR, Reply, SECRET, World, entra, package};

/// All that is logged, at every level, as text.
#[derive(Clone, Debug, Default)]
struct Log(Arc<Mutex<String>>);

impl Visit for Log {
    fn record_debug(&mut self, field: &Field, value: &dyn fmt::Debug) {
        let line = format!("{field}={value:?}\n");
        self.0.lock().unwrap().push_str(&line);
    }
}

impl Subscriber for Log {
    fn enabled(&self, _: &Metadata<'_>) -> bool {
        true
    }

    fn new_span(&self, span: &Attributes<'_>) -> Id {
        span.record(&mut self.clone());
        Id::from_u64(1)
    }

    fn record(&self, _: &Id, values: &Record<'_>) {
        values.record(&mut self.clone());
    }

    fn record_follows_from(&self, _: &Id, _: &Id) {}

    fn event(&self, event: &Event<'_>) {
        event.record(&mut self.clone());
    }

    fn enter(&self, _: &Id) {}

    fn exit(&self, _: &Id) {}
}

#[test]
fn no_secret_stands_in_a_log() {
    let log = Log::default();
    // With one dispatcher alone, a place that another test's thread comes to first would be switched off for
    // good.
    let _second = tracing::Dispatch::new(Log::default());
    tracing::subscriber::with_default(log.clone(), || {
        for credentials in [package(), entra()] {
            let echoed = Reply::refused(400, "invalid_client", SECRET);
            for reply in [
                Reply::token("s3cret.token"),
                Reply::text(503, SECRET),
                Reply::text(200, "s3cret"),
                Reply::Fail(ErrorKind::Connect),
                echoed,
            ] {
                let world = World::replying([reply]);
                let bearer = credentials.bearer(&world.http);
                if let Ok(token) = world.token(&bearer) {
                    assert!(bearer.refused(&token));
                }
                world.sim.advance(HOUR);
            }
        }
    });
    let log = log.0.lock().unwrap();
    for words in [
        "fetched",
        "not fetched",
        "access token refused",
        "the package ms-app://",
    ] {
        assert!(log.contains(words), "{words:?} is not in {log}");
    }
    assert!(!log.contains("s3cret"), "{log}");
}
