//! What is to be simulated, and how it is started.

use std::net::{SocketAddr, TcpListener};
use std::path::PathBuf;
use std::sync::Arc;

use socket2::SockRef;

use super::running::{Running, Task};
use super::{ANY, Sim};
use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::services::Services;
use crate::tls::Tls;
use crate::web::{self, Site};
use crate::{
    Authority, ClientProfile, Error, Files, Result, ServerProfile, Service, ServiceAccount,
    WebAddress, apns, control, fcm, feedback, gateway, gcm, webpush, wns,
};

/// Says what is to be simulated, and where.
#[derive(Debug)]
#[must_use]
pub struct SimBuilder {
    dir: Option<PathBuf>,
    apns: Option<SocketAddr>,
    apns_gateway: Option<SocketAddr>,
    apns_feedback: Option<SocketAddr>,
    fcm: Option<WebAddress>,
    gcm: Option<WebAddress>,
    wns: Option<WebAddress>,
    web: Option<WebAddress>,
    control: SocketAddr,
    apns_config: apns::Config,
    gateway_config: gateway::Config,
    feedback_config: feedback::Config,
    fcm_config: fcm::Config,
    service_account: Option<ServiceAccount>,
    gcm_config: gcm::Config,
    wns_config: wns::Config,
    web_config: webpush::Config,
    counts_tokens: bool,
    authority: Option<Authority>,
    server: ServerProfile,
    client: ClientProfile,
    journal_entries: usize,
    journal_bytes: usize,
}

impl Default for SimBuilder {
    fn default() -> Self {
        Self {
            dir: None,
            apns: None,
            apns_gateway: None,
            apns_feedback: None,
            fcm: None,
            gcm: None,
            wns: None,
            web: None,
            control: ANY,
            apns_config: apns::Config::default(),
            gateway_config: gateway::Config::default(),
            feedback_config: feedback::Config::default(),
            fcm_config: fcm::Config::default(),
            service_account: None,
            gcm_config: gcm::Config::default(),
            wns_config: wns::Config::default(),
            web_config: webpush::Config::default(),
            counts_tokens: false,
            authority: None,
            server: ServerProfile::default(),
            client: ClientProfile::default(),
            journal_entries: 10_000,
            journal_bytes: 32 << 20,
        }
    }
}

impl SimBuilder {
    /// Where the certificates and keys are written; default: a new folder for
    /// temporary files, which is removed in the end.
    pub fn dir(mut self, dir: impl Into<PathBuf>) -> Self {
        self.dir = Some(dir.into());
        self
    }

    /// Runs the APNs provider API here; port 0 takes a free one.
    pub fn apns(mut self, address: SocketAddr) -> Self {
        self.apns = Some(address);
        self
    }

    /// Runs the APNs provider API on a free port of 127.0.0.1.
    pub fn apns_any(self) -> Self {
        self.apns(ANY)
    }

    /// How the provider API behaves.
    pub fn apns_config(mut self, config: apns::Config) -> Self {
        self.apns_config = config;
        self
    }

    /// Runs the binary gateway here; port 0 takes a free one.
    pub fn apns_gateway(mut self, address: SocketAddr) -> Self {
        self.apns_gateway = Some(address);
        self
    }

    /// Runs the binary gateway on a free port of 127.0.0.1.
    pub fn apns_gateway_any(self) -> Self {
        self.apns_gateway(ANY)
    }

    /// How the binary gateway behaves.
    pub fn apns_gateway_config(mut self, config: gateway::Config) -> Self {
        self.gateway_config = config;
        self
    }

    /// Runs the feedback service here; port 0 takes a free one.
    pub fn apns_feedback(mut self, address: SocketAddr) -> Self {
        self.apns_feedback = Some(address);
        self
    }

    /// Runs the feedback service on a free port of 127.0.0.1.
    pub fn apns_feedback_any(self) -> Self {
        self.apns_feedback(ANY)
    }

    /// How the feedback service behaves, and what it has to tell at the start.
    pub fn apns_feedback_config(mut self, config: feedback::Config) -> Self {
        self.feedback_config = config;
        self
    }

