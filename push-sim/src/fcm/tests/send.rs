use super::*;

const SEND: &str = "/v1/projects/anypush-sim/messages:send";

fn send(body: &str) -> (Told, Value) {
    answer(&shared(), &asked("POST", SEND, body))
}

#[test]
fn a_good_message_gets_a_name_and_is_listed_as_it_was_sent() {
    let body = r#"{ "message": {"token":"a:b","data":{"k":"v"}} }"#;
    let (told, value) = send(body);
    assert_eq!(told.status, 200);
    let name = value["name"].as_str().unwrap();
    assert!(
        name.starts_with("projects/anypush-sim/messages/0:") && name.contains('%'),
        "{name}"
    );
    assert!(told.body.starts_with(b"{\n  \"name\": "));
    let notice = &told.counted.accepted[0];
    assert_eq!((&*notice.token, &*notice.payload), ("a:b", body.as_bytes()));
    assert_eq!(
        field(&told, "content-type"),
        Some("application/json; charset=UTF-8")
    );

    let (told, _) = send(r#"{"message":{"topic":"news"}}"#);
    assert_eq!(told.counted.accepted[0].token, "/topics/news");
    let numbered = asked("POST", "/v1/projects/123456789012/messages:send", body);
    assert_eq!(answer(&shared(), &numbered).0.status, 200);
}

#[test]
fn a_validated_message_is_not_taken() {
    for on in ["\"validate_only\":true", "\"validateOnly\":\"true\""] {
        let (told, value) = send(&format!("{{{on},\"message\":{{\"token\":\"a\"}}}}"));
        assert_eq!(
            value["name"],
            "projects/anypush-sim/messages/fake_message_id"
        );
        assert!(told.counted.accepted.is_empty());
        assert_eq!(told.counted.managed, 1);
    }
    let (told, _) = send(r#"{"validate_only":true,"message":{}}"#);
    assert_eq!(told.status, 400);
}

#[test]
fn what_is_wrong_is_counted_by_its_reason() {
    for (body, status) in [
        (r#"{"message":{"token":"no token"}}"#, 400),
        (r#"{"message":{"toen":"x"}}"#, 400),
        (r#"{"message":{"topic":"a b"}}"#, 400),
        ("{}", 400),
        ("[", 400),
        ("", 400),
    ] {
        let (told, value) = send(body);
        assert_eq!(told.status, status, "{body}");
        assert_eq!(value["error"]["status"], "INVALID_ARGUMENT", "{body}");
        assert_eq!(told.counted.rejected, ["INVALID_ARGUMENT"], "{body}");
        assert!(told.counted.accepted.is_empty());
    }
}

#[test]
fn a_request_without_a_good_token_is_unauthenticated() {
    let body = r#"{"message":{"token":"a"}}"#;
    let with_token =
        |authorization: &str| header(asked("POST", SEND, body), "authorization", authorization);
    let (told, value) = answer(&shared(), &with_token(""));
    assert_eq!(told.status, 401);
    let text = value["error"]["message"].as_str().unwrap();
    assert!(
        text.starts_with("Request is missing required authentication credential. Expected OAuth 2")
    );
    assert_eq!(
        value["error"]["details"][0]["reason"],
        "CREDENTIALS_MISSING"
    );
    let realm = "Bearer realm=\"https://accounts.google.com/\"";
    assert_eq!(field(&told, "www-authenticate"), Some(realm));

    let (told, value) = answer(&shared(), &with_token("Bearer other"));
    assert_eq!(told.status, 401);
    let text = value["error"]["message"].as_str().unwrap();
    assert!(
        text.starts_with("Request had invalid authentication credentials."),
        "{text}"
    );
    assert_eq!(value["error"].get("details"), None);
    let challenge = field(&told, "www-authenticate").unwrap();
    assert!(
        challenge.ends_with("error=\"invalid_token\""),
        "{challenge}"
    );
    assert_eq!(told.counted.rejected, ["UNAUTHENTICATED"]);
}

#[test]
fn another_project_is_denied() {
    let other = asked(
        "POST",
        "/v1/projects/other/messages:send",
        r#"{"message":{"token":"a"}}"#,
    );
    let (told, value) = answer(&shared(), &other);
    assert_eq!(told.status, 403);
    assert_eq!(value["error"]["status"], "PERMISSION_DENIED");
    let text = value["error"]["message"].as_str().unwrap();
    let expected = "Permission 'cloudmessaging.messages.create' denied on resource \
                    '//cloudresourcemanager.googleapis.com/projects/other' (or it may not exist).";
    assert_eq!(text, expected);
}

#[test]
fn whom_a_request_is_for_is_known_even_if_it_is_a_bad_one() {
    let shared = shared();
    let tokens = |body: &str| shared.tokens(&asked("POST", SEND, body));
    assert_eq!(tokens(r#"{"message":{"token":"a b","x":1}}"#), ["a b"]);
    assert_eq!(tokens(r#"{"message":{"topic":"news"}}"#), ["/topics/news"]);
    assert_eq!(tokens("{"), [""; 0]);
    let path = "/v1/projects/p/registrations/a%3Ab/topicSubscriptions";
    assert_eq!(shared.tokens(&asked("GET", path, "")), ["a:b"]);
    assert_eq!(shared.tokens(&asked("POST", "/token", "")), [""; 0]);
    assert!(shared.is_aside(&asked("POST", "/token", "")));
    assert!(!shared.is_aside(&asked("POST", SEND, "")));
}

#[test]
fn what_is_not_there_is_googles_page() {
    for (method, path) in [
        ("POST", "/batch"),
        ("GET", SEND),
        ("GET", "/"),
        ("GET", "/token"),
    ] {
        let (told, _) = answer(&shared(), &asked(method, path, ""));
        assert_eq!(told.status, 404, "{method} {path}");
        assert!(told.body.starts_with(b"<!DOCTYPE html>"));
    }
}

#[test]
fn a_fault_is_written_as_the_endpoint_writes_errors() {
    let shared = shared();
    let refuse = |method: &str, path: &str, fault: &Answer| {
        let told = shared.refuse(&asked(method, path, ""), fault);
        let value: Value = serde_json::from_slice(&told.body).unwrap();
        (told.status, value)
    };
    let gone = Answer::new(404).reason("UNREGISTERED");
    let (status, value) = refuse("POST", SEND, &gone);
    assert_eq!(status, 404);
    assert_eq!(value["error"]["details"][0]["errorCode"], "UNREGISTERED");
    let grant = Answer::new(400).reason("invalid_grant").message("no");
    let (_, value) = refuse("POST", "/token", &grant);
    assert_eq!(
        value,
        serde_json::json!({"error": "invalid_grant", "error_description": "no"})
    );
    let (_, value) = refuse(
        "POST",
        "/iid/v1:batchAdd",
        &Answer::new(503).reason("UNAVAILABLE"),
    );
    assert_eq!(value, serde_json::json!({"error": "UNAVAILABLE"}));
}
