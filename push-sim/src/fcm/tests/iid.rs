use serde_json::json;

use super::*;

fn iid(method: &str, path: &str, body: &str) -> Asked {
    header(asked(method, path, body), "access_token_auth", "true")
}

#[test]
fn topics_of_many_are_changed_at_once() {
    let shared = shared();
    let body = r#"{"to":"/topics/news","registration_tokens":["a","b c","d"]}"#;
    let (told, value) = answer(&shared, &iid("POST", "/iid/v1:batchAdd", body));
    assert_eq!(told.status, 200);
    assert_eq!(
        value,
        json!({"results": [{}, {"error": "INVALID_ARGUMENT"}, {}]})
    );
    assert_eq!(
        (shared.topics("a"), shared.topics("d")),
        (vec!["news".to_owned()], vec!["news".to_owned()])
    );

    let gone = HashMap::from([("a".to_owned(), Answer::new(200).reason("NOT_FOUND"))]);
    let told = shared.answer(&iid("POST", "/iid/v1:batchRemove", body), &gone);
    let value: Value = serde_json::from_slice(&told.body).unwrap();
    assert_eq!(value["results"][0], json!({"error": "NOT_FOUND"}));
    assert_eq!(shared.topics("a"), ["news"]);
    assert_eq!(shared.topics("d"), [""; 0]);
    let tokens = shared.tokens(&iid("POST", "/iid/v1:batchAdd", body));
    assert_eq!(tokens, ["a", "b c", "d"]);
}

#[test]
fn a_registration_has_too_many_topics_at_some_point() {
    let shared = with(Config::default().max_topics(1));
    for (topic, expected) in [
        ("one", json!({})),
        ("two", json!({"error": "TOO_MANY_TOPICS"})),
    ] {
        let body = json!({"to": format!("/topics/{topic}"), "registration_tokens": ["a"]});
        let (_, value) = answer(&shared, &iid("POST", "/iid/v1:batchAdd", &body.to_string()));
        assert_eq!(value["results"][0], expected);
    }
}

#[test]
fn one_registration_is_changed_and_shown() {
    let shared = shared();
    let relation = "/iid/v1/a%3Ab/rel/topics/news";
    assert_eq!(answer(&shared, &iid("POST", relation, "")).1, json!({}));
    let (_, info) = answer(&shared, &iid("GET", "/iid/info/a:b?details=true", ""));
    assert_eq!(info["platform"], "ANDROID");
    let date = info["rel"]["topics"]["news"]["addDate"].as_str().unwrap();
    assert_eq!(date.len(), 10);
    assert_eq!(
        answer(&shared, &iid("GET", "/iid/info/a:b", ""))
            .1
            .get("rel"),
        None
    );
    assert_eq!(answer(&shared, &iid("DELETE", relation, "")).1, json!({}));
    assert_eq!(shared.topics("a:b"), [""; 0]);
    let (told, value) = answer(&shared, &iid("GET", "/iid/info/a%20b", ""));
    assert_eq!(
        (told.status, value),
        (400, json!({"error": "InvalidToken"}))
    );
}

#[test]
fn requests_that_are_wrong_as_a_whole_have_one_error() {
    let many = json!({"to": "/topics/a", "registration_tokens": vec!["t"; 1001]}).to_string();
    for (body, error) in [
        (
            r#"{"to":"news","registration_tokens":["a"]}"#,
            "Topic name format is invalid",
        ),
        (
            r#"{"to":"/topics/a b","registration_tokens":["a"]}"#,
            "Topic name format is invalid",
        ),
        (
            r#"{"to":"/topics/news","registration_tokens":[]}"#,
            "MissingIIdToken",
        ),
        ("{", "InvalidJson"),
        (&many, "TooManyTokens"),
    ] {
        let (told, value) = answer(&shared(), &iid("POST", "/iid/v1:batchAdd", body));
        assert_eq!((told.status, value), (400, json!({"error": error})));
    }
}

#[test]
fn static_keys_are_no_longer_taken() {
    let body = r#"{"to":"/topics/news","registration_tokens":["a"]}"#;
    let path = "/iid/v1:batchAdd";
    for bad in [
        asked("POST", path, body),
        header(iid("POST", path, body), "authorization", "key=secret"),
    ] {
        let (told, _) = answer(&shared(), &bad);
        assert_eq!(told.status, 401);
        assert!(told.body.starts_with(b"<HTML>"));
    }
}
