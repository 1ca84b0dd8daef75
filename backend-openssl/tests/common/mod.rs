//! Certificates of every kind, and a TLS server on a thread.

#![allow(dead_code, unreachable_pub)]

use std::future::Future;
use std::net::{Ipv4Addr, SocketAddr, TcpListener, TcpStream};
use std::sync::mpsc::{Receiver, channel};
use std::thread;
use std::time::{Duration, SystemTime, UNIX_EPOCH};

use backend_openssl::OpensslBackend;
use backend_smol::SmolRuntime;
use openssl::asn1::Asn1Time;
use openssl::bn::{BigNum, MsbOption};
use openssl::ec::{EcGroup, EcKey};
use openssl::hash::MessageDigest;
use openssl::nid::Nid;
use openssl::pkey::{PKey, Private};
use openssl::ssl::{Ssl, SslContext, SslContextBuilder, SslMethod, SslStream, SslVersion};
use openssl::x509::extension::{BasicConstraints, ExtendedKeyUsage, SubjectAlternativeName};
use openssl::x509::{X509, X509Name};
use push_core::{Backend, Connection, Error, Identity, Roots, Target};
use smol::future::FutureExt;

/// How long anything may take.
pub const PATIENCE: Duration = Duration::from_secs(20);

const DAY: i64 = 24 * 60 * 60;

/// A certificate and its key, and what is to be said about it.
#[derive(Clone)]
pub struct Issued {
    pub certificate: X509,
    pub key: PKey<Private>,
}

/// What a certificate says.
pub struct Wish {
    pub common_name: String,
    pub names: Vec<String>,
    pub addresses: Vec<String>,
    pub authority: bool,
    /// In days from now.
    pub from: i64,
    pub until: i64,
    pub for_clients_only: bool,
}

impl Wish {
    pub fn server() -> Self {
        Self {
            common_name: "a test server".to_owned(),
            names: vec!["localhost".to_owned()],
            addresses: vec!["127.0.0.1".to_owned()],
            authority: false,
            from: -1,
            until: 30,
            for_clients_only: false,
        }
    }

    pub fn client() -> Self {
        Self {
            common_name: "a test client".to_owned(),
            names: Vec::new(),
            addresses: Vec::new(),
            for_clients_only: true,
            ..Self::server()
        }
    }

    pub fn authority(name: &str) -> Self {
        Self {
            common_name: name.to_owned(),
            authority: true,
            ..Self::client()
        }
    }

    pub fn by(&self, issuer: &Issued) -> Issued {
        self.sign(Some(issuer))
    }

    pub fn by_itself(&self) -> Issued {
        self.sign(None)
    }

    fn sign(&self, issuer: Option<&Issued>) -> Issued {
        let group = EcGroup::from_curve_name(Nid::X9_62_PRIME256V1).unwrap();
        let key = PKey::from_ec_key(EcKey::generate(&group).unwrap()).unwrap();
        let mut builder = X509::builder().unwrap();
        builder.set_version(2).unwrap();
        let mut serial = BigNum::new().unwrap();
        serial.rand(128, MsbOption::MAYBE_ZERO, false).unwrap();
        let serial = serial.to_asn1_integer().unwrap();
        builder.set_serial_number(&serial).unwrap();
        let mut name = X509Name::builder().unwrap();
        name.append_entry_by_nid(Nid::COMMONNAME, &self.common_name)
            .unwrap();
        let name = name.build();
        builder.set_subject_name(&name).unwrap();
        let issuer_name = issuer.map_or(&*name, |issuer| issuer.certificate.subject_name());
        builder.set_issuer_name(issuer_name).unwrap();
        builder.set_not_before(&time(self.from)).unwrap();
        builder.set_not_after(&time(self.until)).unwrap();
        builder.set_pubkey(&key).unwrap();
        if self.authority {
            let constraints = BasicConstraints::new().critical().ca().build().unwrap();
            builder.append_extension(constraints).unwrap();
        } else {
            let mut usage = ExtendedKeyUsage::new();
            if self.for_clients_only {
                usage.client_auth();
            } else {
                usage.server_auth();
            }
            builder.append_extension(usage.build().unwrap()).unwrap();
        }
        if !(self.names.is_empty() && self.addresses.is_empty()) {
            let mut alternatives = SubjectAlternativeName::new();
            for name in &self.names {
                alternatives.dns(name);
            }
            for address in &self.addresses {
                alternatives.ip(address);
            }
            let context = builder.x509v3_context(None, None);
            let alternatives = alternatives.build(&context).unwrap();
            builder.append_extension(alternatives).unwrap();
        }
        let signer = issuer.map_or(&key, |issuer| &issuer.key);
        builder.sign(signer, MessageDigest::sha256()).unwrap();
        Issued {
            certificate: builder.build(),
            key,
        }
    }
}

