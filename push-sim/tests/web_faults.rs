//! Faults of the web services, on every way to reach them.

mod support;

use std::io::ErrorKind;
use std::time::{Duration, Instant};

use push_sim::{Action, Answer, Body, Close, GoAway, Kind, Malformed, Point, Service, Sim, Storm};
use support::raw::PATIENCE;
use support::web::{
    Client, Http1, Over, Reply, SEND, WAYS, fcm, message, request, start, stats, until,
};
use support::{Failure, control};
use tokio::time::timeout;

const PLAIN_WAYS: [Over; 2] = [Over::Http1, Over::Plain];
/// What has not come by then does not come.
const SILENCE: Duration = Duration::from_millis(150);

async fn http1(sim: &Sim, over: Over) -> Result<Http1, Failure> {
    match Client::connect(sim, over).await? {
        Client::Http1(client) => Ok(client),
        Client::Http2(_) => Err("HTTP/2".into()),
    }
}

/// Sends a good message and reads until the connection ends.
async fn last_words(sim: &Sim, over: Over) -> Result<(String, Option<ErrorKind>), Failure> {
    let mut client = http1(sim, over).await?;
    client
        .write(&request("POST", SEND, message("a").as_bytes()))
        .await?;
    let (words, error) = client.rest().await;
    Ok((String::from_utf8_lossy(&words).into_owned(), error))
}

#[tokio::test]
async fn an_answer_is_given_word_for_word() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let mut client = Client::connect(&sim, over).await?;
        let page = Answer::new(502).body("text/html", "<html>bad gateway</html>");
        let soon = "Fri, 31 Dec 1999 23:59:59 GMT";
        for (answer, body, retry_after) in [
            (page.clone(), Some("<html>bad gateway</html>"), None),
            (
                page.retry_after("7"),
                Some("<html>bad gateway</html>"),
                Some("7"),
            ),
            (
                Answer::new(503).retry_after(soon).empty_body(),
                Some(""),
                Some(soon),
            ),
            (Answer::new(503).reason("UNAVAILABLE"), None, None),
            (
                Answer::new(200).body("application/json", "{]"),
                Some("{]"),
                None,
            ),
        ] {
            sim.fault(fcm(Action::Answer(answer.clone())).times(1))?;
            let reply = client.push("a").await?;
            assert_eq!(reply.status, answer.status, "{over:?}");
            assert_eq!(
                reply.header("retry-after"),
                retry_after,
                "{over:?} {answer:?}"
            );
            match body {
                Some(body) => {
                    assert_eq!(reply.text(), body, "{over:?}");
                    let content_type = answer.content_type.as_deref();
                    assert_eq!(reply.header("content-type"), content_type);
                }
                None => assert_eq!(reply.json()["error"]["status"], "UNAVAILABLE"),
            }
        }
        assert_eq!(client.push("a").await?.status, 200);
        let stats = stats(&sim);
        // That of 200 was served.
        assert_eq!((stats.requests, stats.accepted), (6, 2), "{over:?}");
        assert_eq!(
            (stats.rejected["502"], stats.rejected["UNAVAILABLE"]),
            (2, 1)
        );
    }
    Ok(())
}

#[tokio::test]
async fn what_fcm_can_say_of_other_services_can_be_ordered() -> Result<(), Failure> {
    let sim = start(Over::Plain)?;
    let faults = r#"[
        {"service":"fcm","token":"a","do":{"answer":{"status":401,"reason":"THIRD_PARTY_AUTH_ERROR",
            "apns_status":403,"apns_reason":"InvalidProviderToken"}}},
        {"service":"fcm","token":"b","do":{"answer":{"status":400,"reason":"INVALID_ARGUMENT",
            "message":"the colour is wrong","violations":{"message.android.color":"not a colour"}}}}]"#;
    let (status, said) = control(&sim, "POST", "/faults", faults).await?;
    assert_eq!(status, 200, "{said}");
    let mut client = Client::connect(&sim, Over::Plain).await?;
    let reply = client.push("a").await?;
    assert_eq!(reply.status, 401);
    assert!(
        reply.text().contains("InvalidProviderToken"),
        "{}",
        reply.text()
    );
    let reply = client.push("b").await?;
    assert_eq!(reply.json()["error"]["message"], "the colour is wrong");
    assert!(
        reply.text().contains("message.android.color"),
        "{}",
        reply.text()
    );
    Ok(())
}

