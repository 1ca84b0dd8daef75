//! Faults: what a service does on command instead of what it should.

mod action;
mod answer;
mod draw;
mod fit;
mod goaway;
mod refusal;
mod storm;
mod wire;

pub use action::{Action, Close, Handshake, Malformed, Point, Rejection};
pub use answer::{Answer, Body};
pub use goaway::{GoAway, Notice};
pub use refusal::{Farewell, Refusal};
pub use storm::{Kind, Storm};

pub(crate) use action::Stage;

use serde::{Deserialize, Serialize};

use crate::{Error, Result, Service};

/// A fault, and what it befalls.
///
/// The first fault of the list that matches a request befalls it, and no other. In JSON, as
/// `POST /faults` takes it, `do` is an [`Action`] and the rest may be left out:
///
/// ```json
/// {"service":"apns", "token":"00fc…", "after":10, "times":3, "do":{"close":"rst"}}
/// ```
///
/// Most actions befall requests. A [`Handshake`], and a close at a [`Point`] before the first
/// request, befall connections; so does, with `"on":"connection"`, every action that needs no
/// request ([`Action::needs_no_request`]): it then is carried out right after the connection's
/// SETTINGS. For those `after` counts the connections that came before, and there is no token.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Fault {
    /// The service.
    pub service: Service,
    /// The device token or registration id, in either case, or a topic as `/topics/x`; of WNS and
    /// the push services of browsers what the URL ends in, or the whole of it. Of services that speak
    /// plain HTTP it may be a path, such as `/token`, the token endpoint. `None`: any request, except those
    /// for leave to push, such as to that endpoint, which only faults of their path befall.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub token: Option<String>,
    /// What it befalls; `None`: what its action is made for.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub on: Option<On>,
    /// How many requests (or connections) the service has seen before, since the start or the last
    /// reset.
    #[serde(default)]
    pub after: u64,
    /// How often; `None`: always.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub times: Option<u64>,
    /// What happens.
    #[serde(rename = "do")]
    pub action: Action,
}

/// What a fault befalls.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
#[non_exhaustive]
pub enum On {
    /// A connection, before its first request.
    Connection,
}

impl Fault {
    /// A fault that befalls every request, or every connection if the action is made for those.
    #[must_use]
    pub fn new(service: Service, action: Action) -> Self {
        Self {
            service,
            token: None,
            on: None,
            after: 0,
            times: None,
            action,
        }
    }

    /// Only requests for this device.
    #[must_use]
    pub fn token(mut self, token: impl Into<String>) -> Self {
        self.token = Some(token.into());
        self
    }

    /// New connections, right after their SETTINGS.
    #[must_use]
    pub fn on_connections(mut self) -> Self {
        self.on = Some(On::Connection);
        self
    }

    /// Only once so many requests (or connections) were seen.
    #[must_use]
    pub fn after(mut self, requests: u64) -> Self {
        self.after = requests;
        self
    }

    /// Only so many times.
    #[must_use]
    pub fn times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Reads a list of faults, or a single one, in JSON.
    ///
    /// # Errors
    /// One line that says what is wrong.
    pub fn parse_list(json: &[u8]) -> Result<Vec<Self>> {
        let is_single = json.iter().find(|octet| !octet.is_ascii_whitespace()) == Some(&b'{');
        let parsed = if is_single {
            serde_json::from_slice(json).map(|fault| vec![fault])
        } else {
            serde_json::from_slice(json)
        };
        let faults: Vec<Self> = parsed
            .map_err(|error| Error::Fault(error.to_string().replace(char::is_control, " ")))?;
        faults.iter().try_for_each(Self::check)?;
        Ok(faults)
    }

    /// Whether the parts fit together.
    pub(crate) fn check(&self) -> Result<()> {
        let refuse = |line: &str| Err(Error::Fault(line.to_owned()));
        if let Err(line) = self
            .action
            .check()
            .and_then(|()| self.action.fits(self.service))
        {
            return refuse(&line);
        }
        if self.on == Some(On::Connection) && !self.strikes(Stage::Connection) {
            return refuse(
                "this action needs a request, and can't befall a connection; leave out \"on\"",
            );
        }
        let for_requests = self.strikes(Stage::Head) || self.strikes(Stage::Request);
        if self.token.is_some() && !for_requests {
            return refuse("a connection has no device token; leave out \"token\"");
        }
        if self.token.is_some() && self.service == Service::ApnsFeedback {
            return refuse(
                "who reads the list of the feedback service names no device token; leave out \"token\"",
            );
        }
        Ok(())
    }

