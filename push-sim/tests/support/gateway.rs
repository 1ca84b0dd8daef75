//! A provider that writes the frames of the binary gateway.

use std::io::ErrorKind;

use push_sim::{Action, Fault, Issued, Service, ServiceStats, Sim};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::raw::PATIENCE;
use super::{Failure, tls_to};

/// A good one.
pub(crate) const PAYLOAD: &[u8] = br#"{"aps":{"alert":"hi"}}"#;

/// A good token of 32 bytes.
pub(crate) fn token(number: u32) -> Vec<u8> {
    [&[0xf0; 28][..], &number.to_be_bytes()].concat()
}

pub(crate) fn hex(octets: &[u8]) -> String {
    octets.iter().map(|octet| format!("{octet:02x}")).collect()
}

/// Command 0.
pub(crate) fn simple(token: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![0];
    frame.extend((token.len() as u16).to_be_bytes());
    frame.extend(token);
    frame.extend((payload.len() as u16).to_be_bytes());
    frame.extend(payload);
    frame
}

/// Command 1.
pub(crate) fn enhanced(identifier: u32, token: &[u8], payload: &[u8]) -> Vec<u8> {
    let mut frame = vec![1];
    frame.extend(identifier.to_be_bytes());
    frame.extend(1_700_000_000_u32.to_be_bytes());
    frame.extend(&simple(token, payload)[1..]);
    frame
}

/// Command 2, of these items.
pub(crate) fn items(items: &[(u8, &[u8])]) -> Vec<u8> {
    let mut octets = Vec::new();
    for (number, data) in items {
        octets.push(*number);
        octets.extend((data.len() as u16).to_be_bytes());
        octets.extend(*data);
    }
    let mut frame = vec![2];
    frame.extend((octets.len() as u32).to_be_bytes());
    frame.extend(octets);
    frame
}

/// A good one of command 2, with all that it can say.
pub(crate) fn frame(identifier: u32, token: &[u8]) -> Vec<u8> {
    items(&[
        (1, token),
        (2, PAYLOAD),
        (3, &identifier.to_be_bytes()),
        (4, &0_u32.to_be_bytes()),
        (5, &[10]),
    ])
}

/// A connection of a provider.
pub(crate) struct Provider {
    pub(crate) stream: TlsStream<TcpStream>,
}

impl Provider {
    pub(crate) async fn connect(sim: &Sim) -> Result<Self, Failure> {
        Self::with(sim, None).await
    }

    pub(crate) async fn with(sim: &Sim, identity: Option<&Issued>) -> Result<Self, Failure> {
        let address = sim.apns_gateway_addr().expect("the service runs");
        let stream = tls_to(sim, address, &[], identity).await?;
        Ok(Self { stream })
    }

    pub(crate) async fn write(&mut self, octets: &[u8]) -> Result<(), Failure> {
        self.stream.write_all(octets).await?;
        Ok(self.stream.flush().await?)
    }

    /// A good notification.
    pub(crate) async fn push(&mut self, identifier: u32, token: &[u8]) -> Result<(), Failure> {
        self.write(&frame(identifier, token)).await
    }

    /// Numbers from this one on, so many, in one write.
    pub(crate) async fn push_many(&mut self, first: u32, count: u32) -> Result<(), Failure> {
        let numbers = first..first + count;
        let octets: Vec<u8> = numbers.flat_map(|id| frame(id, &token(id))).collect();
        self.write(&octets).await
    }

    /// One without a token, which is refused when all before it was looked at.
    pub(crate) async fn probe(&mut self, identifier: u32) -> Result<(), Failure> {
        self.push(identifier, b"").await
    }

    /// What comes until the connection ends by close_notify.
    pub(crate) async fn rest(&mut self) -> Result<Vec<u8>, Failure> {
        let (octets, ended) = self.end().await?;
        match ended {
            None => Ok(octets),
            Some(kind) => Err(format!("{octets:?}, then {kind}").into()),
        }
    }

    /// What comes until the connection ends, and the error with which it does.
    pub(crate) async fn end(&mut self) -> Result<(Vec<u8>, Option<ErrorKind>), Failure> {
        let mut octets = Vec::new();
        loop {
            match timeout(PATIENCE, self.stream.read_buf(&mut octets)).await? {
                Ok(0) => return Ok((octets, None)),
                Ok(_) => {}
                Err(error) => return Ok((octets, Some(error.kind()))),
            }
        }
    }
}

/// The lengths of what comes in each record of TLS 1.3 until the connection ends.
pub(crate) async fn records(stream: &mut TlsStream<TcpStream>) -> Result<Vec<usize>, Failure> {
    let mut octets = Vec::new();
    let tcp = stream.get_mut().0;
    timeout(PATIENCE, tcp.read_to_end(&mut octets)).await??;
    let mut lengths = Vec::new();
    let mut rest = octets.as_slice();
    while let [_, _, _, high, low, behind @ ..] = rest {
        let length = usize::from(u16::from_be_bytes([*high, *low]));
        // Behind it stand the type of the record and a tag of 16 bytes.
        lengths.push(length - 17);
        rest = &behind[length..];
    }
    Ok(lengths)
}

/// Arms a fault for everything that it can befall.
pub(crate) fn arm(sim: &Sim, action: Action) -> Result<(), Failure> {
    Ok(sim.fault(Fault::new(Service::ApnsGateway, action))?)
}

pub(crate) fn stats(sim: &Sim) -> ServiceStats {
    sim.stats()[&Service::ApnsGateway].clone()
}

/// Waits until the counters are as they should be.
pub(crate) async fn until(sim: &Sim, holds: impl Fn(&ServiceStats) -> bool) {
    let waiting = async {
        while !holds(&stats(sim)) {
            tokio::time::sleep(std::time::Duration::from_millis(1)).await;
        }
    };
    let in_time = timeout(PATIENCE, waiting).await;
    assert!(in_time.is_ok(), "{:?}", stats(sim));
}
