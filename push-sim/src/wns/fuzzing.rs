//! What the fuzzer runs: a function that takes any bytes and asserts what must hold for all of them.
//! No part of the public API. The workspace `fuzz/` makes a target of it, `sim_wns`.

use std::collections::HashMap;
use std::sync::Arc;

use super::request::{MOST_BYTES, Type};
use super::{Channels, Config, Kind, Shared, Wish, xml};
use crate::fault::Answer;
use crate::web::fuzzing::{asked, is_json, is_well_told, member};
use crate::web::{Asked, Site, Told};

/// Requests, one after the other, with a zero octet between them: what is taken is counted once, for
/// whom it was; nothing is without the token `T`, and nothing that is longer than the limit, has no
/// length, or is no XML. There are the channels `u` of a UWP app, `p` of a phone and `s` of a secondary
/// tile, and `x`, which has expired.
pub fn wns(input: &[u8]) {
    let channels = Arc::new(Channels::new("https://localhost:9"));
    let made = channels.open(&[
        Wish::new(Kind::Uwp).id("u"),
        Wish::default().phone().id("p"),
        Wish::default().secondary_tile().id("s"),
        Wish::default().expired().id("x"),
    ]);
    assert!(made.is_ok(), "{made:?}");
    let strict = Shared::new(Config::default().access_token("T"), Arc::clone(&channels));
    let config = Config::default().access_token("T").take_bad_xml();
    let lenient = Shared::new(config, channels);
    for text in input.split(|octet| *octet == 0).take(16) {
        let asked = asked(text);
        let names = strict.tokens(&asked);
        let told = strict.answer(&asked, &HashMap::new());
        is_answered(&strict, &asked, &told, &names);
        let also = lenient.answer(&asked, &HashMap::new());
        is_answered(&lenient, &asked, &also, &names);
        let is_taken = |told: &Told| !told.counted.accepted.is_empty();
        assert!(is_taken(&also) || !is_taken(&told), "{told:?} {also:?}");

        let mut stranger = asked.clone();
        stranger.headers.retain(|(name, _)| name != "authorization");
        let told = strict.answer(&stranger, &HashMap::new());
        assert!(!is_taken(&told) && told.counted.managed == 0, "{told:?}");

        for (status, reason) in [
            (200, "dropped"),
            (400, "a\r\nb: <c>"),
            (410, "DomainBlocked"),
            (401, "AADSTS7000222"),
        ] {
            let ordered = Answer::new(status).reason(reason).message("m\n\"");
            let refused = strict.refuse(&asked, &ordered);
            is_well_told(&refused);
            assert_eq!(refused.status, status);
            assert!(refused.counted.accepted.is_empty(), "{refused:?}");
        }
        for kind in [Type::Toast, Type::Tile, Type::Badge] {
            let findings = xml::check(kind, &asked.body);
            let is_xml = roxmltree::Document::parse(&String::from_utf8_lossy(&asked.body)).is_ok();
            assert!(is_xml || !findings.wrong.is_empty(), "{findings:?}");
        }
    }
}

fn is_answered(shared: &Shared, asked: &Asked, told: &Told, names: &[String]) {
    is_well_told(told);
    let counted = &told.counted;
    if shared.is_aside(asked) {
        assert!(counted.is_nothing(), "{told:?}");
        let is_given = is_json(told) && told.status == 200;
        let token = member(told, "/access_token");
        assert_eq!(is_given, token.is_string(), "{told:?}");
        return;
    }
    assert!(told.body.is_empty(), "{told:?}");
    let all = counted.accepted.len() + counted.rejected.len() + counted.managed as usize;
    assert_eq!(all, 1, "{told:?}");
    for notice in &counted.accepted {
        assert_eq!(names.first(), Some(&notice.token));
        assert_ne!(notice.token, "x", "it has expired");
        assert!(asked.body.len() <= MOST_BYTES, "{}", asked.body.len());
        assert!(asked.header("content-length").is_some());
        let kind = asked.header("x-wns-type").unwrap_or_default();
        let is_of_tile = matches!(kind, "wns/tile" | "wns/badge");
        assert!(notice.token != "s" || is_of_tile, "{kind}");
    }
    assert!(counted.managed == 0 || asked.method == "DELETE");
}

#[cfg(test)]
mod tests {
    use super::wns;

    #[test]
    fn what_is_promised_holds_for_every_kept_input() {
        crate::replay::replay("wns", wns);
    }

    #[test]
    fn what_is_promised_holds_for_any_bytes() {
        proptest::proptest!(|(input: Vec<u8>)| wns(&input));
    }
}