    /// Whether the fault can befall something of that kind.
    pub(crate) fn strikes(&self, stage: Stage) -> bool {
        match self.on {
            Some(On::Connection) => {
                stage == Stage::Connection
                    && (self.action.needs_no_request() || self.action.is_at(stage))
            }
            None => self.action.is_at(stage),
        }
    }
}

/// What is to happen at once on every open connection, as `POST /apply` takes it.
///
/// ```json
/// {"service":"apns", "do":{"goaway":{"reason":"Shutdown"}}}
/// ```
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Order {
    pub(crate) service: Service,
    #[serde(rename = "do")]
    pub(crate) action: Action,
}

impl Order {
    pub(crate) fn parse(json: &[u8]) -> Result<Self> {
        serde_json::from_slice(json).map_err(|error| Error::Fault(error.to_string()))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_fault_is_read_and_written_alike() {
        for action in [
            r#"{"answer":{"status":410,"reason":"Unregistered","timestamp_ms":7,"retry_after":"120"}}"#,
            r#"{"body":{"status":503,"bytes":10485760}}"#,
            r#"{"body":{"status":200}}"#,
            r#"{"close":"fin"}"#,
            r#"{"close":"rst"}"#,
            r#"{"close":"tls"}"#,
            r#"{"close":{"how":"rst","at":"headers"}}"#,
            r#"{"close":{"how":"tls","at":"request"}}"#,
            r#"{"close":{"how":"fin","at":"before_answer"}}"#,
            r#"{"close":{"how":"fin","at":"mid_answer"}}"#,
            r#"{"close":{"how":"fin","at":"after_answer"}}"#,
            r#"{"goaway":{"last":3,"code":7,"reason":"Shutdown"}}"#,
            r#"{"goaway":{"code":0,"text":"Maximum","graceful":"ping"}}"#,
            r#"{"goaway":{"last":0,"code":0,"graceful":50,"close":"rst"}}"#,
            r#"{"streams":1}"#,
            r#"{"streams":{"limit":0,"for_ms":200}}"#,
            r#"{"streams":{"limit":0,"for_ms":200,"then":100}}"#,
            r#"{"window":{"initial":0}}"#,
            r#"{"window":{"initial":0,"for_ms":200,"then":65535}}"#,
            r#"{"starve":true}"#,
            r#"{"starve":{"for_ms":200}}"#,
            r#"{"delay_ms":20}"#,
            r#"{"drop_answer":true}"#,
            r#"{"reset":7}"#,
            r#"{"reset":{"code":0,"at":"after_answer"}}"#,
            r#"{"stop_reading":true}"#,
            r#"{"stop_reading":{"for_ms":200}}"#,
            r#"{"stall":true}"#,
            r#"{"wedge":true}"#,
            r#"{"ignore_pings":true}"#,
            r#"{"malformed":"data_on_stream_0"}"#,
            r#"{"random":{"seed":17,"one_in":50,"kinds":["close","drop_answer"]}}"#,
            r#"{"random":{"seed":17,"one_in":50}}"#,
        ] {
            let json =
                format!(r#"{{"service":"apns","token":"ab","after":1,"times":2,"do":{action}}}"#);
            both_ways(&json);
        }
    }

    #[test]
    fn every_documented_fault_of_the_binary_gateway_is_read_and_written_alike() {
        for action in [
            r#"{"code":8}"#,
            r#"{"code":{"code":8,"delay_ms":200}}"#,
            r#"{"code":{"code":8,"delay_ms":200,"close":"rst"}}"#,
            r#"{"code":{"code":8,"discard":1000,"close":"rst"}}"#,
            r#"{"code":{"code":8,"discard":100,"split":true}}"#,
            r#"{"code":{"code":10,"close":"fin","split":true}}"#,
            r#"{"code":{"code":8,"close":"none"}}"#,
            r#"{"code":{"code":2,"identifier":0}}"#,
            r#"{"code":{"code":8,"close":"tls","identifier":77,"bytes":3,"drain":false}}"#,
            r#"{"close":"fin"}"#,
            r#"{"close":{"how":"rst","at":"request"}}"#,
            r#"{"close":{"how":"rst","at":"after_answer"}}"#,
            r#"{"delay_ms":20}"#,
            r#"{"stop_reading":true}"#,
            r#"{"stop_reading":{"for_ms":200}}"#,
            r#"{"slow":{"bytes_per_s":1000}}"#,
            r#"{"idle":{"after_ms":200,"close":"fin"}}"#,
            r#"{"stall":true}"#,
            r#"{"wedge":true}"#,
            r#"{"malformed":"garbage"}"#,
            r#"{"random":{"seed":17,"one_in":50,"kinds":["code","slow","idle"]}}"#,
        ] {
            let service = r#""service":"apns-gateway""#;
            both_ways(&format!(
                r#"{{{service},"token":"ab","after":1,"do":{action}}}"#
            ));
        }
    }

    #[test]
    fn every_documented_fault_of_the_feedback_service_is_read_and_written_alike() {
        for action in [
            r#"{"close":"rst"}"#,
            r#"{"close":{"how":"fin","at":"mid_answer"}}"#,
            r#"{"close":{"how":"rst","at":"after_answer"}}"#,
            r#"{"delay_ms":20}"#,
            r#"{"slow":{"bytes_per_s":1000}}"#,
            r#"{"stall":true}"#,
            r#"{"handshake":"silent"}"#,
            r#"{"random":{"seed":17,"one_in":2}}"#,
        ] {
            let service = r#""service":"apns-feedback""#;
            both_ways(&format!(
                r#"{{{service},"after":1,"times":1,"do":{action}}}"#
            ));
        }
    }

    #[test]
    fn every_documented_fault_of_fcm_and_gcm_is_read_and_written_alike() {
        for (service, answer) in [
            ("fcm", r#"{"status":404,"reason":"UNREGISTERED"}"#),
            (
                "fcm",
                r#"{"status":429,"reason":"QUOTA_EXCEEDED","retry_after":"60"}"#,
            ),
            (
                "fcm",
                r#"{"status":400,"reason":"INVALID_ARGUMENT","message":"no","violations":{"message.token":"why"}}"#,
            ),
            (
                "fcm",
                r#"{"status":401,"reason":"THIRD_PARTY_AUTH_ERROR","apns_reason":"BadTopic","apns_status":400}"#,
            ),
            (
                "fcm",
                r#"{"status":502,"body":"<html>…","content_type":"text/html"}"#,
            ),
            ("fcm", r#"{"status":503,"body":""}"#),
            (
                "wns",
                r#"{"status":410,"reason":"DomainBlocked","message":"no"}"#,
            ),
            (
                "wns",
                r#"{"status":200,"headers":{"x-wns-deviceconnectionstatus":"disconnected","x-wns-status":null}}"#,
            ),
            ("gcm", r#"{"status":200,"reason":"NotRegistered"}"#),
            ("gcm", r#"{"status":200,"canonical":"NEWID"}"#),
            (
                "gcm",
                r#"{"status":503,"retry_after":"Fri, 31 Dec 1999 23:59:59 GMT"}"#,
            ),
        ] {
            both_ways(&format!(
                r#"{{"service":"{service}","token":"/token","after":1,"do":{{"answer":{answer}}}}}"#
            ));
        }
    }

    #[test]
    fn an_answer_that_a_service_does_not_give_is_refused_by_its_name() {
        for (service, answer, part) in [
            ("apns", r#"{"status":400,"body":"x"}"#, "apns has no body"),
            (
                "apns",
                r#"{"status":400,"headers":{"a":"b"}}"#,
                "apns has no headers",
            ),
            (
                "wns",
                r#"{"status":400,"headers":{"Content-Length":"9"}}"#,
                "is for the connection",
            ),
            (
                "wns",
                r#"{"status":400,"headers":{"a b":"9"}}"#,
                "is not the name of a header",
            ),
            (
                "wns",
                r#"{"status":400,"headers":{"a":"b\nc"}}"#,
                "is not visible ASCII",
            ),
            (
                "apns",
                r#"{"status":200,"canonical":"x"}"#,
                "apns has no canonical",
            ),
            (
                "fcm",
                r#"{"status":200,"canonical":"x"}"#,
                "fcm has no canonical",
            ),
            (
                "fcm",
                r#"{"status":410,"timestamp_ms":1}"#,
                "fcm has no timestamp_ms",
            ),
            (
                "gcm",
                r#"{"status":400,"violations":{"a":"b"}}"#,
                "gcm has no violations",
            ),
            (
                "gcm",
                r#"{"status":400,"apns_status":400}"#,
                "gcm has no apns_reason",
            ),
        ] {
            let json = format!(r#"{{"service":"{service}","do":{{"answer":{answer}}}}}"#);
            let error = Fault::parse_list(json.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(part), "{error}");
        }
    }

    /// A fault that a service can't do is refused by the name of what it can.
    #[test]
    fn what_a_service_can_not_do_is_refused_and_what_it_can_is_named() {
        for (service, action, can) in [
            ("apns", r#"{"code":8}"#, "answer, body, close, goaway"),
            ("apns", r#"{"slow":{"bytes_per_s":1}}"#, "goaway"),
            (
                "apns-gateway",
                r#"{"goaway":{}}"#,
                "code, close, delay_ms, stop_reading, slow",
            ),
            ("apns-gateway", r#"{"drop_answer":true}"#, "code, close"),
            (
                "apns-gateway",
                r#"{"malformed":"bad_hpack"}"#,
                r#""garbage""#,
            ),
            (
                "apns-gateway",
                r#"{"close":{"how":"fin","at":"headers"}}"#,
                "accept, request, after_answer",
            ),
            (
                "apns-feedback",
                r#"{"code":8}"#,
                "close, delay_ms, slow, stall, handshake",
            ),
            (
                "apns-feedback",
                r#"{"close":{"how":"fin","at":"settings"}}"#,
                "accept, request, mid_answer, after_answer",
            ),
            (
                "apns-gateway",
                r#"{"random":{"seed":1,"one_in":2,"kinds":["close","reset"]}}"#,
                "can't do reset; it can do code",
            ),
        ] {
            let json = format!(r#"{{"service":"{service}","do":{action}}}"#);
            let error = Fault::parse_list(json.as_bytes()).unwrap_err().to_string();
            assert!(error.contains(&format!("{service} can't do")), "{error}");
            assert!(error.contains(can) && !error.contains('\n'), "{error}");
        }
    }

    #[test]
    fn every_fault_of_connections_is_read_and_written_alike() {
        for fault in [
            r#""after":1,"do":{"handshake":"silent"}"#,
            r#""after":1,"do":{"handshake":"no_settings"}"#,
            r#""after":1,"do":{"handshake":"garbage"}"#,
            r#""after":1,"do":{"handshake":{"delay_ms":500}}"#,
            r#""after":1,"do":{"handshake":{"alert":40}}"#,
            r#""after":1,"do":{"handshake":{"close":"rst"}}"#,
            r#""after":1,"do":{"handshake":{"certificate":"unknown_ca"}}"#,
            r#""after":1,"do":{"close":{"how":"rst","at":"accept"}}"#,
            r#""after":1,"do":{"close":{"how":"fin","at":"settings"}}"#,
            r#""on":"connection","after":1,"do":{"streams":0}"#,
            r#""on":"connection","after":1,"do":{"handshake":"silent"}"#,
            r#""on":"connection","after":1,"do":{"malformed":"garbage"}"#,
        ] {
            both_ways(&format!(r#"{{"service":"apns",{fault}}}"#));
        }
    }

    fn both_ways(json: &str) {
        let faults = Fault::parse_list(format!("[{json}]").as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&faults[0]).unwrap(), json);
        assert_eq!(Fault::parse_list(json.as_bytes()).unwrap(), faults);
    }

    #[test]
    fn every_kind_of_bytes_has_a_name() {
        for kind in Malformed::ALL {
            let json = serde_json::to_string(&Action::Malformed(kind)).unwrap();
            let read: Action = serde_json::from_str(&json).unwrap();
            assert_eq!(read, Action::Malformed(kind), "{json}");
        }
    }

    #[test]
    fn malformed_faults_are_refused_in_one_line() {
        for json in [
            "",
            "[1]",
            r#"[{"service":"apns"}]"#,
            r#"[{"service":"nothing","do":{"stall":true}}]"#,
            r#"[{"service":"apns","do":{"stall":false}}]"#,
            r#"[{"service":"apns","do":{"jump":1}}]"#,
            r#"[{"service":"apns","do":{"stall":true,"streams":1}}]"#,
            r#"[{"service":"apns","tokn":"a","do":{"stall":true}}]"#,
            r#"[{"service":"apns","do":{"answer":{"status":1}}}]"#,
            r#"[{"service":"apns","do":{"answer":{"status":400,"resaon":"x"}}}]"#,
            r#"[{"service":"apns","do":{"body":{"status":1}}}]"#,
            r#"[{"service":"apns","do":{"close":"slam"}}]"#,
            r#"[{"service":"apns","do":{"close":{"how":"fin"}}}]"#,
            r#"[{"service":"apns","do":{"close":{"how":"fin","at":"noon"}}}]"#,
            r#"[{"service":"apns","do":{"reset":{"code":1,"at":"accept"}}}]"#,
            r#"[{"service":"apns","do":{"goaway":{"reason":"a","text":"b"}}}]"#,
            r#"[{"service":"apns","do":{"goaway":{"graceful":"pong"}}}]"#,
            r#"[{"service":"apns","do":{"streams":{"limit":1}}}]"#,
            r#"[{"service":"apns","do":{"window":{"initial":2147483648}}}]"#,
            r#"[{"service":"apns","do":{"window":{"initial":1,"then":2}}}]"#,
            r#"[{"service":"apns","do":{"starve":false}}]"#,
            r#"[{"service":"apns","do":{"malformed":"odd"}}]"#,
            r#"[{"service":"apns","do":{"handshake":{"close":"tls"}}}]"#,
            r#"[{"service":"apns","do":{"random":{"seed":1,"one_in":0}}}]"#,
            r#"[{"service":"apns","do":{"random":{"seed":1,"one_in":1,"kinds":["x"]}}}]"#,
            r#"[{"service":"apns-gateway","do":{"code":256}}]"#,
            r#"[{"service":"apns-gateway","do":{"code":{"delay_ms":1}}}]"#,
            r#"[{"service":"apns-gateway","do":{"code":{"code":8,"dealy_ms":1}}}]"#,
            r#"[{"service":"apns-gateway","do":{"code":{"code":8,"bytes":6}}}]"#,
            r#"[{"service":"apns-gateway","do":{"code":{"code":8,"close":"none","drain":false}}}]"#,
            r#"[{"service":"apns-gateway","do":{"slow":{"bytes_per_s":0}}}]"#,
            r#"[{"service":"apns-gateway","do":{"idle":{"after_ms":1}}}]"#,
            r#"[{"service":"apns-gateway","on":"connection","do":{"code":8}}]"#,
            r#"[{"service":"apns-feedback","token":"a","do":{"stall":true}}]"#,
            r#"[{"service":"apns","on":"connection","do":{"delay_ms":1}}]"#,
            r#"[{"service":"apns","on":"connection","do":{"malformed":"bad_hpack"}}]"#,
            r#"[{"service":"apns","token":"a","do":{"handshake":"silent"}}]"#,
            r#"[{"service":"apns","token":"a","on":"connection","do":{"stall":true}}]"#,
        ] {
            let error = Fault::parse_list(json.as_bytes()).unwrap_err().to_string();
            assert!(!error.contains('\n') && error.len() > 10, "{json}: {error}");
        }
    }

    #[test]
    fn what_needs_a_request_is_known() {
        assert!(Action::GoAway(GoAway::new()).needs_no_request());
        assert!(Action::Malformed(Malformed::Garbage).needs_no_request());
        assert!(!Action::Malformed(Malformed::BadHpack).needs_no_request());
        assert!(!Action::Reset(7).needs_no_request());
        assert!(Action::Code(Refusal::new(10)).needs_no_request());
        assert!(Action::Code(Refusal::new(8).identifier(3)).needs_no_request());
        assert!(!Action::Code(Refusal::new(8)).needs_no_request());
    }
}
