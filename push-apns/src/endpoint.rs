use std::fmt;
use std::str::FromStr;

use push_core::{Error, ErrorKind};

/// Which server to send to.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum Endpoint {
    /// `api.push.apple.com`, for apps from the App Store, TestFlight and enterprise distribution.
    /// The default.
    #[default]
    Production,
    /// `api.sandbox.push.apple.com`, for apps that Xcode installed.
    Sandbox,
    /// Any other server, by host and port: that of the provider API, and the binary gateway or the
    /// feedback service where the endpoint is given to these.
    Custom {
        /// A name or an address, without brackets.
        host: String,
        /// The TCP port.
        port: u16,
    },
}

impl Endpoint {
    /// Any server by host and port.
    pub fn new(host: impl Into<String>, port: u16) -> Self {
        Self::Custom {
            host: host.into(),
            port,
        }
    }

    /// The server's name or address.
    pub fn host(&self) -> &str {
        match self {
            Self::Production => "api.push.apple.com",
            Self::Sandbox => "api.sandbox.push.apple.com",
            Self::Custom { host, .. } => host,
        }
    }

    /// The server's port; Apple's servers listen on 443, and on 2197 for those whom a firewall
    /// lets through only there.
    pub fn port(&self) -> u16 {
        match self {
            Self::Production | Self::Sandbox => 443,
            Self::Custom { port, .. } => *port,
        }
    }

    /// The name or address of the binary gateway, which Apple switched off in 2021.
    pub fn gateway_host(&self) -> &str {
        match self {
            Self::Production => "gateway.push.apple.com",
            Self::Sandbox => "gateway.sandbox.push.apple.com",
            Self::Custom { host, .. } => host,
        }
    }

    /// The port of the binary gateway: 2195.
    pub fn gateway_port(&self) -> u16 {
        match self {
            Self::Production | Self::Sandbox => 2195,
            Self::Custom { port, .. } => *port,
        }
    }

    /// The name or address of the feedback service, which Apple switched off in 2021.
    pub fn feedback_host(&self) -> &str {
        match self {
            Self::Production => "feedback.push.apple.com",
            Self::Sandbox => "feedback.sandbox.push.apple.com",
            Self::Custom { host, .. } => host,
        }
    }

    /// The port of the feedback service: 2196.
    pub fn feedback_port(&self) -> u16 {
        match self {
            Self::Production | Self::Sandbox => 2196,
            Self::Custom { port, .. } => *port,
        }
    }

    /// The name or address of the server that looks after channels.
    ///
    /// Source: Apple, "Sending channel management requests to APNs".
    pub fn channels_host(&self) -> &str {
        match self {
            Self::Production => "api-manage-broadcast.push.apple.com",
            Self::Sandbox => "api-manage-broadcast.sandbox.push.apple.com",
            Self::Custom { host, .. } => host,
        }
    }

    /// The port of the server that looks after channels.
    pub fn channels_port(&self) -> u16 {
        match self {
            Self::Production => 2196,
            Self::Sandbox => 2195,
            Self::Custom { port, .. } => *port,
        }
    }
}

/// `production`, `sandbox`, `HOST`, `HOST:PORT` or `[IPV6]:PORT`.
impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self, Error> {
        match text {
            "production" => return Ok(Self::Production),
            "sandbox" => return Ok(Self::Sandbox),
            _ => {}
        }
        let invalid = || {
            let message = format!(
                "not an endpoint: {text:?}; expected production, sandbox, HOST or HOST:PORT, an IPv6 \
                 address in brackets"
            );
            Error::new(ErrorKind::Config, message)
        };
        let authority: http::uri::Authority = text.parse().map_err(|_| invalid())?;
        let port = match authority.port() {
            Some(port) => port.as_str().parse().map_err(|_| invalid())?,
            None if authority.host().len() == text.len() => 443,
            None => return Err(invalid()),
        };
        let bare_ipv6 = authority.host().matches(':').count() > 0 && !text.starts_with('[');
        if text.contains('@') || authority.host().is_empty() || bare_ipv6 {
            return Err(invalid());
        }
        // A word of its own is a slip of the pen rather than a host.
        let is_word = text.bytes().all(|byte| byte.is_ascii_alphanumeric());
        if is_word && !text.eq_ignore_ascii_case("localhost") {
            return Err(invalid());
        }
        let host = authority.host().trim_matches(['[', ']']);
        Ok(Self::new(host, port))
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Production => f.write_str("production"),
            Self::Sandbox => f.write_str("sandbox"),
            Self::Custom { host, port } if host.contains(':') => write!(f, "[{host}]:{port}"),
            Self::Custom { host, port } => write!(f, "{host}:{port}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_service_has_its_host_and_port() {
        let services = |endpoint: &Endpoint| {
            format!(
                "{}:{} {}:{} {}:{}",
                endpoint.host(),
                endpoint.port(),
                endpoint.gateway_host(),
                endpoint.gateway_port(),
                endpoint.feedback_host(),
                endpoint.feedback_port(),
            )
        };
        assert_eq!(
            services(&Endpoint::Production),
            "api.push.apple.com:443 gateway.push.apple.com:2195 feedback.push.apple.com:2196"
        );
        assert_eq!(
            services(&Endpoint::Sandbox),
            "api.sandbox.push.apple.com:443 gateway.sandbox.push.apple.com:2195 \
             feedback.sandbox.push.apple.com:2196"
        );
        assert_eq!(
            services(&Endpoint::new("push.test", 1)),
            "push.test:1 push.test:1 push.test:1"
        );
    }

    #[test]
    fn endpoints_are_read_and_shown_alike() {
        for text in [
            "production",
            "sandbox",
            "localhost:8443",
            "127.0.0.1:1",
            "[::1]:2197",
        ] {
            assert_eq!(text.parse::<Endpoint>().unwrap().to_string(), text);
        }
        assert_eq!("push.test".parse::<Endpoint>().unwrap().port(), 443);
        for text in [
            "",
            "host:",
            "host:99999",
            "a b:1",
            "me@host:1",
            "https://host:1",
            "::1",
        ] {
            assert!(text.parse::<Endpoint>().is_err(), "{text}");
        }
    }
}
