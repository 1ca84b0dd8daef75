//! Flaws of resolving, dialling and filtering.

use std::net::{IpAddr, Ipv6Addr, SocketAddr};
use std::sync::Arc;
use std::time::Instant;

use backend_conformance::Environment;
use backend_tokio::TokioRuntime;
use push_core::{
    BoxFuture, Certificate, Compose, Connection, Egress, Error, ErrorKind, Lock, Result, Runtime,
    Target, async_trait,
};
use tls_rustls::Rustls;

use crate::flaws;
use crate::harness::{Shared, Twist, environment, twisted};

flaws! {
    names_are_not_resolved fails
        // The one name that there is on every machine; tests of TLS use it too, those not.
        localhost_is_resolved
        the_egress_filter_refuses_what_a_name_resolves_to
        the_address_that_is_dialled_is_one_that_the_filter_let_pass
        a_port_that_nobody_listens_on_is_an_error_of_connecting
        a_dead_address_next_to_a_living_one_does_no_harm
        an_address_that_the_filter_refuses_is_not_dialled_beside_one_it_allows:
        changing(|target| match &*target.host {
            "localhost" if is_direct(&target) && is_plain(&target) => {
                Err(Error::new(ErrorKind::Resolve, "names are not resolved"))
            }
            _ => Ok(target),
        });

    ipv6_is_not_dialled fails
        an_ipv6_address_is_dialled
        // Also IPv6, with TLS.
        an_ipv6_address_is_verified:
        changing(|target| match target.host.parse::<Ipv6Addr>() {
            Ok(address) if address.to_ipv4_mapped().is_none() && is_direct(&target) => {
                Err(Error::new(ErrorKind::Connect, "IPv6 is not dialled"))
            }
            _ => Ok(target),
        });

    one_family_alone_is_dialled fails
        a_dead_address_next_to_a_living_one_does_no_harm
        // Leaves the other family to be dialled, too.
        an_address_that_the_filter_refuses_is_not_dialled_beside_one_it_allows:
        resolving(|mut found| {
            found.retain(SocketAddr::is_ipv4);
            found
        });

    a_dead_port_is_told_as_a_name_that_is_none fails
        a_port_that_nobody_listens_on_is_an_error_of_connecting
        // Which of a name's addresses answers decides there, too, and none does.
        an_address_that_the_filter_refuses_is_not_dialled_beside_one_it_allows:
        telling(|target, error| match error.kind() {
            ErrorKind::Connect if is_direct(target) && is_plain(target) => {
                Error::new(ErrorKind::Resolve, "nobody is there")
            }
            _ => error,
        });

    a_name_that_is_none_is_told_as_a_dead_port fails
        a_name_that_is_none_is_an_error_of_resolving:
        telling(|target, error| match error.kind() {
            ErrorKind::Resolve if target.host.ends_with(".invalid") => {
                Error::new(ErrorKind::Connect, "nobody is there")
            }
            _ => error,
        });

    the_filter_is_ignored fails
        the_egress_filter_refuses_an_address
        the_egress_filter_refuses_what_a_name_resolves_to
        the_egress_filter_sees_through_other_spellings
        the_address_that_is_dialled_is_one_that_the_filter_let_pass
        an_address_that_the_filter_refuses_is_not_dialled_beside_one_it_allows:
        changing(|target| match is_direct(&target) {
            true => Ok(target.egress(Egress::any())),
            false => Ok(target),
        });

    the_filter_is_asked_about_addresses_alone fails
        the_egress_filter_refuses_what_a_name_resolves_to
        the_address_that_is_dialled_is_one_that_the_filter_let_pass
        an_address_that_the_filter_refuses_is_not_dialled_beside_one_it_allows
        // Spelt otherwise, an address is a name.
        the_egress_filter_sees_through_other_spellings:
        changing(|target| match target.host.parse::<IpAddr>() {
            Err(_) if is_direct(&target) => Ok(target.egress(Egress::any())),
            _ => Ok(target),
        });

    the_filter_is_asked_about_names_alone fails
        the_egress_filter_refuses_an_address
        the_address_that_is_dialled_is_one_that_the_filter_let_pass
        the_egress_filter_sees_through_other_spellings:
        changing(|target| match target.host.parse::<IpAddr>() {
            Ok(_) if is_direct(&target) => Ok(target.egress(Egress::any())),
            _ => Ok(target),
        });

    the_filter_is_not_asked_about_mapped_addresses fails
        the_egress_filter_sees_through_other_spellings:
        changing(|target| match target.host.parse::<Ipv6Addr>() {
            Ok(address) if address.to_ipv4_mapped().is_some() && is_direct(&target) => {
                Ok(target.egress(Egress::any()))
            }
            _ => Ok(target),
        });

    the_filter_is_asked_about_another_address_than_is_dialled fails
        the_address_that_is_dialled_is_one_that_the_filter_let_pass:
        filtering(|asked, address| {
            let other = |address: IpAddr| match address {
                IpAddr::V4(address) if address.is_loopback() => [127, 0, 0, 2].into(),
                other => other,
            };
            asked.allows(other(address))
        });

    the_filter_is_asked_when_all_is_dialled fails
        the_egress_filter_refuses_an_address
        the_egress_filter_refuses_what_a_name_resolves_to
        the_egress_filter_sees_through_other_spellings
        an_address_that_the_filter_refuses_is_not_dialled_beside_one_it_allows:
        twisted(AsksLate);

    the_filter_is_asked_about_the_first_address_alone fails
        an_address_that_the_filter_refuses_is_not_dialled_beside_one_it_allows:
        // `::1` comes first, where there are both.
        filtering(|asked, address| asked.allows(Ipv6Addr::LOCALHOST.into()) || asked.allows(address));
}

