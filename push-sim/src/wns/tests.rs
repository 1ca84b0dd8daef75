//! The site without a carrier.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Duration;

use super::{Application, Channels, Config, ExpiresIn, Kind, Shared, State, StatusHeader, Wish};
use crate::fault::Answer;
use crate::web::{Asked, Site, Told};

const GUID: &str = "8f14e45f-ceea-467f-9f5a-0a1b2c3d4e5f";
const SID: &str = "ms-app://S-1-15-2-1-2-3";
const TOAST: &str = "<toast><visual><binding template='ToastText01'><text id='1'>Hi</text></binding></visual></toast>";

struct World {
    shared: Shared,
    channels: Arc<Channels>,
}

impl World {
    fn new(config: Config) -> Self {
        let channels = Arc::new(Channels::new("https://localhost:9"));
        let shared = Shared::new(config.access_token("T"), Arc::clone(&channels));
        Self { shared, channels }
    }

    fn answer(&self, asked: &Asked) -> Told {
        self.shared.answer(asked, &HashMap::new())
    }

    fn open(&self, wish: Wish) -> String {
        self.channels.open(&[wish]).unwrap().remove(0).id
    }
}

/// A good toast to the channel.
fn toast(id: &str) -> Asked {
    post(id, "wns/toast", "text/xml", TOAST)
}

fn post(id: &str, kind: &str, content_type: &str, body: &str) -> Asked {
    let asked = Asked {
        method: "POST".to_owned(),
        path: "/".to_owned(),
        query: Some(format!("token={id}")),
        host: Some("localhost:9".to_owned()),
        body: body.into(),
        scheme: "https",
        ..Asked::default()
    };
    with(asked, "authorization", "Bearer T")
        .field("x-wns-type", kind)
        .field("content-type", content_type)
        .field("content-length", &body.len().to_string())
}

fn with(mut asked: Asked, name: &str, value: &str) -> Asked {
    asked.headers.retain(|(known, _)| known != name);
    asked.headers.push((name.to_owned(), value.into()));
    asked
}

impl Asked {
    fn field(self, name: &str, value: &str) -> Self {
        with(self, name, value)
    }

    fn without(mut self, name: &str) -> Self {
        self.headers.retain(|(known, _)| known != name);
        self
    }
}

fn form(path: &str, body: &str) -> Asked {
    Asked {
        method: "POST".to_owned(),
        path: path.to_owned(),
        body: body.into(),
        ..Asked::default()
    }
}

fn live(sid: &str, secret: &str) -> Asked {
    let sid = sid.replace(':', "%3A").replace('/', "%2F");
    let body = format!(
        "grant_type=client_credentials&client_id={sid}&client_secret={secret}&scope=notify.windows.com"
    );
    form("/accesstoken.srf", &body)
}

fn entra(app: &str, scope: &str) -> Asked {
    let body =
        format!("grant_type=client_credentials&client_id={app}&client_secret=secret&scope={scope}");
    form("/contoso.com/oauth2/v2.0/token", &body)
}

const SCOPE: &str = "https%3A%2F%2Fwns.windows.com%2F.default";

fn json(told: &Told) -> serde_json::Value {
    serde_json::from_slice(&told.body).unwrap()
}

fn header<'a>(told: &'a Told, name: &str) -> &'a str {
    let found = told.headers.iter().find(|(field, _)| field == name);
    found.map_or("", |(_, value)| value)
}

fn token(told: &Told) -> String {
    let body = json(told);
    body["access_token"]
        .as_str()
        .unwrap_or_else(|| panic!("{body}"))
        .to_owned()
}

#[track_caller]
fn is_refused(told: &Told, status: u16, reason: &str, part: &str) {
    let description = header(told, "x-wns-error-description");
    assert_eq!(
        (told.status, &*told.counted.rejected),
        (status, &[reason.to_owned()][..]),
        "{description}"
    );
    assert!(description.contains(part), "no {part:?} in {description:?}");
    assert!(told.body.is_empty() && !header(told, "x-wns-msg-id").is_empty());
}

