//! A client that writes and reads frames.

use std::io::ErrorKind;
use std::time::Duration;

use push_sim::Sim;
use push_sim::http2::{Frame, HEAD_LEN, Head, PREFACE, Settings, encode_field};
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::time::timeout;
use tokio_rustls::client::TlsStream;

use super::{DEVICE, Failure, bearer, tls};

/// What takes longer never comes.
pub(crate) const PATIENCE: Duration = Duration::from_secs(10);

/// A client of frames.
pub(crate) struct Raw {
    pub(crate) stream: TlsStream<TcpStream>,
    /// One token for all requests of a connection, as clients have it.
    pub(crate) authorization: String,
    read: Vec<u8>,
}

impl Raw {
    pub(crate) async fn connect(sim: &Sim) -> Result<Self, Failure> {
        Self::start(sim, tls(sim, &["h2"], None).await?).await
    }

    pub(crate) async fn start(sim: &Sim, stream: TlsStream<TcpStream>) -> Result<Self, Failure> {
        let mut raw = Self::over(stream).await?;
        raw.authorization = bearer(sim);
        Ok(raw)
    }

    /// Without credentials.
    pub(crate) async fn over(mut stream: TlsStream<TcpStream>) -> Result<Self, Failure> {
        let mut out = PREFACE.to_vec();
        Settings::encode(&[], &mut out);
        stream.write_all(&out).await?;
        Ok(Self {
            stream,
            authorization: String::new(),
            read: Vec::new(),
        })
    }

    pub(crate) async fn write(&mut self, frame: Frame<'_>) -> Result<(), Failure> {
        let mut out = Vec::new();
        frame.encode(&mut out);
        self.stream.write_all(&out).await?;
        Ok(())
    }

    /// A good push, with `host` in place of `:authority`.
    pub(crate) async fn push(&mut self, stream: u32) -> Result<(), Failure> {
        self.push_open(stream).await?;
        self.write(Frame::Data {
            stream,
            end_stream: true,
            data: b"{}",
        })
        .await
    }

    /// Without the body.
    pub(crate) async fn push_open(&mut self, stream: u32) -> Result<(), Failure> {
        let mut block = vec![0x83, 0x87];
        encode_field(":path", &format!("/3/device/{DEVICE}"), &mut block);
        encode_field("host", "localhost", &mut block);
        encode_field("apns-topic", "com.example.app", &mut block);
        encode_field("authorization", &self.authorization, &mut block);
        self.write(Frame::Headers {
            stream,
            end_stream: false,
            end_headers: true,
            block: &block,
        })
        .await
    }

    /// The next frame as it is, without a look at what it means.
    pub(crate) async fn next(&mut self) -> Result<(Head, Vec<u8>), Failure> {
        loop {
            if let Some(head) = Head::decode(&self.read) {
                let end = HEAD_LEN + head.length as usize;
                if self.read.len() >= end {
                    let payload = self.read[HEAD_LEN..end].to_vec();
                    self.read.drain(..end);
                    return Ok((head, payload));
                }
            }
            if timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await?? == 0 {
                return Err("the connection ended".into());
            }
        }
    }

    /// The next frame, in words.
    pub(crate) async fn frame(&mut self) -> Result<String, Failure> {
        let (head, payload) = self.next().await?;
        let frame = Frame::decode(head, &payload)?;
        let mut text = format!("{frame:?}");
        if let Frame::Settings(settings) = frame {
            for (identifier, value) in settings.pairs() {
                match identifier {
                    Settings::MAX_CONCURRENT_STREAMS => text += &format!(" max_streams={value} "),
                    Settings::INITIAL_WINDOW_SIZE => text += &format!(" window={value} "),
                    _ => {}
                }
            }
        }
        Ok(text)
    }

    /// Reads up to the next frame of that name.
    pub(crate) async fn until(&mut self, name: &str) -> Result<String, Failure> {
        loop {
            let frame = self.frame().await?;
            if frame.starts_with(name) {
                return Ok(frame);
            }
        }
    }

    /// What has come of the next frame, or frames, when the connection ends.
    pub(crate) async fn rest(mut self) -> Vec<u8> {
        while let Ok(Ok(1..)) = timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await {}
        self.read
    }

    /// A PING comes back, so all that was sent before it was looked at.
    pub(crate) async fn ping(&mut self, payload: [u8; 8]) -> Result<(), Failure> {
        self.write(Frame::Ping {
            ack: false,
            payload,
        })
        .await?;
        self.until(&format!("{:?}", Frame::Ping { ack: true, payload }))
            .await?;
        Ok(())
    }

    /// Acknowledges so many SETTINGS.
    pub(crate) async fn acknowledge(&mut self, count: usize) -> Result<(), Failure> {
        for _ in 0..count {
            self.write(Frame::SettingsAck).await?;
        }
        Ok(())
    }

    /// Reads to the end; the kind of error that it ends with, if any.
    pub(crate) async fn end(&mut self) -> Result<Option<ErrorKind>, Failure> {
        loop {
            match timeout(PATIENCE, self.stream.read_buf(&mut self.read)).await? {
                Ok(0) => return Ok(None),
                Ok(_) => {}
                Err(error) => return Ok(Some(error.kind())),
            }
        }
    }
}