pub fn is_direct(target: &Target) -> bool {
    target.proxy.is_none()
}

pub fn is_plain(target: &Target) -> bool {
    target.security == push_core::Security::Plain
}

/// Connects to another target than it is given.
pub fn changing(change: impl Fn(Target) -> Result<Target> + Send + Sync + 'static) -> Environment {
    twisted(Changing(change))
}

struct Changing<F>(F);

#[async_trait]
impl<F: Fn(Target) -> Result<Target> + Send + Sync + 'static> Twist for Changing<F> {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let target = (self.0)(target.clone())?;
        inner.connect(&target, certificate).await
    }
}

/// Asks something else of the filter of a target than whether an address may be dialled.
fn filtering(
    allows: impl Fn(&Egress, IpAddr) -> bool + Send + Sync + Copy + 'static,
) -> Environment {
    changing(move |target| {
        if !is_direct(&target) {
            return Ok(target);
        }
        let asked = target.egress.clone();
        let filter = move |address| allows(&asked, address);
        Ok(target.egress(Egress::filter(filter)))
    })
}

/// Tells another error than it got.
pub fn telling(tell: impl Fn(&Target, Error) -> Error + Send + Sync + 'static) -> Environment {
    twisted(Telling(tell))
}

struct Telling<F>(F);

#[async_trait]
impl<F: Fn(&Target, Error) -> Error + Send + Sync + 'static> Twist for Telling<F> {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        let outcome = inner.connect(target, certificate).await;
        outcome.map_err(|error| (self.0)(target, error))
    }
}

struct AsksLate;

#[async_trait]
impl Twist for AsksLate {
    async fn connect(
        &self,
        inner: &Shared,
        target: &Target,
        certificate: Option<&dyn Certificate>,
    ) -> Result<Box<dyn Connection>> {
        if !is_direct(target) {
            return inner.connect(target, certificate).await;
        }
        let dialled = target.clone().egress(Egress::any());
        let connection = inner.connect(&dialled, certificate).await?;
        let address = connection.peer_addr().unwrap().ip();
        if target.egress.allows(address) {
            Ok(connection)
        } else {
            Err(Error::new(ErrorKind::Egress, "too late"))
        }
    }
}

/// Changes what a name resolves to.
fn resolving(
    change: impl Fn(Vec<SocketAddr>) -> Vec<SocketAddr> + Send + Sync + 'static,
) -> Environment {
    on_tcp(change, |stream| stream)
}

/// Changes resolving, and the connections of TCP, below proxies and TLS.
pub fn on_tcp(
    change: impl Fn(Vec<SocketAddr>) -> Vec<SocketAddr> + Send + Sync + 'static,
    bend: impl Fn(Box<dyn Connection>) -> Box<dyn Connection> + Send + Sync + 'static,
) -> Environment {
    environment(|inner| {
        let below = Below {
            inner,
            change: Box::new(change),
            bend: Box::new(bend),
        };
        Compose::new(below, Rustls::new())
    })
}

struct Below {
    inner: TokioRuntime,
    change: Box<Change<Vec<SocketAddr>>>,
    bend: Box<Change<Box<dyn Connection>>>,
}

type Change<T> = dyn Fn(T) -> T + Send + Sync;

impl std::fmt::Debug for Below {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.write_str("Below")
    }
}

#[async_trait]
impl Runtime for Below {
    async fn resolve(&self, host: &str, port: u16) -> std::io::Result<Vec<SocketAddr>> {
        Ok((self.change)(self.inner.resolve(host, port).await?))
    }

    async fn connect_tcp(&self, address: SocketAddr) -> std::io::Result<Box<dyn Connection>> {
        Ok((self.bend)(self.inner.connect_tcp(address).await?))
    }

    fn spawn(&self, task: BoxFuture<'static, ()>) {
        self.inner.spawn(task);
    }

    fn sleep_until(&self, deadline: Instant) -> BoxFuture<'static, ()> {
        self.inner.sleep_until(deadline)
    }

    fn create_lock(&self) -> Arc<dyn Lock> {
        self.inner.create_lock()
    }
}
