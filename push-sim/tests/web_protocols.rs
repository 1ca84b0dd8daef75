//! The server of the web services: which HTTP is spoken, and what foreign clients need of it.

mod support;

use push_sim::http2::{Frame, Settings, encode_field};
use push_sim::{Service, fcm};
use support::raw::Raw;
use support::web::{BEARER, Client, Http1, Over, SEND, WAYS, message, request, start, start_with};
use support::{Failure, control, tls_to};

#[tokio::test]
async fn the_server_chooses_http2_whatever_the_client_names_first() -> Result<(), Failure> {
    let sim = start(Over::Http2)?;
    let address = sim.fcm_addr().ok_or("not there")?;
    for (offered, chosen) in [
        (&["http/1.1", "h2"][..], Some(&b"h2"[..])),
        (&["h2", "http/1.1"], Some(b"h2")),
        (&["h2"], Some(b"h2")),
        (&["http/1.1"], Some(b"http/1.1")),
        (&[], None),
    ] {
        let stream = tls_to(&sim, address, offered, None).await?;
        assert_eq!(stream.get_ref().1.alpn_protocol(), chosen, "{offered:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_message_is_taken_whichever_way_it_comes() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let mut client = Client::connect(&sim, over).await?;
        let reply = client.push("device-1").await?;
        assert_eq!(reply.status, 200, "{over:?}: {}", reply.text());
        let name = reply.json()["name"].as_str().unwrap_or_default().to_owned();
        assert!(name.starts_with("projects/anypush-sim/messages/"), "{name}");
        assert!(
            reply
                .header("date")
                .is_some_and(|date| date.ends_with("GMT"))
        );

        let received = sim.received(Service::Fcm, 10)?;
        assert_eq!(received.len(), 1, "{over:?}");
        assert_eq!(received[0].token, "device-1");
        assert_eq!(received[0].payload.get(), message("device-1"));
        assert_eq!(received[0].headers["content-type"], "application/json");
        assert!(!received[0].headers.contains_key(":path"));
        let stats = &sim.stats()[&Service::Fcm];
        let bytes = message("device-1").len() as u64;
        assert_eq!((stats.requests, stats.accepted, stats.bytes), (1, 1, bytes));
    }
    Ok(())
}

#[tokio::test]
async fn a_client_that_offers_no_protocol_is_served_by_http1() -> Result<(), Failure> {
    let sim = start(Over::Http1)?;
    let address = sim.fcm_addr().ok_or("not there")?;
    let mut client = Http1::secure(&sim, address, &[]).await?;
    client
        .write(&request("POST", SEND, message("a").as_bytes()))
        .await?;
    assert_eq!(client.reply(false).await?.status, 200);
    Ok(())
}

#[tokio::test]
async fn a_connection_is_kept_until_the_client_wants_its_end() -> Result<(), Failure> {
    for over in [Over::Http1, Over::Plain] {
        let sim = start(over)?;
        let Client::Http1(mut client) = Client::connect(&sim, over).await? else {
            return Err("HTTP/2".into());
        };
        for number in 0..3 {
            let body = message(&format!("device-{number}"));
            client
                .write(&request("POST", SEND, body.as_bytes()))
                .await?;
            assert_eq!(client.reply(false).await?.status, 200);
        }
        let body = message("last");
        let last = format!(
            "POST {SEND} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {BEARER}\r\n\
             Connection: close\r\nContent-Length: {}\r\n\r\n{body}",
            body.len()
        );
        client.write(last.as_bytes()).await?;
        let reply = client.reply(false).await?;
        assert_eq!(
            (reply.status, reply.header("connection")),
            (200, Some("close"))
        );
        assert_eq!(client.rest().await, (Vec::new(), None), "{over:?}");
        assert_eq!(sim.stats()[&Service::Fcm].connections, 1);
        assert_eq!(sim.stats()[&Service::Fcm].accepted, 4);
    }
    Ok(())
}

#[tokio::test]
async fn a_body_may_come_in_chunks_and_wait_for_leave() -> Result<(), Failure> {
    let sim = start(Over::Plain)?;
    let mut client = Http1::plain(sim.fcm_addr().ok_or("not there")?).await?;
    let head = format!(
        "POST {SEND} HTTP/1.1\r\nHost: localhost\r\nAuthorization: {BEARER}\r\n\
         Expect: 100-continue\r\nTransfer-Encoding: chunked\r\n\r\n"
    );
    client.write(head.as_bytes()).await?;
    assert_eq!(client.reply(false).await?.status, 100);
    let body = message("in-chunks");
    let (first, second) = body.split_at(10);
    let chunks = format!(
        "a\r\n{first}\r\n{:x};x=y\r\n{second}\r\n0\r\n\r\n",
        second.len()
    );
    client.write(chunks.as_bytes()).await?;
    assert_eq!(client.reply(false).await?.status, 200);
    assert_eq!(sim.received(Service::Fcm, 1)?[0].payload.get(), body);
    Ok(())
}

#[tokio::test]
async fn a_body_above_4_mib_is_refused_and_the_connection_goes_on() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let mut client = Client::connect(&sim, over).await?;
        let reply = client
            .send("POST", SEND, &vec![b' '; (4 << 20) + 1])
            .await?;
        assert_eq!(reply.status, 413, "{over:?}");
        assert_eq!(
            reply.header("content-type"),
            Some("text/html; charset=UTF-8")
        );
        let most = vec![b' '; 4 << 20];
        assert_eq!(
            client.send("POST", SEND, &most).await?.status,
            400,
            "{over:?}"
        );
        assert_eq!(client.push("a").await?.status, 200, "{over:?}");
        assert_eq!(sim.stats()[&Service::Fcm].rejected["413"], 1);
    }
    Ok(())
}

