//! What all kinds have in common: headers, sizes, JSON; and badges, raw notifications and raw XML.
#![allow(clippy::unwrap_used)]

use std::time::Duration;

use push_wns::*;

fn problems(notification: &Notification) -> Vec<String> {
    let invalid = notification.encode().unwrap_err();
    invalid.problems().iter().map(ToString::to_string).collect()
}

fn headers(notification: &Notification) -> Vec<String> {
    let encoded = notification.encode().unwrap();
    let headers = encoded.headers().iter();
    let mut headers: Vec<String> = headers
        .map(|(name, value)| format!("{name}: {}", value.to_str().unwrap()))
        .collect();
    headers.sort();
    headers
}

#[test]
fn every_kind_has_its_type() {
    for (notification, kind, content_type) in [
        (Notification::text("x"), "toast", "text/xml"),
        (TemplateToast::new(["x"]).into(), "toast", "text/xml"),
        (Tile::new(TileBinding::medium()).into(), "tile", "text/xml"),
        (Badge::clear().into(), "badge", "text/xml"),
        (Notification::xml(Kind::Tile, "<tile/>"), "tile", "text/xml"),
        (Notification::raw("x"), "raw", "application/octet-stream"),
        (
            Notification::xml(Kind::Raw, "x"),
            "raw",
            "application/octet-stream",
        ),
    ] {
        let encoded = notification.encode().unwrap();
        assert_eq!(encoded.kind(), notification.kind());
        assert_eq!(
            headers(&notification),
            [
                format!("content-length: {}", encoded.body().len()),
                format!("content-type: {content_type}"),
                format!("x-wns-type: wns/{kind}"),
            ]
        );
    }
}

#[test]
fn every_header_can_be_asked_for() {
    let toast = Notification::text("x")
        .ttl(Duration::from_millis(1001))
        .tag("Tag1")
        .group("0123456789abcdef")
        .cache_policy(CachePolicy::NoCache)
        .request_for_status(true)
        .priority(Priority::VeryLow)
        .correlation_vector("PmvzQKgYek6Sdk/T5sWaqw.0")
        .windows_phone()
        .suppress_popup(true);
    assert_eq!(
        headers(&toast)[2..],
        [
            "ms-cv: PmvzQKgYek6Sdk/T5sWaqw.0",
            "x-wns-cache-policy: no-cache",
            "x-wns-group: 0123456789abcdef",
            "x-wns-priority: 4",
            "x-wns-requestforstatus: true",
            "x-wns-suppresspopup: true",
            "x-wns-tag: Tag1",
            "x-wns-ttl: 2",
            "x-wns-type: wns/toast",
        ]
    );
    for (priority, number) in Priority::ALL.iter().zip(["1", "2", "3", "4"]) {
        assert_eq!(priority.header(), number);
    }
    let now = Notification::badge(Badge::clear())
        .ttl(Duration::ZERO)
        .cache_policy(CachePolicy::Cache);
    assert!(headers(&now).contains(&"x-wns-ttl: 0".to_owned()));
    assert!(headers(&now).contains(&"x-wns-cache-policy: cache".to_owned()));
}

#[test]
fn all_that_is_wrong_is_told_at_once() {
    let badge = Notification::badge(Badge::clear())
        .tag("no-dash")
        .group("12345678901234567")
        .suppress_popup(true)
        .correlation_vector("a\r\nx-wns-type: wns/raw");
    assert_eq!(
        problems(&badge),
        [
            "the tag is \"no-dash\": give 1 to 16 of A-Z, a-z and 0-9",
            "the group is \"12345678901234567\": give 1 to 16 of A-Z, a-z and 0-9",
            "the group is given to another kind than a toast: leave it out",
            "the suppress_popup is for Windows Phone only: say windows_phone, or leave it out",
            "the suppress_popup is given to another kind than a toast: leave it out",
            "the correlation_vector is \"a\\r\\nx-wns-type: wns/raw\": give 1 to 128 visible ASCII characters",
        ]
    );
    assert!(
        badge
            .encode()
            .unwrap_err()
            .to_string()
            .contains("; the group is")
    );
    for tag in ["", "ü", " ", "a b", "a\n"] {
        assert_eq!(
            problems(&Notification::text("x").tag(tag)).len(),
            1,
            "{tag:?}"
        );
    }
}