impl Issued {
    pub fn roots(&self) -> Roots {
        Roots::from_pem(self.certificate.to_pem().unwrap()).unwrap()
    }

    /// With the certificates of its issuers behind it.
    pub fn identity(&self, issuers: &[&Self]) -> Identity {
        let mut pem = self.certificate.to_pem().unwrap();
        for issuer in issuers {
            pem.extend(issuer.certificate.to_pem().unwrap());
        }
        pem.extend(self.key.private_key_to_pem_pkcs8().unwrap());
        Identity::from_pem(pem).unwrap()
    }
}

fn time(days: i64) -> Asn1Time {
    let now = SystemTime::now().duration_since(UNIX_EPOCH).unwrap();
    Asn1Time::from_unix(i64::try_from(now.as_secs()).unwrap() + days * DAY).unwrap()
}

pub fn authority() -> Issued {
    Wish::authority("a test authority").by_itself()
}

/// A server that takes one connection.
pub struct Server {
    pub address: SocketAddr,
    outcome: Receiver<()>,
}

impl Server {
    /// Does the handshake, then as the script says; where the handshake fails, the script is not
    /// run.
    pub fn tls(
        issued: &Issued,
        configure: impl FnOnce(&mut SslContextBuilder),
        script: impl FnOnce(SslStream<TcpStream>) + Send + 'static,
    ) -> Self {
        let context = context(issued, configure);
        Self::plain(move |stream| {
            let mut stream = SslStream::new(Ssl::new(&context).unwrap(), stream).unwrap();
            if stream.accept().is_ok() {
                script(stream);
            }
        })
    }

    pub fn plain(script: impl FnOnce(TcpStream) + Send + 'static) -> Self {
        let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).unwrap();
        let address = listener.local_addr().unwrap();
        let (done, outcome) = channel();
        thread::spawn(move || {
            let (stream, _) = listener.accept().unwrap();
            stream.set_read_timeout(Some(PATIENCE)).unwrap();
            stream.set_write_timeout(Some(PATIENCE)).unwrap();
            script(stream);
            let _ = done.send(());
        });
        Self { address, outcome }
    }

    /// Waits for the script's end: it fails when the script has panicked.
    pub fn finish(self) {
        self.outcome.recv_timeout(PATIENCE).unwrap();
    }

    /// The server by its address, expected to be `localhost`.
    pub fn target(&self, roots: &Roots) -> Target {
        Target::tls("127.0.0.1", self.address.port())
            .roots(roots.clone())
            .server_name("localhost")
    }
}

pub fn context(issued: &Issued, configure: impl FnOnce(&mut SslContextBuilder)) -> SslContext {
    let mut builder = SslContext::builder(SslMethod::tls_server()).unwrap();
    builder.set_certificate(&issued.certificate).unwrap();
    builder.set_private_key(&issued.key).unwrap();
    configure(&mut builder);
    builder.build()
}

pub fn only(version: SslVersion) -> impl FnOnce(&mut SslContextBuilder) {
    move |context| {
        context.set_min_proto_version(Some(version)).unwrap();
        context.set_max_proto_version(Some(version)).unwrap();
    }
}

pub fn backend() -> OpensslBackend<SmolRuntime> {
    OpensslBackend::new(SmolRuntime::new())
}

pub fn block_on<T>(future: impl Future<Output = T>) -> T {
    smol::block_on(future.or(async {
        smol::Timer::after(PATIENCE).await;
        panic!("not done within {PATIENCE:?}");
    }))
}

pub fn connect(target: &Target) -> push_core::Result<Box<dyn Connection>> {
    block_on(backend().connect(target, None))
}

pub fn refused(target: &Target) -> Error {
    connect(target).unwrap_err()
}