    /// Runs FCM here, with Google's token endpoint; port 0 takes a free one. `service-account.json`
    /// is written, too.
    pub fn fcm(mut self, address: impl Into<WebAddress>) -> Self {
        self.fcm = Some(address.into());
        self
    }

    /// Runs FCM on a free port of 127.0.0.1.
    pub fn fcm_any(self) -> Self {
        self.fcm(ANY)
    }

    /// Runs FCM here, by plain HTTP/1.1.
    pub fn fcm_plain(self, address: SocketAddr) -> Self {
        self.fcm(WebAddress::plain(address))
    }

    /// Runs FCM on a free port of 127.0.0.1, by plain HTTP/1.1.
    pub fn fcm_plain_any(self) -> Self {
        self.fcm_plain(ANY)
    }

    /// How FCM and the token endpoint behave.
    pub fn fcm_config(mut self, config: fcm::Config) -> Self {
        self.fcm_config = config;
        self
    }

    /// The account that FCM knows, with its token endpoint made to lead here; default: a new one, whose
    /// key takes a tenth of a second to make.
    pub fn service_account(mut self, account: ServiceAccount) -> Self {
        self.service_account = Some(account);
        self
    }

    /// Runs GCM here, and FCM's legacy protocol; port 0 takes a free one.
    pub fn gcm(mut self, address: impl Into<WebAddress>) -> Self {
        self.gcm = Some(address.into());
        self
    }

    /// Runs GCM on a free port of 127.0.0.1.
    pub fn gcm_any(self) -> Self {
        self.gcm(ANY)
    }

    /// Runs GCM here, by plain HTTP/1.1.
    pub fn gcm_plain(self, address: SocketAddr) -> Self {
        self.gcm(WebAddress::plain(address))
    }

    /// Runs GCM on a free port of 127.0.0.1, by plain HTTP/1.1.
    pub fn gcm_plain_any(self) -> Self {
        self.gcm_plain(ANY)
    }

    /// How GCM behaves.
    pub fn gcm_config(mut self, config: gcm::Config) -> Self {
        self.gcm_config = config;
        self
    }

    /// Runs WNS here, with both of its token endpoints; port 0 takes a free one.
    pub fn wns(mut self, address: impl Into<WebAddress>) -> Self {
        self.wns = Some(address.into());
        self
    }

    /// Runs WNS on a free port of 127.0.0.1.
    pub fn wns_any(self) -> Self {
        self.wns(ANY)
    }

    /// Runs WNS here, by plain HTTP/1.1.
    pub fn wns_plain(self, address: SocketAddr) -> Self {
        self.wns(WebAddress::plain(address))
    }

    /// Runs WNS on a free port of 127.0.0.1, by plain HTTP/1.1.
    pub fn wns_plain_any(self) -> Self {
        self.wns_plain(ANY)
    }

    /// How WNS and its token endpoints behave.
    pub fn wns_config(mut self, config: wns::Config) -> Self {
        self.wns_config = config;
        self
    }

    /// Runs the push services of browsers here; port 0 takes a free one.
    pub fn web(mut self, address: impl Into<WebAddress>) -> Self {
        self.web = Some(address.into());
        self
    }

    /// Runs the push services of browsers on a free port of 127.0.0.1.
    pub fn web_any(self) -> Self {
        self.web(ANY)
    }

    /// Runs the push services of browsers here, by plain HTTP/1.1.
    pub fn web_plain(self, address: SocketAddr) -> Self {
        self.web(WebAddress::plain(address))
    }

    /// Runs the push services of browsers on a free port of 127.0.0.1, by plain HTTP/1.1.
    pub fn web_plain_any(self) -> Self {
        self.web_plain(ANY)
    }

    /// How the push services of browsers behave.
    pub fn web_config(mut self, config: webpush::Config) -> Self {
        self.web_config = config;
        self
    }

    /// Lets FCM, GCM, WNS and the push services of browsers count how often each token was taken, for
    /// [`Sim::tokens`]. It takes memory for every token.
    pub fn count_tokens(mut self) -> Self {
        self.counts_tokens = true;
        self
    }

    /// Where the control API listens; default: a free port of 127.0.0.1.
    pub fn control(mut self, address: SocketAddr) -> Self {
        self.control = address;
        self
    }

