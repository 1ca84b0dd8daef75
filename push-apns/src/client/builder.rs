use std::sync::Arc;
use std::time::Duration;

use http::uri::Authority;
use push_core::{
    Egress, ErrorKind, Identity, Proxy, Reach, ResendUnknown, RetryPolicy, Roots, Session, Target,
};

use super::access::{Access, Credentials, Place, Places};
use super::{Client, Inner};
use crate::ids::Ids;
use crate::{Endpoint, Error, ProviderToken};

/// Makes a [`Client`].
#[derive(Clone, Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct ClientBuilder {
    session: Session,
    endpoint: Endpoint,
    broadcast_endpoint: Option<Endpoint>,
    channels_endpoint: Option<Endpoint>,
    token: Option<ProviderToken>,
    identity: Option<Identity>,
    topic: Option<String>,
    reach: Reach,
    server_name: Option<String>,
    timeout: Duration,
    in_flight: usize,
    retry: RetryPolicy,
    resend_unknown: ResendUnknown,
}

impl ClientBuilder {
    pub(super) fn new(session: Session) -> Self {
        Self {
            session,
            endpoint: Endpoint::default(),
            broadcast_endpoint: None,
            channels_endpoint: None,
            token: None,
            identity: None,
            topic: None,
            reach: Reach::default(),
            server_name: None,
            timeout: Duration::from_secs(30),
            in_flight: 1000,
            retry: RetryPolicy::none(),
            resend_unknown: ResendUnknown::Never,
        }
    }

    /// Authenticates by tokens that are signed with a key of the developer account.
    pub fn provider_token(mut self, token: ProviderToken) -> Self {
        self.token = Some(token);
        self
    }

    /// Authenticates by a client certificate.
    pub fn certificate(mut self, identity: Identity) -> Self {
        self.identity = Some(identity);
        self
    }

    /// Which server to send to. Default: production.
    pub fn endpoint(mut self, endpoint: Endpoint) -> Self {
        self.endpoint = endpoint;
        self
    }

    /// The development environment: short for [`Endpoint::Sandbox`].
    pub fn sandbox(self) -> Self {
        self.endpoint(Endpoint::Sandbox)
    }

    /// Which server to [broadcast](Client::broadcast) by. Default: the one for devices.
    ///
    /// Apple's pages disagree: they name the servers for devices, and in an example
    /// `api-broadcast.push.apple.com`. Source: Apple, "Sending broadcast push notification requests to
    /// APNs".
    pub fn broadcast_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.broadcast_endpoint = Some(endpoint);
        self
    }

    /// Which server looks after [channels](Client::channels). Default: that of the client's endpoint,
    /// [`Endpoint::channels_host`]; of an endpoint by host and port, the same.
    pub fn channels_endpoint(mut self, endpoint: Endpoint) -> Self {
        self.channels_endpoint = Some(endpoint);
        self
    }

    /// The bundle id of the app, for notifications that name no topic; the push type's suffix is
    /// added. Default: none, or the first topic of the certificate.
    pub fn topic(mut self, bundle_id: impl Into<String>) -> Self {
        self.topic = Some(bundle_id.into());
        self
    }

    /// The roots that the server's certificate must come from. Default: the system's.
    pub fn roots(mut self, roots: Roots) -> Self {
        self.reach.roots = roots;
        self
    }

    /// The name that the certificate of the endpoint's server must carry. Default: its host. Other
    /// servers, those for broadcasts and channels where they are others, must carry that of theirs.
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        self.server_name = Some(name.into());
        self
    }

    /// Which addresses may be dialled. Default: any.
    pub fn egress(mut self, egress: Egress) -> Self {
        self.reach.egress = egress;
        self
    }

    /// The HTTP proxy to go through. Default: none; the environment is not asked, but
    /// [`Proxy::from_env`] does so.
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.reach.proxy = Some(proxy);
        self
    }

    /// How long one attempt may take, from the call to the last byte of the answer. Default: 30 seconds.
    /// Zero: no time at all, so nothing is sent.
    pub fn timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// How many pushes of one [`send_all`](Client::send_all) are under way at a time, at most: fewer
    /// where the connections take fewer, so that they do not wait in vain. Default: 1000. Zero is
    /// taken as one.
    pub fn in_flight(mut self, most: usize) -> Self {
        self.in_flight = most.max(1);
        self
    }

    /// When an answered 429 or 5xx is sent again, under the same `apns-id`: after the policy's back-off, on
    /// top of the service's `Retry-After` where it gives one. Default: never. Each attempt has the timeout of
    /// its own; a push that waits keeps its place in a bulk send.
    pub fn retry(mut self, policy: RetryPolicy) -> Self {
        self.retry = policy;
        self
    }

    /// Whether a push is sent again, within the timeout and under the same `apns-id`, when its answer
    /// was lost with its connection: the device may then show it twice. Apple does not say that it
    /// drops the second one. Broadcasts and requests about channels are never sent again so. Default:
    /// never, and the verdict is [`Unknown`](push_core::Verdict::Unknown).
    pub fn resend_unknown(mut self, resend: ResendUnknown) -> Self {
        self.resend_unknown = resend;
        self
    }

    /// Makes the client. Nothing is connected before it is used.
    ///
    /// # Errors
    /// [`ErrorKind::Config`] without credentials, with both kinds of them, or with a host that is
    /// none; [`ErrorKind::Identity`] when the certificate can't be used or has expired;
    /// [`ErrorKind::Closed`] after a shutdown.
    pub fn build(self) -> Result<Client, Error> {
        let credentials = match (self.token, self.identity) {
            (Some(token), None) => Credentials::Token(token),
            (None, Some(identity)) => {
                Credentials::Certificate(self.session.backend().load_certificate(&identity)?)
            }
            (None, None) => {
                return Err(config(
                    "no credentials: give a provider token or a certificate",
                ));
            }
            (Some(_), Some(_)) => {
                return Err(config(
                    "two kinds of credentials: give a provider token or a certificate, not both",
                ));
            }
        };
        let places = places(
            &self.endpoint,
            self.broadcast_endpoint.as_ref(),
            self.channels_endpoint.as_ref(),
            self.server_name,
            |host, port| self.reach.target(host, port).alpn(["h2"]),
        )?;
        let access = Access::new(&self.session, &places, credentials)?;
        let ids = Ids::new(self.session.backend().as_ref());
        Ok(Client {
            inner: Arc::new(Inner {
                session: self.session,
                endpoint: Arc::new(self.endpoint),
                places,
                topic: self.topic,
                timeout: self.timeout,
                in_flight: self.in_flight,
                retry: self.retry,
                resend_unknown: self.resend_unknown,
                ids,
                access: std::sync::RwLock::new(Arc::new(access)),
            }),
        })
    }
}

