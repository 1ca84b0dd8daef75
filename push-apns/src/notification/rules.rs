//! What the push types ask of a payload that is not raw.

use serde_json::{Map, Value};

use super::problem::Problem;
use crate::payload::{Alert, AlertFields, Aps, CriticalSound, Event, Payload, Sound, Text};
use crate::push_type::PushType;

/// Notes all that is wrong with a payload but its size.
pub(super) fn check(push_type: PushType, payload: &Payload, problems: &mut Vec<Problem>) {
    check_keys(payload, problems);
    check_numbers(push_type, payload, problems);
    let aps = &payload.aps;
    match push_type {
        PushType::Background => check_background(aps, problems),
        PushType::Mdm if payload.mdm.as_deref().unwrap_or_default().is_empty() => {
            problems.push(Problem::MissingPushMagic);
        }
        PushType::Controls if !aps.content_changed => {
            problems.push(Problem::MissingContentChanged { push_type })
        }
        PushType::LiveActivity => check_live_activity(aps, problems),
        _ => {}
    }
    if let (Some(Alert::Fields(alert)), false) = (&aps.alert, push_type == PushType::LiveActivity) {
        let parts = [
            ("title", "title-loc-key", &alert.title),
            ("body", "loc-key", &alert.body),
        ];
        for (key, instead, text) in parts {
            if matches!(text, Some(Text::Localized { .. })) {
                problems.push(Problem::LocalizedText {
                    push_type,
                    key,
                    instead,
                });
            }
        }
    }
}

/// A key that stands twice in an object means what its reader likes.
fn check_keys(payload: &Payload, problems: &mut Vec<Problem>) {
    let mut refuse = |place, keys: &Map<String, Value>, taken: &[&str]| {
        let reserved = keys.keys().filter(|key| taken.contains(&key.as_str()));
        problems.extend(reserved.map(|key| Problem::ReservedKey {
            place,
            key: key.clone(),
        }));
    };
    refuse("beside aps", &payload.custom, &Payload::KEYS);
    refuse("in aps", &payload.aps.extra, &Aps::KEYS);
    if let Some(Alert::Fields(alert)) = &payload.aps.alert {
        refuse("in the alert", &alert.extra, &AlertFields::KEYS);
    }
    for sound in sounds(&payload.aps) {
        refuse("in the sound", &sound.extra, &CriticalSound::KEYS);
    }
}

fn check_numbers(push_type: PushType, payload: &Payload, problems: &mut Vec<Problem>) {
    let unit = 0.0..=1.0;
    let live_activity = push_type == PushType::LiveActivity;
    let fits = |score: f64| {
        if live_activity {
            score.is_finite()
        } else {
            unit.contains(&score)
        }
    };
    if let Some(given) = payload.aps.relevance_score.filter(|score| !fits(*score)) {
        problems.push(Problem::RelevanceScore {
            given,
            live_activity,
        });
    }
    for given in sounds(&payload.aps).filter_map(|sound| sound.volume) {
        if !unit.contains(&given) {
            problems.push(Problem::Volume { given });
        }
    }
}

/// The sounds that are objects, beside the alert and in it.
fn sounds(aps: &Aps) -> impl Iterator<Item = &CriticalSound> {
    let in_alert = match &aps.alert {
        Some(Alert::Fields(alert)) => alert.sound.as_ref(),
        _ => None,
    };
    aps.sound
        .iter()
        .chain(in_alert)
        .filter_map(|sound| match sound {
            Sound::Critical(sound) => Some(sound),
            Sound::Name(_) => None,
        })
}

fn check_background(aps: &Aps, problems: &mut Vec<Problem>) {
    let shown = [
        ("alert", aps.alert.is_some()),
        ("badge", aps.badge.is_some()),
        ("sound", aps.sound.is_some()),
    ];
    let keys = keys_where(&shown);
    if !keys.is_empty() {
        problems.push(Problem::BackgroundShows { keys });
    }
    if !aps.content_available {
        problems.push(Problem::BackgroundWithoutContentAvailable);
    }
}

fn check_live_activity(aps: &Aps, problems: &mut Vec<Problem>) {
    let live = &aps.live_activity;
    let starts = live.event == Some(Event::Start);
    let keys = keys_where(&[
        ("timestamp", live.timestamp.is_none()),
        ("event", live.event.is_none()),
        (
            "content-state",
            live.content_state.is_none() && live.event != Some(Event::End),
        ),
        ("attributes-type", live.attributes_type.is_none() && starts),
        ("attributes", live.attributes.is_none() && starts),
        ("alert", aps.alert.is_none() && starts),
    ]);
    if !keys.is_empty() {
        problems.push(Problem::LiveActivityLacks {
            event: live.event,
            keys,
        });
    }
    for (key, value) in [
        ("content-state", &live.content_state),
        ("attributes", &live.attributes),
    ] {
        if value.as_ref().is_some_and(|value| !value.is_object()) {
            problems.push(Problem::NotAnObject { key });
        }
    }
    if matches!(aps.alert, Some(Alert::Text(_))) {
        problems.push(Problem::NotAnObject { key: "alert" });
    }
}

fn keys_where(keys: &[(&'static str, bool)]) -> Vec<&'static str> {
    keys.iter()
        .filter(|(_, holds)| *holds)
        .map(|(key, _)| *key)
        .collect()
}
