use super::*;

const LIST: &str = "/v1/projects/anypush-sim/registrations/a%3Ab/topicSubscriptions";

fn call(shared: &Shared, method: &str, rest: &str) -> (u16, Value) {
    let body = if method == "POST" { "{}" } else { "" };
    let (told, value) = answer(shared, &asked(method, &format!("{LIST}{rest}"), body));
    (told.status, value)
}

#[test]
fn a_subscription_is_made_once_and_ended_once() {
    let shared = shared();
    let (status, value) = call(&shared, "POST", "?topic_name=news");
    assert_eq!(status, 200);
    assert_eq!(value["topicName"], "news");
    let name = "projects/anypush-sim/registrations/a:b/topicSubscriptions/news";
    assert_eq!(value["name"], name);
    assert!(value["createTime"].as_str().unwrap().ends_with('Z'));
    assert_eq!(shared.topics("a:b"), ["news"]);

    let (status, again) = call(&shared, "POST", "?topicName=news");
    assert_eq!(
        (status, &again["error"]["status"]),
        (409, &"ALREADY_EXISTS".into())
    );
    assert_eq!(call(&shared, "GET", "/news"), (200, value.clone()));
    assert_eq!(
        call(&shared, "PATCH", "/news?allow_missing=true"),
        (200, value.clone())
    );
    assert_eq!(call(&shared, "PATCH", "/news"), (200, value));

    assert_eq!(
        call(&shared, "DELETE", "/news"),
        (200, serde_json::json!({}))
    );
    assert_eq!(call(&shared, "DELETE", "/news").0, 404);
    assert_eq!(call(&shared, "DELETE", "/news?allowMissing=true").0, 200);
    assert_eq!(call(&shared, "GET", "/news").0, 404);
    assert_eq!(call(&shared, "PATCH", "/news").0, 404);
    assert_eq!(call(&shared, "PATCH", "/news?allow_missing=true").0, 200);
    shared.reset();
    assert_eq!(shared.topics("a:b"), [""; 0]);
}

#[test]
fn subscriptions_are_listed_in_pages() {
    let shared = shared();
    assert_eq!(call(&shared, "GET", ""), (200, serde_json::json!({})));
    for topic in ["c", "a%25", "b"] {
        call(&shared, "POST", &format!("?topic_name={topic}"));
    }
    let (_, first) = call(&shared, "GET", "?pageSize=2");
    let names: Vec<_> = first["topicSubscriptions"]
        .as_array()
        .unwrap()
        .iter()
        .collect();
    assert_eq!((names.len(), &names[0]["topicName"]), (2, &"a%".into()));
    let next = first["nextPageToken"].as_str().unwrap();
    let (_, second) = call(&shared, "GET", &format!("?page_size=2&page_token={next}"));
    assert_eq!(second["topicSubscriptions"][0]["topicName"], "c");
    assert_eq!(second.get("nextPageToken"), None);
    for bad in ["?pageSize=-1", "?pageSize=x", "?pageToken=!"] {
        assert_eq!(call(&shared, "GET", bad).0, 400, "{bad}");
    }
}

#[test]
fn what_is_wrong_with_a_subscription_is_said() {
    let shared = with(Config::default().max_topics(1));
    for (method, rest, status) in [
        ("POST", "", 400),
        ("POST", "?topic_name=a%20b", 400),
        ("GET", "/a%20b", 400),
        ("DELETE", "/a?allow_missing=maybe", 400),
        ("PUT", "/a", 501),
        ("POST", "/a", 501),
        ("POST", "?topic_name=a", 200),
        ("POST", "?topic_name=b", 400),
        ("PATCH", "/b?allow_missing=true", 400),
    ] {
        assert_eq!(call(&shared, method, rest).0, status, "{method} {rest}");
    }
    let (_, value) = call(&shared, "POST", "?topic_name=b");
    assert_eq!(value["error"]["status"], "FAILED_PRECONDITION");

    let bad_body = asked("POST", &format!("{LIST}?topic_name=c"), r#"{"topc":1}"#);
    assert_eq!(answer(&shared, &bad_body).0.status, 400);
    let bad_registration = LIST.replace("a%3Ab", "a%20b");
    let (told, value) = answer(&shared, &asked("GET", &bad_registration, ""));
    assert_eq!(told.status, 400);
    assert_eq!(
        value["error"]["details"][0]["errorCode"],
        "INVALID_ARGUMENT"
    );
    let other = LIST.replace("anypush-sim", "other");
    assert_eq!(answer(&shared, &asked("GET", &other, "")).0.status, 403);
    let anonymous = header(asked("GET", LIST, ""), "authorization", "");
    assert_eq!(answer(&shared, &anonymous).0.status, 401);
}
