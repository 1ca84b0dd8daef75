//! WNS over a running service, by every way to it, and the control API.
#![allow(clippy::unwrap_used)]

mod support;

use push_sim::wns::{Config, Kind, State, StatusHeader, Wish};
use push_sim::{Action, Answer, Close, Fault, Point, Service, ServiceStats, Sim};
use serde_json::{Value, json};
use support::web::{Http1, Over, Reply, WAYS};
use support::{Failure, control};

const TOAST: &str = "<toast><visual><binding template=\"ToastText01\">\
    <text id=\"1\">Hi</text></binding></visual></toast>";

/// WNS, and who sends there.
struct World {
    sim: Sim,
    way: Over,
}

impl World {
    fn start(way: Over) -> Result<Self, Failure> {
        Self::start_with(way, Config::default())
    }

    fn start_with(way: Over, config: Config) -> Result<Self, Failure> {
        let builder = Sim::builder().wns_config(config.access_token("T"));
        let builder = match way {
            Over::Plain => builder.wns_plain_any(),
            Over::Http1 | Over::Http2 => builder.wns_any(),
        };
        Ok(Self {
            sim: builder.start()?,
            way,
        })
    }

    fn stats(&self) -> ServiceStats {
        self.sim.stats()[&Service::Wns].clone()
    }

    fn received(&self) -> Value {
        let received = self.sim.received(Service::Wns, 100).unwrap();
        serde_json::to_value(received).unwrap()
    }

    /// A good toast to what comes behind the host.
    async fn toast(&self, target: &str) -> Result<Reply, Failure> {
        self.push(target, &[], TOAST.as_bytes()).await
    }

