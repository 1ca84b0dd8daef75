//! Channels as apps give them and as registries keep them, and what of them is shown.
#![allow(clippy::unwrap_used)]

use std::collections::HashSet;
use std::time::{Duration, SystemTime};

use proptest::prelude::*;
use push_wns::{Channel, ChannelUri, InvalidChannel};

const URL: &str = "https://db5p.notify.windows.com/?token=AwYAAAAs3cret%2bZ%2Fx%3d%3D";
const DAY: Duration = Duration::from_secs(24 * 60 * 60);

fn at(seconds: u64) -> SystemTime {
    SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
}

#[test]
fn a_uri_is_kept_byte_for_byte() {
    for url in [
        URL,
        "https://db5p.notify.windows.com/w/?token=BQYAAAC%2bZ%2f",
        "HTTPS://DB5P.Notify.Windows.COM:443/?token=a+b/c=",
        "https://notify.windows.com",
        "https://notify.windows.com?token=a%",
        "https://notify.windows.com/a/../b//c/%2e%2e/?x=?&y",
        "http://127.0.0.1:8080/channel/1",
        "https://[::1]:8443/?token=a",
    ] {
        let uri: ChannelUri = url.parse().expect(url);
        assert_eq!(uri.url(), url);
        let json = serde_json::to_string(&uri).unwrap();
        assert_eq!(json, format!("{url:?}"));
        assert_eq!(serde_json::from_str::<ChannelUri>(&json).unwrap(), uri);
        assert_eq!(ChannelUri::try_from(url).unwrap(), uri);
        assert_eq!(ChannelUri::try_from(url.to_owned()).unwrap(), uri);
    }
    let uri: ChannelUri = URL.parse().unwrap();
    assert_eq!(
        uri.uri().path_and_query().unwrap().as_str(),
        "/?token=AwYAAAAs3cret%2bZ%2Fx%3d%3D",
        "as it goes into the request"
    );
}

#[test]
fn the_parts_of_a_uri_are_those_to_dial() {
    for (url, host, port, is_plain, origin) in [
        (
            URL,
            "db5p.notify.windows.com",
            443,
            false,
            "https://db5p.notify.windows.com",
        ),
        (
            "HTTPS://DB5P.Notify.Windows.COM:443/",
            "db5p.notify.windows.com",
            443,
            false,
            "https://db5p.notify.windows.com",
        ),
        (
            "https://localhost:8443/x",
            "localhost",
            8443,
            false,
            "https://localhost:8443",
        ),
        (
            "http://a.example",
            "a.example",
            80,
            true,
            "http://a.example",
        ),
        (
            "http://a.example:443/",
            "a.example",
            443,
            true,
            "http://a.example:443",
        ),
        ("https://[::0:1]:1/", "::1", 1, false, "https://[::1]:1"),
    ] {
        let uri: ChannelUri = url.parse().expect(url);
        let parts = (uri.host(), uri.port(), uri.is_plain(), uri.origin());
        assert_eq!(parts, (host, port, is_plain, origin), "{url}");
    }
}

#[test]
fn a_uri_of_2048_bytes_is_taken_and_a_longer_one_told_with_its_length() {
    let of = |bytes: usize| format!("{URL}{}", "A".repeat(bytes - URL.len()));
    assert!(of(2048).parse::<ChannelUri>().is_ok());
    for bytes in [2049, 70_000] {
        let error = of(bytes).parse::<ChannelUri>().unwrap_err().to_string();
        let told = format!("the channel URI has {bytes} bytes: at most 2048 are taken");
        assert_eq!(error, told);
    }
}

#[test]
fn nothing_of_a_channel_is_shown_but_its_host() {
    let uri: ChannelUri = URL.parse().unwrap();
    let shown = uri.to_string();
    let expected = format!("https://db5p.notify.windows.com/… (#{})", uri.fingerprint());
    assert_eq!(shown, expected);
    assert_eq!(format!("{uri:?}"), format!("ChannelUri({shown})"));
    let channel = Channel::new(uri.clone()).registered_at(at(1));
    for shown in [shown, format!("{uri:?}"), format!("{channel:?}")] {
        assert!(
            !shown.contains("token") && !shown.contains("s3cret"),
            "{shown}"
        );
    }
    assert_eq!(uri.fingerprint().len(), 8);
    let other: ChannelUri = format!("{URL}x").parse().unwrap();
    assert_ne!(uri.fingerprint(), other.fingerprint());
}

#[test]
fn channels_are_equal_by_their_bytes() {
    let uri: ChannelUri = URL.parse().unwrap();
    let upper: ChannelUri = URL.replace("%2b", "%2B").parse().unwrap();
    assert_ne!(uri, upper);
    let set = HashSet::from([uri.clone(), upper, uri.clone()]);
    assert_eq!(set.len(), 2);
    assert_ne!(
        Channel::from(uri.clone()),
        Channel::from(uri).registered_at(at(1))
    );
}

