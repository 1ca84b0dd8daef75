use std::fmt;
use std::sync::Arc;

use crate::{Egress, Error, ErrorKind, Proxy, Result, Roots};

/// Where to connect to, and how: everything that decides a dial.
#[derive(Clone)]
#[non_exhaustive]
pub struct Target {
    /// A name or an address, without brackets.
    pub host: Arc<str>,
    /// The TCP port.
    pub port: u16,
    /// Encryption.
    pub security: Security,
    /// Which of the host's addresses may be dialled.
    pub egress: Egress,
    /// The proxy to go through; `None`: straight to the host.
    pub proxy: Option<Proxy>,
}

/// How a connection is secured.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Security {
    /// TLS 1.2 or later; the server's certificate is always verified.
    #[non_exhaustive]
    Tls {
        /// The protocols to offer, the preferred one first; none: the extension is not sent.
        alpn: Vec<Vec<u8>>,
        /// Who must have issued the server's certificate.
        roots: Roots,
        /// The name that the server's certificate must carry; `None`: the host.
        server_name: Option<String>,
    },
    /// No encryption: for servers on this machine.
    Plain,
}

impl Target {
    /// A server behind TLS: the system's roots, no ALPN, any address.
    pub fn tls(host: impl Into<Arc<str>>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            security: Security::Tls {
                alpn: Vec::new(),
                roots: Roots::system(),
                server_name: None,
            },
            egress: Egress::any(),
            proxy: None,
        }
    }

    /// A server without encryption.
    pub fn plain(host: impl Into<Arc<str>>, port: u16) -> Self {
        Self {
            host: host.into(),
            port,
            security: Security::Plain,
            egress: Egress::any(),
            proxy: None,
        }
    }

    /// Whether it can be put on the wire: protocols have names of 1 to 255 bytes, and all of them
    /// fit into one extension (RFC 7301, section 3.1).
    pub(crate) fn check(&self) -> Result<()> {
        let Security::Tls { alpn, .. } = &self.security else {
            return Ok(());
        };
        if let Some(name) = alpn.iter().find(|name| !(1..=255).contains(&name.len())) {
            let message = format!(
                "the name of a protocol to offer by ALPN has 1 to 255 bytes, and not {}",
                name.len()
            );
            return Err(Error::new(ErrorKind::Config, message));
        }
        let length: usize = alpn.iter().map(|name| name.len() + 1).sum();
        if length > 16 * 1024 {
            let message =
                format!("the protocols to offer by ALPN are {length} bytes, too long a list");
            return Err(Error::new(ErrorKind::Config, message));
        }
        Ok(())
    }

    /// The protocols to offer by ALPN (RFC 7301), the preferred one first. Nothing on a plain
    /// target.
    #[must_use]
    pub fn alpn<P: Into<Vec<u8>>>(mut self, protocols: impl IntoIterator<Item = P>) -> Self {
        if let Security::Tls { alpn, .. } = &mut self.security {
            *alpn = protocols.into_iter().map(Into::into).collect();
        }
        self
    }

    /// Whether the peer may choose between protocols.
    #[cfg(feature = "http2")]
    pub(crate) fn offers_a_choice(&self) -> bool {
        matches!(&self.security, Security::Tls { alpn, .. } if alpn.len() > 1)
    }

    /// The roots to trust instead of the system's. Nothing on a plain target.
    #[must_use]
    pub fn roots(mut self, trusted: Roots) -> Self {
        if let Security::Tls { roots, .. } = &mut self.security {
            *roots = trusted;
        }
        self
    }

    /// The name that the server's certificate must carry instead of the host. Nothing on a plain
    /// target.
    #[must_use]
    pub fn server_name(mut self, name: impl Into<String>) -> Self {
        if let Security::Tls { server_name, .. } = &mut self.security {
            *server_name = Some(name.into());
        }
        self
    }

    /// The filter over the addresses.
    #[must_use]
    pub fn egress(mut self, egress: Egress) -> Self {
        self.egress = egress;
        self
    }

    /// The proxy to go through.
    #[must_use]
    pub fn proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = Some(proxy);
        self
    }

    /// Host and port as in a URL: an IPv6 address in brackets, the port always there.
    pub fn authority(&self) -> String {
        if self.host.contains(':') {
            format!("[{}]:{}", self.host, self.port)
        } else {
            format!("{}:{}", self.host, self.port)
        }
    }
}

impl fmt::Display for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.authority())
    }
}

impl fmt::Debug for Target {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Target")
            .field("authority", &self.authority())
            .field("security", &self.security)
            .field("egress", &self.egress)
            .field("proxy", &self.proxy)
            .finish()
    }
}
