use std::collections::HashMap;

use super::*;
use crate::webpush::testing::{self, Server};
use crate::webpush::{Keys, Subscription, Wish};

const ORIGIN: &str = "https://localhost:8443";
const ALL: [Flavour; 5] = [
    Flavour::Mozilla,
    Flavour::Fcm,
    Flavour::Apple,
    Flavour::Edge,
    Flavour::Rfc8030,
];

/// The services, and who pushes there.
struct World {
    shared: Shared,
    server: Server,
}

impl World {
    fn new() -> Self {
        Self::with(Config::default())
    }

    fn with(config: Config) -> Self {
        Self {
            shared: Shared::new(config, Arc::new(Store::new(ORIGIN))),
            server: Server::new(),
        }
    }

    /// Bound to the server's key.
    fn subscribe(&self, flavour: Flavour) -> Subscription {
        let wish = Wish::new(flavour).application_server_key(self.server.key());
        self.shared.store.subscribe(&wish).unwrap().remove(0)
    }

    /// A good push.
    fn asked(&self, subscription: &Subscription, plaintext: &[u8]) -> Asked {
        let Keys { p256dh, auth } = &subscription.keys;
        let body = testing::aes128gcm(p256dh, auth, plaintext);
        with_body(self.bare(&subscription.endpoint), body)
    }

    /// Without a payload.
    fn bare(&self, endpoint: &str) -> Asked {
        let asked = asked(endpoint);
        let asked = header(asked, "authorization", &self.server.present(ORIGIN));
        header(asked, "ttl", "60")
    }

    fn answer(&self, asked: &Asked) -> Told {
        self.shared.answer(asked, &HashMap::new())
    }

    fn status(&self, asked: &Asked) -> u16 {
        self.answer(asked).status
    }
}

fn asked(endpoint: &str) -> Asked {
    let target = endpoint.strip_prefix(ORIGIN).unwrap_or(endpoint);
    let (path, query) = match target.split_once('?') {
        Some((path, query)) => (path, Some(query.to_owned())),
        None => (target, None),
    };
    Asked {
        method: "POST".to_owned(),
        path: path.to_owned(),
        query,
        host: Some("localhost:8443".to_owned()),
        scheme: "https",
        ..Asked::default()
    }
}

fn with_body(asked: Asked, body: Vec<u8>) -> Asked {
    Asked {
        body,
        ..header(asked, "content-encoding", "aes128gcm")
    }
}

/// Empty: without it.
fn header(mut asked: Asked, name: &str, value: &str) -> Asked {
    asked.headers.retain(|(field, _)| field != name);
    if !value.is_empty() {
        let value = value.as_bytes().to_vec();
        asked.headers.push((name.to_owned(), value));
    }
    asked
}

fn field<'a>(told: &'a Told, name: &str) -> Option<&'a str> {
    let field = told.headers.iter().find(|(field, _)| field == name);
    field.map(|(_, value)| value.as_str())
}

fn delivery(told: &Told) -> Delivery {
    match &told.counted.accepted[0].delivery {
        Some(journal::Shown::Web(tracked)) => tracked.show(),
        other => panic!("{other:?}"),
    }
}

#[test]
fn a_push_to_any_service_is_taken_and_decrypted() {
    let world = World::new();
    for flavour in ALL {
        let subscription = world.subscribe(flavour);
        let told = world.answer(&world.asked(&subscription, b"Hello"));
        assert_eq!(told.status, 201, "{flavour} {told:?}");
        let notice = &told.counted.accepted[0];
        assert_eq!(notice.token, subscription.id);
        assert_eq!(notice.payload, b"Hello");
        let delivery = delivery(&told);
        assert!(delivery.decrypted && !delivery.payload_base64);
        assert_eq!(
            (delivery.flavour, delivery.ttl, delivery.ack),
            (flavour, 60, None)
        );
    }
}

