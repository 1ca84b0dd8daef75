use serde_json::{Value, json};

use super::*;

fn shared() -> Shared {
    let config = Config::default()
        .api_key("secret")
        .group("group-key", ["m1", "m2"]);
    Shared::new(config)
}

fn asked(body: &str) -> Asked {
    let json = body
        .starts_with('{')
        .then(|| ("content-type".to_owned(), b"application/json".to_vec()));
    let key = ("authorization".to_owned(), b"key=secret".to_vec());
    Asked {
        method: "POST".to_owned(),
        path: "/gcm/send".to_owned(),
        headers: json.into_iter().chain([key]).collect(),
        body: body.as_bytes().to_vec(),
        ..Asked::default()
    }
}

fn send(body: &str, refusals: &[(&str, Answer)]) -> (Told, Value) {
    let refusals = refusals
        .iter()
        .map(|(id, answer)| ((*id).to_owned(), answer.clone()))
        .collect();
    let told = shared().answer(&asked(body), &refusals);
    let value = serde_json::from_slice(&told.body).unwrap_or(Value::Null);
    (told, value)
}

#[test]
fn each_id_has_its_result_in_its_place() {
    let faults = [
        ("b", Answer::new(200).reason("NotRegistered")),
        ("c", Answer::new(200).canonical("new")),
    ];
    let body = r#"{"registration_ids":["a","b","c","d d",""],"data":{"k":"v"}}"#;
    let (told, value) = send(body, &faults);
    assert_eq!(told.status, 200);
    let results = value["results"].as_array().unwrap();
    assert!(results[0]["message_id"].is_string() && results[0].get("error").is_none());
    assert_eq!(results[1], json!({"error": "NotRegistered"}));
    assert_eq!(results[2]["registration_id"], "new");
    assert_eq!(results[3], json!({"error": "InvalidRegistration"}));
    assert_eq!(results[4], json!({"error": "MissingRegistration"}));
    assert_eq!(
        (&value["success"], &value["failure"]),
        (&2.into(), &3.into())
    );

    let taken: Vec<_> = told
        .counted
        .accepted
        .iter()
        .map(|notice| &*notice.token)
        .collect();
    assert_eq!(taken, ["a", "c"]);
    assert_eq!(told.counted.accepted[0].payload, br#"{"data":{"k":"v"}}"#);
    let reasons = [
        "NotRegistered",
        "InvalidRegistration",
        "MissingRegistration",
    ];
    assert_eq!(told.counted.rejected, reasons);
}

#[test]
fn a_key_is_needed_and_a_wrong_one_is_told_from_none() {
    for (key, text) in [
        (None, "missing an Authentification Key"),
        (Some("key="), "missing an Authentification Key"),
        (Some("Bearer x"), "missing an Authentification Key"),
        (Some("key=other"), "Invalid (legacy) Server-key"),
    ] {
        let mut asked = asked(r#"{"to":"a"}"#);
        asked.headers.retain(|(name, _)| name != "authorization");
        let field = |key: &str| ("authorization".to_owned(), key.as_bytes().to_vec());
        asked.headers.extend(key.map(field));
        let told = shared().answer(&asked, &HashMap::new());
        assert_eq!(told.status, 401);
        let body = String::from_utf8(told.body).unwrap();
        assert!(body.starts_with("<HTML>") && body.contains(text), "{body}");
    }
    let any = Shared::new(Config::default());
    let told = any.answer(&asked(r#"{"to":"a"}"#), &HashMap::new());
    assert_eq!(told.status, 200);
}

#[test]
fn topics_and_conditions_have_one_answer() {
    let (told, value) = send(r#"{"to":"/topics/news"}"#, &[]);
    assert!(value["message_id"].is_u64());
    assert_eq!(told.counted.accepted[0].token, "/topics/news");
    let (_, value) = send(r#"{"condition":"'a' in TOPICS"}"#, &[]);
    assert!(value["message_id"].is_u64());
    let fault = Answer::new(200).reason("TopicsMessageRateExceeded");
    let (_, value) = send(r#"{"to":"/topics/news"}"#, &[("/topics/news", fault)]);
    assert_eq!(value, json!({"error": "TopicsMessageRateExceeded"}));
    for bad in [r#"{"to":"/topics/a b"}"#, r#"{"condition":"news"}"#] {
        let (told, _) = send(bad, &[]);
        assert_eq!(told.status, 400);
        assert_eq!(told.counted.rejected, ["InvalidParameters"]);
    }
}

#[test]
fn a_group_tells_which_members_failed() {
    let (told, value) = send(r#"{"to":"group-key"}"#, &[]);
    assert_eq!(value, json!({"success": 2, "failure": 0}));
    assert_eq!(told.counted.accepted.len(), 2);
    let fault = Answer::new(200).reason("NotRegistered");
    let (_, value) = send(r#"{"to":"group-key"}"#, &[("m2", fault)]);
    let expected = json!({"success": 1, "failure": 1, "failed_registration_ids": ["m2"]});
    assert_eq!(value, expected);
    let ids = shared().tokens(&asked(r#"{"to":"group-key"}"#));
    assert_eq!(ids, ["group-key", "m1", "m2"]);
}

#[test]
fn plain_text_is_answered_in_plain_text() {
    let (told, _) = send("registration_id=a&data.k=v", &[]);
    let text = String::from_utf8(told.body).unwrap();
    assert!(text.starts_with("id=0:"), "{text}");
    assert_eq!(
        told.counted.accepted[0].payload,
        b"registration_id=a&data.k=v"
    );
    let (told, _) = send("data.k=v", &[]);
    assert_eq!(told.body, b"Error=MissingRegistration\n");
    let unavailable = Answer::new(200).reason("Unavailable");
    let (told, _) = send("registration_id=a", &[("a", unavailable)]);
    assert_eq!(told.status, 500);
    let moved = Answer::new(200).canonical("new");
    let (told, _) = send("registration_id=a", &[("a", moved)]);
    assert!(told.body.ends_with(b"\nregistration_id=new\n"));
}

#[test]
fn a_dry_run_is_neither_listed_nor_counted_as_taken() {
    let (told, value) = send(r#"{"to":"a","dry_run":true}"#, &[]);
    assert_eq!(value["results"][0]["message_id"], "fake_message_id");
    assert!(told.counted.accepted.is_empty());
    assert_eq!(told.counted.managed, 1);
    let (told, _) = send(r#"{"to":"/topics/a","dry_run":true}"#, &[]);
    assert!(told.counted.accepted.is_empty());
}

#[test]
fn what_is_wrong_with_a_message_is_said_for_each_id() {
    let (told, value) = send(r#"{"registration_ids":["a","b"],"time_to_live":-1}"#, &[]);
    assert_eq!(told.status, 200);
    let error = json!({"error": "InvalidTtl"});
    assert_eq!(value["results"], json!([error, error]));
    let (_, value) = send(r#"{"to":"/topics/a","data":{"from":"x"}}"#, &[]);
    assert_eq!(value, json!({"error": "InvalidDataKey"}));
    let (told, _) = send("registration_id=a&data.google.x=y", &[]);
    assert_eq!(told.body, b"Error=InvalidDataKey\n");
}

#[test]
fn other_paths_and_methods_are_not_there() {
    for (method, path, status) in [
        ("POST", "/gcm/other", 404),
        ("GET", "/gcm/send", 404),
        ("PUT", "/fcm/send", 405),
        ("POST", "/fcm/send", 200),
    ] {
        let mut asked = asked(r#"{"to":"a"}"#);
        (asked.method, asked.path) = (method.to_owned(), path.to_owned());
        let told = shared().answer(&asked, &HashMap::new());
        assert_eq!(told.status, status, "{method} {path}");
    }
}

#[test]
fn faults_are_written_as_the_service_writes_them() {
    let shared = shared();
    let asked = asked(r#"{"registration_ids":["a","b"]}"#);
    let refuse = |answer: &Answer| shared.refuse(&asked, answer);
    let page = refuse(&Answer::new(503));
    assert!(page.status == 503 && page.body.starts_with(b"<HTML>"));
    let text = refuse(&Answer::new(400).reason("InvalidParameters"));
    assert_eq!(text.body, b"InvalidParameters\n");
    let all = refuse(&Answer::new(200).reason("Unavailable"));
    let value: Value = serde_json::from_slice(&all.body).unwrap();
    let error = json!({"error": "Unavailable"});
    assert_eq!(value["results"], json!([error, error]));
}
