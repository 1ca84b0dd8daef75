use std::fmt;
use std::time::Duration;

use crate::collapse_id::InvalidCollapseId;
use crate::gateway::Command;
use crate::payload::Event;
use crate::priority::Priority;
use crate::push_type::PushType;

/// All that is wrong with a notification, found before anything was sent.
pub type Invalid = push_core::Invalid<Problem>;

/// One thing that is wrong with a notification: what was given, what was expected, what to do.
#[derive(Clone, Debug, PartialEq, thiserror::Error)]
#[non_exhaustive]
pub enum Problem {
    /// There is no topic, and none can be left out here.
    #[error(
        "there is no topic for push type {push_type}: set one on the notification or the client"
    )]
    MissingTopic {
        /// The push type.
        push_type: PushType,
    },
    /// The topic can't stand in a header.
    #[error("the topic {topic:?} can't be sent: give 1 to {max_bytes} visible ASCII characters")]
    Topic {
        /// The topic, shortened.
        topic: String,
        /// The longest topic that is sent, suffix included.
        max_bytes: usize,
    },
    /// The service does not take this priority for this push type.
    #[error(
        "priority {given} does not go with push type {push_type}: give {}, or leave it out",
        or(.allowed)
    )]
    Priority {
        /// The push type.
        push_type: PushType,
        /// The priority that was set.
        given: Priority,
        /// The priorities that the service takes.
        allowed: &'static [Priority],
    },
    /// The push type allows one attempt only.
    #[error(
        "push type {push_type} allows no storing: \
         set the expiration to one attempt (0), or leave it out"
    )]
    ExpirationNotOnce {
        /// The push type.
        push_type: PushType,
    },
    /// The expiration lies further ahead than the service stores.
    #[error("the expiration is {} days ahead: at most 30 are stored", .ahead.as_secs() / 86_400)]
    ExpirationTooFar {
        /// How far ahead it lies.
        ahead: Duration,
    },
    /// The expiration is a time that the header can't say.
    #[error("the expiration is a time before 1970: give a later one, or one attempt (0)")]
    ExpirationBefore1970,
    /// The collapse id is not one.
    #[error(transparent)]
    CollapseId(#[from] InvalidCollapseId),
    /// The push type can't be sent with a certificate.
    #[error(
        "push type {push_type} needs a provider token: \
         the service does not take it with a certificate"
    )]
    ProviderTokenNeeded {
        /// The push type.
        push_type: PushType,
    },
    /// The payload is larger than the service takes.
    #[error(
        "the payload has {bytes} bytes: at most {limit_bytes} are taken, {}",
        shorten(.without_text)
    )]
    PayloadTooLarge {
        /// Its size in bytes.
        bytes: usize,
        /// The largest size in bytes.
        limit_bytes: usize,
        /// Its size in bytes with an empty text, where truncation was asked for and there is a
        /// text.
        without_text: Option<usize>,
    },
    /// The raw payload is not a JSON object.
    #[error("the raw payload is not a JSON object: {reason}")]
    RawPayload {
        /// What the parser says.
        reason: String,
    },
    /// Fields were set on a raw payload, which is sent as it was given.
    #[error("{field} was set on a raw payload, which is sent as it is: put it into the raw JSON")]
    FieldOfRawPayload {
        /// The field.
        field: String,
    },
    /// A value can't be written as JSON.
    #[error("the value of {key:?} can't be written as JSON: {reason}")]
    Value {
        /// The key it was for.
        key: String,
        /// What the serialiser says.
        reason: String,
    },
    /// A key was given that is taken.
    #[error("the key {key:?} can't be set {place}: it has a field of its own")]
    ReservedKey {
        /// Where: `beside aps`, `in aps`, `in the alert`, `in the sound`.
        place: &'static str,
        /// The key.
        key: String,
    },
    /// A background notification shows or sounds.
    #[error(
        "a background notification has no {}: leave them out, or choose push type alert",
        or(.keys)
    )]
    BackgroundShows {
        /// The keys that are too much: `alert`, `badge`, `sound`.
        keys: Vec<&'static str>,
    },
    /// A background notification wakes nothing.
    #[error("a background notification needs content-available")]
    BackgroundWithoutContentAvailable,
    /// A device management notification has no push magic.
    #[error("a notification for device management needs the push magic (mdm) that the device gave")]
    MissingPushMagic,
    /// A notification for controls reloads nothing.
    #[error("push type {push_type} needs content-changed")]
    MissingContentChanged {
        /// The push type.
        push_type: PushType,
    },
    /// The relevance score is out of range.
    #[error("the relevance score is {given}: give {}", score(*.live_activity))]
    RelevanceScore {
        /// The score.
        given: f64,
        /// Whether it is one of a Live Activity, for which any finite number will do.
        live_activity: bool,
    },
    /// The volume is out of range.
    #[error("the sound's volume is {given}: give 0 to 1")]
    Volume {
        /// The volume.
        given: f64,
    },
    /// A Live Activity lacks what its event needs.
    #[error("the Live Activity's {} lacks {}", event_name(.event), and(.keys))]
    LiveActivityLacks {
        /// The event, if there is one.
        event: Option<Event>,
        /// The keys.
        keys: Vec<&'static str>,
    },
    /// A key of a Live Activity is not an object.
    #[error("the Live Activity's {key} is not an object: give a map or a struct")]
    NotAnObject {
        /// The key.
        key: &'static str,
    },
    /// A text that the device chooses stands where only Live Activities can have it.
    #[error("a localised {key} is for Live Activities: use {instead} for push type {push_type}")]
    LocalizedText {
        /// The push type.
        push_type: PushType,
        /// The part of the alert: `title` or `body`.
        key: &'static str,
        /// The key that other push types have for it.
        instead: &'static str,
    },
    /// The push type is none that can be broadcast.
    #[error(
        "push type {push_type} can't be broadcast: channels are for updates and the end of Live \
         Activities"
    )]
    BroadcastPushType {
        /// The push type.
        push_type: PushType,
    },
    /// A broadcast starts a Live Activity.
    #[error(
        "a broadcast can't start a Live Activity: start it by a push to each device, with \
         input-push-channel, and broadcast what follows"
    )]
    BroadcastStart,
    /// A broadcast lacks a header that the service wants.
    #[error(
        "a broadcast needs {}: set {}; a channel that stores nothing takes one attempt (0) only",
        and(.what),
        if .what.len() == 1 { "it" } else { "them" }
    )]
    BroadcastLacks {
        /// What it lacks: `a priority`, `an expiration`.
        what: Vec<&'static str>,
    },
    /// A broadcast has a collapse id.
    #[error("a broadcast can't have a collapse id: leave it out")]
    BroadcastCollapseId,
    /// The push type is none that goes through the binary gateway.
    #[error(
        "push type {push_type} can't go through the binary gateway: give {}, or use the provider API",
        or(.allowed)
    )]
    GatewayPushType {
        /// The push type.
        push_type: PushType,
        /// The push types that can.
        allowed: &'static [PushType],
    },
    /// Something is set that the binary gateway's protocol does not have.
    #[error(
        "the binary gateway knows neither topic, collapse id nor id: leave out {}",
        and(.what)
    )]
    GatewayHasNo {
        /// What is set: `a topic`, `a collapse id`, `an id`.
        what: Vec<&'static str>,
    },
    /// The command of the binary gateway can't say the priority.
    #[error(
        "priority {given} can't be said with command {command} of the binary gateway: {}",
        gateway_priority(.given)
    )]
    GatewayPriority {
        /// The command.
        command: Command,
        /// The priority that was set.
        given: Priority,
    },
    /// The command of the binary gateway can't say an expiration.
    #[error(
        "an expiration can't be said with command 0 of the binary gateway: leave it out, or use \
         command 2"
    )]
    GatewayExpiration,
    /// The expiration is later than the binary gateway can say.
    #[error(
        "the expiration is a time after 2106-02-07, which the binary gateway can't say: give an \
         earlier one"
    )]
    ExpirationAfter2106,
    /// There is no bundle id.
    #[error("there is no bundle id: set it as the topic, here or on the client")]
    MissingBundleId,
    /// The bundle id can't stand in the path of a request.
    #[error("the bundle id {given:?} is none: give letters, digits, hyphens and periods")]
    BundleId {
        /// The bundle id, shortened.
        given: String,
    },
    /// The payload can't be written as JSON.
    #[error("the payload can't be written as JSON: {reason}")]
    Unwritable {
        /// What the serialiser says.
        reason: String,
    },
}

