//! Web Push over a running service, by every way to it, and the control API.
#![allow(clippy::unwrap_used)]

mod support;

#[path = "support/sender.rs"]
mod sender;

use push_sim::webpush::{Flavour, State, Subscription, Wish};
use push_sim::{Action, Answer, Body, Fault, Service, Sim};
use sender::Server;
use serde_json::{Value, json};
use support::web::{Http1, Over, Reply, WAYS};
use support::{Failure, control};

/// A push service, and who pushes there.
struct World {
    sim: Sim,
    server: Server,
    way: Over,
}

impl World {
    fn start(way: Over) -> Result<Self, Failure> {
        let builder = Sim::builder();
        let builder = match way {
            Over::Plain => builder.web_plain_any(),
            Over::Http1 | Over::Http2 => builder.web_any(),
        };
        Ok(Self {
            sim: builder.start()?,
            server: Server::new(),
            way,
        })
    }

    fn subscribe(&self, flavour: Flavour) -> Result<Subscription, Failure> {
        let wish = Wish::new(flavour).application_server_key(self.server.key());
        Ok(self.sim.subscribe(&wish)?.remove(0))
    }

    /// Pushes what the subscription's keys encrypt.
    async fn push(&self, to: &Subscription, plaintext: &[u8]) -> Result<Reply, Failure> {
        let body = sender::aes128gcm(&to.keys.p256dh, &to.keys.auth, plaintext);
        self.send(&to.endpoint, &body, &[]).await
    }

    async fn send(
        &self,
        endpoint: &str,
        body: &[u8],
        more: &[(&str, &str)],
    ) -> Result<Reply, Failure> {
        let origin = self.sim.web_url().ok_or("not there")?;
        let target = endpoint.strip_prefix(&*origin).ok_or("elsewhere")?;
        let authorization = self.server.present(&origin);
        let mut fields = vec![("authorization", &*authorization), ("ttl", "60")];
        if !body.is_empty() {
            fields.push(("content-encoding", "aes128gcm"));
        }
        fields.extend(more);
        let host = origin.split("//").nth(1).ok_or("no host")?;
        let address = self.sim.web_addr().ok_or("not there")?;
        match self.way {
            Over::Http2 => self.by_http2(&origin, target, &fields, body).await,
            Over::Http1 | Over::Plain => {
                let mut client = match self.way {
                    Over::Plain => Http1::plain(address).await?,
                    _ => Http1::secure(&self.sim, address, &["http/1.1"]).await?,
                };
                let fields = fields
                    .iter()
                    .map(|(name, value)| format!("{name}: {value}\r\n"));
                let head = format!(
                    "POST {target} HTTP/1.1\r\nHost: {host}\r\n{}Content-Length: {}\r\n\r\n",
                    fields.collect::<String>(),
                    body.len()
                );
                client.write(&[head.as_bytes(), body].concat()).await?;
                Ok(client.reply(false).await?)
            }
        }
    }