#[test]
fn each_service_answers_with_its_own_headers() {
    let world = World::new();
    let of = |flavour| {
        let endpoint = world.subscribe(flavour).endpoint;
        world.answer(&header(world.bare(&endpoint), "ttl", "9999999"))
    };
    let starts = |told: &Told, start: &str| {
        let location = field(told, "location").unwrap();
        location.starts_with(&format!("{ORIGIN}{start}"))
    };
    let told = of(Flavour::Mozilla);
    assert!(starts(&told, "/m/"));
    assert_eq!(field(&told, "ttl"), Some("2592000"));
    assert!(starts(&of(Flavour::Fcm), "/0:"));
    assert_eq!(field(&of(Flavour::Apple), "apns-id").unwrap().len(), 36);
    assert_eq!(field(&of(Flavour::Edge), "x-wns-status"), Some("received"));
    let told = of(Flavour::Rfc8030);
    assert!(starts(&told, "/message/"));
    assert_eq!(field(&told, "ttl"), Some("9999999"));
}

#[test]
fn what_can_not_be_decrypted_is_taken_and_told() {
    let world = World::new();
    let subscription = world.subscribe(Flavour::Fcm);
    let mut asked = world.asked(&subscription, b"Hello");
    *asked.body.last_mut().unwrap() ^= 1;
    let told = world.answer(&asked);
    assert_eq!(told.status, 201);
    let delivery = delivery(&told);
    assert!(!delivery.decrypted && delivery.payload_base64 && delivery.error.is_some());
    assert_eq!(
        told.counted.accepted[0].payload,
        STANDARD.encode(&asked.body).into_bytes()
    );

    let binary = world.answer(&world.asked(&subscription, b"\xff\0"));
    assert_eq!(binary.counted.accepted[0].payload, b"/wA=");
    let binary = self::delivery(&binary);
    assert!(binary.decrypted && binary.payload_base64);
}

#[test]
fn the_older_coding_and_the_older_header_are_taken() {
    let world = World::new();
    let subscription = world.subscribe(Flavour::Mozilla);
    let Keys { p256dh, auth } = &subscription.keys;
    let (body, encryption, dh) = testing::aesgcm(p256dh, auth, b"Hello");
    let authorization = world.server.present(ORIGIN);
    let token = authorization.split(['=', ',']).nth(1).unwrap();
    let crypto_key = format!("{dh};p256ecdsa={}", world.server.key());
    let mut asked = with_body(asked(&subscription.endpoint), body);
    for (name, value) in [
        ("content-encoding", "aesgcm"),
        ("encryption", &*encryption),
        ("crypto-key", &*crypto_key),
        ("authorization", &*format!("WebPush {token}")),
        ("ttl", "0"),
    ] {
        asked = header(asked, name, value);
    }
    let told = world.answer(&asked);
    assert_eq!(told.status, 201, "{told:?}");
    assert_eq!(told.counted.accepted[0].payload, b"Hello");
}

#[test]
fn an_endpoint_that_nobody_made_is_taken_without_decrypting() {
    let world = World::new();
    for path in [
        "/wpush/v1/x",
        "/wpush/v2/x",
        "/wp/x",
        "/apple/x",
        "/w/?token=x",
        "/push/x",
        "/x",
        "/of/my/own",
    ] {
        let told = world.answer(&with_body(world.bare(path), b"sealed".to_vec()));
        assert_eq!(told.status, 201, "{path}");
        let delivery = delivery(&told);
        assert!(!delivery.decrypted && delivery.error.is_none());
        assert_eq!(told.counted.accepted[0].payload, b"c2VhbGVk");
    }
    let nowhere = world.answer(&world.bare("/nowhere/"));
    assert_eq!(nowhere.status, 404);
    assert!(world.shared.is_aside(&world.bare("/nowhere/")));
}