fn join(items: &[impl fmt::Display], word: &str) -> String {
    let items: Vec<String> = items.iter().map(ToString::to_string).collect();
    match items.split_last() {
        Some((last, [])) => last.clone(),
        Some((last, others)) => format!("{} {word} {last}", others.join(", ")),
        None => String::new(),
    }
}

fn or(items: &[impl fmt::Display]) -> String {
    join(items, "or")
}

fn and(items: &[impl fmt::Display]) -> String {
    join(items, "and")
}

fn shorten(without_text: &Option<usize>) -> String {
    match without_text {
        Some(bytes) => format!("and {bytes} remain without the alert's text: shorten the rest"),
        None => "shorten it, or ask for truncation of the alert's text".to_owned(),
    }
}

fn score(live_activity: bool) -> &'static str {
    if live_activity {
        "a finite number"
    } else {
        "0 to 1"
    }
}

fn gateway_priority(given: &Priority) -> &'static str {
    match given {
        Priority::Lowest => "give 10 or 5, or leave it out",
        _ => "use command 2, or leave it out",
    }
}

fn event_name(event: &Option<Event>) -> &'static str {
    event.map_or("payload", Event::as_str)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn all_problems_stand_on_one_line() {
        let problems = vec![
            Problem::MissingTopic {
                push_type: PushType::Voip,
            },
            Problem::Priority {
                push_type: PushType::LiveActivity,
                given: Priority::Lowest,
                allowed: PushType::LiveActivity.priorities(),
            },
            Problem::LiveActivityLacks {
                event: Some(Event::Start),
                keys: vec!["attributes-type", "attributes", "alert"],
            },
        ];
        assert_eq!(
            Invalid::new(problems).to_string(),
            "there is no topic for push type voip: set one on the notification or the client; \
             priority 1 does not go with push type liveactivity: give 10 or 5, or leave it out; \
             the Live Activity's start lacks attributes-type, attributes and alert"
        );
    }
}