#[test]
fn a_body_has_at_most_5000_bytes_of_utf_8() {
    let empty = Notification::text("").encode().unwrap().body().len();
    // `<text/>` becomes `<text></text>`.
    let room = MAX_BODY_BYTES - empty - "<text>".len();
    let full = "ü".repeat(room / 2) + &"x".repeat(room % 2);
    let body = Notification::text(full.as_str()).encode().unwrap();
    assert_eq!(body.body().len(), 5000);
    assert_eq!(
        problems(&Notification::text(full + "x")),
        ["the notification has 5001 bytes of UTF-8: at most 5000 are taken, shorten it"]
    );
    assert!(Notification::raw(vec![0; 5000]).encode().is_ok());
    assert_eq!(
        problems(&Notification::raw(vec![0; 5123])),
        ["the notification has 5123 bytes: at most 5000 are taken, shorten it"]
    );
    assert_eq!(
        problems(&Notification::raw("")),
        ["the raw is empty: give at least one byte"]
    );
}

#[test]
fn raw_bytes_go_out_as_they_are() {
    let bytes = [0, 255, b'<', 13, 10];
    let encoded = Notification::raw(bytes.to_vec()).encode().unwrap();
    assert_eq!(encoded.body().as_ref(), bytes);
}

#[test]
fn badges_are_numbers_and_glyphs() {
    let value = |badge: Badge| {
        let encoded = Notification::badge(badge).encode().unwrap();
        String::from_utf8(encoded.body().to_vec()).unwrap()
    };
    assert_eq!(value(Badge::number(100)), "<badge value=\"100\"/>");
    assert_eq!(value(Badge::clear()), "<badge value=\"0\"/>");
    let glyphs = "none activity alarm alert attention available away busy error newMessage paused \
                  playing unavailable";
    let glyphs: Vec<&str> = glyphs.split_whitespace().collect();
    assert_eq!(Glyph::ALL.len(), glyphs.len());
    for name in glyphs {
        let badge: Badge = name.parse().unwrap();
        assert_eq!(value(badge), format!("<badge value=\"{name}\"/>"));
        assert_eq!(badge.to_string(), name);
        let json = serde_json::to_string(&badge).unwrap();
        assert_eq!(json, format!("{name:?}"));
        assert_eq!(serde_json::from_str::<Badge>(&json).unwrap(), badge);
    }
    assert_eq!("5".parse(), Ok(Badge::number(5)));
    assert_eq!(
        serde_json::from_str::<Badge>("5").unwrap(),
        Badge::number(5)
    );
    for text in ["", "-1", "+5", "4294967296", "newmessage", "star", "1.5"] {
        let error = text.parse::<Badge>().unwrap_err().to_string();
        let expected = format!(
            "the badge is {text:?}: give a number, or none, activity, alarm, alert, attention, \
             available, away, busy, error, newMessage, paused, playing, unavailable"
        );
        assert_eq!(error, expected);
    }
}

