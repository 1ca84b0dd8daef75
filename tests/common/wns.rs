//! What the tests of WNS share: a simulator, channels, credentials and clients.

use std::time::Duration;

use anypush::Session;
use anypush::wns::{self, Channel, ChannelUri, Credentials, Notification, Toast, TrustedOrigins};
use push_sim::wns::Wish;
use push_sim::{Action, Answer, Fault, Service, ServiceStats, Sim};

use super::{Shared, roots};

/// A Package SID and an application's id, as they look.
pub const SID: &str = "ms-app://S-1-15-2-1004590123-2342342345";
pub const APP: &str = "0a1b2c3d-0000-4000-8000-00000000abcd";
pub const TENANT: &str = "contoso.example";

pub fn wns_sim() -> Sim {
    Sim::builder().wns_any().start().unwrap()
}

/// Those of a UWP app.
pub fn package(sim: &Sim) -> Credentials {
    let url = format!("{}/accesstoken.srf", sim.wns_url().unwrap());
    let credentials = Credentials::package(SID, "s3cret-of-the-package").unwrap();
    credentials.token_url(&url).unwrap()
}

/// Those of an app of the Windows App SDK.
pub fn entra(sim: &Sim) -> Credentials {
    let url = format!("{}/{TENANT}/oauth2/v2.0/token", sim.wns_url().unwrap());
    let credentials = Credentials::entra(TENANT, APP, "s3cret-of-the-app").unwrap();
    credentials.token_url(&url).unwrap()
}

pub fn trusting(sim: &Sim) -> TrustedOrigins {
    TrustedOrigins::windows()
        .also(&sim.wns_url().unwrap())
        .unwrap()
}

/// A client of a UWP app that may reach the simulator, to be changed before it is built.
pub fn wns_builder(session: Session, sim: &Sim) -> wns::ClientBuilder {
    wns::Client::builder(session)
        .credentials(package(sim))
        .trusted_origins(trusting(sim))
        .roots(roots(sim))
}

pub fn wns_client(backend: Shared, sim: &Sim) -> wns::Client {
    wns_builder(Session::new(backend), sim).build().unwrap()
}

pub fn hello() -> Notification {
    Notification::toast(Toast::new("Hello"))
}

/// A channel that nobody made.
pub fn channel(sim: &Sim, id: &str) -> ChannelUri {
    let uri = format!("{}/?token={id}", sim.wns_url().unwrap());
    uri.parse().unwrap()
}

/// One that was made, with what is kept of it.
pub fn open(sim: &Sim, wish: Wish) -> Channel {
    let made = sim.open_channels(&[wish]).unwrap().remove(0);
    let since = std::time::UNIX_EPOCH + Duration::from_secs(made.registered_at);
    Channel::new(made.uri.parse().unwrap()).registered_at(since)
}

pub fn strike_channel(sim: &Sim, id: &str, action: Action) {
    sim.fault(Fault::new(Service::Wns, action).token(id))
        .unwrap();
}

/// What the simulator answers to this channel.
pub fn answer_wns(sim: &Sim, id: &str, answer: Answer) {
    strike_channel(sim, id, Action::Answer(answer));
}

pub fn wns_stats(sim: &Sim) -> ServiceStats {
    sim.stats()[&Service::Wns].clone()
}