#[test]
fn a_notification_is_taken_for_any_channel_and_tells_what_became_of_it() {
    let world = World::new(Config::default());
    let told = world.answer(&toast("AB%2Bc"));
    assert_eq!(told.status, 200, "{told:?}");
    assert_eq!(told.counted.accepted[0].token, "AB%2bc");
    assert_eq!(header(&told, "x-wns-status"), "received");
    assert_eq!(header(&told, "x-wns-notificationstatus"), "received");
    assert_eq!(header(&told, "x-wns-deviceconnectionstatus"), "");
    let told = world.answer(&toast("a").field("x-wns-requestforstatus", "true"));
    assert_eq!(header(&told, "x-wns-deviceconnectionstatus"), "connected");
    for (kind, content_type, body) in [
        ("wns/badge", "text/xml", "<badge value='5'/>"),
        ("wns/raw", "application/octet-stream", "\u{1}"),
        ("wns/toast", "Text/XML; charset=utf-8", TOAST),
    ] {
        let told = world.answer(&post("a", kind, content_type, body));
        assert_eq!(told.counted.accepted.len(), 1, "{kind}: {told:?}");
    }
}

#[test]
fn a_wrong_header_is_told_by_its_name() {
    let world = World::new(Config::default());
    let refused = |name: &str, value: &str, part: &str| {
        let told = world.answer(&toast("a").field(name, value));
        is_refused(&told, 400, "BadRequest", part);
    };
    refused("x-wns-type", "toast", "X-WNS-Type");
    refused(
        "x-wns-type",
        "wns/raw",
        "wns/raw is application/octet-stream",
    );
    refused("content-type", "application/xml", "conflicts");
    refused("x-wns-tag", "a-b", "X-WNS-Tag");
    refused("x-wns-tag", "12345678901234567", "X-WNS-Tag");
    refused("x-wns-group", "", "X-WNS-Group");
    refused("x-wns-ttl", "-1", "X-WNS-TTL");
    refused("x-wns-ttl", "1.5", "X-WNS-TTL");
    refused("x-wns-cache-policy", "no", "cache, no-cache");
    refused("x-wns-requestforstatus", "yes", "X-WNS-RequestForStatus");
    refused("x-wns-priority", "5", "1, 2, 3, 4");
    refused("x-wns-suppresspopup", "1", "X-WNS-SuppressPopup");
    refused("x-wns-match", "type:wns/toast;all", "DELETE only");
    for name in ["x-wns-type", "content-type"] {
        let told = world.answer(&toast("a").without(name));
        is_refused(&told, 400, "BadRequest", "missing");
    }
    let conflict = toast("a")
        .field("x-wns-ttl", "0")
        .field("x-wns-cache-policy", "cache");
    is_refused(&world.answer(&conflict), 400, "BadRequest", "conflicts");
    let good = [
        ("x-wns-tag", "Abc1"),
        ("x-wns-group", "1"),
        ("x-wns-ttl", "0"),
        ("x-wns-cache-policy", "no-cache"),
        ("x-wns-priority", "4"),
        ("x-wns-suppresspopup", "false"),
    ];
    let asked = good
        .iter()
        .fold(toast("a"), |asked, (name, value)| asked.field(name, value));
    assert_eq!(world.answer(&asked).counted.accepted.len(), 1);
}

#[test]
fn lengths_are_needed_and_kept_to() {
    let world = World::new(Config::default());
    let told = world.answer(&toast("a").without("content-length"));
    is_refused(&told, 411, "LengthRequired", "Content-Length");
    let raw = |length: usize| {
        post(
            "a",
            "wns/raw",
            "application/octet-stream",
            &"x".repeat(length),
        )
    };
    assert_eq!(world.answer(&raw(5000)).counted.accepted.len(), 1);
    is_refused(&world.answer(&raw(5001)), 413, "TooLarge", "5000");
    is_refused(&world.answer(&raw(0)), 400, "BadRequest", "empty");
}

