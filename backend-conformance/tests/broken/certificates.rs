//! Flaws of client certificates.

use std::any::Any;
use std::io;
use std::pin::Pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::task::{Context, Poll};

use backend_conformance::Environment;
use futures_util::AsyncRead;
use push_core::{
    Certificate, Connection, Error, ErrorKind, Identity, KeyFormat, Result, Target, async_trait,
};
use rustls::client::ResolvesClientCert;
use rustls::pki_types::CertificateDer;
use rustls::sign::CertifiedKey;
use rustls::{ClientConfig, SignatureScheme};

use crate::flaws;
use crate::harness::{Shared, Twist, twisted};
use crate::loose::{Loosen, Stream, as_it_should, loose};
use crate::verification::protocols;

flaws! {
    certificates_are_never_shown fails
        the_certificate_is_shown_where_it_is_asked_for
        a_certificate_of_another_instance_works_or_is_foreign
        each_connection_shows_its_own_certificate
        keys_are_taken_in_every_form:
        loose(ShowsNothing);

    the_chain_is_not_shown fails
        the_certificate_is_shown_where_it_is_asked_for:
        loose(LeafAlone);

    the_first_certificate_is_kept fails
        each_connection_shows_its_own_certificate
        // Several certificates for one server, one after the other.
        keys_are_taken_in_every_form:
        loose(FirstCertificate);

    a_missing_certificate_is_told_as_a_broken_connection fails
        a_certificate_that_is_missing_is_told:
        loose(Untold("CertificateRequired"));

    a_refused_certificate_is_told_as_a_broken_connection fails
        a_certificate_that_is_refused_is_told:
        loose(Untold("UnknownCA"));

    servers_that_ask_for_a_certificate_are_left_without_one fails
        a_server_that_can_do_without_a_certificate_is_spoken_to
        // One of its connections shows none.
        each_connection_shows_its_own_certificate:
        loose(Insists::default());

    certificates_that_nobody_asks_for_are_an_error fails
        a_certificate_that_nobody_asks_for_does_no_harm:
        loose(Unasked::default());

    foreign_certificates_panic fails
        a_certificate_of_another_backend_is_an_error:
        loose(Foreign(|| panic!("not mine")));

    foreign_certificates_are_ignored fails
        a_certificate_of_another_backend_is_an_error:
        loose(Foreign(|| Ok(())));

    foreign_certificates_are_an_error_of_another_kind fails
        a_certificate_of_another_backend_is_an_error:
        loose(Foreign(|| Err(Error::new(ErrorKind::Config, "not mine"))));

    certificates_of_another_instance_panic fails
        a_certificate_of_another_instance_works_or_is_foreign:
        twisted(Branding::new(|| panic!("not mine")));

    certificates_of_another_instance_are_left_out fails
        a_certificate_of_another_instance_works_or_is_foreign:
        twisted(Branding::new(|| ()));

    the_chain_is_told_upside_down fails
        the_chain_is_given_back_as_it_was_loaded:
        telling(|chain| chain.reverse());

    the_leaf_alone_is_told fails
        the_chain_is_given_back_as_it_was_loaded:
        telling(|chain| chain.truncate(1));

    a_key_that_does_not_fit_is_taken fails
        a_key_of_another_certificate_is_refused:
        loading(|_, loaded| match loaded {
            Err(error) if error.to_string().contains("does not belong") => Ok(Arc::new(Blank)),
            other => other,
        });

    a_key_that_is_none_panics fails
        a_key_that_is_none_is_refused:
        loading(|identity, loaded| {
            assert!(identity.key_der().len() > 16, "too short");
            loaded
        });

    sec1_is_not_understood fails
        keys_are_taken_in_every_form:
        loading(|identity, loaded| match identity.key_format() {
            KeyFormat::Sec1 => Err(Error::new(ErrorKind::Identity, "what is this?")),
            _ => loaded,
        });

    rsa_is_not_understood fails
        keys_are_taken_in_every_form:
        loading(|identity, loaded| {
            if identity.key_der().len() > 512 {
                return Err(Error::new(ErrorKind::Identity, "what is this?"));
            }
            loaded
        });

    the_debug_of_a_certificate_holds_its_key fails
        nothing_shows_the_private_key:
        showing(|key| format!("LooseCertificate {{ key: {key:?} }}"));

    the_debug_of_a_certificate_holds_its_key_in_hexadecimal fails
        nothing_shows_the_private_key:
        showing(|key| {
            let hex: String = key.iter().map(|byte| format!("{byte:02X}")).collect();
            format!("LooseCertificate({hex})")
        });
}

/// Knows its own certificates, and does this about those of its like.
struct Branding {
    brand: Arc<()>,
    otherwise: fn(),
}

impl Branding {
    fn new(otherwise: fn()) -> Self {
        let brand = Arc::new(());
        Self { brand, otherwise }
    }
}

#[derive(Debug)]
struct Branded {
    brand: Arc<()>,
    inner: Arc<dyn Certificate>,
}

impl Certificate for Branded {
    fn chain_der(&self) -> &[Vec<u8>] {
        self.inner.chain_der()
    }
}

#[async_trait]
impl Twist for Branding {
    fn load_certificate(
        &self,
        inner: &Shared,
        identity: &Identity,
    ) -> Result<Arc<dyn Certificate>> {
        let inner = inner.load_certificate(identity)?;
        let brand = self.brand.clone();
        Ok(Arc::new(Branded { brand, inner }))
    }

    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let branded = certificate.and_then(|certificate| {
            let any: &dyn Any = certificate;
            any.downcast_ref::<Branded>()
        });
        let certificate = match branded {
            None => certificate,
            Some(own) if Arc::ptr_eq(&own.brand, &self.brand) => Some(&*own.inner),
            Some(_) => {
                (self.otherwise)();
                None
            }
        };
        inner.connect(target, certificate).await
    }
}

