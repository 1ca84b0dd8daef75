//! What is wrong with a message, all of it but its size.

use http::HeaderValue;

use super::problem::{Fault, Problem, shortened};
use super::{Action, Declarative, Message, Notification, Padding, Payload};

/// 31 bits: what every push service has to understand (RFC 8030, section 5.2).
const MAX_TTL_SECS: u64 = (1 << 31) - 1;

/// All that is wrong with the message, but for its size.
pub(super) fn check(message: &Message) -> Vec<Problem> {
    let mut problems = Vec::new();
    let mut found = |field: &str, fault| problems.push(Problem::new(field, fault));
    let given_secs = message.ttl_secs;
    if given_secs > MAX_TTL_SECS {
        found("ttl", Fault::TimeToLive { given_secs });
    }
    if let Some(topic) = &message.topic
        && !is_topic(topic)
    {
        let given = shortened(topic);
        found("topic", Fault::Topic { given });
    }
    if let Some(content_type) = &message.content_type {
        if HeaderValue::from_str(content_type).is_err() || !content_type.is_ascii() {
            found("content_type", Fault::Header);
        } else if content_type.trim().is_empty() {
            found("content_type", Fault::Empty);
        }
    }
    match &message.payload {
        Payload::Bytes(_) => {}
        Payload::Declarative(declarative) => Checker::of(declarative, &mut problems),
        // It would be left out without a word.
        Payload::None => {
            let about_payload = [
                ("content_type", message.content_type.is_some()),
                ("padding", message.padding != Padding::None),
                ("record_size", message.record_size.is_some()),
            ];
            for (field, _) in about_payload.into_iter().filter(|(_, given)| *given) {
                found(field, Fault::NoPayload);
            }
        }
    }
    problems
}

fn is_topic(topic: &str) -> bool {
    let is_base64url = |byte: u8| byte.is_ascii_alphanumeric() || byte == b'-' || byte == b'_';
    (1..=32).contains(&topic.len()) && topic.bytes().all(is_base64url)
}

/// Where the checks of a declarative message are, and what they found.
struct Checker<'a> {
    problems: &'a mut Vec<Problem>,
    path: String,
}

impl Checker<'_> {
    fn of(declarative: &Declarative, problems: &mut Vec<Problem>) {
        let path = "declarative".into();
        let mut checker = Checker { problems, path };
        checker.twice(declarative.said_twice());
        checker.path.push_str(".notification");
        checker.notification(&declarative.notification);
    }

    fn notification(&mut self, notification: &Notification) {
        self.twice(notification.said_twice());
        self.not_empty("title", &notification.title);
        self.address("navigate", Some(&notification.navigate));
        self.address("image", notification.image.as_deref());
        self.address("icon", notification.icon.as_deref());
        self.address("badge", notification.badge.as_deref());
        let path = self.path.clone();
        for (index, action) in notification.actions.iter().enumerate() {
            self.path = format!("{path}.actions[{index}]");
            self.action(action);
        }
        self.path = path;
    }

    fn action(&mut self, action: &Action) {
        self.twice(action.said_twice());
        self.not_empty("action", &action.action);
        self.not_empty("title", &action.title);
        self.address("navigate", action.navigate.as_deref());
        self.address("icon", action.icon.as_deref());
    }

    fn not_empty(&mut self, name: &str, text: &str) {
        if text.is_empty() {
            self.found(name, Fault::Empty);
        }
    }

    /// An address may be relative: the browser knows to what.
    fn address(&mut self, name: &str, address: Option<&str>) {
        match address {
            Some("") => self.found(name, Fault::Empty),
            Some(address) if address.contains(|c: char| c.is_control() || c.is_whitespace()) => {
                let given = shortened(address);
                self.found(name, Fault::NotAnAddress { given });
            }
            _ => {}
        }
    }

    fn twice(&mut self, names: Vec<&'static str>) {
        for name in names {
            self.found(name, Fault::Twice);
        }
    }

    fn found(&mut self, name: &str, fault: Fault) {
        let field = format!("{}.{name}", self.path);
        self.problems.push(Problem::new(field, fault));
    }
}
