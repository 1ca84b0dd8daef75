//! Stolen-token attempts: channel URIs that want the access token sent to somebody else.
#![allow(clippy::unwrap_used)]

use proptest::prelude::*;
use push_core::ErrorKind;
use push_wns::{ChannelUri, InvalidChannel, TrustedOrigins};

/// As a client judges it before it looks at the token.
fn judge(trusted: &TrustedOrigins, url: &str) -> Result<(), InvalidChannel> {
    trusted.check(&url.parse()?)
}

#[test]
fn channels_of_windows_are_trusted() {
    let trusted = TrustedOrigins::default();
    assert_eq!(trusted, TrustedOrigins::windows());
    for url in [
        "https://notify.windows.com/?token=a",
        "https://db5p.notify.windows.com/?token=AwYAAAB%2bZ%2f%3d",
        "https://wns2-by3p.notify.windows.com/w/?token=BQYA",
        "https://a.b.c.notify.windows.com/",
        "https://db5p.notify.windows.com",
        "https://db5p.notify.windows.com?token=a",
        "https://db5p.notify.windows.com:443/?token=a",
        "HTTPS://DB5P.Notify.WINDOWS.com/?token=a",
        // Whoever made these names is of Windows.
        "https://xn--bcher-kva.notify.windows.com/?token=a",
        "https://evil.example.notify.windows.com/?token=a",
        "https://127.0.0.1.notify.windows.com/?token=a",
        // The path and the query decide nothing.
        "https://db5p.notify.windows.com/@evil.example/?token=a",
        "https://db5p.notify.windows.com/?token=https://evil.example/",
        "https://db5p.notify.windows.com//evil.example/",
        "https://db5p.notify.windows.com/..//%2e%2e/",
    ] {
        judge(&trusted, url).expect(url);
        assert!(trusted.trusts(&url.parse().unwrap()), "{url}");
    }
}

const NO_URL: &str = "is no URL";
const CHARACTER: &str = "that no URL has";
const FRAGMENT: &str = "has a fragment";
const USER: &str = "has a user in it";
const HOST: &str = "neither a name nor an address";
const PORT: &str = "a port that is none";
const SCHEME: &str = "neither https nor http";
const UNTRUSTED: &str = "not trusted: whoever runs that host would get the access token";