#[test]
fn an_endpoint_is_bound_to_its_service_and_its_path() {
    let world = World::new();
    let subscription = world.subscribe(Flavour::Mozilla);
    let id = &subscription.id;
    for path in ["/wpush/v1/", "/push/", "/apple/", "/wp/"] {
        let asked = world.bare(&format!("{path}{id}"));
        assert_eq!(world.status(&asked), 404, "{path}");
    }
    let fcm = world.subscribe(Flavour::Fcm).id;
    assert_eq!(world.status(&world.bare(&format!("/wp/{fcm}"))), 201);
}

#[test]
fn an_endpoint_is_known_again_when_a_client_writes_its_encodings_in_upper_case() {
    let world = World::new();
    let subscription = world.subscribe(Flavour::Edge);
    let mut asked = world.asked(&subscription, b"Hello");
    let query = asked.query.as_deref().unwrap();
    asked.query = Some(query.replace("%2b", "%2B").replace("%3d", "%3D"));
    let told = world.answer(&asked);
    assert_eq!(told.counted.accepted[0].token, subscription.id);
    assert!(delivery(&told).decrypted);
    asked.query = asked.query.map(|query| query.replace("%2B", "+"));
    assert!(!delivery(&world.answer(&asked)).decrypted);
}

#[test]
fn one_that_has_ended_is_gone_in_the_words_of_its_service() {
    let world = World::new();
    for (flavour, status) in ALL.into_iter().zip([410, 410, 410, 410, 404]) {
        let subscription = world.subscribe(flavour);
        assert!(world.shared.store.unsubscribe(&subscription.id));
        assert!(!world.shared.store.unsubscribe(&subscription.id));
        let asked = world.bare(&subscription.endpoint);
        assert_eq!(world.status(&asked), status, "{flavour}");
    }
}

#[test]
fn who_pushes_has_to_be_who_may() {
    let world = World::new();
    let stranger = Server::new().present(ORIGIN);
    let statuses = [(401, 401), (400, 403), (403, 400), (401, 403), (401, 403)];
    for (flavour, (missing, other)) in ALL.into_iter().zip(statuses) {
        let good = world.bare(&world.subscribe(flavour).endpoint);
        let without = header(good.clone(), "authorization", "");
        assert_eq!(world.status(&without), missing, "{flavour}");
        let other_key = header(good, "authorization", &stranger);
        assert_eq!(world.status(&other_key), other, "{flavour}");
    }
    for (path, status) in [("/wpush/v1/x", 201), ("/wpush/v2/x", 401), ("/push/x", 201)] {
        let without = header(world.bare(path), "authorization", "");
        assert_eq!(world.status(&without), status, "{path}");
        let broken = header(world.bare(path), "authorization", "vapid t=a, k=b");
        assert_ne!(world.status(&broken), 201, "{path}");
    }
}

#[test]
fn the_audience_is_the_origin_by_which_the_service_was_reached() {
    let world = World::new();
    let endpoint = world.subscribe(Flavour::Mozilla).endpoint;
    let elsewhere = Asked {
        host: Some("a.push.example:8443".to_owned()),
        ..world.bare(&endpoint)
    };
    assert_eq!(world.status(&elsewhere), 401);
    let there = world.server.present("https://a.push.example:8443");
    assert_eq!(
        world.status(&header(elsewhere, "authorization", &there)),
        201
    );
    let plain = Asked {
        scheme: "http",
        ..world.bare(&endpoint)
    };
    assert_eq!(world.status(&plain), 401);
}

#[test]
fn a_token_is_counted_once() {
    let world = World::new();
    let asked = world.bare("/push/x");
    let count = |asked: &Asked| world.answer(asked).counted.vapid_tokens;
    assert_eq!((count(&asked), count(&asked)), (1, 0));
    assert_eq!(count(&header(asked, "authorization", "")), 0);
}

#[test]
fn the_clock_of_the_services_can_be_moved() {
    let world = World::with(Config::default().clock_offset_seconds(7200));
    assert_eq!(world.status(&world.bare("/wpush/v1/x")), 401);
    let world = World::with(Config::default().clock_offset_seconds(-90_000));
    assert_eq!(world.status(&world.bare("/wpush/v1/x")), 401);
}

