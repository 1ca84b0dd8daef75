use std::io::{self, IoSlice, Read, Write};
use std::net::{Shutdown, TcpStream};
use std::sync::Arc;

use socket2::SockRef;

/// How a peer breaks off in the middle of its handshake.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum Cut {
    /// It ends its half of the connection.
    Fin,
    /// It resets the connection.
    Reset,
    /// It says no more, until the client closes.
    Stall,
}

/// A TCP socket that can give back what was read too early, and break off after so many bytes.
#[derive(Debug)]
pub(super) struct Socket {
    /// `None` once it was closed.
    tcp: Option<Arc<TcpStream>>,
    early: Vec<u8>,
    cut: Option<(usize, Cut)>,
}

impl Socket {
    pub(super) fn new(tcp: Arc<TcpStream>) -> Self {
        Self {
            tcp: Some(tcp),
            early: Vec::new(),
            cut: None,
        }
    }

    /// What is read next, before anything of the network.
    pub(super) fn unread(&mut self, mut bytes: Vec<u8>) {
        bytes.append(&mut self.early);
        self.early = bytes;
    }

    pub(super) fn cut_after(&mut self, cut: Option<(usize, Cut)>) {
        self.cut = cut;
    }

    pub(super) fn tcp(&self) -> io::Result<&Arc<TcpStream>> {
        let closed = || io::Error::new(io::ErrorKind::NotConnected, "the script closed it");
        self.tcp.as_ref().ok_or_else(closed)
    }

    /// Ends the writing half.
    pub(super) fn finish(&self) -> io::Result<()> {
        self.tcp()?.shutdown(Shutdown::Write)
    }

    /// Closes with a reset.
    pub(super) fn reset(&mut self) -> io::Result<()> {
        // The last handle: the linger time decides what its closing does.
        let tcp = self.tcp()?.clone();
        self.tcp = None;
        SockRef::from(&*tcp).set_linger(Some(std::time::Duration::ZERO))
    }

    /// Closes: a FIN, or a reset where something of the client's was not read.
    pub(super) fn close(&mut self) {
        self.tcp = None;
    }

    /// Reads and forgets whatever comes, until the client is gone.
    pub(super) fn read_to_the_end(&mut self) {
        let Some(tcp) = &self.tcp else {
            return;
        };
        let mut heap = vec![0; 16 * 1024];
        while matches!((&**tcp).read(&mut heap), Ok(1..)) {}
    }

    fn break_off(&mut self, how: Cut) -> io::Error {
        match how {
            Cut::Fin => {
                let _ = self.finish();
            }
            Cut::Reset => {
                let _ = self.reset();
            }
            Cut::Stall => self.read_to_the_end(),
        }
        io::Error::new(io::ErrorKind::BrokenPipe, "broken off as told")
    }
}

impl Read for Socket {
    fn read(&mut self, buf: &mut [u8]) -> io::Result<usize> {
        if self.early.is_empty() {
            return (&**self.tcp()?).read(buf);
        }
        let count = self.early.len().min(buf.len());
        buf[..count].copy_from_slice(&self.early[..count]);
        self.early.drain(..count);
        Ok(count)
    }
}

impl Write for Socket {
    fn write(&mut self, buf: &[u8]) -> io::Result<usize> {
        let Some((left, how)) = self.cut else {
            return (&**self.tcp()?).write(buf);
        };
        if left == 0 {
            return Err(self.break_off(how));
        }
        let written = (&**self.tcp()?).write(&buf[..buf.len().min(left)])?;
        self.cut = Some((left - written, how));
        Ok(written)
    }

    fn write_vectored(&mut self, bufs: &[IoSlice<'_>]) -> io::Result<usize> {
        if self.cut.is_none() {
            return (&**self.tcp()?).write_vectored(bufs);
        }
        let first = bufs.iter().find(|buf| !buf.is_empty());
        first.map_or(Ok(0), |buf| self.write(buf))
    }

    fn flush(&mut self) -> io::Result<()> {
        Ok(())
    }
}