#[test]
fn a_request_is_looked_at_in_the_documented_order() {
    let world = World::new(Config::default());
    let mut asked = toast("a")
        .without("authorization")
        .without("content-length");
    asked.method = "PUT".to_owned();
    is_refused(&world.answer(&asked), 405, "MethodNotAllowed", "POST");
    assert_eq!(header(&world.answer(&asked), "allow"), "POST");
    asked.method = "POST".to_owned();
    let told = world.answer(&asked);
    is_refused(&told, 401, "Unauthorized", "missing");
    assert_eq!(header(&told, "www-authenticate"), "Bearer");
    let told = world.answer(&asked.clone().field("authorization", "Bearer t"));
    is_refused(&told, 401, "Unauthorized", "not valid");

    let expired = world.open(Wish::default().expired());
    let mut asked = toast(&expired).without("content-length");
    is_refused(&world.answer(&asked), 410, "ChannelExpired", "Expired");
    let id = world.open(Wish::default());
    world.channels.end(&id, State::Revoked);
    asked.query = Some(format!("token={id}"));
    let told = world.answer(&asked);
    is_refused(&told, 410, "ChannelRevoked", "Revoked channel URL");
    assert_eq!(header(&told, "x-wns-status"), "revoked");
}

#[test]
fn tokens_of_one_kind_and_app_do_not_serve_channels_of_another() {
    let world = World::new(Config::default());
    let legacy = token(&world.answer(&live(SID, "secret")));
    let modern = token(&world.answer(&entra(GUID, SCOPE)));
    let uwp = world.open(Wish::new(Kind::Uwp).app(SID));
    let other = world.open(Wish::new(Kind::Uwp).app("S-1-15-2-9"));
    let sdk = world.open(Wish::new(Kind::AppSdk));
    let anybody = world.open(Wish::default());
    for (token, id, status) in [
        (&legacy, &uwp, 200),
        (&legacy, &other, 403),
        (&legacy, &sdk, 403),
        (&modern, &uwp, 403),
        (&modern, &sdk, 200),
        (&legacy, &anybody, 200),
        (&modern, &anybody, 200),
    ] {
        let asked = toast(id).field("authorization", &format!("bearer {token}"));
        let told = world.answer(&asked);
        assert_eq!(told.status, status, "{told:?}");
        if status == 403 {
            is_refused(&told, 403, "OtherApp", "incompatible with caller app");
        }
    }
    assert_eq!(world.shared.revoke_tokens(), Some(2));
    let asked = toast(&uwp).field("authorization", &format!("Bearer {legacy}"));
    is_refused(&world.answer(&asked), 401, "Unauthorized", "not valid");
}

#[test]
fn an_access_token_expires() {
    let config = Config::default().token_lifetime(Duration::ZERO);
    let world = World::new(config);
    let token = token(&world.answer(&live(SID, "secret")));
    let asked = toast("a").field("authorization", &format!("Bearer {token}"));
    is_refused(&world.answer(&asked), 401, "Unauthorized", "expired");
}

