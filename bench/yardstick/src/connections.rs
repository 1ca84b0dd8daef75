use anyhow::Result;
use bytes::Bytes;
use h2::client::{Builder, Connection, ResponseFuture, SendRequest};
use http::Request;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::task::JoinHandle;

use crate::Gathered;

/// Connections of the `h2` crate, each driven by a task of its own, which take their turns.
#[derive(Debug, Default)]
pub(crate) struct Connections {
    senders: Vec<SendRequest<Bytes>>,
    drivers: Vec<JoinHandle<Result<(), h2::Error>>>,
    turn: usize,
}

impl Connections {
    /// Takes one more.
    pub(crate) async fn add<S>(&mut self, stream: S) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let connection = self.handshake(stream).await?;
        self.drivers.push(tokio::spawn(connection));
        Ok(())
    }

    /// Likewise, with small writes gathered into larger ones.
    pub(crate) async fn add_gathered<S>(&mut self, stream: S) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
    {
        let stream = Gathered::new(stream);
        let connection = self.handshake(stream.clone()).await?;
        self.drivers.push(tokio::spawn(stream.drive(connection)));
        Ok(())
    }

    async fn handshake<S>(&mut self, stream: S) -> Result<Connection<S>>
    where
        S: AsyncRead + AsyncWrite + Unpin,
    {
        let (sender, connection) = Builder::new()
            .enable_push(false)
            .initial_max_send_streams(1)
            .handshake(stream)
            .await?;
        self.senders.push(sender);
        Ok(connection)
    }

    /// The one whose turn it is. There has to be one.
    pub(crate) fn next(&mut self) -> &mut SendRequest<Bytes> {
        self.turn += 1;
        if self.turn >= self.senders.len() {
            self.turn = 0;
        }
        &mut self.senders[self.turn]
    }

    /// Sends a request by the one whose turn it is, once that takes one.
    pub(crate) async fn begin(
        &mut self,
        request: Request<()>,
        body: Bytes,
    ) -> Result<ResponseFuture> {
        let sender = self.next();
        std::future::poll_fn(|cx| sender.poll_ready(cx)).await?;
        let (answer, mut stream) = sender.send_request(request, false)?;
        stream.send_data(body, true)?;
        Ok(answer)
    }

    /// Waits until all have ended.
    pub(crate) async fn finish(self) -> Result<()> {
        drop(self.senders);
        for driver in self.drivers {
            driver.await??;
        }
        Ok(())
    }
}
