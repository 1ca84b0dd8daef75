use std::fmt;
use std::time::Duration;

use metrics::{Counter, Gauge, Histogram, counter, gauge, histogram};

use super::tally::Event;

/// The metrics of one destination: handles of the recorder that is installed when the way to the
/// destination is made.
pub(super) struct Meters {
    connections: Gauge,
    waiting: Gauge,
    connected: Counter,
    failed_dials: Counter,
    sent: Counter,
    answered: Counter,
    resent: Counter,
    lost: Counter,
    timed_out: Counter,
    goaways: Counter,
    seconds: Histogram,
}

impl Meters {
    pub(super) fn new(destination: &str) -> Self {
        let to = || destination.to_owned();
        Self {
            connections: gauge!("anypush_connections", "destination" => to()),
            waiting: gauge!("anypush_requests_waiting", "destination" => to()),
            connected: counter!("anypush_connections_opened_total", "destination" => to()),
            failed_dials: counter!("anypush_dials_failed_total", "destination" => to()),
            sent: counter!("anypush_requests_sent_total", "destination" => to()),
            answered: counter!("anypush_requests_answered_total", "destination" => to()),
            resent: counter!("anypush_requests_resent_total", "destination" => to()),
            lost: counter!("anypush_requests_lost_total", "destination" => to()),
            timed_out: counter!("anypush_requests_timed_out_total", "destination" => to()),
            goaways: counter!("anypush_goaways_total", "destination" => to()),
            seconds: histogram!("anypush_request_seconds", "destination" => to()),
        }
    }

    pub(super) fn count(&self, event: Event) {
        match event {
            Event::Connected => {
                self.connected.increment(1);
                self.connections.increment(1.0);
            }
            Event::Disconnected => self.connections.decrement(1.0),
            Event::DialFailed => self.failed_dials.increment(1),
            Event::Sent => self.sent.increment(1),
            Event::Answered => self.answered.increment(1),
            Event::Resent => self.resent.increment(1),
            Event::Lost => self.lost.increment(1),
            Event::TimedOut => self.timed_out.increment(1),
        }
    }

    pub(super) fn goaway(&self) {
        self.goaways.increment(1);
    }

    pub(super) fn waiting(&self, before: usize, now: usize) {
        match now.checked_sub(before) {
            Some(0) => {}
            Some(more) => self.waiting.increment(more as f64),
            None => self.waiting.decrement((before - now) as f64),
        }
    }

    pub(super) fn took(&self, time: Duration) {
        self.seconds.record(time.as_secs_f64());
    }
}

impl fmt::Debug for Meters {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Meters").finish_non_exhaustive()
    }
}
