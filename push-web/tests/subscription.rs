//! Subscriptions as browsers give them, and what of them is shown.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use push_web::{Endpoint, EndpointPolicy, Subscription};

// RFC 8291, appendix A.
const P256DH: &str =
    "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4";
const AUTH: &str = "BTBZMqHH6r4Tts7J_aSIgg";
const URL: &str = "https://push.example.net/wpush/v2/gAAAAABk-secret?token=BQYAAA%2f%2B";

fn json(endpoint: &str, time: &str, keys: &str) -> String {
    format!(r#"{{"endpoint":"{endpoint}","expirationTime":{time},"keys":{keys}}}"#)
}

fn keys() -> String {
    format!(r#"{{"p256dh":"{P256DH}","auth":"{AUTH}"}}"#)
}

#[test]
fn what_a_browser_gives_is_given_back() {
    for text in [
        json(URL, "null", &keys()),
        json(URL, "1767225600123", &keys()),
        json(URL, "null", "{}"),
    ] {
        let subscription: Subscription = text.parse().unwrap();
        assert_eq!(subscription.endpoint().url(), URL);
        assert_eq!(serde_json::to_string(&subscription).unwrap(), text);
        assert_eq!(
            serde_json::from_str::<Subscription>(&text).unwrap(),
            subscription
        );
    }
    let with_keys: Subscription = json(URL, "null", &keys()).parse().unwrap();
    assert_eq!(with_keys, Subscription::new(URL, P256DH, AUTH).unwrap());
    let without: Subscription = json(URL, "null", "{}").parse().unwrap();
    assert_eq!(without, Subscription::without_keys(URL).unwrap());
    assert_eq!(without.keys(), None);
}

#[test]
fn subscriptions_are_read_from_what_browsers_and_databases_make_of_them() {
    let usual = Subscription::new(URL, P256DH, AUTH).unwrap();
    let plain = |text: &str| text.replace('-', "+").replace('_', "/");
    for text in [
        format!(r#" {{"keys":{},"endpoint":"{URL}"}} "#, keys()),
        format!(
            r#"{{"endpoint":"{URL}","keys":{},"more":[{{"a":null}}]}}"#,
            keys()
        ),
        format!(
            r#"{{"endpoint":"{URL}","keys":{{"p256dh":"{P256DH}=","auth":"{AUTH}==","x":1}}}}"#
        ),
        format!(
            r#"{{"endpoint":"{URL}","keys":{{"p256dh":"{}","auth":"{}=="}}}}"#,
            plain(P256DH),
            plain(AUTH)
        ),
        json(&URL.replace('/', "\\/"), "null", &keys()),
    ] {
        assert_eq!(text.parse::<Subscription>().unwrap(), usual, "{text}");
    }
    for text in [
        format!(r#"{{"endpoint":"{URL}"}}"#),
        json(URL, "null", "null"),
        json(URL, "null", r#"{"p256dh":null,"auth":null}"#),
    ] {
        assert_eq!(text.parse::<Subscription>().unwrap().keys(), None, "{text}");
    }
}

#[test]
fn the_end_of_a_subscription_is_a_time() {
    let time = |time: &str| {
        let subscription = json(URL, time, &keys()).parse::<Subscription>()?;
        Ok::<_, push_web::InvalidSubscription>(subscription.expiration_time())
    };
    let at = |milliseconds| Some(SystemTime::UNIX_EPOCH + Duration::from_millis(milliseconds));
    assert_eq!(time("null").unwrap(), None);
    assert_eq!(time("0").unwrap(), at(0));
    assert_eq!(time("1767225600123").unwrap(), at(1_767_225_600_123));
    assert_eq!(time("1767225600123.75").unwrap(), at(1_767_225_600_123));
    assert_eq!(time("8.64e15").unwrap(), at(8_640_000_000_000_000));
    for none in ["-1", "8.65e15", "1e300", "18446744073709551615"] {
        let error = time(none).unwrap_err().to_string();
        assert!(error.contains("expirationTime is no time"), "{error}");
    }
}

#[test]
fn what_is_no_subscription_is_refused_by_what_is_wrong() {
    for (text, expected) in [
        (
            String::new(),
            "no JSON as browsers give it (line 1, column 0)",
        ),
        (
            "{".to_owned(),
            "no JSON as browsers give it (line 1, column 1)",
        ),
        ("null".to_owned(), "no JSON as browsers give it"),
        (format!("{URL:?}"), "no JSON as browsers give it"),
        (format!("{} x", json(URL, "null", &keys())), "no JSON"),
        (json(URL, "\"2026\"", &keys()), "no JSON"),
        (json(URL, "null", "\"secret\""), "no JSON"),
        (json(URL, "null", r#"{"p256dh":7}"#), "no JSON"),
        ("{}".to_owned(), "has no endpoint"),
        (format!(r#"{{"keys":{}}}"#, keys()), "has no endpoint"),
        (json("", "null", &keys()), "endpoint is no URL"),
        (
            json("/wpush/v2/secret", "null", &keys()),
            "endpoint is no URL",
        ),
        (
            json(URL, "null", &format!(r#"{{"auth":"{AUTH}"}}"#)),
            "has no key p256dh",
        ),
        (
            json(URL, "null", &format!(r#"{{"p256dh":"{P256DH}"}}"#)),
            "has no key auth",
        ),
        (
            json(URL, "null", &keys().replace(AUTH, "secret!")),
            "auth is no base64",
        ),
        (
            json(URL, "null", &keys().replace(AUTH, "c2VjcmV0")),
            "auth has 6 bytes: expected 16",
        ),
        (
            json(URL, "null", &keys().replace(P256DH, AUTH)),
            "p256dh has 16 bytes: expected 65",
        ),
        (
            json(URL, "null", &keys().replace("iw4\"", "iw5\"")),
            "no base64",
        ),
        (
            json(URL, "null", &keys().replace("iw4\"", "iw8\"")),
            "no point of the curve",
        ),
    ] {
        let error = text.parse::<Subscription>().unwrap_err();
        assert!(error.to_string().contains(expected), "{text}: {error}");
        let by_serde = serde_json::from_str::<Subscription>(&text).unwrap_err();
        let shown = format!("{error} {error:?} {by_serde} {by_serde:?}");
        for secret in ["secret", "wpush", AUTH, P256DH] {
            assert!(!shown.contains(secret), "{shown}");
        }
    }
}

#[test]
fn neither_endpoint_nor_keys_are_shown() {
    let subscription = Subscription::new(URL, P256DH, AUTH).unwrap();
    let endpoint = subscription.endpoint();
    // `printf %s URL | sha256sum`
    let shown = "https://push.example.net/… (#22564b25)";
    assert_eq!(endpoint.to_string(), shown);
    assert_eq!(format!("{endpoint:?}"), format!("Endpoint({shown})"));
    assert_eq!(
        format!("{subscription:?}"),
        format!(
            "Subscription {{ endpoint: Endpoint({shown}), keys: Some(Keys(…)), expiration_time: None }}"
        )
    );
    assert_eq!(endpoint.fingerprint(), "22564b25");
}

#[test]
fn an_endpoint_says_where_to_dial_and_whom_a_token_is_for() {
    for (url, origin, host, port, is_plain) in [
        (
            "https://push.example.net/a",
            "https://push.example.net",
            "push.example.net",
            443,
            false,
        ),
        (
            "https://PUSH.Example.net:443/a",
            "https://push.example.net",
            "push.example.net",
            443,
            false,
        ),
        (
            "https://push.example.net:8443/a",
            "https://push.example.net:8443",
            "push.example.net",
            8443,
            false,
        ),
        (
            "https://push.example.net:80/a",
            "https://push.example.net:80",
            "push.example.net",
            80,
            false,
        ),
        (
            "HTTP://push.example.net/a",
            "http://push.example.net",
            "push.example.net",
            80,
            true,
        ),
        (
            "http://push.example.net:80/a",
            "http://push.example.net",
            "push.example.net",
            80,
            true,
        ),
        (
            "http://push.example.net:443/a",
            "http://push.example.net:443",
            "push.example.net",
            443,
            true,
        ),
        (
            "http://127.0.0.1:65535/a",
            "http://127.0.0.1:65535",
            "127.0.0.1",
            65_535,
            true,
        ),
        (
            "https://[2001:DB8::1]:444",
            "https://[2001:db8::1]:444",
            "2001:db8::1",
            444,
            false,
        ),
        (
            "https://push_1.example.net?a",
            "https://push_1.example.net",
            "push_1.example.net",
            443,
            false,
        ),
    ] {
        let endpoint = Endpoint::new(url).unwrap();
        assert_eq!(
            (
                endpoint.origin(),
                endpoint.host(),
                endpoint.port(),
                endpoint.is_plain()
            ),
            (origin, host, port, is_plain)
        );
        // What is dialled is what was checked.
        let uri = endpoint.uri();
        assert_eq!(
            uri.host()
                .unwrap()
                .trim_matches(['[', ']'])
                .to_ascii_lowercase(),
            host
        );
        assert_eq!(
            uri.port_u16().unwrap_or(if is_plain { 80 } else { 443 }),
            port
        );
        assert_eq!(endpoint.url(), url);
    }
}

#[test]
fn path_and_query_are_kept_to_the_byte() {
    for rest in [
        "/w/?token=BQYAAAB%2fkQ%3d%3D&x=a+b",
        "/wpush/v2/gAAAA:APA91b-_~!$&'()*+,;=@x",
        "/fcm/send/e%0a%00%5c%23",
        "//a/../b/./c?d?e=/f",
        "/a?",
    ] {
        let url = format!("https://push.example.net{rest}");
        let endpoint = Endpoint::new(&url).unwrap();
        assert_eq!(endpoint.url(), url);
        assert_eq!(endpoint.uri().path_and_query().unwrap().as_str(), rest);
    }
}
#[test]
fn a_url_may_have_2048_bytes() {
    let url = |bytes: usize| format!("https://push.example.net/{:a<1$}", "", bytes - 25);
    assert_eq!(url(2048).len(), 2048);
    Endpoint::new(&url(2048)).unwrap();
    let error = Endpoint::new(&url(2049)).unwrap_err().to_string();
    assert!(error.contains("2049 bytes: at most 2048"), "{error}");
    let label = "a".repeat(64);
    assert!(Endpoint::new(&format!("https://{label}.example.net/a")).is_err());
    let name = "a.".repeat(127) + "ab";
    assert!(Endpoint::new(&format!("https://{name}/a")).is_err());
}

#[test]
fn equal_subscriptions_are_one_in_a_set() {
    let usual = Subscription::new(URL, P256DH, AUTH).unwrap();
    let other = Subscription::new(&URL.replace("v2", "v1"), P256DH, AUTH).unwrap();
    let set: HashSet<_> = [usual.clone(), usual, other].into_iter().collect();
    assert_eq!(set.len(), 2);
}

proptest! {
    #[test]
    fn no_text_makes_them_panic(text in ".{0,80}", url in "[a-zA-Z0-9:/@.%\\[\\]?#_ -]{0,60}") {
        let _ = text.parse::<Subscription>();
        let _ = serde_json::from_str::<Subscription>(&text);
        let _ = Subscription::new(&text, &text, &text);
        for policy in [
            EndpointPolicy::public(),
            EndpointPolicy::known_services(),
            EndpointPolicy::private().hosts([text.clone()]),
        ] {
            for url in [&text, &format!("https://{text}"), &format!("https://{url}"), &url] {
                let _ = url.parse().map(|url| policy.check(&url));
            }
        }
    }

    #[test]
    fn every_cut_of_a_subscription_is_refused(length in 0_usize..300) {
        let text = json(URL, "null", &keys());
        if length < text.len() {
            prop_assert!(text[..length].parse::<Subscription>().is_err());
        }
    }
}