#[tokio::test]
async fn a_fault_of_a_path_befalls_the_token_endpoint_and_others_spare_it() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let mut client = Client::connect(&sim, over).await?;
        let refused = Answer::new(400)
            .reason("invalid_grant")
            .message("Invalid JWT Signature.");
        sim.fault(fcm(Action::Answer(refused)).token("/token").times(1))?;
        sim.fault(fcm(Action::Answer(Answer::new(503))))?;
        let reply = client.post("/token", "grant_type=nonsense").await?;
        assert_eq!(reply.status, 400);
        assert_eq!(reply.json()["error"], "invalid_grant", "{over:?}");
        assert_eq!(reply.json()["error_description"], "Invalid JWT Signature.");
        let reply = client.post("/token", "grant_type=nonsense").await?;
        assert_eq!(reply.status, 400, "it is served");
        assert_ne!(reply.json()["error"], "invalid_grant");
        assert_eq!(client.push("a").await?.status, 503);
        let stats = stats(&sim);
        assert_eq!((stats.requests, stats.authorizations), (1, 2), "{over:?}");
        assert_eq!(stats.rejected.len(), 1);
    }
    Ok(())
}

#[tokio::test]
async fn a_body_can_be_too_long_and_never_end() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let mut client = Client::connect(&sim, over).await?;
        sim.fault(fcm(Action::Body(Body::bytes(503, 1 << 20))).times(1))?;
        let reply = client.push("a").await?;
        assert_eq!(reply.status, 503);
        assert!(
            reply.body.len() >= 1 << 20,
            "{over:?}: {}",
            reply.body.len()
        );
        sim.fault(fcm(Action::Body(Body::bytes(200, 1 << 20))).times(1))?;
        let reply = client.push("a").await?;
        assert!(
            reply.json()["name"].is_string(),
            "white space harms no JSON"
        );
        let before = stats(&sim);
        assert_eq!((before.accepted, before.unanswered), (1, 0), "{over:?}");
        sim.fault(fcm(Action::Body(Body::endless(200))).times(1))?;
        let endless = timeout(SILENCE, client.push("a")).await;
        assert!(endless.is_err(), "{over:?}: {endless:?}");
        until(&sim, |stats| stats.unanswered == 1).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_of_http1_ends_at_any_point() -> Result<(), Failure> {
    for over in PLAIN_WAYS {
        for (point, served, answered) in [
            (Point::Accept, 0, 0),
            (Point::Settings, 0, 0),
            (Point::Headers, 0, 0),
            (Point::Request, 0, 0),
            (Point::BeforeAnswer, 1, 0),
            (Point::MidAnswer, 1, 1),
            (Point::AfterAnswer, 1, 2),
        ] {
            let sim = start(over)?;
            sim.fault(fcm(Action::CloseAt(Close::Fin, point)))?;
            let (words, _) = last_words(&sim, over).await?;
            let case = format!("{over:?} {point:?}: {words:?}");
            match answered {
                0 => assert_eq!(words, "", "{case}"),
                1 => assert!(
                    words.starts_with("HTTP/1.1 200") && !words.ends_with("}\n"),
                    "{case}"
                ),
                _ => assert!(words.trim_end().ends_with('}'), "{case}"),
            }
            let stats = stats(&sim);
            assert_eq!(stats.accepted, served, "{case}");
            assert_eq!(
                stats.unanswered,
                served - u64::from(answered == 2).min(served),
                "{case}"
            );
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_of_http1_ends_in_any_way() -> Result<(), Failure> {
    for over in PLAIN_WAYS {
        for close in [Close::Fin, Close::Rst, Close::Tls] {
            let sim = start(over)?;
            sim.fault(fcm(Action::Close(close)))?;
            let (words, error) = last_words(&sim, over).await?;
            assert_eq!(words, "");
            let expected = match (over, close) {
                (_, Close::Rst) => Some(ErrorKind::ConnectionReset),
                // TLS tells an end that nobody has announced.
                (Over::Http1, Close::Fin) => Some(ErrorKind::UnexpectedEof),
                _ => None,
            };
            assert_eq!(error, expected, "{over:?} {close:?}");
            assert_eq!(stats(&sim).unprocessed, 1);
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_request_whose_fields_have_come_can_end_the_connection() -> Result<(), Failure> {
    for over in PLAIN_WAYS {
        let sim = start(over)?;
        sim.fault(fcm(Action::CloseAt(Close::Fin, Point::Headers)).token(SEND))?;
        let mut client = http1(&sim, over).await?;
        let whole = request("POST", SEND, message("a").as_bytes());
        client.write(&whole[..whole.len() - 5]).await?;
        assert_eq!(client.rest().await.0, b"", "{over:?}");
        assert_eq!((stats(&sim).requests, stats(&sim).unprocessed), (0, 1));
    }
    Ok(())
}

#[tokio::test]
async fn answers_can_be_late_and_lost() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let mut client = Client::connect(&sim, over).await?;
        let delay = Duration::from_millis(50);
        sim.fault(fcm(Action::Delay(delay)).times(1))?;
        let begun = Instant::now();
        assert_eq!(client.push("a").await?.status, 200);
        assert!(begun.elapsed() >= delay, "{over:?}");
        assert_eq!(stats(&sim).unanswered, 0, "{over:?}");

        sim.fault(fcm(Action::Delay(Duration::from_secs(60))).times(1))?;
        assert!(timeout(SILENCE, client.push("a")).await.is_err());
        until(&sim, |stats| stats.accepted == 2).await;
        drop(client);
        until(&sim, |stats| stats.unanswered == 1).await;

        let mut client = Client::connect(&sim, over).await?;
        sim.fault(fcm(Action::DropAnswer).times(1))?;
        assert!(timeout(SILENCE, client.push("a")).await.is_err());
        until(&sim, |stats| (stats.accepted, stats.unanswered) == (3, 2)).await;
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_can_fall_silent_until_it_is_closed_by_order() -> Result<(), Failure> {
    for over in WAYS {
        for action in [Action::Stall, Action::Wedge] {
            let sim = start(over)?;
            let mut client = Client::connect(&sim, over).await?;
            sim.fault(fcm(action.clone()))?;
            assert!(
                timeout(SILENCE, client.push("a")).await.is_err(),
                "{over:?} {action:?}"
            );
            until(&sim, |stats| (stats.accepted, stats.unprocessed) == (0, 1)).await;
            assert_eq!(sim.apply(Service::Fcm, &Action::Close(Close::Rst))?, 1);
            until(&sim, |stats| stats.open == 0).await;
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_reset_of_the_only_stream_resets_the_connection() -> Result<(), Failure> {
    for over in PLAIN_WAYS {
        let sim = start(over)?;
        sim.fault(fcm(Action::Reset(7)).times(1))?;
        let (words, error) = last_words(&sim, over).await?;
        assert_eq!(
            (words.as_str(), error),
            ("", Some(ErrorKind::ConnectionReset))
        );
        assert_eq!(stats(&sim).unprocessed, 1);
        sim.fault(fcm(Action::ResetAt(2, Point::BeforeAnswer)).times(1))?;
        let (words, error) = last_words(&sim, over).await?;
        assert_eq!(
            (words.as_str(), error),
            ("", Some(ErrorKind::ConnectionReset))
        );
        assert_eq!((stats(&sim).accepted, stats(&sim).unanswered), (1, 1));
    }
    Ok(())
}

#[tokio::test]
async fn who_is_told_to_go_away_is_answered_for_the_last_time() -> Result<(), Failure> {
    for over in PLAIN_WAYS {
        let sim = start(over)?;
        sim.fault(fcm(Action::GoAway(GoAway::new())).times(1))?;
        let (words, error) = last_words(&sim, over).await?;
        assert!(words.starts_with("HTTP/1.1 200"), "{over:?}: {words}");
        assert!(words.contains("connection: close"), "{over:?}: {words}");
        assert_eq!(error, None);

        let mut idle = http1(&sim, over).await?;
        idle.write(&request("POST", SEND, message("a").as_bytes()))
            .await?;
        assert_eq!(idle.reply(false).await?.status, 200);
        assert_eq!(sim.apply(Service::Fcm, &Action::GoAway(GoAway::new()))?, 1);
        assert_eq!(idle.rest().await, (Vec::new(), None), "{over:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_goaway_of_http2_leaves_its_request_unprocessed() -> Result<(), Failure> {
    let sim = start(Over::Http2)?;
    let mut client = Client::connect(&sim, Over::Http2).await?;
    assert_eq!(client.push("a").await?.status, 200);
    let goaway = GoAway::new()
        .code(1)
        .text("exceeded_max_concurrent_streams");
    sim.fault(fcm(Action::GoAway(goaway)))?;
    let error = client.push("b").await.expect_err("gone");
    assert!(
        error
            .to_string()
            .contains("exceeded_max_concurrent_streams"),
        "{error}"
    );
    assert_eq!((stats(&sim).accepted, stats(&sim).unprocessed), (1, 1));
    Ok(())
}

#[tokio::test]
async fn a_stream_of_http2_is_reset_and_the_connection_lives() -> Result<(), Failure> {
    let sim = start(Over::Http2)?;
    let mut client = Client::connect(&sim, Over::Http2).await?;
    sim.fault(fcm(Action::Reset(7)).token("a").times(1))?;
    let error = client.push("a").await.expect_err("refused");
    assert!(error.to_string().contains("refused"), "{error}");
    sim.fault(fcm(Action::Streams(1)).times(1))?;
    assert_eq!(client.push("a").await?.status, 200);
    assert_eq!(stats(&sim).connections, 1);
    Ok(())
}

#[tokio::test]
async fn what_is_no_answer_breaks_a_client_and_what_is_harmless_does_not() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        for kind in Malformed::ALL {
            sim.reset();
            let mut client = Client::connect(&sim, over).await?;
            sim.fault(fcm(Action::Malformed(kind)).times(1))?;
            let patience = match kind {
                Malformed::UnknownFrame => PATIENCE,
                _ => SILENCE,
            };
            let reply = timeout(patience, client.push("a")).await;
            until(&sim, |stats| stats.accepted == 1).await;
            let fared = matches!(&reply, Ok(Ok(Reply { status: 200, .. })));
            assert_eq!(
                fared,
                kind == Malformed::UnknownFrame,
                "{over:?} {kind:?}: {reply:?}"
            );
            let stats = stats(&sim);
            assert_eq!(stats.accepted, 1, "{over:?} {kind:?}");
            assert_eq!(stats.unanswered, u64::from(!fared), "{over:?} {kind:?}");
        }
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_does_not_come_about() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        for fault in [
            r#""silent""#,
            r#""no_settings""#,
            r#""garbage""#,
            r#"{"alert":40}"#,
            r#"{"close":"rst"}"#,
            r#"{"close":"fin"}"#,
            r#"{"certificate":"unknown_ca"}"#,
        ] {
            let json = format!(r#"{{"service":"fcm","times":1,"do":{{"handshake":{fault}}}}}"#);
            sim.fault(serde_json::from_str(&json)?)?;
            let attempt = async {
                let mut client = Client::connect(&sim, over).await?;
                client.push("a").await
            };
            let outcome = timeout(SILENCE, attempt).await;
            assert!(
                !matches!(outcome, Ok(Ok(_))),
                "{over:?} {fault}: {outcome:?}"
            );
            let is_silent = outcome.is_err();
            let waits = fault == r#""silent""# || fault == r#""no_settings""#;
            assert_eq!(is_silent, waits, "{over:?} {fault}: {outcome:?}");
            let mut client = Client::connect(&sim, over).await?;
            assert_eq!(client.push("a").await?.status, 200, "{over:?} {fault}");
        }
        let json = r#"{"service":"fcm","times":1,"do":{"handshake":{"delay_ms":50}}}"#;
        sim.fault(serde_json::from_str(json)?)?;
        let begun = Instant::now();
        let mut client = Client::connect(&sim, over).await?;
        assert_eq!(client.push("a").await?.status, 200);
        assert!(begun.elapsed() >= Duration::from_millis(50), "{over:?}");
    }
    Ok(())
}

#[tokio::test]
async fn a_connection_is_closed_before_its_first_request() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        sim.fault(fcm(Action::Close(Close::Rst)).on_connections().times(1))?;
        let attempt = async {
            let mut client = Client::connect(&sim, over).await?;
            client.push("a").await
        };
        assert!(attempt.await.is_err(), "{over:?}");
        let mut client = Client::connect(&sim, over).await?;
        assert_eq!(client.push("a").await?.status, 200);
        // The one that was broken off may still be counted as open.
        assert!(sim.apply(Service::Fcm, &Action::Close(Close::Fin))? >= 1);
        assert!(client.push("a").await.is_err(), "{over:?}");
        assert_eq!(stats(&sim).requests, 1, "{over:?}");
    }
    Ok(())
}

/// Every request is counted once, as what became of it, and what a client was told is true.
#[tokio::test]
async fn a_storm_loses_no_count_and_tells_no_lie() -> Result<(), Failure> {
    for over in WAYS {
        let sim = start(over)?;
        let storm = Storm::new(4).one_in(3);
        sim.fault(fcm(Action::Random(storm)))?;
        let mut client = None;
        let mut answered = 0;
        for number in 0..50 {
            let attempt = async {
                let mut open = match client.take() {
                    Some(open) => open,
                    None => Client::connect(&sim, over).await?,
                };
                let reply = open.push(&format!("device-{number}")).await?;
                Ok::<_, Failure>((open, reply))
            };
            if let Ok(Ok((open, reply))) = timeout(SILENCE, attempt).await {
                answered += u64::from(reply.status == 200);
                client = Some(open);
            }
        }
        drop(client);
        until(&sim, |stats| stats.open == 0).await;
        let stats = stats(&sim);
        let rejected: u64 = stats.rejected.values().sum();
        let ended = stats.accepted + rejected + stats.unprocessed;
        // Requests that were befallen before they were whole are not among the requests.
        let struck = |kind| stats.faults.get(&kind).copied().unwrap_or_default();
        let early = struck(Kind::Close) + struck(Kind::Reset);
        let whole = ended.saturating_sub(early)..=ended;
        assert!(whole.contains(&stats.requests), "{over:?} {stats:?}");
        assert!(answered <= stats.accepted, "{over:?} {stats:?}");
        assert!(stats.faults.values().sum::<u64>() > 8, "{over:?} {stats:?}");
    }
    Ok(())
}

#[tokio::test]
async fn what_a_service_can_not_say_is_refused() -> Result<(), Failure> {
    let sim = start(Over::Plain)?;
    for (fault, named) in [
        (r#"{"code":8}"#, "fcm can't do code"),
        (r#"{"answer":{"status":200,"canonical":"x"}}"#, "canonical"),
        (
            r#"{"answer":{"status":410,"timestamp_ms":7}}"#,
            "timestamp_ms",
        ),
    ] {
        let json = format!(r#"{{"service":"fcm","do":{fault}}}"#);
        let (status, said) = control(&sim, "POST", "/faults", &json).await?;
        assert_eq!(status, 400);
        assert!(said.contains(named), "{said}");
    }
    Ok(())
}
