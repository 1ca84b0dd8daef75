//! The simulator as a whole: what is started, asked and stopped.

mod builder;
mod running;

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::path::Path;
use std::sync::Arc;

use tempfile::TempDir;

use crate::services::Services;
use crate::{
    Action, Authority, Error, Fault, Files, Received, Result, Service, ServiceAccount, Stats, apns,
    fcm, feedback, webpush, wns,
};
use running::Running;

pub use builder::SimBuilder;

const ANY: SocketAddr = SocketAddr::new(IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// The address as clients write it: by the name `localhost`, where that leads to it.
fn url(address: SocketAddr, is_plain: bool) -> String {
    let scheme = if is_plain { "http" } else { "https" };
    let port = address.port();
    match address.ip() {
        ip if ip.is_loopback() || ip.is_unspecified() => format!("{scheme}://localhost:{port}"),
        _ => format!("{scheme}://{address}"),
    }
}

/// A running simulator; dropping it stops it.
#[derive(Debug)]
pub struct Sim {
    running: Option<Running>,
    addresses: Vec<(&'static str, SocketAddr)>,
    /// The services that do without TLS.
    plain: Vec<&'static str>,
    services: Arc<Services>,
    apns: Option<Arc<apns::Shared>>,
    fcm: Option<Arc<fcm::Shared>>,
    files: Files,
    _temporary: Option<TempDir>,
}

impl Sim {
    /// A simulator of no service yet.
    pub fn builder() -> SimBuilder {
        SimBuilder::default()
    }

    /// Where each service listens, in a fixed order, last `control`.
    #[must_use]
    pub fn addresses(&self) -> &[(&'static str, SocketAddr)] {
        &self.addresses
    }

    /// Where the APNs provider API listens, if it runs.
    #[must_use]
    pub fn apns_addr(&self) -> Option<SocketAddr> {
        self.address("apns")
    }

    /// Where the binary gateway listens, if it runs.
    #[must_use]
    pub fn apns_gateway_addr(&self) -> Option<SocketAddr> {
        self.address("apns-gateway")
    }

    /// Where the feedback service listens, if it runs.
    #[must_use]
    pub fn apns_feedback_addr(&self) -> Option<SocketAddr> {
        self.address("apns-feedback")
    }

    /// Where FCM and its token endpoint listen, if they run.
    #[must_use]
    pub fn fcm_addr(&self) -> Option<SocketAddr> {
        self.address("fcm")
    }

    /// FCM's base URL, such as `https://localhost:8443`, if it runs; the token endpoint is `/token`
    /// below it.
    #[must_use]
    pub fn fcm_url(&self) -> Option<String> {
        self.fcm_addr()
            .map(|address| url(address, self.is_plain("fcm")))
    }

    /// Where GCM listens, if it runs.
    #[must_use]
    pub fn gcm_addr(&self) -> Option<SocketAddr> {
        self.address("gcm")
    }

    /// GCM's base URL, if it runs; messages go to `/gcm/send` and `/fcm/send` below it.
    #[must_use]
    pub fn gcm_url(&self) -> Option<String> {
        self.gcm_addr()
            .map(|address| url(address, self.is_plain("gcm")))
    }

    /// Where WNS and its token endpoints listen, if they run.
    #[must_use]
    pub fn wns_addr(&self) -> Option<SocketAddr> {
        self.address("wns")
    }

    /// WNS's base URL, if it runs: the origin of all channels, unless a [`wns::Wish`] has another; the
    /// token endpoints are `/accesstoken.srf` and `/TENANT/oauth2/v2.0/token` below it.
    #[must_use]
    pub fn wns_url(&self) -> Option<String> {
        self.wns_addr()
            .map(|address| url(address, self.is_plain("wns")))
    }

    /// Makes channels at WNS, and gives them as apps get them.
    ///
    /// ```
    /// use push_sim::Sim;
    /// use push_sim::wns::{Kind, Wish};
    ///
    /// let sim = Sim::builder().wns_any().start()?;
    /// let channels = sim.open_channels(&[Wish::new(Kind::Uwp).count(2), Wish::default().phone()])?;
    /// assert_eq!(channels.len(), 3);
    /// assert!(channels[0].uri.starts_with(&sim.wns_url().unwrap_or_default()));
    /// # Ok::<(), push_sim::Error>(())
    /// ```
    ///
    /// # Errors
    /// The service does not run, or something of a wish makes no sense; none is made then.
    pub fn open_channels(&self, wishes: &[wns::Wish]) -> Result<Vec<wns::Channel>> {
        self.services.channels()?.open(wishes)
    }

    /// Ends a channel by its id, before its time or as if that had come, and tells whether there was
    /// such a one: who sends there from now on is told so.
    ///
    /// # Errors
    /// The service does not run.
    pub fn end_channel(&self, id: &str, state: wns::State) -> Result<bool> {
        Ok(self.services.channels()?.end(id, state))
    }

    /// The channels that were made here, in their order.
    ///
    /// # Errors
    /// The service does not run.
    pub fn channels(&self) -> Result<Vec<wns::Known>> {
        Ok(self.services.channels()?.known())
    }

    /// Where the push services of browsers listen, if they run.
    #[must_use]
    pub fn web_addr(&self) -> Option<SocketAddr> {
        self.address("web")
    }

    /// Their base URL, if they run: the origin of all endpoints, unless a [`webpush::Wish`] has
    /// another.
    #[must_use]
    pub fn web_url(&self) -> Option<String> {
        self.web_addr()
            .map(|address| url(address, self.is_plain("web")))
    }

    /// Makes subscriptions at a push service of browsers, and gives them as browsers do. Their private
    /// keys stay here, so that what arrives is decrypted.
    ///
    /// ```
    /// use push_sim::Sim;
    /// use push_sim::webpush::{Flavour, Wish};
    ///
    /// let sim = Sim::builder().web_any().start()?;
    /// let subscriptions = sim.subscribe(&Wish::new(Flavour::Apple).count(2))?;
    /// assert!(subscriptions[0].endpoint.contains("/apple/"));
    /// assert!(subscriptions[1].json().contains("p256dh"));
    /// # Ok::<(), push_sim::Error>(())
    /// ```
    ///
    /// # Errors
    /// The service does not run, or something of the wish makes no sense; none is made then.
    pub fn subscribe(&self, wish: &webpush::Wish) -> Result<Vec<webpush::Subscription>> {
        self.services.subscriptions()?.subscribe(wish)
    }

    /// Ends a subscription by what its endpoint ends in, and tells whether there was such a one: who
    /// pushes there from now on is told that it is gone.
    ///
    /// # Errors
    /// The service does not run.
    pub fn unsubscribe(&self, id: &str) -> Result<bool> {
        Ok(self.services.subscriptions()?.unsubscribe(id))
    }

    /// The subscriptions that were made here, by browsers too, in their order.
    ///
    /// # Errors
    /// The service does not run.
    pub fn subscriptions(&self) -> Result<Vec<webpush::Known>> {
        Ok(self.services.subscriptions()?.known())
    }

    /// Whether the service of this name, as [`Self::addresses`] has it, does without TLS. The control
    /// address does, and is not meant.
    #[must_use]
    pub fn is_plain(&self, service: &str) -> bool {
        self.plain.contains(&service)
    }

    /// The service account that FCM knows, if it runs.
    #[must_use]
    pub fn service_account(&self) -> Option<&ServiceAccount> {
        self.files.service_account()
    }

    /// Where the control API listens.
    #[must_use]
    pub fn control_addr(&self) -> SocketAddr {
        self.address("control").unwrap_or(ANY)
    }

    fn address(&self, name: &str) -> Option<SocketAddr> {
        let found = self.addresses.iter().find(|(service, _)| *service == name);
        found.map(|(_, address)| *address)
    }

    /// The folder of the certificates and keys.
    #[must_use]
    pub fn dir(&self) -> &Path {
        self.files.dir()
    }

    /// The certificates and keys.
    #[must_use]
    pub fn files(&self) -> &Files {
        &self.files
    }

    /// The authority that signed the certificates, and can sign more.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        self.files.authority()
    }

    /// What has been counted, by service.
    #[must_use]
    pub fn stats(&self) -> Stats {
        self.services.stats()
    }

    /// The last `limit` notifications that the service accepted, newest last.
    ///
    /// # Errors
    /// The service does not run.
    pub fn received(&self, service: Service, limit: usize) -> Result<Vec<Received>> {
        self.services.received(service, limit)
    }

    /// How often each device token was taken, in hexadecimal if it is one of the binary gateway's: for tests that compare many.
    ///
    /// # Errors
    /// The service does not run, or does not count tokens: the binary gateway does, if its
    /// [`count_tokens`](crate::gateway::Config::count_tokens) says so; the web services do, if
    /// [`SimBuilder::count_tokens`] does.
    pub fn tokens(&self, service: Service) -> Result<BTreeMap<String, u64>> {
        self.services.tokens(service)
    }

    /// Adds devices to the list of the feedback service, and tells how many it has then.
    ///
    /// # Errors
    /// The service does not run, or a token is not hexadecimal; none is added then.
    pub fn feedback(&self, entries: &[feedback::Entry]) -> Result<usize> {
        self.services.feedback(entries)
    }

    /// Adds a fault behind those that are there.
    ///
    /// # Errors
    /// The service does not run, or the fault makes no sense.
    pub fn fault(&self, fault: Fault) -> Result<()> {
        self.services.fault(vec![fault])
    }

    /// Carries out an action at once on every open connection, and tells how many there are; they
    /// do it as soon as they are looked at, which may be a moment later.
    ///
    /// # Errors
    /// The service does not run, or the action needs a request ([`Action::needs_no_request`]).
    pub fn apply(&self, service: Service, action: &Action) -> Result<usize> {
        self.services.apply(service, action)
    }

    /// Removes all faults.
    pub fn clear_faults(&self) {
        self.services.clear_faults();
    }

    /// Makes a channel for an app's broadcasts, whatever the limit, and tells its identifier.
    ///
    /// # Errors
    /// The provider API does not run.
    pub fn create_channel(&self, bundle_id: &str, policy: apns::StoragePolicy) -> Result<String> {
        let missing = || Error::Service(Service::Apns.as_str().to_owned());
        let apns = self.apns.as_ref().ok_or_else(missing)?;
        Ok(apns.channels.add(bundle_id, policy))
    }

    fn running_fcm(&self) -> Result<&fcm::Shared> {
        let missing = || Error::Service(Service::Fcm.as_str().to_owned());
        self.fcm.as_deref().ok_or_else(missing)
    }

    /// The topics that a registration is subscribed to at FCM, in their order.
    ///
    /// # Errors
    /// FCM does not run.
    pub fn topics(&self, registration: &str) -> Result<Vec<String>> {
        Ok(self.running_fcm()?.topics(registration))
    }

    /// Makes invalid all access tokens that FCM's token endpoint has given, and tells how many there
    /// were. Those of [`fcm::Config::access_tokens`] stay valid.
    ///
    /// # Errors
    /// FCM does not run.
    pub fn revoke_access_tokens(&self) -> Result<usize> {
        self.revoke_access_tokens_of(Service::Fcm)
    }

    /// Makes invalid an access token that FCM's token endpoint has given, and tells whether there was
    /// such a one.
    ///
    /// # Errors
    /// FCM does not run.
    pub fn revoke_access_token(&self, token: &str) -> Result<bool> {
        self.revoke_access_token_of(Service::Fcm, token)
    }

    /// Makes invalid all access tokens that the service's token endpoints have given, and tells how
    /// many there were. Those of its settings stay valid.
    ///
    /// # Errors
    /// The service does not run, or gives none: FCM and WNS do.
    pub fn revoke_access_tokens_of(&self, service: Service) -> Result<usize> {
        self.services.revoke_access_tokens(service)
    }

    /// Makes invalid an access token that the service's token endpoints have given, and tells whether
    /// there was such a one.
    ///
    /// # Errors
    /// The service does not run, or gives none: FCM and WNS do.
    pub fn revoke_access_token_of(&self, service: Service, token: &str) -> Result<bool> {
        self.services.revoke_access_token(service, token)
    }

    /// Sets counters to 0, forgets what was accepted, what feedback there was to tell, what topics were
    /// subscribed to, the channels of WNS and the subscriptions of browsers, removes all faults.
    pub fn reset(&self) {
        self.services.reset();
    }

    /// Stops, and closes all connections.
    pub fn shutdown(self) {
        drop(self);
    }
}

impl Drop for Sim {
    fn drop(&mut self) {
        if let Some(running) = self.running.take() {
            running.stop();
        }
    }
}