#[test]
fn raw_xml_goes_out_as_it_is_where_it_is_of_its_kind() {
    for (kind, xml) in [
        (
            Kind::Toast,
            "<?xml version='1.0' encoding='UTF-8'?>\n<toast>\n <!-- x --> </toast>\n",
        ),
        (
            Kind::Toast,
            "\u{feff}<toast a='&#9;&lt;'><![CDATA[<&>]]>&amp;</toast>",
        ),
        (
            Kind::Tile,
            "<tile xmlns='urn:x' xmlns:a='urn:y'><a:b a:c='1' c='2'/></tile>",
        ),
        (Kind::Badge, "<badge value=\"x\" />"),
    ] {
        let encoded = Notification::xml(kind, xml).encode().unwrap();
        assert_eq!(encoded.body().as_ref(), xml.as_bytes());
    }
    for (xml, reason) in [
        ("", "there is no element toast (at byte 0)"),
        ("<tile/>", "the root is \"tile\": give toast (at byte 0)"),
        ("<toast>", "an element is not closed (at byte 7)"),
        ("<toast/><toast/>", "\"toast\" is a second root (at byte 8)"),
        (
            "<toast/>x",
            "there is text outside of the element (at byte 8)",
        ),
        (
            "<toast>&nbsp;</toast>",
            "at 1..5: unrecognized entity `nbsp` (at byte 7)",
        ),
        (
            "<toast>\u{b}</toast>",
            "XML has no \\u{b} in it (at byte 7)",
        ),
        (
            "<toast>&#11;</toast>",
            "XML has no \\u{b} in it (at byte 7)",
        ),
        (
            "<!DOCTYPE toast><toast/>",
            "leave the document type definition out (at byte 0)",
        ),
        (
            "<?xml version='1.0' encoding='utf-16'?><toast/>",
            "the encoding is said to be \"utf-16\": XML 1.0 in UTF-8 is taken (at byte 0)",
        ),
        (
            "<?xml?><toast/>",
            "the XML declaration has no version (at byte 0)",
        ),
        (
            " <?xml version='1.0'?><toast/>",
            "an XML declaration stands at the beginning only (at byte 1)",
        ),
        (
            "<toast><?xml version='1.0'?></toast>",
            "an XML declaration stands at the beginning only (at byte 7)",
        ),
        (
            "<toast><a:b/></toast>",
            "the prefix \"a\" has no namespace (at byte 7)",
        ),
        (
            "<toast xmlns:a='u' xmlns:b='u' a:x='1' b:x='2'/>",
            "\"b:x\" is given twice (at byte 0)",
        ),
        (
            "<toast a='1'b='2'/>",
            "there is no white space before \"b\" (at byte 0)",
        ),
        ("<toast a='<'/>", "< has to be written as &lt; (at byte 0)"),
        (
            "<toast>]]></toast>",
            "]]> has to be written as ]]&gt; (at byte 7)",
        ),
        ("<toast><1/></toast>", "\"1\" is no name (at byte 7)"),
    ] {
        let told = problems(&Notification::xml(Kind::Toast, xml));
        assert_eq!(told, [format!("the xml can't be taken: {reason}")], "{xml}");
    }
    for xml in [
        "<toast></tile>",
        "<toast a='1' a='2'/>",
        "<toast a=1/>",
        "<toast a/>",
        "<toast",
        "&",
    ] {
        assert_eq!(
            problems(&Notification::xml(Kind::Toast, xml)).len(),
            1,
            "{xml}"
        );
    }
}