    async fn by_http2(
        &self,
        origin: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Reply, Failure> {
        let address = self.sim.web_addr().ok_or("not there")?;
        let stream = support::tls_to(&self.sim, address, &["h2"], None).await?;
        let (sender, connection) = h2::client::handshake(stream).await?;
        let connection = tokio::spawn(connection);
        let mut request = http::Request::builder()
            .method("POST")
            .uri(format!("{origin}{target}"));
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut sender = sender.ready().await?;
        let (answer, mut stream) = sender.send_request(request.body(())?, body.is_empty())?;
        if !body.is_empty() {
            stream.send_data(bytes::Bytes::copy_from_slice(body), true)?;
        }
        let (head, mut incoming) = answer.await?.into_parts();
        let mut body = Vec::new();
        while let Some(data) = incoming.data().await {
            let data = data?;
            body.extend_from_slice(&data);
            incoming.flow_control().release_capacity(data.len())?;
        }
        connection.abort();
        let headers = head.headers.iter();
        Ok(Reply {
            status: head.status.as_u16(),
            headers: headers
                .map(|(name, value)| {
                    let value = String::from_utf8_lossy(value.as_bytes());
                    (name.as_str().to_owned(), value.into_owned())
                })
                .collect(),
            body,
        })
    }

    fn answer(&self, token: &str, answer: Answer) -> Result<(), Failure> {
        let fault = Fault::new(Service::Web, Action::Answer(answer));
        Ok(self.sim.fault(fault.token(token).times(1))?)
    }

    fn received(&self) -> Value {
        let received = self.sim.received(Service::Web, 100).unwrap();
        serde_json::to_value(received).unwrap()
    }
}

#[tokio::test]
async fn a_push_is_taken_by_every_way_and_shown_decrypted() -> Result<(), Failure> {
    for way in WAYS {
        let world = World::start(way)?;
        let subscription = world.subscribe(Flavour::Mozilla)?;
        let reply = world.push(&subscription, b"Hello").await?;
        assert_eq!(reply.status, 201, "{way:?}");
        let location = reply.header("location").ok_or("no location")?;
        assert!(location.starts_with(&world.sim.web_url().unwrap()));

        let received = &world.received()[0];
        assert_eq!(received["token"], subscription.id);
        assert_eq!(received["payload"], "Hello");
        assert_eq!(received["decrypted"], true);
        assert_eq!(received["ttl"], 60);
        assert_eq!(received["ack"], Value::Null);
        assert_eq!(received["urgency"], Value::Null);
        assert_eq!(received["service"], "mozilla");
        assert_eq!(received["state"], "stored");
        assert_eq!(received["headers"]["content-encoding"], "aes128gcm");
        let stats = &world.sim.stats()[&Service::Web];
        assert_eq!((stats.accepted, stats.vapid_tokens), (1, 1));
    }
    Ok(())
}

#[tokio::test]
async fn payloads_are_shown_so_that_none_is_taken_for_another() -> Result<(), Failure> {
    let world = World::start(Over::Plain)?;
    let subscription = world.subscribe(Flavour::Rfc8030)?;
    for (plaintext, shown) in [
        (&br#"{"a": [1]}"#[..], json!({"a": [1]})),
        (b"[1,2]", json!([1, 2])),
        (b"42", json!("42")),
        (b"\"quoted\"", json!("\"quoted\"")),
        (b"{no json", json!("{no json")),
        (b"", json!("")),
        (b"\xff\xfe", json!("//4=")),
    ] {
        let reply = world.push(&subscription, plaintext).await?;
        assert_eq!(reply.status, 201);
        let received = world.received();
        let last = received.as_array().unwrap().last().unwrap();
        assert_eq!(last["payload"], shown);
        let is_base64 = last.get("payload_base64").is_some();
        assert_eq!(is_base64, plaintext == b"\xff\xfe");
        assert_eq!(last["decrypted"], true);
    }
    let reply = world
        .send(&subscription.endpoint, b"", &[("urgency", "high")])
        .await?;
    assert_eq!(reply.status, 201);
    let received = world.received();
    let last = received.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["payload"], &last["urgency"]),
        (&json!(""), &json!("high"))
    );
    let reply = world
        .send(&subscription.endpoint, b"no ciphertext", &[])
        .await?;
    assert_eq!(reply.status, 201);
    let received = world.received();
    let last = received.as_array().unwrap().last().unwrap();
    assert_eq!(
        (&last["decrypted"], last["error"].is_string()),
        (&json!(false), true)
    );
    Ok(())
}

#[tokio::test]
async fn a_body_of_4096_bytes_is_taken_and_one_more_is_not() -> Result<(), Failure> {
    for way in WAYS {
        let world = World::start(way)?;
        let subscription = world.subscribe(Flavour::Apple)?;
        assert_eq!(world.push(&subscription, &[b'x'; 3993]).await?.status, 201);
        let reply = world.push(&subscription, &[b'x'; 3994]).await?;
        assert_eq!(reply.status, 413);
        assert_eq!(reply.json()["reason"], "PayloadTooLarge");
        assert_eq!(
            world.sim.stats()[&Service::Web].rejected["PayloadTooLarge"],
            1
        );
    }
    Ok(())
}

