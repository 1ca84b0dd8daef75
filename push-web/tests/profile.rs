//! Push services: by which host they are known, and in what they differ.

#![allow(clippy::unwrap_used)]

use std::time::Duration;

use proptest::prelude::*;
use push_web::{Encoded, Encoding, Message, Padding, Profile, PushService, VapidForm};

#[test]
fn a_service_is_known_by_its_host_label_by_label() {
    for (host, service) in [
        ("fcm.googleapis.com", PushService::Fcm),
        ("FCM.googleapis.COM", PushService::Fcm),
        ("android.googleapis.com", PushService::Fcm),
        ("jmt17.google.com", PushService::Fcm),
        ("updates.push.services.mozilla.com", PushService::Mozilla),
        (
            "updates-autopush.stage.push.services.mozilla.com",
            PushService::Mozilla,
        ),
        ("web.push.apple.com", PushService::Apple),
        ("api.web.push.apple.com", PushService::Apple),
        ("wns2-by3p.notify.windows.com", PushService::Wns),
        ("push.example.net", PushService::Other),
        ("127.0.0.1", PushService::Other),
        ("localhost", PushService::Other),
        ("", PushService::Other),
        // Alike, and not theirs.
        ("evilfcm.googleapis.com", PushService::Other),
        ("a.fcm.googleapis.com", PushService::Other),
        ("fcm.googleapis.com.evil.example", PushService::Other),
        ("googleapis.com", PushService::Other),
        ("push.services.mozilla.com", PushService::Other),
        ("evilpush.services.mozilla.com", PushService::Other),
        (".push.services.mozilla.com", PushService::Other),
        ("..push.apple.com", PushService::Other),
        ("push.apple.com", PushService::Other),
        ("webpush.apple.com", PushService::Other),
        ("notify.windows.com", PushService::Other),
        ("evilnotify.windows.com", PushService::Other),
        ("é.push.apple.co", PushService::Other),
    ] {
        assert_eq!(PushService::of(host), service, "{host}");
    }
    let names: Vec<&str> = PushService::ALL.iter().map(|it| it.name()).collect();
    assert_eq!(names, ["mozilla", "fcm", "apple", "wns", "other"]);
}

proptest! {
    #[test]
    fn no_host_is_too_odd_to_look_up(host in "\\PC{0,80}") {
        let _ = PushService::of(&host);
        let _ = PushService::of(&format!("{host}.push.apple.com"));
    }
}

fn encoded(message: Message) -> Encoded {
    message.encode().unwrap()
}

#[test]
fn only_wns_wants_to_be_told_that_a_ttl_of_zero_is_not_kept() {
    let now_or_never = encoded(Message::empty().ttl(Duration::ZERO));
    let later = encoded(Message::empty().ttl(Duration::from_secs(1)));
    for service in PushService::ALL {
        let profile = Profile::of(*service);
        assert_eq!(profile.extra_header(&later), None, "{service}");
        let header = profile.extra_header(&now_or_never);
        let header = header.map(|(name, value)| (name.to_string(), value));
        let expected = (*service == PushService::Wns)
            .then(|| ("x-wns-cache-policy".to_owned(), "no-cache".parse().unwrap()));
        assert_eq!(header, expected, "{service}");
    }
    let own = Profile::default().ttl_zero_is_no_cache(true);
    assert!(own.extra_header(&now_or_never).is_some());
}

#[test]
fn only_apple_refuses_topics_that_do_not_decode() {
    for (length, decodes) in [(1, false), (4, true), (5, false), (12, true), (13, false)] {
        let message = encoded(Message::empty().topic("x".repeat(length)));
        for service in PushService::ALL {
            let checked = Profile::of(*service).check(&message);
            let taken = decodes || *service != PushService::Apple;
            assert_eq!(checked.is_ok(), taken, "{length} at {service}");
        }
    }
    let message = encoded(Message::empty().topic("score"));
    let error = Profile::of(PushService::Apple).check(&message).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the topic has 5 characters: this push service takes no length of 1, 5, 9 and so on, since the \
         topic has to decode as base64url"
    );
    let lenient = Profile::of(PushService::Apple).topic_must_decode(false);
    assert_eq!(lenient.check(&message), Ok(()));
}

#[test]
fn a_service_that_takes_less_says_how_much_fits() {
    let profile = Profile::of(PushService::Mozilla).max_body_bytes(2744);
    let largest = encoded(Message::bytes(vec![0; 2641]));
    assert_eq!(profile.check(&largest), Ok(()));
    let error = profile
        .check(&encoded(Message::bytes(vec![0; 2642])))
        .unwrap_err();
    assert_eq!(
        error.to_string(),
        "the payload has 2642 bytes: at most 2641 fit into a body of 2744 bytes with aes128gcm"
    );
    let padded = Message::bytes(vec![0; 10]).padding(Padding::To(3000));
    let error = profile.check(&encoded(padded)).unwrap_err();
    assert_eq!(
        error.to_string(),
        "the padding brings the payload to 3000 bytes: at most 2641 fit into a body of 2744 bytes with \
         aes128gcm"
    );
    assert_eq!(profile.check(&encoded(Message::empty())), Ok(()));
}

#[test]
fn the_older_encoding_goes_with_the_older_form_of_vapid() {
    for service in PushService::ALL {
        let profile = Profile::of(*service);
        assert_eq!(profile.service(), *service);
        let form = |encoding| profile.vapid_form_for(encoding);
        assert_eq!(form(Encoding::Aes128Gcm), VapidForm::Rfc8292);
        assert_eq!(form(Encoding::AesGcm), VapidForm::Draft01);
    }
    let own = Profile::default()
        .vapid_form(Encoding::Aes128Gcm, VapidForm::Draft01)
        .vapid_form(Encoding::AesGcm, VapidForm::Rfc8292);
    assert_eq!(own.vapid_form_for(Encoding::Aes128Gcm), VapidForm::Draft01);
    assert_eq!(own.vapid_form_for(Encoding::AesGcm), VapidForm::Rfc8292);
}
