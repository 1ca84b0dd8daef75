use std::io::{self, Read};

/// What a client offers in the first message of a TLS handshake (RFC 8446, section 4.1.2).
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ClientHello {
    /// The name of the server, as sent; `None` when no name was sent.
    pub server_name: Option<String>,
    /// The protocols of ALPN, in the client's order; `None` when the extension was not sent.
    pub alpn: Option<Vec<Vec<u8>>>,
    /// The newest version of TLS on offer: `0x0303` is 1.2, `0x0304` is 1.3.
    pub version: u16,
}

const HANDSHAKE: u8 = 22;
const CLIENT_HELLO: u8 = 1;
/// More than any client says first.
const MAX_BYTES: usize = 64 * 1024;

impl ClientHello {
    /// Reads it off a stream, and everything that was read: for those who look first and answer
    /// then. `None` when the client does not begin with one.
    ///
    /// # Errors
    /// What reading says; the stream ended.
    pub fn read(stream: &mut impl Read) -> io::Result<(Option<Self>, Vec<u8>)> {
        let (mut raw, mut message) = (Vec::new(), Vec::new());
        loop {
            let mut head = [0; 5];
            stream.read_exact(&mut head)?;
            raw.extend(head);
            let [kind, _, _, high, low] = head;
            if kind != HANDSHAKE {
                return Ok((None, raw));
            }
            let mut record = vec![0; usize::from(u16::from_be_bytes([high, low]))];
            stream.read_exact(&mut record)?;
            raw.extend(&record);
            message.extend(record);
            match message.as_slice() {
                [CLIENT_HELLO, a, b, c, body @ ..] => {
                    let size = u32::from_be_bytes([0, *a, *b, *c]) as usize;
                    if let Some(body) = body.get(..size) {
                        return Ok((Self::parse(body), raw));
                    }
                }
                [] | [CLIENT_HELLO, ..] => {}
                _ => return Ok((None, raw)),
            }
            if raw.len() > MAX_BYTES {
                return Ok((None, raw));
            }
        }
    }

    fn parse(body: &[u8]) -> Option<Self> {
        let (version, rest) = take_u16(body)?;
        let (_random, rest) = rest.split_at_checked(32)?;
        let (_session, rest) = take_short(rest)?;
        let (_ciphers, rest) = take_long(rest)?;
        let (_compressions, rest) = take_short(rest)?;
        let mut hello = Self {
            version,
            ..Self::default()
        };
        let mut extensions = take_long(rest).map_or(&[][..], |(extensions, _)| extensions);
        while !extensions.is_empty() {
            let (kind, rest) = take_u16(extensions)?;
            let (content, rest) = take_long(rest)?;
            hello.take_extension(kind, content)?;
            extensions = rest;
        }
        Some(hello)
    }

    fn take_extension(&mut self, kind: u16, content: &[u8]) -> Option<()> {
        match kind {
            // server_name, RFC 6066: a list of (type, name), of which there is one.
            0 => {
                let (list, _) = take_long(content)?;
                let (name, _) = take_long(list.get(1..)?)?;
                self.server_name = Some(String::from_utf8_lossy(name).into_owned());
            }
            // application_layer_protocol_negotiation, RFC 7301.
            16 => {
                let (mut list, _) = take_long(content)?;
                let mut protocols = Vec::new();
                while !list.is_empty() {
                    let (protocol, rest) = take_short(list)?;
                    protocols.push(protocol.to_vec());
                    list = rest;
                }
                self.alpn = Some(protocols);
            }
            // supported_versions, RFC 8446; values such as 0x3a3a are grease, RFC 8701.
            43 => {
                let (list, _) = take_short(content)?;
                let versions = list.chunks_exact(2).map(|pair| [pair[0], pair[1]]);
                let newest = versions.map(u16::from_be_bytes).filter(|v| v >> 8 == 3);
                self.version = newest.max()?;
            }
            _ => {}
        }
        Some(())
    }
}

fn take_u16(bytes: &[u8]) -> Option<(u16, &[u8])> {
    let (head, rest) = bytes.split_first_chunk::<2>()?;
    Some((u16::from_be_bytes(*head), rest))
}

/// Something with its length in two bytes before it.
fn take_long(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = take_u16(bytes)?;
    rest.split_at_checked(usize::from(size))
}

/// Something with its length in one byte before it.
fn take_short(bytes: &[u8]) -> Option<(&[u8], &[u8])> {
    let (size, rest) = bytes.split_first()?;
    rest.split_at_checked(usize::from(*size))
}

#[cfg(test)]
mod tests {
    use std::sync::Arc;

    use rustls::pki_types::ServerName;
    use rustls::{ClientConfig, ClientConnection, RootCertStore};

    use super::*;

    fn bytes(name: &str, alpn: &[&str]) -> Vec<u8> {
        let provider = Arc::new(rustls::crypto::aws_lc_rs::default_provider());
        let mut config = ClientConfig::builder_with_provider(provider)
            .with_safe_default_protocol_versions()
            .expect("versions")
            .with_root_certificates(RootCertStore::empty())
            .with_no_client_auth();
        config.alpn_protocols = alpn.iter().map(|name| name.as_bytes().to_vec()).collect();
        let name = ServerName::try_from(name.to_owned()).expect("a name");
        let mut client = ClientConnection::new(Arc::new(config), name).expect("a client");
        let mut bytes = Vec::new();
        client.write_tls(&mut bytes).expect("memory takes all");
        bytes
    }

    #[test]
    fn name_protocols_and_version_are_read() {
        let sent = bytes("push.test", &["h2", "http/1.1"]);
        let (hello, raw) = ClientHello::read(&mut sent.as_slice()).expect("it is whole");
        let hello = hello.expect("a ClientHello");
        assert_eq!(raw, sent);
        assert_eq!(hello.server_name.as_deref(), Some("push.test"));
        assert_eq!(hello.alpn, Some(vec![b"h2".to_vec(), b"http/1.1".to_vec()]));
        assert_eq!(hello.version, 0x0304);
    }

    #[test]
    fn an_address_and_no_protocols_are_told_from_empty_ones() {
        let sent = bytes("127.0.0.1", &[]);
        let (hello, _) = ClientHello::read(&mut sent.as_slice()).expect("it is whole");
        let hello = hello.expect("a ClientHello");
        assert_eq!((hello.server_name, hello.alpn), (None, None));
    }

    #[test]
    fn no_beginning_of_one_is_taken_for_the_whole() {
        let sent = bytes("push.test", &["h2"]);
        for end in 0..sent.len() {
            assert!(ClientHello::read(&mut &sent[..end]).is_err(), "{end}");
        }
        let other = ClientHello::read(&mut &b"GET / HTTP/1.1\r\n"[..]).expect("read");
        assert_eq!(other, (None, b"GET /".to_vec()));
    }
}