#[tokio::test]
async fn what_is_nowhere_is_answered_by_a_page_without_a_body_for_head() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let mut client = Client::connect(&sim, over).await?;
        let reply = client.send("GET", "/nowhere", b"").await?;
        assert_eq!(reply.status, 404, "{over:?}");
        assert_eq!(
            reply.header("content-type"),
            Some("text/html; charset=UTF-8")
        );
        assert!(
            reply.text().contains("<code>/nowhere</code>"),
            "{}",
            reply.text()
        );
        let reply = client.send("HEAD", "/nowhere", b"").await?;
        assert_eq!((reply.status, reply.body.len()), (404, 0), "{over:?}");
        assert_eq!(client.push("a").await?.status, 200, "{over:?}");
        assert_eq!(
            sim.stats()[&Service::Fcm].requests,
            1,
            "others are not counted"
        );
    }
    Ok(())
}

/// Google's SDK for Node sends the scheme with a colon.
#[tokio::test]
async fn a_scheme_that_is_none_is_served() -> Result<(), Failure> {
    let sim = start(Over::Http2)?;
    let address = sim.fcm_addr().ok_or("not there")?;
    let mut raw = Raw::over(tls_to(&sim, address, &["h2"], None).await?).await?;
    let mut block = vec![0x83];
    encode_field(":scheme", "https:", &mut block);
    encode_field(":path", SEND, &mut block);
    encode_field(":authority", "fcm.googleapis.com", &mut block);
    encode_field("authorization", BEARER, &mut block);
    raw.write(Frame::Headers {
        stream: 1,
        end_stream: false,
        end_headers: true,
        block: &block,
    })
    .await?;
    let body = message("from-node");
    raw.write(Frame::Data {
        stream: 1,
        end_stream: true,
        data: body.as_bytes(),
    })
    .await?;
    while raw.next().await?.0.stream != 1 {}
    assert_eq!(sim.stats()[&Service::Fcm].accepted, 1);
    Ok(())
}