#[test]
fn phones_and_secondary_tiles_have_rules_of_their_own() {
    let world = World::new(Config::default());
    let phone = world.open(Wish::default().phone());
    let tile = world.open(Wish::default().secondary_tile());
    let quiet = |id: &str| world.answer(&toast(id).field("x-wns-suppresspopup", "true"));
    assert_eq!(quiet(&phone).counted.accepted.len(), 1);
    let told = quiet("a");
    is_refused(&told, 200, "dropped", "phones only");
    assert_eq!(header(&told, "x-wns-status"), "dropped");

    is_refused(
        &world.answer(&toast(&tile)),
        400,
        "BadRequest",
        "secondary tile",
    );
    let badge = post(&tile, "wns/badge", "text/xml", "<badge value='alert'/>");
    assert_eq!(world.answer(&badge).counted.accepted.len(), 1);

    let remove = |id: &str, wanted: &str| {
        let mut asked = toast(id)
            .without("content-length")
            .field("x-wns-match", wanted);
        asked.method = "DELETE".to_owned();
        world.answer(&asked)
    };
    assert_eq!(
        remove(&phone, "type:wns/toast;group=g;tag=t")
            .counted
            .managed,
        1
    );
    is_refused(&remove(&phone, "all"), 400, "BadRequest", "X-WNS-Match");
    is_refused(
        &remove("a", "type:wns/toast;all"),
        405,
        "MethodNotAllowed",
        "phones",
    );
}

#[test]
fn bad_xml_is_refused_or_noted() {
    let two = TOAST.replace("</text>", "</text><text id='2'/>");
    let asked = post("a", "wns/toast", "text/xml", &two);
    let world = World::new(Config::default());
    is_refused(
        &world.answer(&asked),
        400,
        "BadRequest",
        "ToastText01 has 1 text",
    );
    let world = World::new(Config::default().take_bad_xml());
    for asked in [asked, post("a", "wns/tile", "text/xml", "<tile>")] {
        assert_eq!(world.answer(&asked).counted.accepted.len(), 1);
    }
}

#[test]
fn a_channel_that_got_too_many_is_throttled() {
    let world = World::new(Config::default().notifications_per_channel(1));
    let id = world.open(Wish::default());
    assert_eq!(world.answer(&toast(&id)).counted.accepted.len(), 1);
    let told = world.answer(&toast(&id));
    is_refused(
        &told,
        200,
        "channelthrottled",
        "throttle limit of the channel",
    );
    assert_eq!(header(&told, "x-wns-status"), "channelthrottled");
    assert_eq!(world.channels.known()[0].accepted, 1);
    assert_eq!(world.answer(&toast("elsewhere")).counted.accepted.len(), 1);
}

#[test]
fn the_older_endpoint_gives_tokens_to_packages() {
    let world = World::new(Config::default());
    let told = world.answer(&live(SID, "a%2Bb"));
    let body = json(&told);
    assert_eq!(
        (&body["token_type"], &body["expires_in"]),
        (&"bearer".into(), &86_400.into())
    );
    assert_eq!(header(&told, "cache-control"), "no-store");
    let refused = |from: &str, to: &str| {
        let mut asked = live(SID, "secret");
        let text = String::from_utf8(asked.body).unwrap();
        assert!(text.contains(from));
        asked.body = text.replace(from, to).into_bytes();
        let told = world.answer(&asked);
        assert_eq!(told.status, 400);
        json(&told)["error"].as_str().unwrap().to_owned()
    };
    assert_eq!(
        refused("grant_type=client_credentials&", ""),
        "invalid_request"
    );
    assert_eq!(
        refused("client_credentials", "password"),
        "unsupported_grant_type"
    );
    assert_eq!(refused("ms-app", "app"), "invalid_client");
    assert_eq!(refused("=secret", "="), "invalid_request");
    assert_eq!(refused("=notify.windows.com", "=x"), "invalid_scope");
    let asked = live(SID, "secret").field("content-type", "application/json");
    assert_eq!(json(&world.answer(&asked))["error"], "invalid_request");

    let world = World::new(Config::default().package(SID, "right"));
    assert_eq!(world.answer(&live(SID, "right")).status, 200);
    for asked in [live(SID, "wrong"), live("ms-app://S-1-15-2-9", "right")] {
        assert_eq!(json(&world.answer(&asked))["error"], "invalid_client");
    }
}

