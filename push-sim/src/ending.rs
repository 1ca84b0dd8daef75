//! How connections end.

use std::io;
use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::timeout;

/// How long a closed connection is still emptied; to drop it with unread data
/// would reset it, and take back what the client has not read yet.
pub(crate) const LINGER: Duration = Duration::from_secs(5);

/// Waits until the client has closed the connection, without reading anything.
pub(crate) async fn closed(tcp: &TcpStream) {
    #[cfg(any(target_os = "linux", target_os = "android"))]
    {
        // Urgent data is never expected; what this waits for is the end of the stream.
        let interest = tokio::io::Interest::PRIORITY;
        while let Ok(ready) = tcp.ready(interest).await {
            if ready.is_read_closed() {
                return;
            }
            tokio::time::sleep(CLOSED_EVERY).await;
        }
    }
    // Elsewhere only a reset shows.
    #[cfg(not(any(target_os = "linux", target_os = "android")))]
    while let Ok(None) = tcp.take_error() {
        tokio::time::sleep(CLOSED_EVERY).await;
    }
}

/// How often a connection is asked whether it has ended, where the system does not tell.
const CLOSED_EVERY: Duration = Duration::from_millis(100);

/// Reads until the client has closed the connection, for so long as it was told to go away.
pub(crate) async fn drain(tcp: &mut TcpStream) -> io::Result<()> {
    timeout(LINGER, discard(tcp)).await.unwrap_or(Ok(()))
}

/// Reads until the client has closed the connection.
pub(crate) async fn discard(tcp: &mut TcpStream) -> io::Result<()> {
    let mut scrap = [0; 4096];
    while tcp.read(&mut scrap).await? > 0 {}
    Ok(())
}
