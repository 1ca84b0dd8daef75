use std::time::{Duration, UNIX_EPOCH};

use push_core::http::BaseUrl;
use serde_json::Value;

use super::is_one_line;
use super::secrets::Secrets;
use crate::{Channel, ChannelUri, Device, TrustedOrigins};

/// An origin that is trusted beside those of Windows.
const OTHER: &str = "https://localhost:8443";

const DAY: Duration = Duration::from_secs(24 * 60 * 60);

/// A channel, or the URI of one: taken or refused, by each way alike; kept byte for byte; trusted is what
/// leads to WNS, whoever reads the URI, and nothing else; nothing secret is shown.
pub fn wns_channel(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    uri(&text);
    origin(&text);
    let told: Value = serde_json::from_str(&text).unwrap_or_default();
    let url = told["uri"].as_str().unwrap_or_default();
    match serde_json::from_str::<Channel>(&text) {
        Ok(channel) => is_as_told(&channel, &told),
        Err(error) => {
            let shown = error.to_string();
            assert!(is_one_line(&shown) && shown.len() < 1000, "{shown}");
            secrets(url, "").are_not_in(&format!("{shown} {error:?}"));
        }
    }
    uri(url);
}

fn is_as_told(channel: &Channel, told: &Value) {
    let url = channel.uri().url();
    // A list of the members in their order is one, too.
    if told.is_object() {
        assert_eq!(told["uri"], url);
        let seconds = told["registered_at"].as_f64().map(|it| it as u64);
        let at = seconds.map(|it| UNIX_EPOCH + Duration::from_secs(it));
        assert_eq!(channel.registered(), at);
    }
    let json = serde_json::to_string(channel).expect("a channel is JSON");
    let back: Option<Channel> = serde_json::from_str(&json).ok();
    assert_eq!(back.as_ref(), Some(channel), "{json}");
    secrets(url, channel.uri().origin()).are_not_in(&format!("{channel:?}"));

    let Some(at) = channel.registered() else {
        assert!(channel.expires_at().is_none() && !channel.is_expired(UNIX_EPOCH + 40_000 * DAY));
        return;
    };
    let end = at + 30 * DAY;
    assert_eq!(channel.expires_at(), Some(end));
    assert!(channel.is_expired(end) && !channel.is_expired(end - Duration::from_secs(1)));
}

fn uri(url: &str) {
    let read = ChannelUri::new(url);
    assert_eq!(url.parse(), read);
    assert_eq!(ChannelUri::try_from(url.to_owned()), read);
    let json: Option<ChannelUri> = serde_json::from_value(url.into()).ok();
    assert_eq!(json, read.clone().ok());
    let channel = url.channel().map(|it| it.uri().clone());
    assert_eq!(channel, read);
    match read {
        Ok(uri) => is_read(url, &uri),
        Err(error) => {
            assert!(is_one_line(&error.to_string()), "{error}");
            let shown = format!("{error} {error:?}");
            assert!(shown.len() < 1000, "{shown}");
            Secrets::of([url], "").are_not_in(&shown);
        }
    }
}

fn is_read(url: &str, uri: &ChannelUri) {
    assert_eq!(uri.url(), url);
    assert!(url.len() <= ChannelUri::MAX_BYTES);
    assert!(url.bytes().all(|byte| byte.is_ascii_graphic()), "{url:?}");
    assert!(!url.contains(['#', '\\']), "{url:?}");
    let secrets = secrets(url, uri.origin());
    let shown = format!("{uri} {uri:?}");
    assert!(is_one_line(&shown), "{shown}");
    secrets.are_not_in(&shown);

    // What is dialled is what is judged.
    let dialled = BaseUrl::try_from(uri.uri()).expect("what is a channel can be dialled");
    let host = dialled.host().trim_matches(['[', ']']).to_ascii_lowercase();
    assert!(host == uri.host() || uri.host().contains(':'), "{url}");
    assert_eq!(
        (dialled.port(), dialled.is_plain()),
        (uri.port(), uri.is_plain())
    );

    let is_of_windows = leads_to_windows(url);
    let windows = TrustedOrigins::windows();
    let both = TrustedOrigins::windows().also(OTHER);
    let both = both.expect("it is an origin");
    assert_eq!(windows.trusts(uri), is_of_windows, "{url}");
    assert_eq!(
        both.trusts(uri),
        is_of_windows || uri.origin() == OTHER,
        "{url}"
    );
    for trusted in [windows, both] {
        let checked = trusted.check(uri);
        assert_eq!(checked.is_ok(), trusted.trusts(uri), "{url}");
        if let Err(error) = checked {
            assert!(is_one_line(&error.to_string()), "{error}");
            assert!(error.to_string().contains(uri.origin()), "{error}");
            secrets.are_not_in(&format!("{error} {error:?}"));
        }
        let and_this = trusted.also(uri.origin());
        assert!(and_this.is_ok_and(|it| it.trusts(uri)), "{url}");
    }
}

