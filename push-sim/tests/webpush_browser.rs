//! The browser's side of the push services, over a running one.
#![allow(clippy::unwrap_used)]

mod support;

use std::net::SocketAddr;

use futures_util::{SinkExt, StreamExt};
use push_sim::{Action, Close, Service, Sim};
use serde_json::{Value, json};
use support::raw::PATIENCE;
use support::web::{Http1, Reply, Socket};
use support::{Failure, tls_to};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::Message;
use tokio_tungstenite::tungstenite::client::IntoClientRequest;
use tokio_tungstenite::tungstenite::protocol::frame::coding::CloseCode;

const CHANNEL: &str = "0b6f4a2e-7c1d-4f55-9d3b-6a8e2f1c4d90";

/// How the websocket is reached.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Over {
    /// A TLS port, by TLS.
    Tls,
    /// A TLS port, without.
    TlsPort,
    /// A port without TLS.
    Plain,
}

const WAYS: [Over; 3] = [Over::Tls, Over::TlsPort, Over::Plain];

fn start(over: Over) -> Result<Sim, Failure> {
    let builder = Sim::builder();
    Ok(match over {
        Over::Plain => builder.web_plain_any().start()?,
        Over::Tls | Over::TlsPort => builder.web_any().start()?,
    })
}

fn address(sim: &Sim) -> SocketAddr {
    sim.web_addr().unwrap()
}

/// A user agent.
struct Browser(WebSocketStream<Box<dyn Socket>>);

impl Browser {
    async fn connect(sim: &Sim, over: Over) -> Result<Self, Failure> {
        let address = address(sim);
        let stream: Box<dyn Socket> = match over {
            Over::Tls => Box::new(tls_to(sim, address, &["http/1.1"], None).await?),
            Over::TlsPort | Over::Plain => Box::new(TcpStream::connect(address).await?),
        };
        let mut request = format!("ws://{address}/").into_client_request()?;
        let protocol = "push-notification".parse()?;
        request
            .headers_mut()
            .insert("sec-websocket-protocol", protocol);
        let opening = tokio_tungstenite::client_async(request, stream);
        let (stream, response) = timeout(PATIENCE, opening).await??;
        assert_eq!(response.status(), 101);
        assert_eq!(
            response.headers()["sec-websocket-protocol"],
            "push-notification"
        );
        Ok(Self(stream))
    }

    async fn greeted(sim: &Sim, over: Over, uaid: Option<&str>) -> Result<(Self, String), Failure> {
        let mut browser = Self::connect(sim, over).await?;
        let hello = json!({"messageType": "hello", "uaid": uaid, "use_webpush": true});
        let hello = browser.ask(hello).await?;
        assert_eq!(
            (&hello["messageType"], &hello["status"]),
            (&json!("hello"), &json!(200))
        );
        let uaid = hello["uaid"].as_str().unwrap().to_owned();
        Ok((browser, uaid))
    }

    async fn say(&mut self, message: Value) -> Result<(), Failure> {
        Ok(self.0.send(Message::text(message.to_string())).await?)
    }

    async fn hear(&mut self) -> Result<Value, Failure> {
        match self.next().await? {
            Some(Message::Text(text)) => Ok(serde_json::from_str(&text)?),
            other => Err(format!("{other:?}").into()),
        }
    }

    async fn ask(&mut self, message: Value) -> Result<Value, Failure> {
        self.say(message).await?;
        self.hear().await
    }

    async fn next(&mut self) -> Result<Option<Message>, Failure> {
        Ok(timeout(PATIENCE, self.0.next()).await?.transpose()?)
    }

    /// The endpoint of a subscription that is bound to no key.
    async fn register(&mut self) -> Result<String, Failure> {
        let message = json!({"messageType": "register", "channelID": CHANNEL});
        let registered = self.ask(message).await?;
        assert_eq!(registered["status"], 200);
        Ok(registered["pushEndpoint"].as_str().unwrap().to_owned())
    }

    async fn ack(&mut self, notification: &Value, code: u16) -> Result<(), Failure> {
        let (channel, version) = (&notification["channelID"], &notification["version"]);
        let update = json!({"channelID": channel, "version": version, "code": code});
        self.say(json!({"messageType": "ack", "updates": [update]}))
            .await
    }

    /// With what code it is closed.
    async fn closed(mut self) -> Result<CloseCode, Failure> {
        match self.next().await? {
            Some(Message::Close(Some(frame))) => Ok(frame.code),
            other => Err(format!("{other:?}").into()),
        }
    }
}

/// Pushes by HTTP/1.1, with TLS where the port has it.
async fn push(sim: &Sim, over: Over, endpoint: &str, body: &str) -> Result<Reply, Failure> {
    let address = address(sim);
    let mut client = match over {
        Over::Plain => Http1::plain(address).await?,
        Over::Tls | Over::TlsPort => Http1::secure(sim, address, &["http/1.1"]).await?,
    };
    let scheme = if over == Over::Plain { "http" } else { "https" };
    let origin = format!("{scheme}://{address}");
    let path = endpoint
        .strip_prefix(&origin)
        .ok_or_else(|| format!("{endpoint} is not of {origin}"))?;
    let encoding = match body {
        "" => "",
        _ => "Content-Encoding: aes128gcm\r\n",
    };
    let length = body.len();
    let request = format!(
        "POST {path} HTTP/1.1\r\nHost: {address}\r\nTTL: 60\r\n{encoding}\
         Content-Length: {length}\r\n\r\n{body}"
    );
    client.write(request.as_bytes()).await?;
    Ok(timeout(PATIENCE, client.reply(false)).await??)
}