#[test]
fn a_queue_keeps_a_notification_by_stable_names() {
    for (notification, json) in [
        (
            Notification::toast(
                Toast::new("a")
                    .scenario(Scenario::IncomingCall)
                    .group(Group::new().subgroup(Subgroup::new().text("b").image("c.png")))
                    .progress(Progress::indeterminate("d"))
                    .input(Input::selection("e").option("f", "g"))
                    .button(Button::dismiss().context_menu())
                    .extra("hint-new", "h"),
            ),
            r#"{"toast":{"texts":[{"text":"a"}],"body":[{"group":{"subgroups":[{"items":[{"text":{"text":"b"}},{"image":{"src":"c.png"}}]}]}},{"progress":{"status":"d","value":"indeterminate"}}],"inputs":[{"id":"e","kind":"selection","selections":[{"id":"f","content":"g"}]}],"buttons":[{"content":"","arguments":"dismiss","context_menu":true,"activation_type":"system"}],"scenario":"incomingCall","extra":{"hint-new":"h"}}}"#,
        ),
        (
            Notification::tile(
                Tile::new(TileBinding::medium().text("a").peek("b.png"))
                    .binding(TemplateBinding::new(TileTemplate::TileSquare150x150Text04).text("c")),
            )
            .priority(Priority::VeryLow),
            r#"{"tile":{"bindings":[{"adaptive":{"size":"TileMedium","peek":{"src":"b.png"},"items":[{"text":{"text":"a"}}]}},{"template":{"template":"TileSquare150x150Text04","texts":["c"]}}]},"priority":"very-low"}"#,
        ),
        (
            Notification::template_toast(
                TemplateToast::new(["a"]).template(ToastTemplate::ToastText01),
            ),
            r#"{"template_toast":{"template":"ToastText01","texts":["a"]}}"#,
        ),
        (
            Notification::badge(Glyph::NewMessage).cache_policy(CachePolicy::NoCache),
            r#"{"badge":"newMessage","cache_policy":"no-cache"}"#,
        ),
        (Notification::raw("a"), r#"{"raw":"a"}"#),
        (Notification::raw(vec![255]), r#"{"raw_base64":"/w=="}"#),
        (
            Notification::xml(Kind::Toast, "<toast/>").ttl(Duration::from_secs(5)),
            r#"{"xml":"<toast/>","kind":"toast","ttl":5}"#,
        ),
        (
            Notification::text("a").windows_phone().suppress_popup(true),
            r#"{"toast":{"texts":[{"text":"a"}]},"suppress_popup":true,"windows_phone":true}"#,
        ),
    ] {
        assert_eq!(serde_json::to_string(&notification).unwrap(), json);
        assert_eq!(
            serde_json::from_str::<Notification>(json).unwrap(),
            notification
        );
    }
    for (json, reason) in [
        (
            "{}",
            "give one of toast, template_toast, tile, badge, xml, raw and raw_base64",
        ),
        (r#"{"raw":"a","badge":1}"#, "give one of toast"),
        (r#"{"xml":"<toast/>"}"#, "xml needs its kind"),
        (r#"{"raw":"a","kind":"raw"}"#, "kind is given without xml"),
        (r#"{"raw_base64":"?"}"#, "raw_base64 is no base64"),
        (r#"{"raw":"a","titel":1}"#, "unknown field `titel`"),
        (r#"{"toast":{"title":"a"}}"#, "unknown field `title`"),
        (r#"{"badge":"star"}"#, "the badge is \"star\""),
        (
            r#"{"badge":-1}"#,
            "a badge must be a number or the name of a glyph",
        ),
        (
            r#"{"toast":{"scenario":"party"}}"#,
            "the scenario is \"party\": give reminder, alarm, incomingCall or urgent",
        ),
        (
            r#"{"toast":{"display_timestamp":"noon"}}"#,
            "a time such as",
        ),
    ] {
        let error = serde_json::from_str::<Notification>(json)
            .unwrap_err()
            .to_string();
        assert!(error.contains(reason), "{json}: {error}");
    }
}

#[test]
fn what_a_notification_says_is_in_no_log() {
    let toast = Notification::text("a secret").tag("tag");
    let shown = format!("{toast:?} {:?}", toast.encode().unwrap());
    assert!(!shown.contains("secret"), "{shown}");
    assert!(shown.contains("body_bytes: 96"), "{shown}");
}

#[test]
fn shown_toasts_are_matched_by_tag_and_group() {
    let value = |wanted: Match| {
        wanted
            .header_value()
            .map(|value| value.to_str().unwrap().to_owned())
    };
    assert_eq!(value(Match::All).unwrap(), "type:wns/toast;all");
    assert_eq!(
        value(Match::Tag("a1".into())).unwrap(),
        "type:wns/toast;tag=a1"
    );
    assert_eq!(
        value(Match::Group("g".into())).unwrap(),
        "type:wns/toast;group=g"
    );
    let both = Match::GroupAndTag {
        group: "g;".into(),
        tag: String::new(),
    };
    assert_eq!(
        value(both.clone()).unwrap_err().to_string(),
        "the group is \"g;\": give 1 to 16 of A-Z, a-z and 0-9; the tag is \"\": give 1 to 16 of A-Z, a-z and 0-9"
    );
    let json = serde_json::to_string(&both).unwrap();
    assert_eq!(json, r#"{"group_and_tag":{"group":"g;","tag":""}}"#);
    assert_eq!(serde_json::from_str::<Match>(&json).unwrap(), both);
}
