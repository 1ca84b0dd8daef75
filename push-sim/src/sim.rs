//! The simulator as a whole: what is started, asked and stopped.

use std::collections::BTreeMap;
use std::net::{Ipv4Addr, SocketAddr, TcpListener};
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;

use socket2::SockRef;
use tempfile::TempDir;
use tokio::sync::oneshot;

use crate::journal::Journal;
use crate::ledger::Ledger;
use crate::services::Services;
use crate::tls::Tls;
use crate::{
    Action, Authority, ClientProfile, Error, Fault, Files, Received, Result, ServerProfile,
    Service, Stats, apns, control, feedback, gateway,
};

const ANY: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(Ipv4Addr::LOCALHOST), 0);

/// Says what is to be simulated, and where.
#[derive(Debug)]
#[must_use]
pub struct SimBuilder {
    dir: Option<PathBuf>,
    apns: Option<SocketAddr>,
    apns_gateway: Option<SocketAddr>,
    apns_feedback: Option<SocketAddr>,
    control: SocketAddr,
    apns_config: apns::Config,
    gateway_config: gateway::Config,
    feedback_config: feedback::Config,
    authority: Option<Authority>,
    server: ServerProfile,
    client: ClientProfile,
    journal_entries: usize,
    journal_bytes: usize,
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
        let files = Files::write(&dir, self.authority, &self.server, &self.client)?;
        let mut services = Services::default();
        let mut addresses = Vec::new();
        let mut tasks: Vec<Task> = Vec::new();
        let mut running_apns = None;

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
            services,
            apns: running_apns,
            files,
            _temporary: temporary,
        })
    }
}

/// Starts a listener, on the simulator's runtime.
type Task = Box<dyn FnOnce() -> std::io::Result<()> + Send>;

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

/// The thread on which everything runs.
#[derive(Debug)]
struct Running {
    stop: oneshot::Sender<()>,
    thread: JoinHandle<()>,
}

impl Running {
    fn start(tasks: Vec<Task>) -> Result<Self> {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_all()
            .build()
            .map_err(Error::Thread)?;
        {
            let _inside = runtime.enter();
            for task in tasks {
                task().map_err(Error::Thread)?;
            }
        }
        let (stop, stopped) = oneshot::channel::<()>();
        let thread = std::thread::Builder::new()
            .name("push-sim".to_owned())
            .spawn(move || {
                // Ready too when the sender is dropped.
                let _ = runtime.block_on(stopped);
            })
            .map_err(Error::Thread)?;
        Ok(Self { stop, thread })
    }

    fn stop(self) {
        drop(self.stop);
        if self.thread.join().is_err() {
            tracing::error!("the simulator's thread panicked");
        }
    }
}

/// A running simulator; dropping it stops it.
#[derive(Debug)]
pub struct Sim {
    running: Option<Running>,
    addresses: Vec<(&'static str, SocketAddr)>,
    services: Arc<Services>,
    apns: Option<Arc<apns::Shared>>,
    files: Files,
    _temporary: Option<TempDir>,
}

impl Sim {
    /// A simulator of no service yet.
    pub fn builder() -> SimBuilder {
        SimBuilder {
            dir: None,
            apns: None,
            apns_gateway: None,
            apns_feedback: None,
            control: ANY,
            apns_config: apns::Config::default(),
            gateway_config: gateway::Config::default(),
            feedback_config: feedback::Config::default(),
            authority: None,
            server: ServerProfile::default(),
            client: ClientProfile::default(),
            journal_entries: 10_000,
            journal_bytes: 32 << 20,
        }
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

    /// How often each device token, in hexadecimal, was taken: for tests that compare many.
    ///
    /// # Errors
    /// The service does not run, or does not count tokens: the binary gateway does, if its
    /// [`gateway::Config::count_tokens`] says so.
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

    /// Sets counters to 0, forgets what was accepted and what feedback there was to tell, removes all
    /// faults.
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
