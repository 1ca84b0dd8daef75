//! Which service can do what.

use super::{Action, Kind, Malformed, Point};
use crate::Service;

impl Kind {
    /// What a service can do on command.
    #[must_use]
    pub fn of(service: Service) -> &'static [Self] {
        match service {
            Service::Apns | Service::Fcm | Service::Gcm | Service::Wns | Service::Web => &HTTP2,
            Service::ApnsGateway => &GATEWAY,
            Service::ApnsFeedback => &FEEDBACK,
        }
    }
}

// A seed stands for the order of these lists, too: what is added comes last.

/// What HTTP/2 can do. HTTP/1.1, where a client speaks it, has no streams to limit and no windows,
/// and passes over what is about those.
const HTTP2: [Kind; 16] = [
    Kind::Answer,
    Kind::Body,
    Kind::Close,
    Kind::Goaway,
    Kind::Streams,
    Kind::Window,
    Kind::Starve,
    Kind::Delay,
    Kind::DropAnswer,
    Kind::Reset,
    Kind::StopReading,
    Kind::Stall,
    Kind::Wedge,
    Kind::IgnorePings,
    Kind::Malformed,
    Kind::Handshake,
];

const GATEWAY: [Kind; 10] = [
    Kind::Code,
    Kind::Close,
    Kind::Delay,
    Kind::StopReading,
    Kind::Slow,
    Kind::Idle,
    Kind::Stall,
    Kind::Wedge,
    Kind::Malformed,
    Kind::Handshake,
];

const FEEDBACK: [Kind; 5] = [
    Kind::Close,
    Kind::Delay,
    Kind::Slow,
    Kind::Stall,
    Kind::Handshake,
];

impl Action {
    /// Whether the service can do this.
    pub(crate) fn fits(&self, service: Service) -> Result<(), String> {
        let kinds = Kind::of(service);
        match self {
            Self::Random(storm) => match storm.kinds.iter().find(|kind| !kinds.contains(kind)) {
                Some(kind) => {
                    let names: Vec<_> = kinds.iter().map(|kind| kind.as_str()).collect();
                    Err(unfit(service, kind.as_str(), &names.join(", ")))
                }
                None => Ok(()),
            },
            Self::Answer(answer) => match answer.strange_to(service) {
                Some(part) => Err(format!("{service} has no {part} in its answers")),
                None if kinds.contains(&Kind::Answer) => Ok(()),
                None => Err(unfit(service, "answer", &keys(kinds))),
            },
            Self::CloseAt(_, point) if !points(service).contains(point) => {
                let name = format!("close at {:?}", point.as_str());
                let points: Vec<_> = points(service).iter().map(|point| point.as_str()).collect();
                Err(unfit(service, &name, &points.join(", ")))
            }
            Self::Malformed(kind)
                if service == Service::ApnsGateway && *kind != Malformed::Garbage =>
            {
                let name = serde_json::to_string(kind).unwrap_or_default();
                Err(unfit(service, &format!("malformed {name}"), "\"garbage\""))
            }
            _ => match self.kind() {
                Some(kind) if !kinds.contains(&kind) => {
                    Err(unfit(service, key(kind), &keys(kinds)))
                }
                _ => Ok(()),
            },
        }
    }

    /// Whether the service can do this at once to all connections that are open.
    pub(crate) fn applies(&self, service: Service) -> Result<(), String> {
        self.fits(service)?;
        match (service, self) {
            (_, action) if !action.needs_no_request() => {
                Err("this action needs a request, and can't be applied to a connection".to_owned())
            }
            (Service::ApnsFeedback, Self::Slow(_)) => {
                Err("apns-feedback can apply no other action than close and stall".to_owned())
            }
            _ => Ok(()),
        }
    }
}

fn unfit(service: Service, what: &str, kinds: &str) -> String {
    format!("{service} can't do {what}; it can do {kinds}")
}

fn keys(kinds: &[Kind]) -> String {
    let keys: Vec<_> = kinds.iter().map(|kind| key(*kind)).collect();
    keys.join(", ")
}

/// What the action is called in JSON, which is not quite the name of its kind.
fn key(kind: Kind) -> &'static str {
    match kind {
        Kind::Delay => "delay_ms",
        kind => kind.as_str(),
    }
}

/// Where connections of the service can be ended.
fn points(service: Service) -> &'static [Point] {
    match service {
        Service::Apns | Service::Fcm | Service::Gcm | Service::Wns | Service::Web => &[
            Point::Accept,
            Point::Settings,
            Point::Headers,
            Point::Request,
            Point::BeforeAnswer,
            Point::MidAnswer,
            Point::AfterAnswer,
        ],
        Service::ApnsGateway => &[Point::Accept, Point::Request, Point::AfterAnswer],
        Service::ApnsFeedback => &[
            Point::Accept,
            Point::Request,
            Point::MidAnswer,
            Point::AfterAnswer,
        ],
    }
}
