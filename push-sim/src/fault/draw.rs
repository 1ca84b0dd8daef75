//! What a storm draws, once a kind has been drawn.

use std::num::NonZeroU32;

use super::storm::Dice;
use super::{
    Action, Answer, Body, Close, Farewell, GoAway, Handshake, Kind, Malformed, Notice, Point,
    Refusal, Rejection,
};
use crate::Service;

impl Dice {
    pub(super) fn action(&mut self, service: Service, kind: Kind) -> Action {
        match service {
            Service::Apns => self.apns(kind),
            Service::ApnsGateway => self.gateway(kind),
            Service::ApnsFeedback => self.feedback(kind),
            Service::Fcm | Service::Gcm | Service::Wns | Service::Web => {
                self.answering(service, kind)
            }
        }
    }

    fn gateway(&mut self, kind: Kind) -> Action {
        match kind {
            Kind::Code => self.code(),
            Kind::Close => match self.below(3) {
                0 => Action::CloseAt(self.close(), Point::AfterAnswer),
                _ => Action::Close(self.close()),
            },
            Kind::Malformed => Action::Malformed(Malformed::Garbage),
            Kind::Slow => Action::Slow(self.pace(100_000)),
            Kind::Idle => Action::Idle(self.time(20, 500), self.close()),
            kind => self.apns(kind),
        }
    }

    fn code(&mut self) -> Action {
        let code = self.one_of([8, 8, 8, 8, 5, 1, 10, 10]);
        let refusal = match self.below(4) {
            0 => Refusal::new(code).delay(self.time(1, 100)),
            1 => {
                let most = self.time(100, 200);
                Refusal::new(code).delay(most).discard(self.below(1000))
            }
            _ => Refusal::new(code),
        };
        let refusal = match self.below(8) {
            0 => refusal.split(),
            _ => refusal,
        };
        Action::Code(match self.below(6) {
            0 => refusal.close(Farewell::Rst),
            1 => refusal.close(Farewell::Fin),
            2 => refusal.close(Farewell::None),
            3 => refusal.without_draining(),
            _ => refusal,
        })
    }

    fn feedback(&mut self, kind: Kind) -> Action {
        match kind {
            Kind::Close => {
                let point = self.one_of([Point::Request, Point::MidAnswer, Point::AfterAnswer]);
                Action::CloseAt(self.close(), point)
            }
            Kind::Slow => Action::Slow(self.pace(10_000)),
            kind => self.apns(kind),
        }
    }

    fn answering(&mut self, service: Service, kind: Kind) -> Action {
        let answers = [
            (429, "QUOTA_EXCEEDED"),
            (500, "INTERNAL"),
            (503, "UNAVAILABLE"),
        ];
        match kind {
            Kind::Answer => {
                let (status, reason) = self.one_of(answers);
                Action::Answer(match service {
                    Service::Fcm => Answer::new(status).reason(reason),
                    // GCM has no words for it, and of the others each has its own.
                    _ => Answer::new(status),
                })
            }
            kind => self.apns(kind),
        }
    }

    fn pace(&mut self, about: u32) -> NonZeroU32 {
        let bytes = self.one_of([about / 2, about, about * 2]);
        NonZeroU32::new(bytes).unwrap_or(NonZeroU32::MIN)
    }

    fn close(&mut self) -> Close {
        self.one_of([Close::Fin, Close::Rst, Close::Tls])
    }

    fn apns(&mut self, kind: Kind) -> Action {
        match kind {
            Kind::Answer => Action::Answer(self.one_of([
                || Answer::new(429).reason("TooManyRequests"),
                || Answer::new(500).reason("InternalServerError"),
                || Answer::new(503).reason("ServiceUnavailable"),
                || Answer::new(503).reason("Shutdown"),
            ])()),
            Kind::Body => {
                let status = self.one_of([500, 503]);
                match self.below(4) {
                    0 => Action::Body(Body::endless(status)),
                    mebibytes => Action::Body(Body::bytes(status, mebibytes << 20)),
                }
            }
            Kind::Close => self.closed(),
            Kind::Goaway => self.goaway(),
            Kind::Streams => match self.one_of([0, 0, 1, 1, 2, 10, 100, 300]) {
                limit @ (0 | 1) => self.streams_for(limit),
                limit => Action::Streams(limit),
            },
            Kind::Window => Action::Window {
                initial: self.one_of([0, 1, 100, 1000, 16_384]),
                time: Some(self.time(20, 200)),
                then: None,
            },
            Kind::Starve => Action::Starve(Some(self.time(20, 200))),
            Kind::Delay => Action::Delay(self.time(1, 500)),
            Kind::DropAnswer => Action::DropAnswer,
            Kind::Reset => self.reset(),
            Kind::StopReading => Action::StopReading(Some(self.time(20, 200))),
            Kind::Stall => Action::Stall,
            Kind::Wedge => Action::Wedge,
            Kind::IgnorePings => Action::IgnorePings,
            Kind::Malformed => Action::Malformed(self.one_of(Malformed::ALL)),
            Kind::Handshake => Action::Handshake(self.handshake()),
            Kind::Code => self.code(),
            Kind::Slow => Action::Slow(self.pace(100_000)),
            Kind::Idle => Action::Idle(self.time(20, 500), self.close()),
        }
    }

    fn closed(&mut self) -> Action {
        let how = self.close();
        match self.below(5) {
            0 => Action::CloseAt(how, Point::Headers),
            1 => Action::CloseAt(how, Point::BeforeAnswer),
            2 => Action::CloseAt(how, Point::MidAnswer),
            3 => Action::CloseAt(how, Point::AfterAnswer),
            _ => Action::Close(how),
        }
    }

    fn goaway(&mut self) -> Action {
        let mut goaway = match self.below(3) {
            0 => GoAway::new().reason("Shutdown"),
            1 => GoAway::new()
                .code(7)
                .text("Maximum active streams violated"),
            _ => GoAway::new(),
        };
        goaway = match self.below(4) {
            0 => goaway.graceful(Notice::RoundTrip),
            1 => goaway.graceful(Notice::After(self.time(1, 100))),
            _ => goaway,
        };
        Action::GoAway(match self.below(3) {
            0 => goaway.close(self.close()),
            _ => goaway,
        })
    }

    fn streams_for(&mut self, limit: u32) -> Action {
        Action::StreamsFor {
            limit,
            time: self.time(20, 200),
            then: None,
        }
    }

    fn reset(&mut self) -> Action {
        // That a stream was refused may be said only of one that was not served.
        let unserved = self.one_of([7, 7, 7, 2, 8, 11]);
        let served = self.one_of([0, 2, 5, 8, 11]);
        match self.below(6) {
            0 => Action::ResetAt(unserved, Point::Headers),
            1 => Action::ResetAt(served, Point::BeforeAnswer),
            2 => Action::ResetAt(0, Point::AfterAnswer),
            _ => Action::Reset(unserved),
        }
    }

    fn handshake(&mut self) -> Handshake {
        match self.below(8) {
            0 => Handshake::Silent,
            1 => Handshake::NoSettings,
            2 => Handshake::Garbage,
            3 => Handshake::Alert(self.one_of([40, 80])),
            4 => Handshake::Close(self.one_of([Close::Fin, Close::Rst])),
            5 => Handshake::Certificate(Rejection::Unknown),
            _ => Handshake::Delay(self.time(20, 500)),
        }
    }
}
