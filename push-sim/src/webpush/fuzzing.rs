//! What the fuzzer runs: functions that take any bytes and assert what must hold for all of them. No
//! part of the public API. The workspace `fuzz/` makes targets of them, `sim_webpush` and
//! `sim_browser`.

use std::collections::HashMap;
use std::sync::Arc;

use super::route::Route;
use super::{Config, Flavour, Shared, Store, Wish};
use crate::fault::Answer;
use crate::web::fuzzing::{asked, is_json, is_well_told};
use crate::web::{Asked, Site, Told};

pub use super::browser::fuzzing::browser;

/// So many bytes a body may have.
const MOST: usize = 4096;

/// Requests, one after the other, with a zero octet between them: what is taken is counted once, for
/// whom it was; a longer body than the limit never is, nor is one without a TTL, nor one to a
/// subscription that is bound to a key. There is the subscription `o` of each service, with its name in
/// front (`mozillao`), open to anybody, and `b`, bound to a key.
pub fn webpush(input: &[u8]) {
    let store = Arc::new(Store::new("https://localhost:9"));
    for flavour in [
        Flavour::Mozilla,
        Flavour::Fcm,
        Flavour::Apple,
        Flavour::Edge,
        Flavour::Rfc8030,
    ] {
        let open = Wish::new(flavour).id(format!("{flavour}o"));
        let key = super::base64::encode([4; 65]);
        let bound = Wish::new(flavour).id(format!("{flavour}b"));
        for wish in [open, bound.application_server_key(key)] {
            let made = store.subscribe(&wish);
            assert!(made.is_ok(), "{made:?}");
        }
    }
    let shared = Shared::new(Config::default(), Arc::clone(&store));
    for text in input.split(|octet| *octet == 0).take(16) {
        let asked = asked(text);
        let names = shared.tokens(&asked);
        let told = shared.answer(&asked, &HashMap::new());
        is_well_told(&told);
        is_counted(&asked, &told, &names);

        for status in [200, 400, 410, 503] {
            let ordered = Answer::new(status).reason("106\r\nx: <y>").message("m\n\"");
            let refused = shared.refuse(&asked, &ordered);
            is_well_told(&refused);
            assert_eq!(refused.status, status);
            assert!(refused.counted.accepted.is_empty(), "{refused:?}");
        }
    }
    let stored: u64 = store.known().iter().map(|known| known.stored).sum();
    let accepted: u64 = store.known().iter().map(|known| known.accepted).sum();
    assert!(stored <= accepted);
}

fn is_counted(asked: &Asked, told: &Told, names: &[String]) {
    let counted = &told.counted;
    assert!(counted.accepted.len() + counted.rejected.len() <= 1);
    assert!(counted.vapid_tokens <= 1);
    for notice in &counted.accepted {
        assert_eq!(names.first(), Some(&notice.token));
        assert!(asked.body.len() <= MOST && asked.header("ttl").is_some());
        let is_bound = ["mozilla", "fcm", "apple", "edge", "rfc8030"]
            .iter()
            .any(|name| notice.token == format!("{name}b"));
        assert!(!is_bound, "nobody has that key: {notice:?}");
    }
    let is_push = matches!(Route::of(asked), Some(Route::Endpoint { .. }));
    if is_push && told.status >= 400 {
        assert_eq!(counted.rejected.len(), 1, "{told:?}");
    }
    let is_of_apple = matches!(
        Route::of(asked),
        Some(Route::Endpoint {
            flavour: Flavour::Apple,
            ..
        })
    );
    assert!(
        !is_of_apple || told.status < 400 || is_json(told),
        "{told:?}"
    );
}

#[cfg(test)]
mod tests {
    use super::webpush;

    #[test]
    fn what_is_promised_holds_for_every_kept_input() {
        crate::replay::replay("webpush", webpush);
    }

    #[test]
    fn what_is_promised_holds_for_any_bytes() {
        proptest::proptest!(|(input: Vec<u8>)| webpush(&input));
    }
}
