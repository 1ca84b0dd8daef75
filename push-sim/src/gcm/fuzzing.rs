//! What the fuzzer runs: a function that takes any bytes and asserts what must hold for all of them.
//! No part of the public API. The workspace `fuzz/` makes a target of it, `sim_gcm`.

use std::collections::HashMap;

use serde_json::Value;

use super::{Config, Shared};
use crate::fault::Answer;
use crate::web::fuzzing::{asked, is_json, is_well_told, member};
use crate::web::{Asked, Site, Told};

/// Requests, one after the other, with a zero octet between them: each id gets one result, in JSON or
/// as a line; what is taken is counted for each id, and so is what is refused; nothing is taken without
/// the key `K`. The device group `G` is there from the start.
pub fn gcm(input: &[u8]) {
    let config = Config::default()
        .api_key("K")
        .package("p")
        .group("G", ["g1", "g2"]);
    let shared = Shared::new(config);
    for text in input.split(|octet| *octet == 0).take(16) {
        let asked = asked(text);
        let names = shared.tokens(&asked);

        let mut stranger = asked.clone();
        stranger.headers.retain(|(name, _)| name != "authorization");
        for key in [None, Some("key=k")] {
            let header = key.map(|key| ("authorization".to_owned(), key.into()));
            stranger.headers.extend(header);
            let told = shared.answer(&stranger, &HashMap::new());
            is_well_told(&told);
            assert_ne!(told.status, 200, "without a key: {asked:?}");
        }

        let told = shared.answer(&asked, &HashMap::new());
        is_answered(&asked, &told, &names);
        assert!(!shared.is_aside(&asked) || told.counted.is_nothing());

        let moved = Answer::new(200).canonical("moved\nagain");
        let gone = Answer::new(200).reason("NotRegistered");
        let refusals = names.iter().enumerate().map(|(at, name)| {
            let says = if at % 2 == 0 { &gone } else { &moved };
            (name.clone(), says.clone())
        });
        let told = shared.answer(&asked, &refusals.collect());
        is_answered(&asked, &told, &names);

        for status in [200, 400, 401, 500, 503] {
            let ordered = Answer::new(status).reason("Unavailable");
            let refused = shared.refuse(&asked, &ordered);
            is_well_told(&refused);
            assert!(refused.counted.accepted.is_empty(), "{refused:?}");
        }
    }
}

fn is_answered(asked: &Asked, told: &Told, names: &[String]) {
    is_well_told(told);
    let counted = &told.counted;
    for notice in &counted.accepted {
        assert!(names.contains(&notice.token), "{notice:?}");
    }
    if told.status != 200 || !asked.path.ends_with("/send") {
        assert!(counted.accepted.is_empty(), "{told:?}");
        return;
    }
    let (taken, refused) = (counted.accepted.len(), counted.rejected.len());
    assert!(counted.managed <= 1 && taken * counted.managed as usize == 0);
    if !is_json(told) {
        let text = str::from_utf8(&told.body).unwrap_or_default();
        assert!(taken + refused + counted.managed as usize == 1, "{told:?}");
        assert_eq!(text.starts_with("Error="), refused == 1, "{text:?}");
        assert_eq!(text.starts_with("id="), refused == 0, "{text:?}");
        return;
    }
    let number = |name: &str| member(told, name).as_u64().unwrap_or_default() as usize;
    match member(told, "/results") {
        Value::Array(results) => {
            let is_refused = |result: &&Value| result["error"].is_string();
            let is_moved = |result: &&Value| result["registration_id"].is_string();
            assert_eq!(results.iter().filter(is_refused).count(), refused);
            assert_eq!(
                results.iter().filter(is_moved).count(),
                number("/canonical_ids")
            );
            assert_eq!(
                (number("/success"), number("/failure")),
                (results.len() - refused, refused)
            );
            let is_dry = taken == 0 && refused < results.len();
            assert!(is_dry || taken == results.len() - refused, "{told:?}");
            for result in &results {
                assert_ne!(
                    result["message_id"].is_string(),
                    result["error"].is_string()
                );
            }
            let body = serde_json::from_slice::<Value>(&asked.body).unwrap_or_default();
            let listed = body["registration_ids"].as_array();
            assert_eq!(results.len(), listed.map_or(1, Vec::len));
        }
        // A topic, a condition, or a device group.
        _ if member(told, "/success").is_u64() => {
            let failed = member(told, "/failed_registration_ids");
            assert_eq!(failed.as_array().map_or(0, Vec::len), refused);
            assert_eq!(number("/failure"), refused);
            assert!(taken == number("/success") || taken == 0 && counted.managed == 1);
        }
        _ => {
            assert_eq!(
                member(told, "/message_id").is_u64(),
                refused == 0,
                "{told:?}"
            );
            assert_eq!(member(told, "/error").is_string(), refused == 1, "{told:?}");
        }
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn what_is_promised_holds_for_every_kept_input() {
        crate::replay::replay("gcm", super::gcm);
    }
}