/// What is in the path, the query or a user's name here is `s3cret` or `hunter2`.
#[rustfmt::skip]
const STOLEN: &[(&str, &str)] = &[
    // Names that look like it.
    ("https://evil.example/?token=s3cret", UNTRUSTED),
    ("https://evilnotify.windows.com/?token=s3cret", UNTRUSTED),
    ("https://evil-notify.windows.com/?token=s3cret", UNTRUSTED),
    ("https://notify.windows.com.evil.example/?token=s3cret", UNTRUSTED),
    ("https://db5p.notify.windows.com.evil.example/?token=s3cret", UNTRUSTED),
    ("https://notify.windows.comevil.example/?token=s3cret", UNTRUSTED),
    ("https://notify.windows.com-evil.example/?token=s3cret", UNTRUSTED),
    ("https://windows.com/?token=s3cret", UNTRUSTED),
    ("https://com/?token=s3cret", UNTRUSTED),
    ("https://evil.windows.com/?token=s3cret", UNTRUSTED),
    ("https://notify.windows.co/?token=s3cret", UNTRUSTED),
    ("https://notify.windows.co.m/?token=s3cret", UNTRUSTED),
    ("https://notify.windows.community/?token=s3cret", UNTRUSTED),
    ("https://notify-windows.com/?token=s3cret", UNTRUSTED),
    ("https://notify.windows-com.example/?token=s3cret", UNTRUSTED),
    ("https://notifywindows.com/?token=s3cret", UNTRUSTED),
    ("https://notify_windows.com/?token=s3cret", UNTRUSTED),
    ("https://notify.windovvs.com/?token=s3cret", UNTRUSTED),
    ("https://n0tify.windows.com/?token=s3cret", UNTRUSTED),
    ("https://notify.wns.windows.com/?token=s3cret", UNTRUSTED),
    ("https://notify.live.net/?token=s3cret", UNTRUSTED),
    ("https://login.live.com/?token=s3cret", UNTRUSTED),
    // Dots at the end, and labels with nothing in them.
    ("https://notify.windows.com./?token=s3cret", UNTRUSTED),
    ("https://db5p.notify.windows.com./?token=s3cret", UNTRUSTED),
    ("https://notify.windows.com.:443/?token=s3cret", UNTRUSTED),
    ("https://db5p.notify.windows.com../?token=s3cret", HOST),
    ("https://.notify.windows.com/?token=s3cret", HOST),
    ("https://db5p..notify.windows.com/?token=s3cret", HOST),
    ("https://notify..windows.com/?token=s3cret", HOST),
    ("https://./?token=s3cret", HOST),
    ("https://.../?token=s3cret", HOST),
    // Users, of which the host is what stands behind the last @.
    ("https://notify.windows.com@evil.example/?token=s3cret", USER),
    ("https://notify.windows.com:443@evil.example/?token=s3cret", USER),
    ("https://hunter2@notify.windows.com/?token=s3cret", USER),
    ("https://user:hunter2@notify.windows.com/?token=s3cret", USER),
    ("https://user:hunter2@evil.example/?token=s3cret", USER),
    ("https://@notify.windows.com/?token=s3cret", USER),
    ("https://:@notify.windows.com/?token=s3cret", USER),
    ("https://user@evil.example:443/?token=s3cret", USER),
    ("https://notify.windows.com%40evil.example/?token=s3cret", NO_URL),
    ("https://notify.windows.com%2f@evil.example/?token=s3cret", USER),
    ("https://a@b@notify.windows.com/?token=s3cret", USER),
    ("https://evil.example:443@notify.windows.com:443/?token=s3cret", USER),
    // Ports.
    ("https://db5p.notify.windows.com:8443/?token=s3cret", UNTRUSTED),
    ("https://db5p.notify.windows.com:80/?token=s3cret", UNTRUSTED),
    ("https://db5p.notify.windows.com:1/?token=s3cret", UNTRUSTED),
    ("https://db5p.notify.windows.com:0/?token=s3cret", PORT),
    ("https://db5p.notify.windows.com:/?token=s3cret", PORT),
    ("https://db5p.notify.windows.com:0443/?token=s3cret", PORT),
    ("https://db5p.notify.windows.com:+443/?token=s3cret", PORT),
    ("https://db5p.notify.windows.com:65979/?token=s3cret", PORT),
    ("https://db5p.notify.windows.com:443:443/?token=s3cret", NO_URL),
    ("https://db5p.notify.windows.com:443evil.example/?token=s3cret", PORT),
    ("https://evil.example:notify.windows.com/?token=s3cret", PORT),
    // No encryption, and other schemes.
    ("http://db5p.notify.windows.com/?token=s3cret", UNTRUSTED),
    ("http://db5p.notify.windows.com:443/?token=s3cret", UNTRUSTED),
    ("HTTP://notify.windows.com/?token=s3cret", UNTRUSTED),
    ("ftp://db5p.notify.windows.com/?token=s3cret", SCHEME),
    ("ws://db5p.notify.windows.com/?token=s3cret", SCHEME),
    ("httpss://db5p.notify.windows.com/?token=s3cret", SCHEME),
    ("https+x://db5p.notify.windows.com/?token=s3cret", SCHEME),
    ("javascript:s3cret//notify.windows.com", NO_URL),
    ("file:///notify.windows.com/s3cret", NO_URL),
    ("data:,s3cret", NO_URL),
    // Slashes, too many, too few, and the wrong ones.
    ("https:/notify.windows.com/?token=s3cret", NO_URL),
    ("https:notify.windows.com/?token=s3cret", NO_URL),
    ("https:///notify.windows.com/?token=s3cret", NO_URL),
    ("https:////evil.example/?token=s3cret", NO_URL),
    ("//notify.windows.com/?token=s3cret", NO_URL),
    ("/notify.windows.com/?token=s3cret", NO_URL),
    ("notify.windows.com/?token=s3cret", NO_URL),
    ("notify.windows.com", NO_URL),
    ("notify.windows.com:443", NO_URL),
    ("://notify.windows.com/?token=s3cret", SCHEME),
    ("https://", NO_URL),
    ("https://?token=s3cret", NO_URL),
    ("https://:443/?token=s3cret", HOST),
    ("https", NO_URL),
    ("*", NO_URL),
    ("", NO_URL),
    ("https:\\\\notify.windows.com\\?token=s3cret", CHARACTER),
    ("https://evil.example\\.notify.windows.com/?token=s3cret", CHARACTER),
    ("https://evil.example\\@notify.windows.com/?token=s3cret", CHARACTER),
    ("https://notify.windows.com\\@evil.example/?token=s3cret", CHARACTER),
    ("https://db5p.notify.windows.com/\\s3cret", CHARACTER),
    // The name of Windows where no host is.
    ("https://evil.example/.notify.windows.com?token=s3cret", UNTRUSTED),
    ("https://evil.example?.notify.windows.com/s3cret", UNTRUSTED),
    ("https://evil.example#.notify.windows.com/s3cret", FRAGMENT),
    ("https://evil.example/#@notify.windows.com/s3cret", FRAGMENT),
    ("https://db5p.notify.windows.com/?token=a#s3cret", FRAGMENT),
    ("https://db5p.notify.windows.com#s3cret", FRAGMENT),
    ("https://evil.example;.notify.windows.com/?token=s3cret", HOST),
    ("https://evil.example,notify.windows.com/?token=s3cret", HOST),
    ("https://evil.example&.notify.windows.com/?token=s3cret", HOST),
    ("https://evil.example=.notify.windows.com/?token=s3cret", HOST),
    ("https://$(s3cret).notify.windows.com/?token=s3cret", HOST),
    ("https://*.notify.windows.com/?token=s3cret", HOST),
    ("https://a!b.notify.windows.com/?token=s3cret", HOST),
    ("https://a'b.notify.windows.com/?token=s3cret", HOST),
    ("https://a~b.notify.windows.com/?token=s3cret", HOST),
    // Escaped.
    ("https://evil.example%2f.notify.windows.com/?token=s3cret", NO_URL),
    ("https://evil.example%2F.notify.windows.com/?token=s3cret", NO_URL),
    ("https://evil.example%3f.notify.windows.com/?token=s3cret", NO_URL),
    ("https://evil.example%23.notify.windows.com/?token=s3cret", NO_URL),
    ("https://evil.example%5c.notify.windows.com/?token=s3cret", NO_URL),
    ("https://evil.example%00.notify.windows.com/?token=s3cret", NO_URL),
    ("https://notify%2ewindows%2ecom/?token=s3cret", NO_URL),
    ("https://db5p%2enotify.windows.com/?token=s3cret", NO_URL),
    ("https://%6eotify.windows.com/?token=s3cret", NO_URL),
    ("https://notify.windows.com%3a443/?token=s3cret", NO_URL),
    // White space and control characters, which some programs drop.
    (" https://notify.windows.com/?token=s3cret", CHARACTER),
    ("https://notify.windows.com/?token=s3cret ", CHARACTER),
    ("https://notify.windows.com/?token=s3cret\n", CHARACTER),
    ("https://notify.windows.com/?token=s3cret\r\nX-Evil: 1", CHARACTER),
    ("https://notify.windows.com /?token=s3cret", CHARACTER),
    ("https://not\tify.windows.com/?token=s3cret", CHARACTER),
    ("https://not\nify.windows.com/?token=s3cret", CHARACTER),
    ("ht\ttps://notify.windows.com/?token=s3cret", CHARACTER),
    ("https:/\t/notify.windows.com/?token=s3cret", CHARACTER),
    ("https://evil.example\0.notify.windows.com/?token=s3cret", CHARACTER),
    ("https://notify.windows.com\x7f/?token=s3cret", CHARACTER),
    ("https://evil.example\t.notify.windows.com/?token=s3cret", CHARACTER),
    // Other writings of dots, slashes and letters: U+3002, U+FF0E, U+FF61, U+FF0F, U+2044, U+2215.
    ("https://notify。windows。com/?token=s3cret", CHARACTER),
    ("https://evil。notify.windows.com/?token=s3cret", CHARACTER),
    ("https://notify．windows．com/?token=s3cret", CHARACTER),
    ("https://notify｡windows｡com/?token=s3cret", CHARACTER),
    ("https://evil.example／.notify.windows.com/?token=s3cret", CHARACTER),
    ("https://evil.example⁄.notify.windows.com/?token=s3cret", CHARACTER),
    ("https://evil.example∕.notify.windows.com/?token=s3cret", CHARACTER),
    ("https://evil.example＠notify.windows.com/?token=s3cret", CHARACTER),
    ("https://evil.example？.notify.windows.com/?token=s3cret", CHARACTER),
    ("https://evil.example＃.notify.windows.com/?token=s3cret", CHARACTER),
    ("https://ｎotify.windows.com/?token=s3cret", CHARACTER),
    ("https://notify.wındows.com/?token=s3cret", CHARACTER),
    ("https://notіfy.windows.com/?token=s3cret", CHARACTER),
    ("https://notify.windows.com\u{ad}/?token=s3cret", CHARACTER),
    ("https://notify.\u{200b}windows.com/?token=s3cret", CHARACTER),
    ("https://\u{202e}moc.swodniw.yfiton/?token=s3cret", CHARACTER),
    ("\u{feff}https://notify.windows.com/?token=s3cret", CHARACTER),
    ("https://notify.windows.com/?token=s3crét", CHARACTER),
    // Punycode of letters that look alike.
    ("https://xn--notfy-dlf.windows.com/?token=s3cret", UNTRUSTED),
    ("https://notify.xn--windws-nog.com/?token=s3cret", UNTRUSTED),
    ("https://notify.windows.xn--com-8na/?token=s3cret", UNTRUSTED),
    // Addresses, in every notation.
    ("https://127.0.0.1/?token=s3cret", UNTRUSTED),
    ("https://127.1/?token=s3cret", UNTRUSTED),
    ("https://2130706433/?token=s3cret", UNTRUSTED),
    ("https://0x7f000001/?token=s3cret", UNTRUSTED),
    ("https://0x7f.1/?token=s3cret", UNTRUSTED),
    ("https://0177.0.0.1/?token=s3cret", UNTRUSTED),
    ("https://0/?token=s3cret", UNTRUSTED),
    ("https://169.254.169.254/?token=s3cret", UNTRUSTED),
    ("https://13.77.0.1/?token=s3cret", UNTRUSTED),
    ("https://localhost/?token=s3cret", UNTRUSTED),
    ("https://[::1]/?token=s3cret", UNTRUSTED),
    ("https://[2603:1000::1]/?token=s3cret", UNTRUSTED),
    ("https://[::ffff:127.0.0.1]/?token=s3cret", UNTRUSTED),
    ("https://[::ffff:7f00:1]:443/?token=s3cret", UNTRUSTED),
    ("https://[::1%25.notify.windows.com]/?token=s3cret", HOST),
    ("https://[::1]notify.windows.com/?token=s3cret", PORT),
    ("https://[::1].notify.windows.com/?token=s3cret", PORT),
    ("https://[notify.windows.com]/?token=s3cret", HOST),
    ("https://notify.windows.com[::1]/?token=s3cret", HOST),
    ("https://[::1/?token=s3cret", NO_URL),
    ("https://::1/?token=s3cret", NO_URL),
    ("https://[]/?token=s3cret", HOST),
];

