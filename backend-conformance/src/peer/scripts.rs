//! Scripts that many tests want.

use std::io::{self, Read, Write};

use super::Stream;

/// Sends back what comes, until the client ends its half; then says farewell.
///
/// # Errors
/// What reading and writing say.
pub fn echo(stream: &mut Stream) -> io::Result<()> {
    let mut heap = vec![0; 16 * 1024];
    loop {
        match stream.read(&mut heap)? {
            0 => return Ok(()),
            count => stream.write_all(&heap[..count])?,
        }
    }
}

/// Says nothing, and waits until the client has closed.
///
/// # Errors
/// None.
pub fn hold(stream: &mut Stream) -> io::Result<()> {
    stream.hold_until_closed()
}

/// Reads whatever comes, for [`Peer::received`](super::Peer::received), until the client ends its
/// half.
///
/// # Errors
/// What reading says.
pub fn listen(stream: &mut Stream) -> io::Result<()> {
    stream.drain().map(drop)
}
