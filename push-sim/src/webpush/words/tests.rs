use super::*;
use crate::webpush::vapid::Flaw;
use serde_json::Value;

fn json(told: &Told) -> Value {
    serde_json::from_slice(&told.body).unwrap()
}

fn text(told: &Told) -> &str {
    str::from_utf8(&told.body).unwrap().trim_end()
}

fn field<'a>(told: &'a Told, name: &str) -> Option<&'a str> {
    let field = told.headers.iter().find(|(field, _)| field == name);
    field.map(|(_, value)| value.as_str())
}

#[test]
fn mozilla_has_a_number_for_each_error() {
    for (wrong, status, errno, message) in [
        (Problem::NotFound, 404, 102, "Invalid token"),
        (Problem::Gone, 410, 106, "No such subscription"),
        (Problem::TtlMissing, 400, 111, "Missing TTL value"),
        (Problem::Ttl, 400, 112, "Invalid TTL value"),
        (Problem::TtlNegative, 400, 114, "TTL must be greater than 0"),
        (Problem::Topic("too long"), 400, 113, "too long"),
        (Problem::Encryption("no salt"), 400, 110, "no salt"),
        (Problem::TooLarge, 413, 104, "A payload reached size limit."),
        (
            Problem::Vapid(Flaw::Missing),
            401,
            109,
            "Missing VAPID public key",
        ),
        (
            Problem::Vapid(Flaw::Audience),
            401,
            109,
            "Invalid VAPID audience",
        ),
        (
            Problem::Vapid(Flaw::OtherKey),
            401,
            109,
            "VAPID public key mismatch",
        ),
    ] {
        let told = problem(Flavour::Mozilla, &wrong);
        let body = json(&told);
        assert_eq!((told.status, &body["code"]), (status, &Value::from(status)));
        assert_eq!(body["errno"], errno, "{wrong:?}");
        assert_eq!(body["message"], message, "{wrong:?}");
        assert_eq!(told.counted.rejected, [errno.to_string()]);
        let caching = field(&told, "cache-control");
        assert_eq!(caching, (status == 410).then_some("max-age=86400"));
    }
    let urgency = problem(Flavour::Mozilla, &Problem::Urgency);
    assert_eq!(
        (urgency.status, &json(&urgency)["errno"]),
        (400, &Value::Null)
    );
}

#[test]
fn fcm_has_lines_for_new_errors_and_pages_for_old_ones() {
    for (wrong, status, start) in [
        (
            Problem::NotFound,
            404,
            "A valid push subscription endpoint should be",
        ),
        (Problem::Gone, 410, "push subscription has unsubscribed"),
        (
            Problem::Vapid(Flaw::OtherKey),
            403,
            "the VAPID credentials in the authorization",
        ),
        (
            Problem::Vapid(Flaw::Audience),
            403,
            "the aud claim in the VAPID JWT MUST include the origin",
        ),
    ] {
        let told = problem(Flavour::Fcm, &wrong);
        assert_eq!(told.status, status, "{wrong:?}");
        assert!(text(&told).starts_with(start), "{wrong:?}");
    }
    for flaw in [Flaw::Missing, Flaw::Signature, Flaw::Expired, Flaw::TooLong] {
        let told = problem(Flavour::Fcm, &Problem::Vapid(flaw));
        assert_eq!(told.status, 400, "{flaw:?}");
        assert!(text(&told).contains("<TITLE>UnauthorizedRegistration</TITLE>"));
        assert_eq!(told.counted.rejected, ["UnauthorizedRegistration"]);
    }
    assert_eq!(problem(Flavour::Fcm, &Problem::TooLarge).status, 413);
}

