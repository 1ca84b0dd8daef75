use std::fmt;
use std::io::{self, Read, Write};
use std::net::{SocketAddr, TcpStream};
use std::sync::Arc;

use rustls::ServerConnection;
use socket2::SockRef;

use super::ClientHello;
use super::socket::Socket;
use super::state::State;
use super::tls::write_all;

/// One connection as the peer's script sees it: bytes in and out, through TLS where there is TLS, and
/// every way to end it.
///
/// A script that returns `Ok` says farewell as it should (close_notify, FIN); one that returns an
/// error only ends its half. Either way the peer then waits for the client to close, so that
/// [`Peer::open`](super::Peer::open) counts the sockets that clients hold.
pub struct Stream {
    socket: Socket,
    tls: Option<Box<ServerConnection>>,
    state: Arc<State>,
    number: usize,
    holds: usize,
    finished: bool,
}

impl Stream {
    pub(super) fn new(tcp: Arc<TcpStream>, state: Arc<State>, number: usize) -> Self {
        Self {
            socket: Socket::new(tcp),
            tls: None,
            state,
            number,
            holds: 0,
            finished: false,
        }
    }

    /// Which connection of the peer this is, from 0.
    pub fn number(&self) -> usize {
        self.number
    }

    /// Reads exactly so many bytes.
    ///
    /// # Errors
    /// What reading says; the stream ended before.
    pub fn read_exactly(&mut self, count: usize) -> io::Result<Vec<u8>> {
        let mut bytes = vec![0; count];
        self.read_exact(&mut bytes)?;
        Ok(bytes)
    }

    /// Reads to the end and forgets what it read; the number of bytes.
    ///
    /// # Errors
    /// What reading says; under TLS an end without farewell is
    /// [`UnexpectedEof`](io::ErrorKind::UnexpectedEof).
    pub fn drain(&mut self) -> io::Result<u64> {
        io::copy(self, &mut io::sink())
    }

    /// Writes one byte at a time: a TLS record, or a segment, for each.
    ///
    /// # Errors
    /// What writing says.
    pub fn write_each_byte(&mut self, bytes: &[u8]) -> io::Result<()> {
        bytes.iter().try_for_each(|byte| self.write_all(&[*byte]))
    }

    /// Says farewell (close_notify) and keeps the socket open. Nothing without TLS.
    ///
    /// # Errors
    /// What writing says.
    pub fn close_notify(&mut self) -> io::Result<()> {
        if let Some(tls) = &mut self.tls {
            tls.send_close_notify();
            write_all(tls, &mut self.socket)?;
        }
        Ok(())
    }

    /// Ends the writing half (FIN) without a farewell.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn finish(&mut self) -> io::Result<()> {
        self.finished = true;
        self.socket.finish()
    }

    /// Resets the connection (RST).
    ///
    /// # Errors
    /// What the operating system says.
    pub fn reset(&mut self) -> io::Result<()> {
        self.finished = true;
        self.socket.reset()
    }

    /// Closes the socket at once, without a farewell, and does not wait for the client.
    pub fn close(&mut self) {
        self.finished = true;
        self.socket.close();
    }

    /// Waits for [`Peer::release`](super::Peer::release): a stream's first hold for the first release
    /// that there ever was, its second for the second.
    ///
    /// # Errors
    /// The peer ends, or nobody releases it.
    pub fn hold(&mut self) -> io::Result<()> {
        self.holds += 1;
        self.state.wait_for_release(self.holds)
    }

    /// Says nothing more, and waits until the client has closed its socket.
    ///
    /// # Errors
    /// None; scripts can end with it.
    pub fn hold_until_closed(&mut self) -> io::Result<()> {
        self.socket.read_to_the_end();
        Ok(())
    }

    /// Counts one mark more: [`Peer::wait_marks`](super::Peer::wait_marks).
    pub fn mark(&self) {
        self.state.change(|inner| inner.marks += 1);
    }

    /// Changes the keys and has the client change its own (KeyUpdate, RFC 8446, section 4.6.3).
    ///
    /// # Errors
    /// There is no TLS 1.3; what writing says.
    pub fn refresh_keys(&mut self) -> io::Result<()> {
        let Some(tls) = &mut self.tls else {
            return Err(io::Error::other("there are no keys without TLS"));
        };
        tls.refresh_traffic_keys().map_err(io::Error::other)?;
        write_all(tls, &mut self.socket)
    }

    /// Reads the client's first message of TLS without answering: for scripts of plain peers.
    ///
    /// # Errors
    /// What reading says; what comes is no ClientHello.
    pub fn read_hello(&mut self) -> io::Result<ClientHello> {
        let (hello, _) = ClientHello::read(&mut self.socket)?;
        hello.ok_or_else(|| io::Error::other("the client does not begin with a ClientHello"))
    }

    /// Writes below TLS.
    ///
    /// # Errors
    /// What writing says.
    pub fn write_raw(&mut self, bytes: &[u8]) -> io::Result<()> {
        self.socket.write_all(bytes)
    }

    /// Has the operating system keep little in its buffers, so that writers feel it early.
    ///
    /// # Errors
    /// What the operating system says.
    pub fn set_buffers(&self, bytes: usize) -> io::Result<()> {
        let socket = SockRef::from(&**self.socket.tcp()?);
        socket.set_recv_buffer_size(bytes)?;
        socket.set_send_buffer_size(bytes)
    }

    /// The client's address.
    ///
    /// # Errors
    /// The script closed it; what the operating system says.
    pub fn client_addr(&self) -> io::Result<SocketAddr> {
        self.socket.tcp()?.peer_addr()
    }

    pub(super) fn tcp(&self) -> io::Result<&Arc<TcpStream>> {
        self.socket.tcp()
    }

    pub(super) fn state(&self) -> &Arc<State> {
        &self.state
    }

    pub(super) fn socket_mut(&mut self) -> &mut Socket {
        &mut self.socket
    }

    pub(super) fn encrypt(&mut self, tls: Box<ServerConnection>) {
        self.tls = Some(tls);
    }

    /// Ends it as its script left it, and waits for the client.
    pub(super) fn end(mut self, outcome: &io::Result<()>) {
        if !self.finished {
            // The client may be gone, or be gone now: then that was its end.
            if outcome.is_ok() {
                let _ = self.close_notify();
            }
            let _ = self.socket.finish();
        }
        self.socket.read_to_the_end();
    }
}

impl Read for Stream {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        let count = match &mut self.tls {
            Some(tls) => rustls::Stream::new(&mut **tls, &mut self.socket).read(buf)?,
            None => self.socket.read(buf)?,
        };
        self.state.record(&buf[..count]);
        Ok(count)
    }
}

impl Write for Stream {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        match &mut self.tls {
            Some(tls) => {
                let mut stream = rustls::Stream::new(&mut **tls, &mut self.socket);
                let written = stream.write(buf)?;
                stream.flush()?;
                Ok(written)
            }
            None => self.socket.write(buf),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.tls {
            Some(tls) => rustls::Stream::new(&mut **tls, &mut self.socket).flush(),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Stream {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Stream")
            .field("number", &self.number)
            .field("tls", &self.tls.is_some())
            .finish_non_exhaustive()
    }
}
