//! Handshakes that fail.

#![allow(clippy::unwrap_used)]

use std::io;
use std::net::SocketAddr;
use std::pin::Pin;
use std::task::{Context, Poll};

use futures_util::FutureExt;
use push_core::{AsyncRead, AsyncWrite, Connection, ErrorKind, Roots, Target, Tls};
use tls_rustls::Rustls;

/// A peer that has sent an alert and gone: what it sent can be read, and nothing can be written.
#[derive(Debug)]
struct Gone {
    sent: &'static [u8],
}

impl Connection for Gone {
    fn alpn(&self) -> Option<&[u8]> {
        None
    }

    fn peer_addr(&self) -> Option<SocketAddr> {
        None
    }
}

impl AsyncRead for Gone {
    fn poll_read(
        mut self: Pin<&mut Self>,
        _: &mut Context<'_>,
        buf: &mut [u8],
    ) -> Poll<io::Result<usize>> {
        let (now, later) = self.sent.split_at(self.sent.len().min(buf.len()));
        buf[..now.len()].copy_from_slice(now);
        self.sent = later;
        Poll::Ready(Ok(now.len()))
    }
}

impl AsyncWrite for Gone {
    fn poll_write(self: Pin<&mut Self>, _: &mut Context<'_>, _: &[u8]) -> Poll<io::Result<usize>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_flush(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Err(io::ErrorKind::BrokenPipe.into()))
    }

    fn poll_close(self: Pin<&mut Self>, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }
}

/// The error of a handshake with a peer that has sent this and gone.
fn failure(sent: &'static [u8]) -> push_core::Error {
    let root = rcgen::generate_simple_self_signed(["localhost".to_owned()]).unwrap();
    let roots = Roots::from_pem(root.cert.pem()).unwrap();
    let target = Target::tls("localhost", 443).roots(roots);
    let rustls = Rustls::new();
    let handshake = rustls.handshake(Box::new(Gone { sent }), &target, None);
    handshake.now_or_never().unwrap().unwrap_err()
}

#[test]
fn an_alert_is_heard_though_nothing_can_be_written_any_more() {
    for (alert, kind, words) in [
        (
            &[21, 3, 3, 0, 2, 2, 48][..],
            ErrorKind::Tls,
            "refused the client certificate",
        ),
        (
            &[21, 3, 3, 0, 2, 2, 40],
            ErrorKind::Tls,
            "asks for a client certificate",
        ),
        (&[21, 3, 3, 0, 2, 2, 70], ErrorKind::Tls, "TLS 1.2 nor 1.3"),
        (&[21, 3, 3, 0, 2, 2, 120], ErrorKind::Protocol, "none of"),
        (&[], ErrorKind::Connect, "failed"),
    ] {
        let error = failure(alert);
        assert_eq!(error.kind(), kind, "{alert:?}: {}", error.report());
        assert!(error.to_string().contains(words), "{}", error.report());
    }
}
