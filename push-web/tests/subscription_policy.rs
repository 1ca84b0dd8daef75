//! Endpoints as those write them who want to reach inside, and which of them are taken.
#![allow(clippy::unwrap_used)]

use std::net::IpAddr;

use proptest::prelude::*;
use push_web::{Endpoint, EndpointPolicy, InvalidEndpoint};

const URL: &str = "https://push.example.net/wpush/v2/gAAAAABk-secret?token=BQYAAA%2f%2B";

/// As it is judged before anything is dialled.
fn judge(policy: &EndpointPolicy, url: &str) -> Result<(), InvalidEndpoint> {
    policy.check(&url.parse()?)
}

/// No notation of an address of this machine or an inner network, no name of one, no way of writing a URL
/// that two programs read in two ways.
const HOSTILE: [&str; 96] = [
    // Addresses in dots, in numbers, in between.
    "https://127.0.0.1/secret",
    "https://127.1/secret",
    "https://127.0.1/secret",
    "https://0x7f.1/secret",
    "https://0X7F.1/secret",
    "https://0x7f000001/secret",
    "https://0x7f.0x0.0x0.0x1/secret",
    "https://0177.0.0.1/secret",
    "https://017700000001/secret",
    "https://2130706433/secret",
    "https://0/secret",
    "https://0x/secret",
    "https://0.0.0.0/secret",
    "https://127.0.0.1./secret",
    "https://2130706433./secret",
    "https://0x7f.1./secret",
    "https://10.0.0.1/secret",
    "https://192.168.1.1/secret",
    "https://172.16.0.1/secret",
    "https://169.254.169.254/secret",
    "https://100.64.0.1/secret",
    "https://8.8.8.8/secret",
    "https://999.999.999.999/secret",
    "https://1.2.3.4.5/secret",
    "https://push.example.0x10/secret",
    "https://push.example.1/secret",
    // IPv6, with and without an IPv4 address in it, with a zone.
    "https://[::1]/secret",
    "https://[::]/secret",
    "https://[0:0:0:0:0:0:0:1]/secret",
    "https://[::ffff:127.0.0.1]/secret",
    "https://[::ffff:7f00:1]/secret",
    "https://[::127.0.0.1]/secret",
    "https://[64:ff9b::7f00:1]/secret",
    "https://[2002:7f00:1::]/secret",
    "https://[fe80::1]/secret",
    "https://[fe80::1%25eth0]/secret",
    "https://[::1%25eth0]/secret",
    "https://[::1%eth0]/secret",
    "https://[fd00:ec2::254]/secret",
    "https://[2606:4700::1111]/secret",
    "https://[v1.a]/secret",
    "https://[::1/secret",
    "https://::1/secret",
    "https://[]/secret",
    "https://[::1]x/secret",
    "https://x[::1]/secret",
    "https://[::1]:x/secret",
    // Names of this machine and of inner networks.
    "https://localhost/secret",
    "https://LOCALHOST/secret",
    "https://localhost./secret",
    "https://a.localhost/secret",
    "https://a.LocalHost./secret",
    "https://printer.local/secret",
    "https://metadata.google.internal/secret",
    "https://router.home.arpa/secret",
    "https://intranet/secret",
    "https://push.example.net./secret",
    "https://push..example.net/secret",
    "https://.example.net/secret",
    "https://./secret",
    "https://push.example.net../secret",
    // Other writings of letters and digits.
    "https://１２７.0.0.1/secret",
    "https://127。0。0。1/secret",
    "https://ⓛocalhost/secret",
    "https://bücher.example/secret",
    "https://%31%32%37.0.0.1/secret",
    "https://%6cocalhost/secret",
    "https://push.example.net%2f@evil.example/secret",
    "https://push.example.net%00.evil.example/secret",
    // Users.
    "https://user@push.example.net/secret",
    "https://user:pass@push.example.net/secret",
    "https://@push.example.net/secret",
    "https://push.example.net@127.0.0.1/secret",
    "https://a@b@push.example.net/secret",
    "https://a:b@c:d@push.example.net/secret",
    // Slashes, backslashes, spaces.
    "https:\\\\push.example.net\\secret",
    "https://evil.example\\@push.example.net/secret",
    "https://push.example.net\\.evil.example/secret",
    "https://push.example.net/\\secret",
    "https://push.exam\tple.net/secret",
    "https://push.example.net/sec\nret",
    " https://push.example.net/secret",
    "https://push.example.net/secret ",
    "https://push.example.net/secret\u{a0}",
    "https://push.example.net/sécret",
    "https:/push.example.net/secret",
    "https:push.example.net/secret",
    "https:///push.example.net/secret",
    "//push.example.net/secret",
    "push.example.net/secret",
    // Ports.
    "https://push.example.net:0/secret",
    "https://push.example.net:65536/secret",
    "https://push.example.net:/secret",
    "https://push.example.net:+443/secret",
    "https://push.example.net:0443/secret",
    "https://push.example.net:8443/secret",
];