#[tokio::test]
async fn what_is_pushed_to_the_endpoint_comes_by_the_websocket() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let (mut browser, _) = Browser::greeted(&sim, over, None).await?;
        let endpoint = browser.register().await?;
        let reply = push(&sim, over, &endpoint, "a body").await?;
        assert_eq!(reply.status, 201, "{over:?}: {}", reply.text());
        let notification = browser.hear().await?;
        assert_eq!(notification["messageType"], "notification", "{over:?}");
        assert_eq!(notification["data"], "YSBib2R5");
        assert_eq!(notification["headers"], json!({"encoding": "aes128gcm"}));
        browser.ack(&notification, 101).await?;
        // The answer comes after the acknowledgement was heard.
        assert_eq!(browser.ask(json!({})).await?, json!({}));
        let known = sim.subscriptions()?;
        assert_eq!(known[0].acks, [(101, 1)].into(), "{over:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_browser_that_comes_again_gets_what_has_come_meanwhile() -> Result<(), Failure> {
    let sim = start(Over::TlsPort)?;
    let (mut browser, uaid) = Browser::greeted(&sim, Over::TlsPort, None).await?;
    let endpoint = browser.register().await?;
    browser.0.close(None).await?;
    while browser.next().await?.is_some() {}
    assert_eq!(push(&sim, Over::TlsPort, &endpoint, "").await?.status, 201);
    let (mut again, same) = Browser::greeted(&sim, Over::TlsPort, Some(&uaid)).await?;
    assert_eq!(same, uaid);
    let notification = again.hear().await?;
    assert_eq!(notification["channelID"], CHANNEL);
    assert!(notification.get("data").is_none());
    Ok(())
}

#[tokio::test]
async fn of_two_connections_of_a_browser_the_newer_stays() -> Result<(), Failure> {
    let sim = start(Over::Plain)?;
    let (older, uaid) = Browser::greeted(&sim, Over::Plain, None).await?;
    let (mut newer, _) = Browser::greeted(&sim, Over::Plain, Some(&uaid)).await?;
    assert_eq!(older.closed().await?, CloseCode::Normal);
    assert_eq!(newer.ask(json!({})).await?, json!({}));
    Ok(())
}

#[tokio::test]
async fn a_browser_that_is_forgotten_is_sent_away() -> Result<(), Failure> {
    let sim = start(Over::Plain)?;
    let (browser, uaid) = Browser::greeted(&sim, Over::Plain, None).await?;
    sim.reset();
    assert_eq!(browser.closed().await?, CloseCode::Normal);
    let (_, another) = Browser::greeted(&sim, Over::Plain, Some(&uaid)).await?;
    assert_ne!(another, uaid);
    Ok(())
}

#[tokio::test]
async fn a_session_ends_with_what_may_not_be_said_and_says_why() -> Result<(), Failure> {
    let sim = start(Over::Plain)?;
    let long = format!("{{\"messageType\":\"{}\"}}", "x".repeat(100_000));
    let cases = [
        (Message::text("no JSON"), CloseCode::Error),
        (
            Message::text("{\"messageType\":\"hello\"}"),
            CloseCode::Error,
        ),
        (Message::binary(vec![1]), CloseCode::Unsupported),
        (Message::text(long), CloseCode::Size),
    ];
    for (message, code) in cases {
        let (mut browser, _) = Browser::greeted(&sim, Over::Plain, None).await?;
        browser.0.send(message).await?;
        assert_eq!(browser.closed().await?, code);
    }
    Ok(())
}

#[tokio::test]
async fn a_fault_that_closes_connections_closes_a_browsers_too() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let (mut browser, _) = Browser::greeted(&sim, over, None).await?;
        assert_eq!(sim.apply(Service::Web, &Action::Close(Close::Rst))?, 1);
        let broken = timeout(PATIENCE, browser.0.next()).await?;
        assert!(broken.is_some_and(|heard| heard.is_err()), "{over:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_tls_port_serves_nothing_else_without_tls() -> Result<(), Failure> {
    let sim = start(Over::TlsPort)?;
    let mut client = Http1::plain(address(&sim)).await?;
    client
        .write(b"POST /wpush/v1/x HTTP/1.1\r\nHost: x\r\nTTL: 0\r\nContent-Length: 0\r\n\r\n")
        .await?;
    let reply = client.reply(false).await?;
    assert_eq!(
        (reply.status, reply.header("connection")),
        (400, Some("close"))
    );
    assert!(reply.text().contains("speaks TLS"), "{}", reply.text());
    let (rest, broken) = client.rest().await;
    assert!(rest.is_empty() && broken.is_none());
    assert_eq!(sim.stats()[&Service::Web].requests, 0);
    Ok(())
}

#[tokio::test]
async fn a_websocket_that_is_asked_for_wrongly_is_refused_and_the_connection_goes_on()
-> Result<(), Failure> {
    let sim = start(Over::Plain)?;
    let mut client = Http1::plain(address(&sim)).await?;
    for (path, status) in [("/", 426), ("/elsewhere", 404)] {
        let request = format!(
            "GET {path} HTTP/1.1\r\nHost: x\r\nConnection: Upgrade\r\nUpgrade: websocket\r\n\r\n"
        );
        client.write(request.as_bytes()).await?;
        let reply = timeout(PATIENCE, client.reply(false)).await??;
        assert_eq!(reply.status, status, "{path}: {}", reply.text());
    }
    Ok(())
}