    /// With these fields in place of those of a good toast.
    async fn push(
        &self,
        target: &str,
        more: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Reply, Failure> {
        let usual = [
            ("authorization", "Bearer T"),
            ("content-type", "text/xml"),
            ("x-wns-type", "wns/toast"),
        ];
        let is_replaced = |name: &str| more.iter().any(|(other, _)| *other == name);
        let usual = usual.into_iter().filter(|(name, _)| !is_replaced(name));
        let fields: Vec<_> = usual.chain(more.iter().copied()).collect();
        self.send("POST", target, &fields, body).await
    }

    async fn send(
        &self,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Reply, Failure> {
        if self.way == Over::Http2 {
            return self.by_http2(method, target, fields, body).await;
        }
        let mut client = self.http1().await?;
        let fields = fields
            .iter()
            .map(|(name, value)| format!("{name}: {value}\r\n"));
        let head = format!(
            "{method} {target} HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n{}\
             Content-Length: {}\r\n\r\n",
            fields.collect::<String>(),
            body.len()
        );
        client.write(&[head.as_bytes(), body].concat()).await?;
        Ok(client.reply(false).await?)
    }

    /// A connection that offers no ALPN.
    async fn http1(&self) -> Result<Http1, Failure> {
        let address = self.sim.wns_addr().ok_or("not there")?;
        match self.way {
            Over::Plain => Http1::plain(address).await,
            _ => Http1::secure(&self.sim, address, &[]).await,
        }
    }

    async fn by_http2(
        &self,
        method: &str,
        target: &str,
        fields: &[(&str, &str)],
        body: &[u8],
    ) -> Result<Reply, Failure> {
        let address = self.sim.wns_addr().ok_or("not there")?;
        let stream = support::tls_to(&self.sim, address, &["h2"], None).await?;
        let (sender, connection) = h2::client::handshake(stream).await?;
        let connection = tokio::spawn(connection);
        let mut request = http::Request::builder()
            .method(method)
            .uri(format!("https://localhost{target}"))
            .header("content-length", body.len());
        for (name, value) in fields {
            request = request.header(*name, *value);
        }
        let mut sender = sender.ready().await?;
        let (answer, mut stream) = sender.send_request(request.body(())?, false)?;
        stream.send_data(bytes::Bytes::copy_from_slice(body), true)?;
        let (head, mut incoming) = answer.await?.into_parts();
        let mut body = Vec::new();
        while let Some(data) = incoming.data().await {
            body.extend_from_slice(&data?);
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

    /// The access token that a token endpoint gives, each time on a connection of its own.
    async fn token(&self, path: &str, form: &str) -> Result<String, Failure> {
        let kind = [("content-type", "application/x-www-form-urlencoded")];
        let reply = self.send("POST", path, &kind, form.as_bytes()).await?;
        assert_eq!(reply.status, 200, "{}", reply.text());
        let token = reply.json()["access_token"].clone();
        Ok(token.as_str().ok_or("no token")?.to_owned())
    }

    /// A fault of the token, once.
    fn fault(&self, token: &str, answer: Answer) -> Result<(), Failure> {
        let fault = Fault::new(Service::Wns, Action::Answer(answer));
        Ok(self.sim.fault(fault.token(token).times(1))?)
    }
}

const LIVE: &str = "grant_type=client_credentials&client_id=ms-app%3A%2F%2FS-1-15-2-1&\
    client_secret=a%2Bb&scope=notify.windows.com";
const ENTRA: &str = "grant_type=client_credentials&\
    client_id=8f14e45f-ceea-467f-9f5a-0a1b2c3d4e5f&client_secret=s&\
    scope=https%3A%2F%2Fwns.windows.com%2F.default";

#[tokio::test]
async fn both_endpoints_give_tokens_that_are_good_by_every_way() -> Result<(), Failure> {
    for way in WAYS {
        let world = World::start(way)?;
        for (path, form) in [
            ("/accesstoken.srf", LIVE),
            ("/contoso.com/oauth2/v2.0/token", ENTRA),
        ] {
            let token = format!("Bearer {}", world.token(path, form).await?);
            let fields = [("authorization", &*token)];
            let reply = world.push("/?token=a", &fields, TOAST.as_bytes()).await?;
            assert_eq!(reply.status, 200, "{way:?} {path}");
            assert_eq!(reply.header("x-wns-status"), Some("received"));
            assert_eq!(reply.text(), "");
        }
        let stats = world.stats();
        assert_eq!(
            (stats.requests, stats.accepted, stats.authorizations),
            (2, 2, 2)
        );
        assert_eq!(world.sim.revoke_access_tokens_of(Service::Wns)?, 2);
    }
    Ok(())
}

#[tokio::test]
async fn what_was_taken_is_shown_as_it_was_sent() -> Result<(), Failure> {
    let world = World::start(Over::Http1)?;
    let raw = [
        ("x-wns-type", "wns/raw"),
        ("content-type", "application/octet-stream"),
    ];
    world
        .push(
            "/?token=AB%2Bc%3d",
            &[("x-wns-tag", "t1")],
            TOAST.as_bytes(),
        )
        .await?;
    world.push("/some/path/D1?x=y", &raw, b"{\"a\": 1}").await?;
    world.push("/D2", &raw, b"12").await?;
    world.push("/D3", &raw, &[0, 0xff]).await?;
    let img = TOAST.replace("</text>", "</text><img src=\"s\" id=\"1\"/>");
    world.push("/D4", &[], img.as_bytes()).await?;

    let received = world.received();
    assert_eq!(received[0]["token"], "AB%2bc%3d");
    assert_eq!(received[0]["payload"], TOAST);
    assert_eq!(received[0]["type"], "toast");
    assert_eq!(received[0]["headers"]["x-wns-tag"], "t1");
    assert_eq!(received[0].get("notes"), None);
    assert_eq!(received[1]["token"], "D1");
    assert_eq!(received[1]["payload"], json!({"a": 1}));
    assert_eq!(
        (&received[2]["type"], &received[2]["payload"]),
        (&json!("raw"), &json!("12"))
    );
    assert_eq!(received[3]["payload"], "AP8=");
    assert_eq!(received[3]["payload_base64"], true);
    assert!(received[4]["notes"][0].as_str().unwrap().contains("<img>"));
    Ok(())
}

#[tokio::test]
async fn a_body_in_chunks_is_refused_since_it_has_no_length() -> Result<(), Failure> {
    let world = World::start(Over::Http1)?;
    let mut client = world.http1().await?;
    let request = format!(
        "POST /?token=a HTTP/1.1\r\nHost: localhost\r\nAuthorization: Bearer T\r\n\
         Content-Type: text/xml\r\nX-WNS-Type: wns/toast\r\nTransfer-Encoding: chunked\r\n\r\n\
         {:x}\r\n{TOAST}\r\n0\r\n\r\n",
        TOAST.len()
    );
    client.write(request.as_bytes()).await?;
    let reply = client.reply(false).await?;
    assert_eq!(reply.status, 411);
    assert_eq!(world.stats().rejected["LengthRequired"], 1);
    Ok(())
}

#[tokio::test]
async fn a_message_that_is_too_long_is_refused_whatever_it_is() -> Result<(), Failure> {
    for way in WAYS {
        let world = World::start(way)?;
        let reply = world.push("/?token=a", &[], &[b'x'; 5001]).await?;
        assert_eq!(reply.status, 413, "{way:?}");
        assert_eq!(reply.header("x-wns-status"), Some("dropped"));
        assert_eq!(world.stats().rejected["TooLarge"], 1);
    }
    Ok(())
}

#[tokio::test]
async fn every_way_of_throttling_and_dropping_comes_on_command() -> Result<(), Failure> {
    let world = World::start(Over::Http1)?;
    let soon = "Fri, 31 Dec 1999 23:59:59 GMT";
    for (answer, fate) in [
        (json!({"status": 406}), "dropped"),
        (json!({"status": 406, "retry_after": 7}), "dropped"),
        (json!({"status": 429, "retry_after": soon}), "dropped"),
        (json!({"status": 503, "retry_after": "5"}), "dropped"),
        (
            json!({"status": 200, "reason": "channelthrottled"}),
            "channelthrottled",
        ),
        (json!({"status": 200, "reason": "dropped"}), "dropped"),
        (
            json!({"status": 410, "reason": "ChannelRevoked"}),
            "revoked",
        ),
        (json!({"status": 403, "reason": "NotAllowedApp"}), "dropped"),
        (json!({"status": 401}), "dropped"),
        (json!({"status": 404}), "dropped"),
    ] {
        let fault =
            json!({"service": "wns", "token": "Dev%2B", "times": 1, "do": {"answer": answer}});
        let (posted, text) = control(&world.sim, "POST", "/faults", &fault.to_string()).await?;
        assert_eq!(posted, 200, "{text}");
        let other = world.toast("/?token=other").await?;
        assert_eq!(other.header("x-wns-status"), Some("received"));
        let reply = world.toast("/?token=Dev%2B").await?;
        assert_eq!(reply.status, answer["status"], "{answer}");
        for name in ["x-wns-status", "x-wns-notificationstatus"] {
            assert_eq!(reply.header(name), Some(fate), "{answer}");
        }
        let wanted = answer.get("retry_after").map(|it| match it {
            Value::String(text) => text.clone(),
            number => number.to_string(),
        });
        assert_eq!(reply.header("retry-after"), wanted.as_deref());
    }
    let stats = world.stats();
    assert_eq!(stats.accepted, 10);
    for (reason, count) in [
        ("channelthrottled", 1),
        ("dropped", 1),
        ("406", 2),
        ("NotAllowedApp", 1),
    ] {
        assert_eq!(stats.rejected[reason], count, "{reason}");
    }
    Ok(())
}

#[tokio::test]
async fn a_blocked_domain_has_a_reason_phrase_of_its_own() -> Result<(), Failure> {
    let world = World::start(Over::Http1)?;
    for (answer, line) in [
        (Answer::new(410), "HTTP/1.1 410 Gone\r\n"),
        (
            Answer::new(410).reason("DomainBlocked"),
            "HTTP/1.1 410 Domain Blocked\r\n",
        ),
    ] {
        world.fault("a", answer)?;
        let mut client = world.http1().await?;
        let request =
            "POST /?token=a HTTP/1.1\r\nHost: x\r\nConnection: close\r\nContent-Length: 0\r\n\r\n";
        client.write(request.as_bytes()).await?;
        let (text, _) = client.rest().await;
        let text = String::from_utf8_lossy(&text).into_owned();
        assert!(text.starts_with(line), "{text}");
    }
    Ok(())
}

#[tokio::test]
async fn either_name_of_the_status_can_be_had() -> Result<(), Failure> {
    let config = Config::default().status_header(StatusHeader::NotificationStatus);
    let world = World::start_with(Over::Plain, config)?;
    let reply = world.toast("/a").await?;
    assert_eq!(reply.header("x-wns-status"), None);
    assert_eq!(reply.header("x-wns-notificationstatus"), Some("received"));

    let world = World::start(Over::Plain)?;
    let answer = Answer::new(200)
        .without_header("X-WNS-NotificationStatus")
        .header("X-WNS-DeviceConnectionStatus", "disconnected");
    world.fault("a", answer)?;
    let reply = world.toast("/a").await?;
    assert_eq!(reply.header("x-wns-status"), Some("received"));
    assert_eq!(reply.header("x-wns-notificationstatus"), None);
    assert_eq!(
        reply.header("x-wns-deviceconnectionstatus"),
        Some("disconnected")
    );
    assert_eq!(world.stats().accepted, 1);
    Ok(())
}

#[tokio::test]
async fn a_channel_is_found_by_its_token_its_path_and_its_whole_uri() -> Result<(), Failure> {
    let world = World::start(Over::Http1)?;
    let target = "/?token=Ab%2bc";
    let whole = format!("https://localhost{target}");
    for name in ["ab%2Bc", target, &whole] {
        world.fault(name, Answer::new(410))?;
        assert_eq!(world.toast(target).await?.status, 410, "{name}");
    }
    world.fault("Ab+c", Answer::new(410))?;
    assert_eq!(world.toast(target).await?.status, 200, "it is not decoded");
    Ok(())
}

#[tokio::test]
async fn token_endpoints_fail_by_their_paths_only() -> Result<(), Failure> {
    let world = World::start(Over::Http1)?;
    let tenant = "/contoso.com/oauth2/v2.0/token";
    world
        .sim
        .fault(Fault::new(Service::Wns, Action::Stall).after(100))?;
    world.fault("/accesstoken.srf", Answer::new(503).retry_after("3"))?;
    world.fault(tenant, Answer::new(401).reason("AADSTS7000222"))?;
    let ask = async |path: &str, form: &str| world.send("POST", path, &[], form.as_bytes()).await;
    let reply = ask("/accesstoken.srf", LIVE).await?;
    assert_eq!(
        (reply.status, reply.header("retry-after")),
        (503, Some("3"))
    );
    assert_eq!(reply.json()["error"], "temporarily_unavailable");
    let reply = ask(tenant, ENTRA).await?;
    assert_eq!(
        (reply.status, &reply.json()["error_codes"][0]),
        (401, &json!(7_000_222))
    );
    assert_eq!(ask("/accesstoken.srf", LIVE).await?.status, 200);
    let body = Answer::new(200).body("application/json", "{\"access_token\":7}");
    world.fault(tenant, body)?;
    assert_eq!(ask(tenant, ENTRA).await?.text(), "{\"access_token\":7}");
    Ok(())
}

#[tokio::test]
async fn a_connection_breaks_on_command() -> Result<(), Failure> {
    let world = World::start(Over::Http1)?;
    for action in [
        Action::Close(Close::Rst),
        Action::CloseAt(Close::Fin, Point::MidAnswer),
    ] {
        world.sim.fault(Fault::new(Service::Wns, action).times(1))?;
        assert!(world.toast("/a").await.is_err());
    }
    let stats = world.stats();
    assert_eq!(
        (stats.unprocessed, stats.accepted, stats.unanswered),
        (1, 1, 1)
    );
    Ok(())
}

#[tokio::test]
async fn channels_are_made_ended_and_listed_by_the_control_api() -> Result<(), Failure> {
    let world = World::start(Over::Http1)?;
    let origin = world.sim.wns_url().ok_or("no url")?;
    let wishes = json!([
        {"kind": "uwp", "app": "ms-app://S-1-15-2-1"},
        {"kind": "app-sdk", "count": 2},
        {"secondary_tile": true, "expired": true, "id": "Tile%2B"},
        {"phone": true, "origin": "https://db5.notify.windows.com"},
    ]);
    let (status, made) = control(&world.sim, "POST", "/channels", &wishes.to_string()).await?;
    let made: Value = serde_json::from_str(&made)?;
    assert_eq!((status, made.as_array().map(Vec::len)), (200, Some(5)));
    let uri = |at: usize| made[at]["uri"].as_str().unwrap();
    assert!(uri(0).starts_with(&format!("{origin}/?token=")), "{made}");
    assert!(uri(4).starts_with("https://db5.notify.windows.com/?token="));
    assert_eq!(made[3]["id"], "Tile%2b");
    assert!(made[0]["registered_at"].is_u64());

    let target = |at: usize| {
        uri(at)
            .rsplit_once('/')
            .map(|(_, rest)| format!("/{rest}"))
            .unwrap()
    };
    assert_eq!(world.toast(&target(0)).await?.status, 200);
    assert_eq!(world.toast(&target(3)).await?.status, 410, "it has expired");
    for (at, query, words) in [
        (1, "", "Revoked channel URL"),
        (2, "?as=expired", "Expired channel URL"),
    ] {
        let path = format!("/channels/{}{query}", made[at]["id"].as_str().unwrap());
        assert_eq!(control(&world.sim, "DELETE", &path, "").await?.0, 200);
        assert_eq!(control(&world.sim, "DELETE", &path, "").await?.0, 404);
        let reply = world.toast(&target(at)).await?;
        assert_eq!(reply.status, 410);
        assert_eq!(reply.header("x-wns-error-description"), Some(words));
    }
    let (_, known) = control(&world.sim, "GET", "/channels", "").await?;
    let known: Value = serde_json::from_str(&known)?;
    let states: Vec<_> = (0..5).map(|at| known[at]["state"].clone()).collect();
    assert_eq!(states, ["open", "revoked", "expired", "expired", "open"]);
    assert_eq!(
        (&known[0]["kind"], &known[0]["accepted"]),
        (&json!("uwp"), &json!(1))
    );
    assert_eq!(known[4]["phone"], true);

    for (method, path, body, expected) in [
        ("POST", "/channels", "", 200),
        ("POST", "/channels", "{}", 200),
        ("POST", "/channels", "[{\"kind\":\"web\"}]", 400),
        ("PUT", "/channels", "", 405),
        ("DELETE", "/channels/a?as=gone", "", 400),
        ("DELETE", "/access_tokens?service=wns", "", 200),
        ("DELETE", "/access_tokens?service=gcm", "", 400),
        ("POST", "/reset", "", 200),
    ] {
        let (status, text) = control(&world.sim, method, path, body).await?;
        assert_eq!(status, expected, "{method} {path}: {text}");
        assert_eq!(text.trim_end().lines().count(), 1, "{text}");
    }
    assert!(world.sim.channels()?.is_empty());
    assert!(
        Sim::builder().start()?.channels().is_err(),
        "it does not run"
    );
    Ok(())
}

#[tokio::test]
async fn channels_are_made_and_ended_from_rust() -> Result<(), Failure> {
    let world = World::start(Over::Plain)?;
    let made = world.sim.open_channels(&[Wish::new(Kind::Uwp).count(2)])?;
    assert!(world.sim.end_channel(&made[0].id, State::Revoked)?);
    assert!(!world.sim.end_channel("elsewhere", State::Revoked)?);
    let target = |at: usize| format!("/?token={}", made[at].id);
    assert_eq!(world.toast(&target(0)).await?.status, 410);
    assert_eq!(world.toast(&target(1)).await?.status, 200);
    assert_eq!(world.sim.channels()?[1].accepted, 1);
    let shown = format!("{made:?} {:?}", world.sim.channels()?);
    assert!(!shown.contains(&made[0].id), "{shown}");
    Ok(())
}