    /// Who signs the certificates; default: a new authority.
    pub fn authority(mut self, authority: Authority) -> Self {
        self.authority = Some(authority);
        self
    }

    /// What the server's certificate says.
    pub fn server(mut self, profile: ServerProfile) -> Self {
        self.server = profile;
        self
    }

    /// What the provider's certificate says.
    pub fn client(mut self, profile: ClientProfile) -> Self {
        self.client = profile;
        self
    }

    /// How many accepted notifications are kept for each service; default 10,000.
    pub fn keep(mut self, notifications: usize) -> Self {
        self.journal_entries = notifications;
        self
    }

    /// How many bytes of accepted notifications are kept for each service; default 32 MiB.
    pub fn keep_bytes(mut self, bytes: usize) -> Self {
        self.journal_bytes = bytes;
        self
    }

    /// Starts the simulator on a thread of its own; it needs no runtime, and minds none.
    ///
    /// # Errors
    /// An address can't be listened on, or a file not be written.
    pub fn start(self) -> Result<Sim> {
        // Before any file is written: another simulator may be running on these ports, from this
        // folder.
        let apns = bind_if("apns", self.apns)?;
        let gateway = bind_if("apns-gateway", self.apns_gateway)?;
        let feedback = bind_if("apns-feedback", self.apns_feedback)?;
        let fcm = bind_web("fcm", self.fcm)?;
        let gcm = bind_web("gcm", self.gcm)?;
        let wns = bind_web("wns", self.wns)?;
        let web = bind_web("web", self.web)?;
        let (control, control_address) = bind("control", self.control)?;
        let (dir, temporary) = match self.dir {
            Some(dir) => (dir, None),
            None => {
                let made = tempfile::Builder::new().prefix("anypush-sim-").tempdir();
                let made = made.map_err(|source| Error::Write {
                    path: std::env::temp_dir(),
                    source,
                })?;
                (made.path().to_owned(), Some(made))
            }
        };
        let mut files = Files::write(&dir, self.authority, &self.server, &self.client)?;
        let mut services = Services::default();
        let mut addresses = Vec::new();
        let mut tasks: Vec<Task> = Vec::new();
        let mut running_apns = None;
        let mut running_fcm = None;

        if let Some((listener, address)) = apns {
            addresses.push(("apns", address));
            let journal = Journal::new(self.journal_entries, self.journal_bytes);
            let mut keys = vec![files.provider_key().clone()];
            keys.extend(self.apns_config.provider_keys.iter().cloned());
            let shared = Arc::new(apns::Shared {
                config: self.apns_config,
                keys,
                channels: apns::Channels::default(),
                ledger: services.add(Service::Apns, Ledger::new(journal)),
            });
            let tls = Tls::new(&files, &["h2"])?;
            running_apns = Some(Arc::clone(&shared));
            tasks.push(Box::new(move || {
                tokio::spawn(apns::listen(into_tokio(listener)?, tls, shared));
                Ok(())
            }));
        }

        if let Some((listener, address)) = gateway {
            addresses.push(("apns-gateway", address));
            let config = self.gateway_config;
            if let Some(bytes) = config.receive_buffer_bytes {
                // Connections have what their listener has when they come about.
                let _ = SockRef::from(&listener).set_recv_buffer_size(bytes);
            }
            let frames = gateway::FrameLog::new(self.journal_entries, self.journal_bytes);
            let ledger = Ledger::of_frames(frames, config.count_tokens);
            let tls = Tls::old(&files, config.require_certificate, config.session_tickets)?;
            let shared = Arc::new(gateway::Shared {
                config,
                ledger: services.add(Service::ApnsGateway, ledger),
            });
            tasks.push(Box::new(move || {
                tokio::spawn(gateway::listen(into_tokio(listener)?, tls, shared));
                Ok(())
            }));
        }

        if let Some((listener, address)) = feedback {
            addresses.push(("apns-feedback", address));
            let config = self.feedback_config;
            let list = feedback::List::default();
            list.add(&config.entries)?;
            let shared = Arc::new(feedback::Shared {
                list: services.add_list(list),
                ledger: services.add(Service::ApnsFeedback, Ledger::new(Journal::new(0, 0))),
            });
            let tls = Tls::old(&files, config.require_certificate, config.session_tickets)?;
            tasks.push(Box::new(move || {
                tokio::spawn(feedback::listen(into_tokio(listener)?, tls, shared));
                Ok(())
            }));
        }

        let subscriptions = web.as_ref().map(|bound| {
            let store = webpush::Store::new(bound.url());
            services.add_subscriptions(store)
        });
        let channels = wns.as_ref().map(|bound| {
            let channels = wns::Channels::new(bound.url());
            services.add_channels(channels)
        });
        let journal = || Journal::new(self.journal_entries, self.journal_bytes);
        let ledger = || Ledger::of_notices(journal(), self.counts_tokens);
        let mut plain = Vec::new();
        let mut add_site = |site: Arc<dyn Site>, service: Service, bound: Bound, files: &Files| {
            addresses.push((service.as_str(), bound.address));
            if bound.is_plain {
                plain.push(service.as_str());
            }
            let tls = match bound.is_plain {
                true => None,
                false => Some(Tls::new(files, &web::ALPN)?),
            };
            let shared = Arc::new(web::Shared {
                ledger: services.add(service, ledger()),
                site: services.add_site(service, site),
                is_plain: bound.is_plain,
            });
            tasks.push(Box::new(move || {
                tokio::spawn(web::listen(into_tokio(bound.listener)?, tls, shared));
                Ok(())
            }));
            Ok(())
        };
        if let Some(bound) = fcm {
            let token_uri = format!("{}/token", bound.url());
            let account = match self.service_account {
                Some(account) => account.token_endpoint(token_uri),
                None => ServiceAccount::generate(token_uri)?,
            };
            files.put_service_account(account.clone())?;
            let site = Arc::new(fcm::Shared::new(self.fcm_config, account));
            running_fcm = Some(Arc::clone(&site));
            add_site(site, Service::Fcm, bound, &files)?;
        }
        if let Some(bound) = gcm {
            let site = Arc::new(gcm::Shared::new(self.gcm_config));
            add_site(site, Service::Gcm, bound, &files)?;
        }
        if let (Some(bound), Some(channels)) = (wns, channels) {
            let site = Arc::new(wns::Shared::new(self.wns_config, channels));
            add_site(site, Service::Wns, bound, &files)?;
        }
        if let (Some(bound), Some(store)) = (web, subscriptions) {
            let site = Arc::new(webpush::Shared::new(self.web_config, store));
            add_site(site, Service::Web, bound, &files)?;
        }

        let services = Arc::new(services);
        addresses.push(("control", control_address));
        let watched = Arc::clone(&services);
        tasks.push(Box::new(move || {
            tokio::spawn(control::listen(into_tokio(control)?, watched));
            Ok(())
        }));

        Ok(Sim {
            running: Some(Running::start(tasks)?),
            addresses,
            plain,
            services,
            apns: running_apns,
            fcm: running_fcm,
            files,
            _temporary: temporary,
        })
    }
}

