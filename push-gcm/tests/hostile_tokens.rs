//! The kept inputs of the fuzz target `google_token`: see `hostile/mod.rs` for what must hold.

#![allow(clippy::unwrap_used)]

mod hostile;
#[path = "../src/fuzzing/replay.rs"]
mod replay;

use proptest::prelude::*;

#[test]
fn what_is_promised_holds_whatever_a_token_server_answers() {
    replay::replay("google_token", hostile::google_token);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn any_field_in_place_of_a_token_is_told_on_a_line(
        kind: u8,
        name in "[a-z_\\PC\n]{0,20}",
        value in prop_oneof!["null", "7", "\"x\"", "\\{\\}"],
    ) {
        let body = format!("{{{}:{value}}}", serde_json::to_string(&name).unwrap());
        let answer = format!("200\nmetadata-flavor: Google\n\n{body}");
        hostile::google_token(&[&[kind][..], answer.as_bytes()].concat());
    }
}