#[test]
fn hostile_endpoints_are_refused_and_not_shown() {
    for policy in [EndpointPolicy::public(), EndpointPolicy::known_services()] {
        for url in HOSTILE {
            let error = judge(&policy, url).expect_err(url);
            let shown = format!("{error} {error:?}");
            assert!(
                !shown.contains("secret") && !shown.contains("pass"),
                "{shown}"
            );
        }
        for url in [
            "",
            "https://",
            "https://:443/secret",
            "https://?secret",
            "https://push.example.net/#secret",
            "https://push.example.net#secret",
            "http://push.example.net/secret",
            "ftp://push.example.net/secret",
            "ws://push.example.net/secret",
            "javascript:secret",
            "file:///etc/secret",
            "data:,secret",
            "https://push.example.net:443:443/secret",
            "https://push.exa mple.net/secret",
            "https://*.example.net/secret",
            "https://push.example.net,evil.example/secret",
            "https://push.example.net;/secret",
            "https://$(secret).example.net/secret",
        ] {
            let error = judge(&policy, url).expect_err(url).to_string();
            assert!(!error.contains("secret"), "{error}");
        }
    }
}

#[test]
fn a_user_and_a_missing_encryption_are_told_as_what_they_are() {
    let policy = EndpointPolicy::public().any_port();
    for (url, expected) in [
        ("https://user:pass@push.example.net/a", "has a user in it"),
        ("http://push.example.net/a", "is not encrypted"),
        ("http://push.example.net:443/a", "is not encrypted"),
    ] {
        let error = judge(&policy, url).unwrap_err().to_string();
        assert!(error.contains(expected), "{url}: {error}");
    }
}

/// What the policy for inner networks takes, it takes for what it is: none of these is dialled in a way that
/// differs from what is written.
#[test]
fn what_could_be_read_in_two_ways_is_no_endpoint_at_all() {
    let policy = EndpointPolicy::private();
    for url in HOSTILE {
        let Ok(endpoint) = Endpoint::new(url) else {
            continue;
        };
        assert!(policy.check(&endpoint).is_ok(), "{url}");
        let host = endpoint.host();
        assert!(
            host.parse::<IpAddr>().is_ok()
                || host
                    .bytes()
                    .all(|byte| byte.is_ascii_alphanumeric() || b"-_.".contains(&byte)),
            "{url}: {host}"
        );
        assert!(url.to_ascii_lowercase().starts_with("https://"), "{url}");
        assert!(endpoint.port() > 0);
    }
    for url in [
        "http://127.0.0.1:8080/a",
        "https://[::1]:1/a",
        "http://push/a",
        "https://localhost/a",
        "https://push.example.net.:8443/a",
    ] {
        judge(&policy, url).expect(url);
    }
    assert!(policy.egress().allows("127.0.0.1".parse().unwrap()));
}

#[test]
fn public_endpoints_are_taken() {
    let policy = EndpointPolicy::default();
    for url in [
        URL,
        "https://fcm.googleapis.com/fcm/send/abc:APA91b",
        "https://push.example.net:443/a",
        "https://push-1.my_company.example/a",
        "https://xn--bcher-kva.example/a",
        "https://1.example.org/a",
        "https://127.0.0.1.example.org/a",
        "https://localhost.example.org/a",
        "https://0x7f.example/a",
        "https://notlocalhost.example/a",
    ] {
        judge(&policy, url).expect(url);
    }
    let egress = policy.egress();
    assert!(!egress.allows("127.0.0.1".parse().unwrap()));
    assert!(!egress.allows("169.254.169.254".parse().unwrap()));
    assert!(egress.allows("8.8.8.8".parse().unwrap()));
}