#[test]
fn a_channel_ends_thirty_days_after_it_was_registered() {
    let channel: Channel = URL.parse().unwrap();
    assert_eq!((channel.registered(), channel.expires_at()), (None, None));
    assert!(!channel.is_expired(at(u64::from(u32::MAX))));
    let then = at(1_767_225_600);
    let channel = channel.registered_at(then + Duration::from_millis(999));
    assert_eq!(channel.registered(), Some(then));
    assert_eq!(channel.expires_at(), Some(then + 30 * DAY));
    assert_eq!(Channel::LIFETIME, 30 * DAY);
    for (now, is_expired) in [
        (then, false),
        (then - 40 * DAY, false),
        (then + 30 * DAY - Duration::from_nanos(1), false),
        (then + 30 * DAY, true),
        (then + 400 * DAY, true),
    ] {
        assert_eq!(channel.is_expired(now), is_expired, "{now:?}");
    }
    // A clock that stands wrong.
    let channel = channel.registered_at(SystemTime::UNIX_EPOCH - DAY);
    assert_eq!(channel.registered(), Some(SystemTime::UNIX_EPOCH));
}

#[test]
fn a_channel_is_kept_as_json() {
    let plain: Channel = URL.parse().unwrap();
    let dated = plain.clone().registered_at(at(1_767_225_600));
    for (channel, json) in [
        (&plain, format!(r#"{{"uri":"{URL}"}}"#)),
        (
            &dated,
            format!(r#"{{"uri":"{URL}","registered_at":1767225600}}"#),
        ),
    ] {
        assert_eq!(serde_json::to_string(channel).unwrap(), json);
        assert_eq!(&serde_json::from_str::<Channel>(&json).unwrap(), channel);
    }
    for json in [
        format!(r#"{{"registered_at":1767225600.75,"uri":"{URL}"}}"#),
        format!(r#"{{"uri":"{URL}","registered_at":1767225600.0,"more":[1]}}"#),
    ] {
        assert_eq!(serde_json::from_str::<Channel>(&json).unwrap(), dated);
    }
    let null = format!(r#"{{"uri":"{URL}","registered_at":null}}"#);
    assert_eq!(serde_json::from_str::<Channel>(&null).unwrap(), plain);
}

#[test]
fn json_that_is_no_channel_is_told_without_what_stands_in_it() {
    for (json, words) in [
        (format!("{URL:?}"), "is no channel: expected {\"uri\":"),
        (r#"{"url":"s3cret"}"#.to_owned(), "is no channel"),
        (r#"{"uri":["s3cret"]}"#.to_owned(), "is no channel"),
        (r#"{"uri":"s3cret"}"#.to_owned(), "is no URL"),
        (
            format!(r#"{{"uri":"{URL}","registered_at":"s3cret"}}"#),
            "is no channel",
        ),
        (
            // Milliseconds.
            format!(r#"{{"uri":"{URL}","registered_at":1767225600123}}"#),
            "expected seconds since 1970",
        ),
        (
            format!(r#"{{"uri":"{URL}","registered_at":-1}}"#),
            "expected seconds since 1970",
        ),
    ] {
        let error = serde_json::from_str::<Channel>(&json).unwrap_err();
        let shown = format!("{error} {error:?}");
        assert!(shown.contains(words), "{json}: {shown}");
        assert!(!shown.contains("s3cret"), "{shown}");
    }
    let error = serde_json::from_str::<ChannelUri>(r#"{"s3cret":1}"#).unwrap_err();
    assert!(error.to_string().contains("expected a text"), "{error}");
    let error = serde_json::from_str::<ChannelUri>(r#""https://u:s3cret@x/""#).unwrap_err();
    assert!(!error.to_string().contains("s3cret"), "{error}");
}

proptest! {
    #[test]
    fn a_uri_that_is_read_keeps_its_bytes(
        url in prop_oneof![
            "[\\PC\\n\\t\u{0}]{0,60}",
            "(https?|HTTPS|ftp)?:?/{0,3}[a-zA-Z0-9:/@.%\\[\\]?#_\\\\\u{3002}-]{0,40}",
            "https://[a-z.]{1,20}(:[0-9]{0,6})?/?[!-~]{0,40}",
        ],
    ) {
        let read: Result<ChannelUri, InvalidChannel> = url.parse();
        let Ok(uri) = read else { return Ok(()) };
        prop_assert_eq!(uri.url(), &url);
        let origin: ChannelUri = uri.origin().parse().unwrap();
        prop_assert_eq!(origin.origin(), uri.origin());
        prop_assert_eq!((origin.host(), origin.port()), (uri.host(), uri.port()));
        // What is dialled is what was judged.
        let dialled = uri.uri().host().unwrap().to_ascii_lowercase();
        if !dialled.starts_with('[') {
            prop_assert_eq!(dialled, uri.host());
        }
    }

    #[test]
    fn no_json_makes_the_reader_panic(json in "[\\[{\"a-z:0-9.,e}\\]-]{0,40}", time: f64) {
        let _ = serde_json::from_str::<Channel>(&json);
        let _ = serde_json::from_str::<Channel>(&format!(r#"{{"uri":"{URL}","registered_at":{time}}}"#));
    }
}