#[test]
fn a_stolen_token_attempt_is_refused_and_nothing_of_it_is_shown() {
    let windows = TrustedOrigins::windows();
    // Others that are trusted don't weaken it.
    let more = TrustedOrigins::windows()
        .also("https://localhost:8443")
        .unwrap()
        .also("http://127.0.0.1:8080")
        .unwrap();
    let mut wrong = Vec::new();
    for (url, why) in STOLEN {
        for trusted in [&windows, &more] {
            let Err(error) = judge(trusted, url) else {
                wrong.push(format!("{url:?} is trusted"));
                continue;
            };
            let (shown, debug) = (error.to_string(), format!("{error:?}"));
            if !shown.contains(why) {
                wrong.push(format!("{url:?}: expected {why:?}, not {shown:?}"));
            }
            for text in [shown, debug] {
                for secret in ["s3cr", "hunter2", "user:", "\n"] {
                    if text.contains(secret) {
                        wrong.push(format!("{url:?}: {secret:?} is in {text:?}"));
                    }
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

#[test]
fn long_names_are_read_no_further_than_names_can_be() {
    let trusted = TrustedOrigins::windows();
    let labels = "a.".repeat(117);
    // 253 bytes are the longest that a name can have.
    for (host, is_trusted) in [
        (format!("{}.notify.windows.com", "a".repeat(63)), true),
        (format!("{}.notify.windows.com", "a".repeat(64)), false),
        (format!("{labels}notify.windows.com"), true),
        (format!("a{labels}notify.windows.com"), true),
        (format!("aa{labels}notify.windows.com"), false),
        (format!("{}notify.windows.com", "a.".repeat(900)), false),
        (format!("notify.windows.com{}", ".a".repeat(900)), false),
    ] {
        let url = format!("https://{host}/");
        assert_eq!(judge(&trusted, &url).is_ok(), is_trusted, "{host}");
    }
    let error = judge(
        &trusted,
        &format!("https://{}.example/", "a".repeat(100_000)),
    );
    assert!(error.unwrap_err().to_string().len() < 200);
}

#[test]
fn a_refusal_says_the_host_what_is_trusted_and_why() {
    let trusted = TrustedOrigins::windows();
    let error = judge(&trusted, "https://Evil.example:8443/?token=s3cret").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the channel is at https://evil.example:8443, which is not trusted: whoever runs that host would \
         get the access token; expected https at notify.windows.com or a name below it"
    );
    let trusted = trusted.also("https://localhost:8443/").unwrap();
    let error = judge(&trusted, "http://notify.windows.com/?token=s3cret").unwrap_err();
    assert_eq!(
        error.to_string(),
        "the channel is at http://notify.windows.com, which is not trusted: whoever runs that host would \
         get the access token; expected https at notify.windows.com or a name below it, or \
         https://localhost:8443"
    );
}

#[test]
fn a_further_origin_is_trusted_exactly() {
    let trusted = TrustedOrigins::windows()
        .also("https://LocalHost:8443")
        .unwrap()
        .also("http://[::1]:80/")
        .unwrap()
        .also("https://wns.example:443")
        .unwrap();
    for url in [
        "https://localhost:8443/?token=a",
        "https://LOCALHOST:8443/channel/a",
        "http://[::1]/a",
        "http://[0:0::1]:80/a",
        "https://wns.example/a",
        "https://db5p.notify.windows.com/?token=a",
    ] {
        judge(&trusted, url).expect(url);
    }
    for url in [
        "http://localhost:8443/",
        "https://localhost/",
        "https://localhost:8444/",
        "https://localhost:84430/",
        "https://localhost.:8443/",
        "https://localhost.evil.example:8443/",
        "https://evil.localhost:8443/",
        "https://127.0.0.1:8443/",
        "https://[::1]:80/",
        "http://[::1]:8080/",
        "https://a.wns.example/",
        "http://wns.example:443/",
    ] {
        assert!(judge(&trusted, url).is_err(), "{url}");
        assert!(judge(&TrustedOrigins::windows(), url).is_err(), "{url}");
    }
    assert!(judge(&TrustedOrigins::windows(), "https://localhost:8443/").is_err());
}

#[test]
fn what_is_no_origin_can_t_be_trusted() {
    for origin in [
        "",
        "localhost",
        "localhost:8443",
        "https://localhost:8443/s3cret",
        "https://localhost:8443?s3cret",
        "https://localhost:8443/?",
        "https://localhost:8443#s3cret",
        "https://user:s3cret@localhost:8443",
        "https://localhost:0",
        "https://*.example.org",
        "ftp://localhost",
        "*",
        "null",
    ] {
        let error = TrustedOrigins::windows().also(origin).expect_err(origin);
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(!error.report().contains("s3cret"), "{error}");
    }
}

proptest! {
    #[test]
    fn a_trusted_host_is_that_of_windows_by_whole_labels(
        url in prop_oneof![
            "https://[a-z0-9:/@.%\\[\\]?#\\\\;_-]{0,12}notify\\.windows\\.com[a-z0-9:/@.%?#-]{0,8}",
            "https?://[a-zA-Z.@:/?]{0,10}(notify|windows|com|[.@:/?#]){1,8}[a-z.@:/]{0,10}",
        ],
    ) {
        let Ok(uri) = url.parse::<ChannelUri>() else { return Ok(()) };
        if !TrustedOrigins::windows().trusts(&uri) {
            return Ok(());
        }
        // By another reading than the one that is tested.
        let rest = url.strip_prefix("https://").unwrap();
        let authority = rest.split(['/', '?', '#', '\\']).next().unwrap();
        let host = authority.strip_suffix(":443").unwrap_or(authority).to_ascii_lowercase();
        let labels: Vec<&str> = host.rsplit('.').collect();
        prop_assert!(labels.starts_with(&["com", "windows", "notify"]), "{}", url);
        let is_plain_label = |label: &&str| {
            !label.is_empty()
                && label.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"-_".contains(&byte))
        };
        prop_assert!(labels.iter().all(is_plain_label), "{}", url);
    }
}