#[test]
fn known_services_are_known_by_whole_labels() {
    let policy = EndpointPolicy::known_services();
    for host in [
        "fcm.googleapis.com",
        "FCM.googleapis.com",
        "android.googleapis.com",
        "jmt17.google.com",
        "updates.push.services.mozilla.com",
        "web.push.apple.com",
        "wns2-bl2p.notify.windows.com",
        "a.b.notify.windows.com",
    ] {
        judge(&policy, &format!("https://{host}/a")).expect(host);
    }
    for host in [
        "push.example.net",
        "googleapis.com",
        "fcm.googleapis.com.evil.example",
        "evilfcm.googleapis.com",
        "evil.fcm.googleapis.com",
        "fcm-googleapis.com",
        "evilnotify.windows.com",
        "notify.windows.com",
        "notify.windows.com.evil.example",
        "push.services.mozilla.com",
        "xpush.services.mozilla.com",
        "web.push.apple.com.evil.example",
        "fcm.googleapis.com:8443",
    ] {
        assert!(
            judge(&policy, &format!("https://{host}/a")).is_err(),
            "{host}"
        );
    }
    assert!(judge(&policy, "http://fcm.googleapis.com/a").is_err());
}

#[test]
fn ports_and_hosts_are_limited_by_the_policy() {
    let policy = EndpointPolicy::public().ports([443, 8443]);
    judge(&policy, "https://push.example.net:8443/a").unwrap();
    let error = judge(&policy, "https://push.example.net:22/a").unwrap_err();
    assert!(
        error
            .to_string()
            .contains("push.example.net has the port 22"),
        "{error}"
    );
    judge(
        &EndpointPolicy::public().any_port(),
        "https://push.example.net:22/a",
    )
    .unwrap();
    assert!(judge(&policy, "https://127.0.0.1:8443/a").is_err());

    let policy = EndpointPolicy::known_services().hosts(["Push.Example.ORG", "*.example.net"]);
    for (host, is_taken) in [
        ("push.example.org", true),
        ("a.push.example.org", false),
        ("example.org", false),
        ("a.example.net", true),
        ("a.b.example.net", true),
        ("example.net", false),
        ("aexample.net", false),
        ("fcm.googleapis.com", true),
    ] {
        let judged = judge(&policy, &format!("https://{host}/a"));
        assert_eq!(judged.is_ok(), is_taken, "{host}");
    }
    // What is no pattern matches nothing.
    for pattern in [
        "",
        "*",
        "*.",
        "*example.net",
        "*.*",
        "https://push.example.net",
    ] {
        let policy = EndpointPolicy::private().hosts([pattern]);
        assert!(
            judge(&policy, "https://push.example.net/a").is_err(),
            "{pattern}"
        );
    }
    assert!(judge(&EndpointPolicy::private().hosts([""; 0]), URL).is_err());
    let inner = EndpointPolicy::private().hosts(["push.intern"]).ports([80]);
    judge(&inner, "http://push.intern/a").unwrap();
    assert!(judge(&inner, "https://push.intern/a").is_err());
}

proptest! {
    #[test]
    fn a_taken_endpoint_is_a_name_with_a_public_look(
        url in "https://[a-z0-9:/@.%\\[\\]?x-]{0,30}",
    ) {
        let Ok(endpoint) = Endpoint::new(&url) else { return Ok(()) };
        if EndpointPolicy::public().check(&endpoint).is_err() {
            return Ok(());
        }
        let host = endpoint.host();
        prop_assert!(host.parse::<IpAddr>().is_err() && host.contains('.'), "{}", host);
        let last = host.rsplit('.').next().unwrap();
        prop_assert!(last.parse::<u64>().is_err(), "{}", host);
        prop_assert_eq!(endpoint.port(), 443);
        prop_assert_eq!(endpoint.uri().host(), Some(host));
        prop_assert_eq!(endpoint.origin(), format!("https://{host}"));
    }
}