#[test]
fn apple_has_a_reason_for_each_error() {
    for (wrong, status, reason) in [
        (Problem::NotFound, 404, "BadPath"),
        (Problem::Gone, 410, "Unregistered"),
        (Problem::TtlMissing, 400, "BadTtl"),
        (Problem::Ttl, 400, "BadTtl"),
        (Problem::Urgency, 400, "BadUrgency"),
        (Problem::Topic(""), 400, "BadWebPushTopic"),
        (Problem::Encryption(""), 400, "BadWebPushRequest"),
        (Problem::TooLarge, 413, "PayloadTooLarge"),
        (Problem::TooMany, 429, "TooManyRequests"),
        (Problem::Vapid(Flaw::OtherKey), 400, "VapidPkHashMismatch"),
        (Problem::Vapid(Flaw::Key), 403, "BadVapidPublicKey"),
        (Problem::Vapid(Flaw::Scheme), 403, "BadAuthorizationHeader"),
        (Problem::Vapid(Flaw::Missing), 403, "BadJwtToken"),
        (Problem::Vapid(Flaw::Subject), 403, "BadJwtToken"),
    ] {
        let told = problem(Flavour::Apple, &wrong);
        assert_eq!(told.status, status, "{wrong:?}");
        assert_eq!(text(&told), format!(r#"{{"reason":"{reason}"}}"#));
        assert_eq!(told.counted.rejected, [reason]);
    }
}

#[test]
fn edge_says_it_in_headers() {
    let told = problem(Flavour::Edge, &Problem::TtlConflict);
    let description = field(&told, "x-wns-error-description");
    assert_eq!(told.status, 400);
    assert_eq!(
        description,
        Some("Ttl value conflicts with X-WNS-Cache-Policy.")
    );
    assert_eq!(field(&told, "x-wns-status"), Some("dropped"));
    assert!(told.body.is_empty());
    for (wrong, status) in [
        (Problem::Gone, 410),
        (Problem::NotFound, 404),
        (Problem::TooMany, 406),
        (Problem::TooLarge, 413),
        (Problem::Vapid(Flaw::Missing), 401),
        (Problem::Vapid(Flaw::OtherKey), 403),
    ] {
        assert_eq!(problem(Flavour::Edge, &wrong).status, status, "{wrong:?}");
    }
}

#[test]
fn the_plain_service_has_the_statuses_of_the_rfcs() {
    for (wrong, status) in [
        (Problem::Gone, 404),
        (Problem::NotFound, 404),
        (Problem::TtlMissing, 400),
        (Problem::Urgency, 400),
        (Problem::TooLarge, 413),
        (Problem::TooMany, 429),
        (Problem::Vapid(Flaw::Missing), 401),
        (Problem::Vapid(Flaw::Signature), 403),
        (Problem::Vapid(Flaw::OtherKey), 403),
        (Problem::Vapid(Flaw::KeyReuse), 400),
    ] {
        let told = problem(Flavour::Rfc8030, &wrong);
        assert_eq!(told.status, status, "{wrong:?}");
        assert_eq!(told.counted.rejected, [status.to_string()]);
    }
}

#[test]
fn a_fault_is_put_into_the_words_of_the_service() {
    let gone = Answer::new(410);
    assert_eq!(json(&ordered(Flavour::Mozilla, &gone))["errno"], 106);
    let expired = ordered(Flavour::Mozilla, &Answer::new(410).reason("103"));
    assert_eq!(json(&expired)["message"], "UAID not found");
    let text_only = ordered(Flavour::Mozilla, &Answer::new(500).reason("Oops"));
    assert_eq!(json(&text_only)["errno"], Value::Null);
    assert_eq!(json(&text_only)["message"], "Oops");
    let unknown = ordered(
        Flavour::Mozilla,
        &Answer::new(400).reason("199").message("new"),
    );
    assert_eq!(json(&unknown)["errno"], 199);
    assert_eq!(json(&unknown)["message"], "new");

    let mismatch = Answer::new(403).reason("VapidPkHashMismatch");
    let told = ordered(Flavour::Apple, &mismatch);
    assert_eq!(
        (told.status, text(&told)),
        (403, r#"{"reason":"VapidPkHashMismatch"}"#)
    );
    assert!(text(&ordered(Flavour::Apple, &gone)).contains("Unregistered"));

    let told = ordered(
        Flavour::Fcm,
        &Answer::new(400).reason("UnauthorizedRegistration"),
    );
    assert!(text(&told).contains("<H1>UnauthorizedRegistration</H1>"));
    let told = ordered(Flavour::Fcm, &Answer::new(403).reason("MismatchSenderId"));
    assert!(text(&told).starts_with("the key in the authorization header"));
    assert!(text(&ordered(Flavour::Fcm, &gone)).starts_with("push subscription has"));

    let told = ordered(Flavour::Edge, &Answer::new(200).reason("channelthrottled"));
    assert_eq!(field(&told, "x-wns-status"), Some("channelthrottled"));
    assert_eq!(
        field(&told, "x-wns-notificationstatus"),
        Some("channelthrottled")
    );
    let told = ordered(
        Flavour::Edge,
        &Answer::new(400).reason("It is wrong.\r\nx: y"),
    );
    assert_eq!(
        field(&told, "x-wns-error-description"),
        Some("It is wrong.x: y")
    );

    let told = ordered(Flavour::Rfc8030, &Answer::new(429));
    assert_eq!((told.status, text(&told)), (429, "Too Many Requests"));
}