#[test]
fn a_subscription_takes_only_as_much_as_the_settings_say() {
    let world = World::with(Config::default().pushes_per_subscription(2));
    for (flavour, status) in ALL.into_iter().zip([429, 429, 429, 406, 429]) {
        let asked = world.bare(&world.subscribe(flavour).endpoint);
        let statuses: Vec<_> = (0..3).map(|_| world.status(&asked)).collect();
        assert_eq!(statuses, [201, 201, status], "{flavour}");
    }
}

#[test]
fn a_key_that_encrypts_must_not_identify() {
    let world = World::new();
    let key = world.server.raw_key();
    let body = [&[0; 16][..], &[0, 0, 16, 0, 65], key, &[0; 40]].concat();
    let of = |path| world.status(&with_body(world.bare(path), body.clone()));
    assert_eq!(of("/push/x"), 400);
    assert_eq!(of("/wpush/v1/x"), 201);
}

#[test]
fn a_topic_replaces_and_a_message_can_be_taken_back() {
    let world = World::new();
    for flavour in [Flavour::Mozilla, Flavour::Rfc8030] {
        let subscription = world.subscribe(flavour);
        let asked = header(world.bare(&subscription.endpoint), "topic", "news");
        let (first, second) = (world.answer(&asked), world.answer(&asked));
        assert_eq!(delivery(&first).state, State::Replaced);
        assert_eq!(delivery(&second).state, State::Stored);
        let stored = |id: &str| {
            let known = world.shared.store.known();
            known
                .into_iter()
                .find(|known| known.id == id)
                .unwrap()
                .stored
        };
        assert_eq!(stored(&subscription.id), 1);

        let location = field(&second, "location").unwrap();
        let delete = |method: &str| Asked {
            method: method.to_owned(),
            ..self::asked(location)
        };
        assert_eq!(world.status(&delete("GET")), 405);
        assert_eq!(world.status(&delete("DELETE")), 204);
        assert_eq!(delivery(&second).state, State::Deleted);
        assert_eq!(stored(&subscription.id), 0);
        let again = world.status(&delete("DELETE"));
        assert_eq!(
            again,
            if flavour == Flavour::Mozilla {
                204
            } else {
                404
            }
        );
    }
}

#[test]
fn with_a_ttl_of_zero_nothing_is_stored() {
    let world = World::new();
    let endpoint = world.subscribe(Flavour::Mozilla).endpoint;
    let told = world.answer(&header(world.bare(&endpoint), "ttl", "0"));
    assert_eq!((told.status, delivery(&told).state), (201, State::Dropped));
}

#[test]
fn the_plain_service_grants_receipts() {
    let world = World::new();
    let asked = header(world.bare("/push/x"), "prefer", "wait=5, respond-async");
    let told = world.answer(&asked);
    assert_eq!(told.status, 202);
    assert!(
        field(&told, "link")
            .unwrap()
            .ends_with("rel=\"urn:ietf:params:push:receipt\"")
    );
    let elsewhere = header(world.bare("/wpush/v1/x"), "prefer", "respond-async");
    assert_eq!(world.status(&elsewhere), 201);
}

#[test]
fn only_post_pushes() {
    let world = World::new();
    for path in ["/wpush/v1/x", "/wp/x", "/apple/x", "/w/?token=x", "/push/x"] {
        for method in ["GET", "PUT", "DELETE"] {
            let asked = Asked {
                method: method.to_owned(),
                ..world.bare(path)
            };
            assert_eq!(world.status(&asked), 405, "{method} {path}");
        }
    }
}

#[test]
fn faults_find_a_push_by_its_id_its_path_or_the_whole_endpoint() {
    let world = World::new();
    let tokens = world.shared.tokens(&asked("/w/?token=a%2b"));
    let endpoint = format!("{ORIGIN}/w/?token=a%2b");
    assert_eq!(tokens, ["a%2b", "/w/?token=a%2b", &*endpoint]);
    assert!(world.shared.tokens(&asked("/m/x")).is_empty());
}
