//! The ways to the service, with the credentials that are in force.

use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::{Arc, OnceLock};

use http::uri::Authority;
use push_core::http::{Destination, Http2};
use push_core::{Certificate, CertificateInfo, Session, Target};

use crate::{Error, ProviderToken, validity};

/// What a request is about: each may have a server of its own.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Way {
    /// Pushes to devices.
    Devices,
    /// Pushes to channels.
    Broadcasts,
    /// The channels themselves.
    Channels,
}

/// A server, and what it is called in requests.
#[derive(Clone, Debug)]
pub(super) struct Place {
    pub(super) target: Target,
    pub(super) authority: Authority,
}

/// The servers; `None`: that of the devices.
#[derive(Debug)]
pub(super) struct Places {
    pub(super) devices: Place,
    pub(super) broadcasts: Option<Place>,
    pub(super) channels: Option<Place>,
}

impl Places {
    /// The server of a way.
    pub(super) fn of(&self, way: Way) -> &Place {
        self.own(way).unwrap_or(&self.devices)
    }

    /// The server that a way does not share with the devices.
    fn own(&self, way: Way) -> Option<&Place> {
        match way {
            Way::Devices => None,
            Way::Broadcasts => self.broadcasts.as_ref(),
            Way::Channels => self.channels.as_ref(),
        }
    }
}

/// Who the client is to the service.
#[derive(Clone, Debug)]
pub(crate) enum Credentials {
    Token(ProviderToken),
    Certificate(Arc<dyn Certificate>),
}

impl Credentials {
    fn destination(&self, target: Target) -> Destination {
        let destination = Destination::new(target);
        match self {
            Self::Token(token) => destination.authorize(token.scope(), Arc::new(token.clone())),
            Self::Certificate(certificate) => destination.certificate(certificate.clone()),
        }
    }
}

/// The ways to the service, with the credentials that are in force.
pub(super) struct Access {
    /// To the devices; in constant use, and so made at once.
    pub(super) http2: Http2,
    pub(super) certificate: Option<CertificateInfo>,
    credentials: Credentials,
    broadcasts: OnceLock<Http2>,
    channels: OnceLock<Http2>,
    retired: AtomicBool,
}

impl Access {
    /// # Errors
    /// [`ErrorKind::Identity`] for a certificate that has expired, [`ErrorKind::Closed`] after a
    /// shutdown.
    pub(super) fn new(
        session: &Session,
        places: &Places,
        credentials: Credentials,
    ) -> Result<Self, Error> {
        let certificate = match &credentials {
            Credentials::Token(_) => None,
            Credentials::Certificate(certificate) => {
                let info = CertificateInfo::of(certificate.as_ref())?;
                validity::check(&info, session)?;
                Some(info)
            }
        };
        let destination = credentials.destination(places.devices.target.clone());
        Ok(Self {
            http2: session.http2(destination)?,
            certificate,
            credentials,
            broadcasts: OnceLock::new(),
            channels: OnceLock::new(),
            retired: AtomicBool::new(false),
        })
    }

    /// The way to a server; made when it is first gone, since few clients go all of them.
    ///
    /// # Errors
    /// [`ErrorKind::Closed`] after a shutdown.
    pub(super) fn way(
        &self,
        session: &Session,
        places: &Places,
        way: Way,
    ) -> push_core::Result<&Http2> {
        let made = match way {
            Way::Devices => return Ok(&self.http2),
            Way::Broadcasts => &self.broadcasts,
            Way::Channels => &self.channels,
        };
        if let Some(http2) = made.get() {
            return Ok(http2);
        }
        let Some(place) = places.own(way) else {
            return Ok(&self.http2);
        };
        let fresh = session.http2(self.credentials.destination(place.target.clone()))?;
        let http2 = made.get_or_init(|| fresh);
        // Either this sees that the credentials were replaced meanwhile, or `retire` sees the way.
        if self.retired.load(Ordering::SeqCst) {
            http2.retire();
        }
        Ok(http2)
    }

    /// Ends all ways: other credentials are in force.
    pub(super) fn retire(&self) {
        self.retired.store(true, Ordering::SeqCst);
        self.http2.retire();
        for http2 in [self.broadcasts.get(), self.channels.get()] {
            http2.into_iter().for_each(Http2::retire);
        }
    }
}