/// Where a web service listens.
struct Bound {
    listener: TcpListener,
    address: SocketAddr,
    is_plain: bool,
}

impl Bound {
    fn url(&self) -> String {
        super::url(self.address, self.is_plain)
    }
}

fn bind_web(service: &'static str, address: Option<WebAddress>) -> Result<Option<Bound>> {
    let Some(WebAddress { socket, is_plain }) = address else {
        return Ok(None);
    };
    let (listener, address) = bind(service, socket)?;
    Ok(Some(Bound {
        listener,
        address,
        is_plain,
    }))
}

fn bind_if(
    service: &'static str,
    address: Option<SocketAddr>,
) -> Result<Option<(TcpListener, SocketAddr)>> {
    address.map(|address| bind(service, address)).transpose()
}

fn bind(service: &'static str, address: SocketAddr) -> Result<(TcpListener, SocketAddr)> {
    let bind = || {
        let listener = TcpListener::bind(address)?;
        listener.set_nonblocking(true)?;
        let bound = listener.local_addr()?;
        Ok((listener, bound))
    };
    bind().map_err(|source| Error::Listen {
        service,
        address,
        source,
    })
}

fn into_tokio(listener: TcpListener) -> std::io::Result<tokio::net::TcpListener> {
    tokio::net::TcpListener::from_std(listener)
}
