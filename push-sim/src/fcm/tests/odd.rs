//! Requests that nobody sends.

use proptest::prelude::*;

use super::*;
use crate::gcm;

/// Parts of requests that are taken further than the first look.
const PATHS: [&str; 12] = [
    "/v1/projects/anypush-sim/messages:send",
    "/v1/projects/anypush-sim/registrations/a/topicSubscriptions",
    "/v1/projects/anypush-sim/registrations/a/topicSubscriptions/b",
    "/token",
    "/v1/token",
    "/v1/projects/-/serviceAccounts/x:generateAccessToken",
    "/computeMetadata/v1/instance/service-accounts/default/token",
    "/iid/v1:batchAdd",
    "/iid/v1/a/rel/topics/b",
    "/iid/info/a",
    "/gcm/send",
    "/gcm/notification",
];

const WORDS: [&str; 24] = [
    "{",
    "}",
    "[",
    "]",
    ":",
    ",",
    "\"",
    "\\u00",
    "null",
    "-1",
    "1e400",
    "\"message\"",
    "\"token\"",
    "\"data\"",
    "\"android\"",
    "\"ttl\"",
    "\"-.s\"",
    "\"to\"",
    "\"registration_ids\"",
    "grant_type=",
    "urn:ietf:params:oauth:grant-type:jwt-bearer",
    "&assertion=",
    "%",
    "..",
];

fn body() -> impl Strategy<Value = Vec<u8>> {
    let words = proptest::collection::vec(prop::sample::select(&WORDS[..]), 0..30);
    prop_oneof![
        proptest::collection::vec(any::<u8>(), 0..200),
        words.prop_map(|words| words.concat().into_bytes()),
    ]
}

proptest! {
    #[test]
    fn whatever_is_asked_there_is_an_answer(
        method in prop::sample::select(vec!["GET", "POST", "PATCH", "DELETE", "X", ""]),
        path in prop_oneof![prop::sample::select(&PATHS[..]).prop_map(str::to_owned), ".{0,30}"],
        query in ".{0,30}",
        kind in prop::sample::select(vec!["", "application/json", "text/plain"]),
        body in body(),
    ) {
        let asked = asked(method, &format!("{path}?{query}"), "");
        let asked = header(header(asked, "content-type", kind), "access_token_auth", "true");
        let asked = header(header(asked, "metadata-flavor", "Google"), "project_id", "1");
        let asked = Asked { body, ..asked };
        let key = header(asked.clone(), "authorization", "key=x");
        let fault = Answer::new(404).reason("UNREGISTERED");
        let sites: [(&dyn Site, &Asked); 2] =
            [(&shared(), &asked), (&gcm::Shared::new(gcm::Config::default()), &key)];
        for (site, asked) in sites {
            let tokens = site.tokens(asked);
            let refusals = tokens.into_iter().map(|token| (token, fault.clone())).collect();
            for told in [
                site.answer(asked, &HashMap::new()),
                site.answer(asked, &refusals),
                site.refuse(asked, &fault),
            ] {
                prop_assert!((200..600).contains(&told.status));
            }
        }
    }
}
