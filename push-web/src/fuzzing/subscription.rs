use std::net::IpAddr;

use push_core::http::BaseUrl;
use serde_json::Value;

use super::is_one_line;
use super::secrets::Secrets;
use crate::{Endpoint, EndpointPolicy, PushService, Subscription};

/// A subscription, or the URL of one: taken or refused, by each way alike; what the public policy takes
/// leads to a public name and nowhere else, whoever reads the URL; nothing secret is shown.
pub fn web_subscription(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    endpoint(&text);
    let read: Result<Subscription, _> = text.parse();
    let again = serde_json::from_str::<Subscription>(&text);
    let json = serde_json::from_str::<Value>(&text).unwrap_or_default();
    let of = |name: &str| json[name].as_str().unwrap_or_default();
    let url = of("endpoint");
    let keys = &json["keys"];
    let secret = [&keys["p256dh"], &keys["auth"]].map(|key| key.as_str().unwrap_or_default());
    let (open, behind) = split(url);
    let secrets = Secrets::of(secret.into_iter().chain([behind]), &format!("{open}/"));
    match read {
        Ok(subscription) => {
            assert_eq!(again.as_ref().ok(), Some(&subscription));
            assert_eq!(subscription.endpoint().url(), url);
            secrets.are_not_in(&format!("{subscription:?}"));
            is_kept_in_json(&subscription);
            endpoint(url);
        }
        Err(error) => {
            assert!(again.is_err(), "{error}");
            let shown = format!(
                "{error} {error:?} {}",
                again.err().map_or_else(String::new, |it| it.to_string())
            );
            assert!(is_one_line(&shown) && shown.len() < 4096, "{shown}");
            secrets.are_not_in(&shown);
        }
    }
}

fn is_kept_in_json(subscription: &Subscription) {
    let json = serde_json::to_string(subscription).expect("a subscription is JSON");
    let back: Result<Subscription, _> = json.parse();
    assert_eq!(back.as_ref(), Ok(subscription));
    assert_eq!(
        back.ok().map(|it| it.expiration_time()),
        Some(subscription.expiration_time())
    );
}

fn endpoint(url: &str) {
    let (open, behind) = split(url);
    let secrets = Secrets::of([behind], &format!("{open}/"));
    let endpoint = match Endpoint::new(url) {
        Ok(endpoint) => endpoint,
        Err(error) => {
            assert!(is_one_line(&error.to_string()), "{error}");
            return secrets.are_not_in(&format!("{error} {error:?}"));
        }
    };
    assert_eq!(endpoint.url(), url);
    assert!(url.len() <= Endpoint::MAX_BYTES && url.is_ascii());
    assert!(!url.contains(['#', '\\', ' ']), "{url:?}");
    let shown = format!("{endpoint} {endpoint:?}");
    assert!(is_one_line(&shown), "{shown}");
    secrets.are_not_in(&shown);

    let public = EndpointPolicy::public().check(&endpoint);
    let known = EndpointPolicy::known_services().check(&endpoint);
    assert_eq!(EndpointPolicy::private().check(&endpoint), Ok(()));
    let is_known = PushService::of(endpoint.host()) != PushService::Other;
    assert_eq!(known.is_ok(), public.is_ok() && is_known, "{url}");
    for refusal in [&public, &known]
        .into_iter()
        .filter_map(|it| it.as_ref().err())
    {
        assert!(is_one_line(&refusal.to_string()), "{refusal}");
        secrets.are_not_in(&format!("{refusal} {refusal:?}"));
    }
    leads_where_it_says(&endpoint);
    if public.is_ok() {
        leads_to_a_public_name(&endpoint);
    }
}