/// Whether the text leads to WNS: by the text alone, whose every other spelling is refused.
fn leads_to_windows(url: &str) -> bool {
    let url = url.to_ascii_lowercase();
    let Some(behind) = url.strip_prefix("https://") else {
        return false;
    };
    let authority = behind.split(['/', '?', '#', '\\']).next();
    let authority = authority.unwrap_or_default();
    let host = authority.strip_suffix(":443").unwrap_or(authority);
    let labels: Vec<&str> = host.split('.').collect();
    let is_of_label = |it: u8| it.is_ascii_alphanumeric() || b"-_".contains(&it);
    let is_label = |label: &&str| !label.is_empty() && label.bytes().all(is_of_label);
    labels.iter().all(is_label) && labels.ends_with(&["notify", "windows", "com"])
}

/// What is trusted beside WNS is one origin: without a path, a query or a user.
fn origin(text: &str) {
    match TrustedOrigins::windows().also(text) {
        Ok(trusted) => {
            let uri = ChannelUri::new(text).expect("an origin is a URL");
            assert!(trusted.trusts(&uri), "{text}");
            let (open, behind) = split(text);
            assert!(matches!(behind, "" | "/"), "{text}");
            assert!(!open.contains('@'), "{text}");
            let elsewhere = format!("{}0.elsewhere.example", text.trim_end_matches('/'));
            let elsewhere = ChannelUri::new(&elsewhere);
            assert!(!elsewhere.is_ok_and(|it| trusted.trusts(&it)), "{text}");
        }
        Err(error) => {
            let report = error.report();
            assert!(is_one_line(&report) && report.len() < 1000, "{report}");
            Secrets::of([text], "").are_not_in(&format!("{error:?} {report}"));
        }
    }
}

/// The user of a URI, and what comes behind its host; not its origin, as it stands there and as it is read,
/// nor what is trusted, which is told.
fn secrets(url: &str, read: &str) -> Secrets {
    let (open, behind) = split(url);
    let (user, host) = open.rsplit_once('@').unwrap_or(("", open));
    Secrets::of([user, behind], &format!("{host}/ {read}/ {OTHER}"))
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
    fn what_leads_to_windows_is_known_by_the_text() {
        for url in [
            "https://notify.windows.com",
            "HTTPS://DB5P.Notify.Windows.com:443/?token=a@b",
            "https://a.b.notify.windows.com?token=a",
        ] {
            assert!(leads_to_windows(url), "{url}");
        }
        for url in [
            "http://notify.windows.com/",
            "https://notify.windows.com:8443/",
            "https://evilnotify.windows.com/",
            "https://notify.windows.com.evil.example/",
            "https://notify.windows.com./",
            "https://.notify.windows.com/",
            "https://a@notify.windows.com/",
            "https://evil.example/?notify.windows.com",
            "https://evil.example\\.notify.windows.com/",
        ] {
            assert!(!leads_to_windows(url), "{url}");
        }
    }

    proptest! {
        #[test]
        fn whatever_is_made_of_the_signs_of_urls_is_judged_alike(
            pieces in prop::collection::vec(
                prop::sample::select(vec![
                    "https", "http", "HTTPS", "://", ":", "/", "//", "@", ".", "..", "127.0.0.1",
                    "[", "]", "::1", "%", "%2e", "evil", "evil.example", "localhost", "443", "8443",
                    "0443", "#", "?", "\\", "_", "-", "notify.windows.com", "Notify", "windows", "com",
                    "db5p.", "é", " ", "\t", "\u{ff0e}", "?token=AwYAAAB0123456789abcdef%2b",
                ]),
                0..10,
            ),
            whole: bool,
        ) {
            let url = pieces.concat();
            let url = if whole { url } else { format!("https://{url}/?token=0123456789abcdef0123") };
            wns_channel(url.as_bytes());
            let json = serde_json::json!({"uri": url, "registered_at": 1_767_225_600});
            wns_channel(json.to_string().as_bytes());
        }
    }
}