#[tokio::test]
async fn faults_are_answered_in_the_words_of_the_service() -> Result<(), Failure> {
    for way in WAYS {
        let world = World::start(way)?;
        let mozilla = world.subscribe(Flavour::Mozilla)?;
        let answer = Answer::new(503).reason("201").retry_after("120");
        world.answer(&mozilla.id, answer)?;
        let reply = world.push(&mozilla, b"x").await?;
        assert_eq!((reply.status, &reply.json()["errno"]), (503, &json!(201)));
        assert_eq!(reply.header("retry-after"), Some("120"));
        assert_eq!(world.push(&mozilla, b"x").await?.status, 201);

        let apple = world.subscribe(Flavour::Apple)?;
        world.answer(&apple.endpoint, Answer::new(403).reason("BadJwtToken"))?;
        let reply = world.push(&apple, b"x").await?;
        assert_eq!(
            (reply.status, reply.text()),
            (403, r#"{"reason":"BadJwtToken"}"#.to_owned())
        );

        let edge = world.subscribe(Flavour::Edge)?;
        world.answer(&edge.id, Answer::new(200).reason("dropped"))?;
        let reply = world.push(&edge, b"x").await?;
        assert_eq!(
            (reply.status, reply.header("x-wns-status")),
            (200, Some("dropped"))
        );

        let page = Answer::new(502).body("text/html", "<html>");
        world.answer(&apple.id, page)?;
        assert_eq!(world.push(&apple, b"x").await?.text(), "<html>");
        let rejected = &world.sim.stats()[&Service::Web].rejected;
        assert_eq!(
            (rejected["201"], rejected["dropped"], rejected["502"]),
            (1, 1, 1)
        );
    }
    Ok(())
}

#[tokio::test]
async fn a_fault_that_grants_changes_what_is_taken() -> Result<(), Failure> {
    for way in WAYS {
        let world = World::start(way)?;
        let subscription = world.subscribe(Flavour::Mozilla)?;
        world.answer(
            &subscription.id,
            Answer::new(200).body("text/plain", "fine"),
        )?;
        let reply = world.push(&subscription, b"x").await?;
        assert_eq!((reply.status, reply.text()), (200, "fine".to_owned()));
        for status in [200, 201] {
            let body = Fault::new(Service::Web, Action::Body(Body::bytes(status, 100_000)));
            world.sim.fault(body.times(1))?;
            let reply = world.push(&subscription, b"x").await?;
            assert_eq!(
                (reply.status, reply.body.len()),
                (status, 100_000),
                "{way:?}"
            );
        }
        assert_eq!(world.sim.stats()[&Service::Web].accepted, 3);
    }
    Ok(())
}

#[tokio::test]
async fn the_control_api_makes_shows_and_ends_subscriptions() -> Result<(), Failure> {
    let world = World::start(Over::Http2)?;
    let ask = |method: &'static str, path: String, body: String| {
        let sim = &world.sim;
        async move { control(sim, method, &path, &body).await }
    };
    let key = world.server.key();
    let wish = json!({"count": 2, "service": "fcm", "application_server_key": key});
    let (status, made) = ask("POST", "/subscriptions".into(), wish.to_string()).await?;
    assert_eq!(status, 200, "{made}");
    let made: Value = serde_json::from_str(&made)?;
    let endpoint = made[1]["endpoint"].as_str().ok_or("no endpoint")?;
    assert_eq!(made[1]["expirationTime"], Value::Null);
    assert_eq!(made[1]["keys"]["p256dh"].as_str().map(str::len), Some(87));
    assert_eq!(made[1]["keys"]["auth"].as_str().map(str::len), Some(22));
    assert_eq!(made[1].as_object().map(serde_json::Map::len), Some(3));

    let auth = made[1]["keys"]["auth"].as_str().unwrap();
    let p256dh = made[1]["keys"]["p256dh"].as_str().unwrap();
    let body = sender::aes128gcm(p256dh, auth, b"Hello");
    assert_eq!(world.send(endpoint, &body, &[]).await?.status, 201);
    let (_, received) = ask("GET", "/received?service=web".into(), String::new()).await?;
    let received: Value = serde_json::from_str(&received)?;
    assert_eq!(received[0]["payload"], "Hello");

    let (_, known) = ask("GET", "/subscriptions".into(), String::new()).await?;
    let known: Value = serde_json::from_str(&known)?;
    assert_eq!(known.as_array().map(Vec::len), Some(2));
    assert_eq!(known[1]["application_server_key"], key);
    assert_eq!(
        (&known[1]["accepted"], &known[1]["stored"]),
        (&json!(1), &json!(1))
    );
    assert_eq!(known[1]["unsubscribed"], false);

    let id = endpoint.rsplit('/').next().unwrap();
    let path = format!("/subscriptions/{id}");
    assert_eq!(ask("DELETE", path.clone(), String::new()).await?.0, 200);
    assert_eq!(ask("DELETE", path.clone(), String::new()).await?.0, 404);
    assert_eq!(ask("GET", path, String::new()).await?.0, 405);
    assert_eq!(world.send(endpoint, &body, &[]).await?.status, 410);

    assert_eq!(ask("POST", "/reset".into(), String::new()).await?.0, 200);
    let (_, known) = ask("GET", "/subscriptions".into(), String::new()).await?;
    assert_eq!(known, "[]");
    Ok(())
}