/// The `http` crate, whose parts are dialled, this crate, and who looks at the text alone read the same
/// host and port.
fn leads_where_it_says(endpoint: &Endpoint) {
    let dialled = BaseUrl::try_from(endpoint.uri());
    let dialled = dialled.expect("what is an endpoint can be dialled");
    let bare = |host: &str| host.trim_matches(['[', ']']).to_ascii_lowercase();
    assert_eq!(dialled.port(), endpoint.port(), "{}", endpoint.url());
    assert_eq!(dialled.is_plain(), endpoint.is_plain());
    let (origin, _) = split(endpoint.url());
    let (scheme, authority) = origin.split_once("://").expect("it has a scheme");
    assert!(!authority.contains('@'), "{authority}");
    let (host, port) = match authority.rsplit_once(':') {
        Some((host, port)) if !port.contains(']') => (host, port.parse().ok()),
        _ => (authority, None),
    };
    let usual = match scheme.to_ascii_lowercase().as_str() {
        "https" => 443,
        "http" => 80,
        other => panic!("{other} is no scheme of an endpoint"),
    };
    assert_eq!(endpoint.port(), port.unwrap_or(usual), "{authority}");
    let addresses = [endpoint.host(), &bare(host), &bare(dialled.host())].map(|host| {
        // An address can be written in more than one way.
        let address: Result<IpAddr, _> = host.parse();
        address.map_or_else(|_| host.to_owned(), |address| address.to_string())
    });
    assert!(
        addresses.iter().all(|it| *it == addresses[0]),
        "{addresses:?}"
    );
}

fn leads_to_a_public_name(endpoint: &Endpoint) {
    let host = endpoint.host();
    assert!(!endpoint.is_plain());
    assert_eq!(endpoint.port(), 443);
    assert_eq!(endpoint.origin(), format!("https://{host}"));
    assert!(host.parse::<IpAddr>().is_err(), "{host}");
    assert!(host.contains('.') && !host.ends_with('.'), "{host}");
    assert!(!is_address_to_c(host), "{host}");
    for inner in [".localhost", ".local", ".internal", ".home.arpa"] {
        assert!(!host.ends_with(inner), "{host}");
    }
    let is_of_name =
        |it: u8| it.is_ascii_lowercase() || it.is_ascii_digit() || b"-_.".contains(&it);
    assert!(host.bytes().all(is_of_name), "{host:?}");
}

/// What `inet_aton` takes for an address: one to four numbers, decimal, octal or hexadecimal.
fn is_address_to_c(host: &str) -> bool {
    let parts: Vec<&str> = host.split('.').collect();
    let is_number = |part: &&str| {
        let (digits, radix) = match part.strip_prefix("0x") {
            Some(digits) => (digits, 16),
            None if part.starts_with('0') => (*part, 8),
            None => (*part, 10),
        };
        digits.is_empty() && radix == 16 || u32::from_str_radix(digits, radix).is_ok()
    };
    parts.len() <= 4 && parts.iter().all(is_number)
}

/// Scheme and host with its port, and what comes behind.
fn split(url: &str) -> (&str, &str) {
    let from = url.find("://").map_or(0, |at| at + 3);
    let behind = url.get(from..).unwrap_or_default();
    let end = behind.find(['/', '?', '#']).unwrap_or(behind.len());
    url.split_at_checked(from + end).unwrap_or((url, ""))
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn what_c_takes_for_an_address_is_known() {
        for host in [
            "127.1",
            "0x7f.1",
            "017700000001",
            "2130706433",
            "1.2.3.4",
            "0x7f000001",
            "0x",
        ] {
            assert!(is_address_to_c(host), "{host}");
        }
        for host in ["a.1", "1.2.3.4.5", "127.0.0.1.example", "08.1", "a"] {
            assert!(!is_address_to_c(host), "{host}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_made_of_the_signs_of_urls_is_judged_alike(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "https", "http", "HTTPS", "://", ":", "/", "//", "@", ".", "..", "0x7f", "127",
                    "1", "0", "017", "2130706433", "[", "]", "::1", "::ffff:127.0.0.1", "%", "%25eth0",
                    "localhost", "a.example", "example", "local", "internal", "443", "8443", "#", "?",
                    "\\", "_", "-", "fcm.googleapis.com", "web.push.apple.com", "é", " ", "\t",
                ]),
                0..10,
            ),
            whole: bool,
        ) {
            let url = pieces.concat();
            let url = if whole { url } else { format!("https://{url}/0123456789abcdef0123") };
            web_subscription(url.as_bytes());
            let json = serde_json::json!({"endpoint": url, "keys": {}});
            web_subscription(json.to_string().as_bytes());
        }
    }
}
