//! Access tokens of FCM, from the service account's file to the message.
#![allow(clippy::unwrap_used)]

mod support;

use std::time::{Duration, SystemTime, UNIX_EPOCH};

use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::RSA_PKCS1_SHA256;
use base64::Engine;
use base64::engine::general_purpose::{STANDARD, URL_SAFE_NO_PAD};
use push_sim::fcm::Config;
use push_sim::{Service, Sim};
use serde_json::{Value, json};
use support::web::{Http1, Reply, SEND, message};
use support::{Failure, control};

const GRANT: &str = "urn:ietf:params:oauth:grant-type:jwt-bearer";
const SCOPE: &str = "https://www.googleapis.com/auth/firebase.messaging";

/// A client that has read the file.
struct Client {
    key_file: Value,
    http: Http1,
}

impl Client {
    async fn new(sim: &Sim) -> Result<Self, Failure> {
        let text = std::fs::read_to_string(sim.dir().join("service-account.json"))?;
        Ok(Self {
            key_file: serde_json::from_str(&text)?,
            http: Http1::plain(sim.fcm_addr().ok_or("not there")?).await?,
        })
    }

    async fn call(&mut self, head: &str, body: &str) -> Result<Reply, Failure> {
        let length = body.len();
        let request = format!("{head}\r\nHost: x\r\nContent-Length: {length}\r\n\r\n{body}");
        self.http.write(request.as_bytes()).await?;
        Ok(self.http.reply(false).await?)
    }

    /// An assertion by a clock that is so far ahead.
    fn assertion(&self, ahead: i64) -> Result<String, Failure> {
        let now = SystemTime::now().duration_since(UNIX_EPOCH)?.as_secs() as i64 + ahead;
        let header = json!({"alg": "RS256", "typ": "JWT", "kid": self.key_file["private_key_id"]});
        let claims = json!({"iss": self.key_file["client_email"], "scope": SCOPE, "iat": now,
                            "exp": now + 3600, "aud": "https://oauth2.googleapis.com/token"});
        let pem = self.key_file["private_key"].as_str().ok_or("no key")?;
        let key: String = pem.lines().filter(|line| !line.starts_with('-')).collect();
        let pair = KeyPair::from_pkcs8(&STANDARD.decode(key)?)?;
        let encode = |value: Value| URL_SAFE_NO_PAD.encode(value.to_string());
        let signed = format!("{}.{}", encode(header), encode(claims));
        let mut signature = vec![0; pair.public_modulus_len()];
        let random = SystemRandom::new();
        pair.sign(
            &RSA_PKCS1_SHA256,
            &random,
            signed.as_bytes(),
            &mut signature,
        )?;
        Ok(format!("{signed}.{}", URL_SAFE_NO_PAD.encode(signature)))
    }

    async fn exchange(&mut self, assertion: &str) -> Result<Reply, Failure> {
        let body = format!(
            "grant_type={}&assertion={assertion}",
            GRANT.replace(':', "%3A")
        );
        let head = "POST /token HTTP/1.1\r\nContent-Type: application/x-www-form-urlencoded";
        self.call(head, &body).await
    }

    async fn token(&mut self) -> Result<String, Failure> {
        let assertion = self.assertion(0)?;
        let reply = self.exchange(&assertion).await?;
        assert_eq!(reply.status, 200, "{}", reply.text());
        Ok(reply.json()["access_token"]
            .as_str()
            .ok_or("no token")?
            .to_owned())
    }

    async fn push(&mut self, token: &str) -> Result<Reply, Failure> {
        let head = format!("POST {SEND} HTTP/1.1\r\nAuthorization: Bearer {token}");
        self.call(&head, &message("a")).await
    }
}

fn start(config: Config) -> Result<Sim, Failure> {
    Ok(Sim::builder().fcm_plain_any().fcm_config(config).start()?)
}

#[tokio::test]
async fn a_service_account_gets_a_token_and_sends_with_it() -> Result<(), Failure> {
    let sim = start(Config::default())?;
    let mut client = Client::new(&sim).await?;
    let token_uri = client.key_file["token_uri"].as_str().unwrap().to_owned();
    assert!(
        token_uri.starts_with("http://") && token_uri.ends_with("/token"),
        "{token_uri}"
    );
    let token = client.token().await?;
    assert_eq!(client.push(&token).await?.status, 200);
    assert_eq!(sim.received(Service::Fcm, 1)?[0].token, "a");
    let stats = &sim.stats()[&Service::Fcm];
    assert_eq!((stats.requests, stats.accepted), (1, 1));
    Ok(())
}