/// The servers for devices, broadcasts and channels.
fn places(
    endpoint: &Endpoint,
    broadcasts: Option<&Endpoint>,
    channels: Option<&Endpoint>,
    server_name: Option<String>,
    target: impl Fn(&str, u16) -> Target,
) -> Result<Places, Error> {
    let devices = (endpoint.host(), endpoint.port());
    // One server is one set of connections, whatever goes over them.
    let other = |host, port| match (host, port) == devices {
        true => Ok(None),
        false => Place::new(target(host, port)).map(Some),
    };
    let broadcasts = broadcasts.unwrap_or(endpoint);
    let channels = channels.unwrap_or(endpoint);
    let mut own = target(devices.0, devices.1);
    if let Some(name) = server_name {
        own = own.server_name(name);
    }
    Ok(Places {
        broadcasts: other(broadcasts.host(), broadcasts.port())?,
        channels: other(channels.channels_host(), channels.channels_port())?,
        devices: Place::new(own)?,
    })
}

impl Place {
    fn new(target: Target) -> Result<Self, Error> {
        let authority = authority(&target)?;
        Ok(Self { target, authority })
    }
}

/// The `:authority` of requests: the port only where it is not HTTPS's own.
fn authority(target: &Target) -> Result<Authority, Error> {
    let text = target.authority();
    let text = text.strip_suffix(":443").unwrap_or(&text);
    text.parse()
        .map_err(|_| config(format!("not a host: {:?}", &*target.host)))
}

fn config(message: impl Into<String>) -> Error {
    push_core::Error::new(ErrorKind::Config, message).into()
}

#[cfg(test)]
mod tests {
    use push_core::Security;

    use super::*;

    fn of(endpoint: Endpoint, broadcasts: Option<Endpoint>, channels: Option<Endpoint>) -> Places {
        let name = Some("push.internal".to_owned());
        let places = places(
            &endpoint,
            broadcasts.as_ref(),
            channels.as_ref(),
            name,
            |host, port| Target::tls(host, port),
        );
        places.unwrap()
    }

    fn authority_of(place: &Option<Place>) -> Option<&str> {
        place.as_ref().map(|place| place.authority.as_str())
    }

    #[test]
    fn broadcasts_go_where_devices_are_and_channels_to_their_own_server() {
        for (endpoint, devices, channels) in [
            (
                Endpoint::Production,
                "api.push.apple.com",
                "api-manage-broadcast.push.apple.com:2196",
            ),
            (
                Endpoint::Sandbox,
                "api.sandbox.push.apple.com",
                "api-manage-broadcast.sandbox.push.apple.com:2195",
            ),
        ] {
            let places = of(endpoint, None, None);
            assert_eq!(places.devices.authority, devices);
            assert_eq!(authority_of(&places.broadcasts), None);
            assert_eq!(authority_of(&places.channels), Some(channels));
        }
        let one = Endpoint::new("localhost", 8443);
        let places = of(one.clone(), None, Some(one));
        assert_eq!(authority_of(&places.channels), None, "one server for all");
    }

    #[test]
    fn each_endpoint_is_the_callers_choice() {
        let broadcasts = Endpoint::new("api-broadcast.push.apple.com", 443);
        let places = of(
            Endpoint::Production,
            Some(broadcasts),
            Some(Endpoint::Sandbox),
        );
        assert_eq!(
            authority_of(&places.broadcasts),
            Some("api-broadcast.push.apple.com")
        );
        assert_eq!(
            authority_of(&places.channels),
            Some("api-manage-broadcast.sandbox.push.apple.com:2195")
        );
    }

    #[test]
    fn a_server_name_is_for_the_server_of_the_endpoint_alone() {
        let name = |place: &Place| match &place.target.security {
            Security::Tls { server_name, .. } => server_name.clone(),
            _ => None,
        };
        let places = of(Endpoint::Production, None, None);
        assert_eq!(name(&places.devices).as_deref(), Some("push.internal"));
        assert_eq!(places.channels.as_ref().and_then(name), None);
    }
}
