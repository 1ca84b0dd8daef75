use std::time::Duration;

use serde_json::json;

use super::*;
use crate::fcm::AuthorizedUser;

const SEND: &str = "/v1/projects/anypush-sim/messages:send";
const EXCHANGE: &str = "grant_type=urn%3Aietf%3Aparams%3Aoauth%3Agrant-type%3Atoken-exchange\
     &audience=%2F%2Fiam.googleapis.com%2Fprojects%2F1%2Fpools%2Fp\
     &subject_token_type=urn:ietf:params:oauth:token-type:jwt&subject_token=foreign\
     &scope=https://www.googleapis.com/auth/cloud-platform";

fn refresh(id: &str, secret: &str, token: &str) -> String {
    format!("grant_type=refresh_token&client_id={id}&client_secret={secret}&refresh_token={token}")
}

fn user() -> String {
    let user = AuthorizedUser::default();
    refresh(&user.client_id, &user.client_secret, &user.refresh_token)
}

fn post(shared: &Shared, path: &str, body: &str) -> (u16, Value) {
    let (told, value) = answer(shared, &asked("POST", path, body));
    (told.status, value)
}

/// The status of a message sent with this token.
fn send_with(shared: &Shared, token: &str) -> (u16, Value) {
    let asked = asked("POST", SEND, r#"{"message":{"token":"a"}}"#);
    let (told, value) = answer(
        shared,
        &header(asked, "authorization", &format!("Bearer {token}")),
    );
    (told.status, value)
}

#[test]
fn a_refresh_token_gives_an_access_token_that_is_good() {
    let shared = shared();
    let (status, value) = post(&shared, "/token", &user());
    assert_eq!(status, 200);
    assert_eq!(
        (&value["expires_in"], &value["token_type"]),
        (&3599.into(), &"Bearer".into())
    );
    let token = value["access_token"].as_str().unwrap();
    assert_eq!(send_with(&shared, token).0, 200);
    assert_eq!(shared.revoke_tokens(), Some(1));
    assert_eq!(send_with(&shared, token).0, 401);
    assert_eq!(send_with(&shared, TOKEN).0, 200);
}

#[test]
fn credentials_of_users_are_looked_at() {
    let user = AuthorizedUser::default();
    let (id, secret, token) = (&user.client_id, &user.client_secret, &user.refresh_token);
    for (body, status, error) in [
        (refresh("x", secret, token), 401, "invalid_client"),
        (refresh(id, "x", token), 401, "invalid_client"),
        (refresh(id, secret, "x"), 400, "invalid_grant"),
        (
            "grant_type=password".to_owned(),
            400,
            "unsupported_grant_type",
        ),
        (String::new(), 400, "unsupported_grant_type"),
    ] {
        let (found, value) = post(&shared(), "/token", &body);
        assert_eq!((found, &value["error"]), (status, &error.into()));
        assert!(value["error_description"].is_string());
    }
}

#[test]
fn an_expired_token_is_told_from_an_unknown_one() {
    let shared = with(
        Config::default()
            .token_lifetime(Duration::ZERO)
            .expires_in_as_text(),
    );
    let (_, value) = post(&shared, "/token", &user());
    assert_eq!(value["expires_in"], "0");
    let (status, value) = send_with(&shared, value["access_token"].as_str().unwrap());
    assert_eq!(status, 401);
    assert_eq!(
        value["error"]["details"][0]["reason"],
        "ACCESS_TOKEN_EXPIRED"
    );
}

#[test]
fn a_foreign_token_is_exchanged() {
    let shared = with(Config::default().subject_token("foreign"));
    let (status, value) = post(&shared, "/v1/token", EXCHANGE);
    assert_eq!(status, 200);
    let kind = "urn:ietf:params:oauth:token-type:access_token";
    assert_eq!(value["issued_token_type"], kind);
    assert_eq!(
        send_with(&shared, value["access_token"].as_str().unwrap()).0,
        200
    );
    for (part, other, status, error) in [
        (
            "subject_token=foreign",
            "subject_token=x",
            401,
            "unauthorized_client",
        ),
        ("subject_token=foreign", "x=y", 400, "invalid_request"),
        ("scope=https", "scope=x", 400, "invalid_scope"),
        ("iam.googleapis.com", "x", 400, "invalid_request"),
        ("token-exchange", "x", 400, "unsupported_grant_type"),
    ] {
        let (found, value) = post(&shared, "/v1/token", &EXCHANGE.replace(part, other));
        assert_eq!((found, &value["error"]), (status, &error.into()), "{other}");
    }
}

#[test]
fn a_token_without_the_scope_is_not_enough() {
    let shared = shared();
    let other = EXCHANGE.replace("cloud-platform", "analytics");
    let (_, value) = post(&shared, "/v1/token", &other);
    let (status, value) = send_with(&shared, value["access_token"].as_str().unwrap());
    assert_eq!(status, 403);
    assert_eq!(
        value["error"]["message"],
        "Request had insufficient authentication scopes."
    );
    let reason = "ACCESS_TOKEN_SCOPE_INSUFFICIENT";
    assert_eq!(value["error"]["details"][0]["reason"], reason);
}

#[test]
fn another_account_is_impersonated() {
    let shared = shared();
    let email = shared.account.client_email().replace('@', "%40");
    let path = format!("/v1/projects/-/serviceAccounts/{email}:generateAccessToken");
    let scope = "https://www.googleapis.com/auth/firebase.messaging";
    let body = json!({"scope": [scope], "lifetime": "600s"}).to_string();
    let (status, value) = post(&shared, &path, &body);
    assert_eq!(status, 200);
    assert_eq!(
        value["expireTime"].as_str().unwrap().len(),
        "2026-11-22T11:20:26Z".len()
    );
    assert_eq!(
        send_with(&shared, value["accessToken"].as_str().unwrap()).0,
        200
    );

    assert_eq!(post(&shared, &path, "{}").0, 400);
    let long = json!({"scope": [scope], "lifetime": "3601s"}).to_string();
    assert_eq!(post(&shared, &path, &long).0, 400);
    assert_eq!(post(&shared, &path.replace("firebase", "x"), &body).0, 404);
    let anonymous = header(asked("POST", &path, &body), "authorization", "");
    assert_eq!(answer(&shared, &anonymous).0.status, 401);
}

#[test]
fn the_metadata_server_wants_its_header_and_has_it() {
    let shared = shared();
    let get = |path: &str, flavor: &str| {
        let asked = header(asked("GET", path, ""), "metadata-flavor", flavor);
        answer(&shared, &asked)
    };
    let root = "/computeMetadata/v1";
    let (told, value) = get(
        &format!("{root}/instance/service-accounts/default/token"),
        "Google",
    );
    assert_eq!(
        (told.status, field(&told, "metadata-flavor")),
        (200, Some("Google"))
    );
    assert_eq!(
        send_with(&shared, value["access_token"].as_str().unwrap()).0,
        200
    );

    let email = shared.account.client_email();
    for (path, body) in [
        ("/project/project-id", "anypush-sim"),
        ("/project/numeric-project-id", "123456789012"),
        ("/instance/service-accounts/default/email", email),
        ("/universe/universe-domain", "googleapis.com"),
    ] {
        let (told, _) = get(&format!("{root}{path}"), "Google");
        assert_eq!((told.status, &*told.body), (200, body.as_bytes()), "{path}");
    }
    let (_, account) = get(
        &format!("{root}/instance/service-accounts/{email}/?recursive=true"),
        "Google",
    );
    assert_eq!(account["email"], email);
    assert_eq!(get("/", "Google").0.status, 200);
    assert_eq!(get("/", "").0.status, 404);
    let token = format!("{root}/instance/service-accounts/default/token");
    assert_eq!(get(&token, "").0.status, 403);
    assert_eq!(get(&token, "Other").0.status, 403);
    assert_eq!(get(&format!("{token}?scopes=x"), "Google").0.status, 400);
    let scopes = "scopes=openid,https://www.googleapis.com/auth/firebase.messaging";
    assert_eq!(get(&format!("{token}?{scopes}"), "Google").0.status, 200);
    assert_eq!(
        get(&format!("{root}/instance/other"), "Google").0.status,
        404
    );
}

#[test]
fn a_clock_that_is_off_shows_in_the_date() {
    let shared = with(Config::default().clock_offset_seconds(600));
    let (told, _) = answer(&shared, &asked("POST", "/token", ""));
    let ahead = shared.now().seconds - crate::fcm::clock::Moment::now(0).seconds;
    assert!((599..=601).contains(&ahead), "{ahead}");
    let date = field(&told, "date").unwrap();
    assert!(date.ends_with(" GMT") && date.len() == 29, "{date}");
    let (told, _) = answer(&super::shared(), &asked("POST", "/token", ""));
    assert_eq!(field(&told, "date"), None);
}
