//! GCM: the legacy protocol over a running service.
#![allow(clippy::unwrap_used)]

mod support;

use push_sim::{Action, Answer, Fault, Service, Sim, gcm};
use serde_json::{Value, json};
use support::web::{Http1, Reply};
use support::{Failure, control};

struct Client(Http1);

impl Client {
    async fn new(sim: &Sim) -> Result<Self, Failure> {
        Ok(Self(
            Http1::plain(sim.gcm_addr().ok_or("not there")?).await?,
        ))
    }

    /// With no type if it is empty.
    async fn post(&mut self, content_type: &str, body: &str) -> Result<Reply, Failure> {
        let kind = match content_type {
            "" => String::new(),
            kind => format!("Content-Type: {kind}\r\n"),
        };
        let length = body.len();
        let request = format!(
            "POST /gcm/send HTTP/1.1\r\nHost: x\r\nAuthorization: key=secret\r\n{kind}\
             Content-Length: {length}\r\n\r\n{body}"
        );
        self.0.write(request.as_bytes()).await?;
        Ok(self.0.reply(false).await?)
    }

    async fn json(&mut self, body: Value) -> Result<Reply, Failure> {
        self.post("application/json", &body.to_string()).await
    }
}

fn start() -> Result<Sim, Failure> {
    let config = gcm::Config::default().api_key("secret");
    Ok(Sim::builder().gcm_plain_any().gcm_config(config).start()?)
}

fn fault(answer: Answer) -> Fault {
    Fault::new(Service::Gcm, Action::Answer(answer))
}