#[tokio::test]
async fn a_token_ends_when_it_expires_or_is_revoked() -> Result<(), Failure> {
    let sim = start(Config::default().token_lifetime(Duration::ZERO))?;
    let mut client = Client::new(&sim).await?;
    let token = client.token().await?;
    let reply = client.push(&token).await?;
    assert_eq!(reply.status, 401);
    assert_eq!(
        reply.json()["error"]["details"][0]["reason"],
        "ACCESS_TOKEN_EXPIRED"
    );

    let sim = start(Config::default())?;
    let mut client = Client::new(&sim).await?;
    let token = client.token().await?;
    assert_eq!(client.push(&token).await?.status, 200);
    assert_eq!(sim.revoke_access_tokens()?, 1);
    assert_eq!(client.push(&token).await?.status, 401);
    let token = client.token().await?;
    assert!(sim.revoke_access_token(&token)?);
    assert_eq!(client.push(&token).await?.status, 401);
    Ok(())
}

#[tokio::test]
async fn a_clock_that_is_off_is_refused_and_the_date_says_how_far() -> Result<(), Failure> {
    let sim = start(Config::default().clock_offset_seconds(-600))?;
    let mut client = Client::new(&sim).await?;
    let assertion = client.assertion(0)?;
    let reply = client.exchange(&assertion).await?;
    assert_eq!(reply.status, 400);
    let text = reply.json()["error_description"]
        .as_str()
        .unwrap()
        .to_owned();
    assert!(
        text.contains("Token must be a short-lived token (60 minutes)"),
        "{text}"
    );
    assert!(reply.header("date").is_some());

    let corrected = client.assertion(-600)?;
    assert_eq!(client.exchange(&corrected).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn the_token_endpoint_fails_on_command_and_messages_do_not() -> Result<(), Failure> {
    let sim = start(Config::default())?;
    let mut client = Client::new(&sim).await?;
    let token = client.token().await?;
    for (answer, status, body) in [
        (
            json!({"status": 400, "reason": "invalid_grant"}),
            400,
            Some(json!({"error": "invalid_grant", "error_description": "Invalid JWT Signature."})),
        ),
        (
            json!({"status": 401, "reason": "invalid_client", "message": "no such client"}),
            401,
            Some(json!({"error": "invalid_client", "error_description": "no such client"})),
        ),
        (
            json!({"status": 403, "reason": "access_denied"}),
            403,
            Some(json!({"error": "access_denied", "error_description": "Account restricted"})),
        ),
        (
            json!({"status": 500}),
            500,
            Some(json!({"error": "internal_failure"})),
        ),
        (
            json!({"status": 503, "retry_after": 3}),
            503,
            Some(json!({"error": "temporarily_unavailable"})),
        ),
        (
            json!({"status": 502, "body": "<html>", "content_type": "text/html"}),
            502,
            None,
        ),
        (
            json!({"status": 200, "body": "{\"expires_in\":5}"}),
            200,
            Some(json!({"expires_in": 5})),
        ),
    ] {
        let fault =
            json!({"service": "fcm", "token": "/token", "times": 1, "do": {"answer": answer}});
        let (posted, text) = control(&sim, "POST", "/faults", &fault.to_string()).await?;
        assert!((200..300).contains(&posted), "{text}");
        assert_eq!(client.push(&token).await?.status, 200);
        let assertion = client.assertion(0)?;
        let reply = client.exchange(&assertion).await?;
        assert_eq!(reply.status, status, "{answer}");
        match body {
            Some(body) => assert_eq!(reply.json(), body, "{answer}"),
            None => assert_eq!(reply.text(), "<html>"),
        }
        let retry_after = answer.get("retry_after").map(ToString::to_string);
        assert_eq!(reply.header("retry-after"), retry_after.as_deref());
    }
    Ok(())
}

#[tokio::test]
async fn a_machine_of_googles_gets_a_token_and_the_project() -> Result<(), Failure> {
    let sim = start(Config::default())?;
    let mut client = Client::new(&sim).await?;
    let root = "/computeMetadata/v1";
    let flavor = "Metadata-Flavor: Google";
    let head = format!("GET {root}/instance/service-accounts/default/token HTTP/1.1");
    let reply = client.call(&head, "").await?;
    assert_eq!(reply.status, 403);
    let reply = client.call(&format!("{head}\r\n{flavor}"), "").await?;
    assert_eq!(reply.header("metadata-flavor"), Some("Google"));
    let token = reply.json()["access_token"].as_str().unwrap().to_owned();
    assert_eq!(client.push(&token).await?.status, 200);
    let head = format!("GET {root}/project/project-id HTTP/1.1\r\n{flavor}");
    assert_eq!(client.call(&head, "").await?.text(), "anypush-sim");
    Ok(())
}