#[tokio::test]
async fn a_subscription_that_makes_no_sense_is_refused_with_a_line() -> Result<(), Failure> {
    let world = World::start(Over::Plain)?;
    for (wish, says) in [
        ("{", "EOF"),
        (r#"{"service":"opera"}"#, "opera"),
        (r#"{"counts":1}"#, "counts"),
        (r#"{"count":100001}"#, "at most 100000"),
        (r#"{"application_server_key":"AAAA"}"#, "no point of P-256"),
        (r#"{"keys":{"p256dh":"AAAA","auth":"AAAA"}}"#, "p256dh"),
        (r#"{"id":"a/b"}"#, "a/b"),
        (r#"{"id":"a","count":2}"#, "single"),
        (r#"{"origin":"ftp://x"}"#, "ftp://x"),
        (r#"{"origin":"https://x/y"}"#, "https://x/y"),
    ] {
        let (status, line) = control(&world.sim, "POST", "/subscriptions", wish).await?;
        assert_eq!(status, 400, "{wish}");
        assert!(line.contains(says), "{wish}: {line}");
    }
    let (status, _) = control(&world.sim, "POST", "/subscriptions", "").await?;
    assert_eq!(status, 200);
    let wish = Wish::default()
        .id("mine")
        .origin("https://a.push.example:1");
    let made = world.sim.subscribe(&wish)?.remove(0);
    assert_eq!(made.endpoint, "https://a.push.example:1/wpush/v1/mine");
    let again = world.sim.subscribe(&wish).unwrap_err().to_string();
    assert!(again.contains("there already"), "{again}");

    let sim = Sim::builder().start()?;
    assert!(sim.subscribe(&Wish::default()).is_err());
    let (status, line) = control(&sim, "GET", "/subscriptions", "").await?;
    assert_eq!((status, line.contains("web")), (400, true));
    Ok(())
}

#[tokio::test]
async fn keys_that_were_made_elsewhere_stay_there() -> Result<(), Failure> {
    let world = World::start(Over::Plain)?;
    let elsewhere = world.subscribe(Flavour::Mozilla)?.keys;
    let wish = Wish::new(Flavour::Mozilla).keys(elsewhere.clone());
    let subscription = world.sim.subscribe(&wish)?.remove(0);
    assert_eq!(subscription.keys, elsewhere);
    assert_eq!(world.push(&subscription, b"Hello").await?.status, 201);
    let received = world.sim.received(Service::Web, 1)?.remove(0);
    let delivery = received.delivery.ok_or("no delivery")?;
    assert!(!delivery.decrypted && delivery.error.is_none());
    assert_eq!(delivery.state, State::Stored);
    assert_eq!(world.sim.subscriptions()?.len(), 2);
    Ok(())
}