#[tokio::test]
async fn faults_of_single_ids_stand_among_the_results() -> Result<(), Failure> {
    let sim = start()?;
    let mut client = Client::new(&sim).await?;
    sim.fault(
        fault(Answer::new(200).reason("NotRegistered"))
            .token("b")
            .times(1),
    )?;
    sim.fault(fault(Answer::new(200).canonical("new")).token("c").times(1))?;
    let body = json!({"registration_ids": ["a", "b", "c"], "data": {"k": "v"}});
    let reply = client.json(body.clone()).await?;
    let answered = reply.json();
    assert_eq!(reply.status, 200);
    assert_eq!(
        (&answered["success"], &answered["failure"]),
        (&2.into(), &1.into())
    );
    assert_eq!(answered["canonical_ids"], 1);
    assert_eq!(answered["results"][1], json!({"error": "NotRegistered"}));
    assert_eq!(answered["results"][2]["registration_id"], "new");
    let again = client.json(body).await?.json();
    assert_eq!(
        (&again["success"], &again["canonical_ids"]),
        (&3.into(), &0.into())
    );

    let received = sim.received(Service::Gcm, 10)?;
    let tokens: Vec<_> = received.iter().map(|received| &*received.token).collect();
    assert_eq!(tokens, ["a", "c", "a", "b", "c"]);
    assert_eq!(received[0].payload.get(), r#"{"data":{"k":"v"}}"#);
    let stats = &sim.stats()[&Service::Gcm];
    assert_eq!((stats.requests, stats.accepted), (2, 5));
    assert_eq!(stats.rejected["NotRegistered"], 1);
    Ok(())
}

#[tokio::test]
async fn whole_requests_fail_on_command() -> Result<(), Failure> {
    let sim = start()?;
    let mut client = Client::new(&sim).await?;
    let soon = "Fri, 31 Dec 1999 23:59:59 GMT";
    for (answer, body) in [
        (json!({"status": 503, "retry_after": 7}), Some("<HTML>")),
        (json!({"status": 500, "retry_after": soon}), Some("<HTML>")),
        (json!({"status": 401}), Some("<HTML>")),
        (
            json!({"status": 400, "reason": "InvalidParameters"}),
            Some("InvalidParameters\n"),
        ),
        (
            json!({"status": 502, "body": "", "content_type": "text/html"}),
            None,
        ),
        (
            json!({"status": 200, "body": "{\"multicast_id\":1,"}),
            Some("{\"multicast_id\":1,"),
        ),
        (
            json!({"status": 200, "reason": "Unavailable"}),
            Some("{\"multicast_id\":"),
        ),
    ] {
        let fault = json!({"service": "gcm", "times": 1, "do": {"answer": answer}}).to_string();
        let (posted, text) = control(&sim, "POST", "/faults", &fault).await?;
        assert!((200..300).contains(&posted), "{text}");
        let reply = client.json(json!({"registration_ids": ["a", "b"]})).await?;
        assert_eq!(reply.status, answer["status"], "{answer}");
        let text = reply.text();
        assert!(
            text.starts_with(body.unwrap_or_default()),
            "{answer}: {text}"
        );
        assert_eq!(text.is_empty(), body.is_none());
        match answer.get("retry_after") {
            Some(Value::String(date)) => assert_eq!(reply.header("retry-after"), Some(&**date)),
            Some(seconds) => assert_eq!(reply.header("retry-after"), Some(&*seconds.to_string())),
            None => assert_eq!(reply.header("retry-after"), None),
        }
    }
    assert_eq!(client.json(json!({"to": "a"})).await?.json()["success"], 1);
    Ok(())
}

#[tokio::test]
async fn plain_text_is_spoken_where_no_type_is_said() -> Result<(), Failure> {
    let sim = start()?;
    let mut client = Client::new(&sim).await?;
    for kind in ["", "application/x-www-form-urlencoded;charset=UTF-8"] {
        let reply = client.post(kind, "registration_id=a&data.k=v").await?;
        assert!(reply.text().starts_with("id=0:"), "{}", reply.text());
        assert_eq!(
            reply.header("content-type"),
            Some("text/plain; charset=UTF-8")
        );
    }
    sim.fault(
        fault(Answer::new(200).reason("NotRegistered"))
            .token("a")
            .times(1),
    )?;
    let reply = client.post("", "registration_id=a").await?;
    assert_eq!(reply.text(), "Error=NotRegistered\n");
    sim.fault(fault(Answer::new(200).canonical("b")).token("a").times(1))?;
    let reply = client.post("", "registration_id=a").await?;
    assert!(reply.text().ends_with("\nregistration_id=b\n"));
    sim.fault(
        fault(Answer::new(200).reason("Unavailable"))
            .token("a")
            .times(1),
    )?;
    assert_eq!(client.post("", "registration_id=a").await?.status, 500);
    Ok(())
}

#[tokio::test]
async fn a_thousand_ids_are_taken_and_one_more_is_not() -> Result<(), Failure> {
    let sim = start()?;
    let mut client = Client::new(&sim).await?;
    let ids = |count: usize| (0..count).map(|id| format!("id-{id}")).collect::<Vec<_>>();
    let reply = client.json(json!({"registration_ids": ids(1000)})).await?;
    assert_eq!(reply.json()["success"], 1000);
    let reply = client.json(json!({"registration_ids": ids(1001)})).await?;
    assert_eq!(reply.status, 400);
    let text = "Number of messages on bulk (1001) exceeds maximum allowed (1000)\n";
    assert_eq!(reply.text(), text);
    assert_eq!(sim.stats()[&Service::Gcm].accepted, 1000);
    Ok(())
}

#[tokio::test]
async fn groups_made_by_clients_are_forgotten_on_reset() -> Result<(), Failure> {
    let sim = start()?;
    let mut client = Client::new(&sim).await?;
    let body = json!({"operation": "create", "notification_key_name": "user",
                      "registration_ids": ["m1", "m2"]})
    .to_string();
    let request = format!(
        "POST /gcm/notification HTTP/1.1\r\nHost: x\r\nAuthorization: key=secret\r\n\
         Project_id: 1\r\nContent-Length: {}\r\n\r\n{body}",
        body.len()
    );
    client.0.write(request.as_bytes()).await?;
    let made = client.0.reply(false).await?.json();
    let key = made["notification_key"].as_str().unwrap().to_owned();

    sim.fault(
        fault(Answer::new(200).reason("NotRegistered"))
            .token("m2")
            .times(1),
    )?;
    let reply = client.json(json!({"to": key})).await?;
    let expected = json!({"success": 1, "failure": 1, "failed_registration_ids": ["m2"]});
    assert_eq!(reply.json(), expected);
    sim.reset();
    let reply = client.json(json!({"to": key})).await?;
    assert!(reply.json()["results"][0]["message_id"].is_string());
    Ok(())
}