#[test]
fn entra_gives_tokens_to_applications() {
    let world = World::new(Config::default());
    for scope in [SCOPE.to_owned(), format!("{SCOPE}%2F")] {
        let body = json(&world.answer(&entra(GUID, &scope)));
        assert_eq!(body["token_type"], "Bearer");
        assert_eq!(body["expires_in"], "86399");
        assert_eq!(body["ext_expires_in"], "86399");
    }
    let code = |asked: &Asked| {
        let told = world.answer(asked);
        (told.status, json(&told)["error_codes"][0].as_u64().unwrap())
    };
    assert_eq!(code(&entra("app", SCOPE)), (400, 700_016));
    assert_eq!(code(&entra("", SCOPE)), (400, 900_144));
    assert_eq!(code(&entra(GUID, "notify.windows.com")), (400, 1_002_012));
    assert_eq!(
        code(&entra(GUID, "https%3A%2F%2Fa.example%2F.default")),
        (400, 500_011)
    );
    let mut asked = entra(GUID, SCOPE);
    asked.path = "/contoso/oauth2/v2.0/token".to_owned();
    assert_eq!(code(&asked), (400, 900_023));

    let basic = Asked {
        body: format!("grant_type=client_credentials&scope={SCOPE}").into_bytes(),
        ..entra(GUID, SCOPE)
    };
    assert_eq!(code(&basic), (400, 900_144));
    use base64::Engine;
    let pair = base64::engine::general_purpose::STANDARD.encode(format!("{GUID}:secret"));
    let basic = basic.field("authorization", &format!("Basic {pair}"));
    assert_eq!(world.answer(&basic).status, 200);

    let application = Application::new(GUID, "right").tenant("contoso.com");
    let world = World::new(Config::default().application(application));
    let code = |asked: &Asked| json(&world.answer(asked))["error_codes"][0].as_u64();
    assert_eq!(code(&entra(GUID, SCOPE)), Some(7_000_215));
    let other = GUID.replace('8', "9");
    assert_eq!(code(&entra(&other, SCOPE)), Some(700_016));
    let mut asked = entra(GUID, SCOPE);
    asked.path = "/fabrikam.com/oauth2/v2.0/token".to_owned();
    assert_eq!(code(&asked), Some(90_002));
}

#[test]
fn lifetimes_are_told_in_every_way() {
    for (how, live_says, entra_says) in [
        (ExpiresIn::Number, Some(86_400.into()), Some(86_399.into())),
        (ExpiresIn::Text, Some("86400".into()), Some("86399".into())),
        (ExpiresIn::Absent, None, None),
    ] {
        let world = World::new(Config::default().expires_in(how));
        let says = |asked: &Asked| json(&world.answer(asked)).get("expires_in").cloned();
        assert_eq!(says(&live(SID, "s")), live_says);
        assert_eq!(says(&entra(GUID, SCOPE)), entra_says);
    }
}

#[test]
fn only_one_name_of_the_status_is_told_where_that_is_wanted() {
    let config = Config::default().status_header(StatusHeader::NotificationStatus);
    let told = World::new(config).answer(&toast("a"));
    assert_eq!(header(&told, "x-wns-status"), "");
    assert_eq!(header(&told, "x-wns-notificationstatus"), "received");
}

#[test]
fn a_fault_that_says_received_lets_the_request_be_served() {
    let world = World::new(Config::default());
    let received = Answer::new(200).reason("Received");
    assert_eq!(
        world
            .shared
            .refuse(&toast("a"), &received)
            .counted
            .accepted
            .len(),
        1
    );
    let told = world
        .shared
        .refuse(&toast("a"), &Answer::new(200).reason("dropped"));
    assert_eq!(
        (told.status, header(&told, "x-wns-status")),
        (200, "dropped")
    );
    assert!(told.counted.accepted.is_empty());
    let told = world
        .shared
        .refuse(&live(SID, "s"), &Answer::new(400).reason("invalid_client"));
    assert_eq!(json(&told)["error"], "invalid_client");
}