/// Has nothing to show.
struct ShowsNothing;

impl Loosen for ShowsNothing {
    fn configure(&self, config: &mut ClientConfig, _: &Target) {
        config.client_auth_cert_resolver = Arc::new(Watched::default());
    }
}

/// Which questions the servers asked.
#[derive(Clone, Debug, Default)]
struct Watched {
    inner: Option<Arc<dyn ResolvesClientCert>>,
    asked: Arc<AtomicBool>,
}

impl ResolvesClientCert for Watched {
    fn resolve(&self, hints: &[&[u8]], schemes: &[SignatureScheme]) -> Option<Arc<CertifiedKey>> {
        self.asked.store(true, Ordering::Relaxed);
        self.inner.as_ref()?.resolve(hints, schemes)
    }

    fn has_certs(&self) -> bool {
        self.inner.is_some()
    }
}

/// Fails where it was asked for a certificate and has none.
#[derive(Default)]
struct Insists(Watched);

impl Loosen for Insists {
    fn configure(&self, config: &mut ClientConfig, _: &Target) {
        if !config.client_auth_cert_resolver.has_certs() {
            config.client_auth_cert_resolver = Arc::new(self.0.clone());
        }
    }

    fn read(
        &self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let fails = self.0.asked.load(Ordering::Relaxed);
        unless(fails, as_it_should(Pin::new(stream).poll_read(cx, buf)))
    }
}

/// Fails where it has a certificate and was not asked for one.
#[derive(Default)]
struct Unasked {
    given: AtomicBool,
    watched: Watched,
}

impl Loosen for Unasked {
    fn configure(&self, config: &mut ClientConfig, _: &Target) {
        if config.client_auth_cert_resolver.has_certs() {
            self.given.store(true, Ordering::Relaxed);
            config.client_auth_cert_resolver = Arc::new(Watched {
                inner: Some(config.client_auth_cert_resolver.clone()),
                asked: self.watched.asked.clone(),
            });
        }
    }

    fn read(
        &self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let asked = self.watched.asked.load(Ordering::Relaxed);
        let fails = self.given.load(Ordering::Relaxed) && !asked;
        unless(fails, as_it_should(Pin::new(stream).poll_read(cx, buf)))
    }
}

/// An error instead of what was read.
fn unless(fails: bool, poll: Poll<io::Result<usize>>) -> Poll<io::Result<usize>> {
    match poll {
        Poll::Ready(Ok(1..)) if fails => Poll::Ready(Err(io::Error::other("no, thanks"))),
        other => other,
    }
}

struct LeafAlone;

impl Loosen for LeafAlone {
    fn shown(&self, mut chain: Vec<CertificateDer<'static>>) -> Vec<CertificateDer<'static>> {
        chain.truncate(1);
        chain
    }
}

/// One configuration for each server and its roots, whatever the certificate.
struct FirstCertificate;

impl Loosen for FirstCertificate {
    fn kept_as(&self, target: &Target, _: Option<&[u8]>) -> Option<String> {
        let push_core::Security::Tls { roots, .. } = &target.security else {
            return None;
        };
        let roots = roots.as_der()?.as_ptr();
        Some(format!("{target} {} {roots:?}", protocols(target)))
    }
}

/// An alert that is told as any other.
struct Untold(&'static str);

impl Loosen for Untold {
    fn read(
        &self,
        stream: &mut Stream,
        cx: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        match as_it_should(Pin::new(stream).poll_read(cx, buf)) {
            Poll::Ready(Err(error)) if error.to_string().contains(self.0) => {
                Poll::Ready(Err(io::Error::other(error)))
            }
            other => other,
        }
    }
}

struct Foreign<F>(F);

impl<F: Fn() -> Result<()> + Send + Sync + 'static> Loosen for Foreign<F> {
    fn foreign(&self) -> Result<()> {
        (self.0)()
    }
}

/// Tells another chain than was loaded.
fn telling(tell: impl Fn(&mut Vec<Vec<u8>>) + Send + Sync + 'static) -> Environment {
    loose(Tells(tell))
}

struct Tells<F>(F);

impl<F: Fn(&mut Vec<Vec<u8>>) + Send + Sync + 'static> Loosen for Tells<F> {
    fn told(&self, mut chain: Vec<Vec<u8>>) -> Vec<Vec<u8>> {
        (self.0)(&mut chain);
        chain
    }
}

/// Shows a key in the `Debug` of its certificate.
fn showing(show: impl Fn(&[u8]) -> String + Send + Sync + 'static) -> Environment {
    loose(Shows(show))
}

struct Shows<F>(F);

impl<F: Fn(&[u8]) -> String + Send + Sync + 'static> Loosen for Shows<F> {
    fn debug(&self, key: &[u8]) -> String {
        (self.0)(key)
    }
}

/// Loads something else than was loaded.
fn loading(load: impl Fn(&Identity, Loaded) -> Loaded + Send + Sync + 'static) -> Environment {
    twisted(Loading(load))
}

type Loaded = Result<Arc<dyn Certificate>>;

struct Loading<F>(F);

#[async_trait]
impl<F> Twist for Loading<F>
where
    F: Fn(&Identity, Loaded) -> Loaded + Send + Sync + 'static,
{
    fn load_certificate(&self, inner: &Shared, identity: &Identity) -> Loaded {
        (self.0)(identity, inner.load_certificate(identity))
    }
}

#[derive(Debug)]
struct Blank;

impl Certificate for Blank {
    fn chain_der(&self) -> &[Vec<u8>] {
        &[]
    }
}