#[tokio::test]
async fn the_limit_of_streams_is_announced_and_kept_to() -> Result<(), Failure> {
    for (config, limit) in [
        (fcm::Config::default(), 100),
        (fcm::Config::default().max_streams(2), 2),
    ] {
        let sim = start_with(Over::Http2, config)?;
        let address = sim.fcm_addr().ok_or("not there")?;
        let mut raw = Raw::over(tls_to(&sim, address, &["h2"], None).await?).await?;
        let (head, payload) = raw.next().await?;
        let announced = match Frame::decode(head, &payload)? {
            Frame::Settings(settings) => settings
                .pairs()
                .find(|(name, _)| *name == Settings::MAX_CONCURRENT_STREAMS)
                .map(|(_, value)| value),
            frame => return Err(format!("{frame:?}").into()),
        };
        assert_eq!(announced, Some(limit));
        raw.write(Frame::SettingsAck).await?;
        let mut block = vec![0x83, 0x87];
        encode_field(":path", SEND, &mut block);
        for number in 0..=limit {
            raw.write(Frame::Headers {
                stream: 2 * number + 1,
                end_stream: false,
                end_headers: true,
                block: &block,
            })
            .await?;
        }
        let refused = loop {
            let (head, payload) = raw.next().await?;
            if let Frame::Reset { stream, code } = Frame::decode(head, &payload)? {
                break (stream, code.0);
            }
        };
        assert_eq!(refused, (2 * limit + 1, 7));
    }
    Ok(())
}

#[tokio::test]
async fn the_control_address_tells_and_commands() -> Result<(), Failure> {
    let sim = start(Over::Plain)?;
    let fault = r#"[{"service":"fcm","token":"device-1","times":1,"do":{"answer":{"status":404,"reason":"UNREGISTERED"}}}]"#;
    assert_eq!(control(&sim, "POST", "/faults", fault).await?.0, 200);
    let mut client = Client::connect(&sim, Over::Plain).await?;
    assert_eq!(client.push("DEVICE-1").await?.status, 404);
    assert_eq!(client.push("device-1").await?.status, 200);
    let (_, told) = control(&sim, "GET", "/received?service=fcm&limit=1", "").await?;
    let told: serde_json::Value = serde_json::from_str(&told)?;
    assert_eq!(told[0]["token"], "device-1");
    assert_eq!(told[0]["payload"]["message"]["notification"]["title"], "hi");
    let (_, told) = control(&sim, "GET", "/stats", "").await?;
    let told: serde_json::Value = serde_json::from_str(&told)?;
    assert_eq!(told["fcm"]["rejected"]["UNREGISTERED"], 1);
    assert_eq!(told["fcm"]["accepted"], 1);
    assert_eq!(control(&sim, "POST", "/reset", "").await?.0, 200);
    assert!(sim.received(Service::Fcm, 10)?.is_empty());
    assert_eq!(sim.stats()[&Service::Fcm].requests, 0);
    Ok(())
}

#[tokio::test]
async fn each_token_is_counted_where_that_is_asked_for() -> Result<(), Failure> {
    let config = fcm::Config::default().access_token("a-valid-token");
    let builder = push_sim::Sim::builder().fcm_plain_any().fcm_config(config);
    let sim = builder.count_tokens().start()?;
    let mut client = Client::connect(&sim, Over::Plain).await?;
    for token in ["a", "b", "a"] {
        assert_eq!(client.push(token).await?.status, 200);
    }
    let tokens: Vec<_> = sim.tokens(Service::Fcm)?.into_iter().collect();
    assert_eq!(tokens, [("a".to_owned(), 2), ("b".to_owned(), 1)]);
    assert_eq!(sim.stats()[&Service::Fcm].taken_twice, 1);
    Ok(())
}

#[tokio::test]
async fn the_service_account_names_the_address_of_its_token_endpoint() -> Result<(), Failure> {
    for (over, scheme) in [(Over::Http2, "https"), (Over::Plain, "http")] {
        let sim = start(over)?;
        let port = sim.fcm_addr().ok_or("not there")?.port();
        let text = std::fs::read_to_string(sim.dir().join("service-account.json"))?;
        let account: serde_json::Value = serde_json::from_str(&text)?;
        let uri = format!("{scheme}://localhost:{port}/token");
        assert_eq!(account["token_uri"], uri.as_str());
        assert_eq!(account["type"], "service_account");
        assert_eq!(account["project_id"], "anypush-sim");
        assert_eq!(sim.is_plain("fcm"), over == Over::Plain);
    }
    Ok(())
}
