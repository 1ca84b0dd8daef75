use std::time::{Duration, SystemTime};

use anyhow::{Result, ensure};
use tokio::io::{AsyncRead, AsyncReadExt, AsyncWrite, AsyncWriteExt};

use crate::{FRAME, alert};

/// The size of the largest TLS record.
const ROOM: usize = 16 * 1024;

const TOKEN_LEN: usize = 32;
/// Where the token is in a frame.
const TOKEN_AT: usize = 8;

const MISSING_TOKEN: [u8; 2] = [8, 2];

/// The least that a client of APNs' binary gateway does: it copies a frame that is made once, puts
/// token and identifier into it, and writes 16 KiB at a time; a task reads meanwhile. It remembers
/// nothing, so it could send nothing again.
#[derive(Debug)]
pub struct BareGateway {
    /// A notification of command 2 that lacks its token and identifier.
    frame: Vec<u8>,
    identifier_at: usize,
}

impl BareGateway {
    /// Its notification has a payload of this length, is kept for 30 days, and has priority 10.
    ///
    /// # Errors
    /// The payload is too long for a frame.
    pub fn new(payload_bytes: usize) -> Result<Self> {
        let text = alert(payload_bytes, FRAME);
        let payload = format!(r#"{{"aps":{{"alert":"{text}"}}}}"#);
        let expiry = SystemTime::now() + Duration::from_secs(30 * 24 * 3600);
        let expiry = expiry.duration_since(SystemTime::UNIX_EPOCH)?.as_secs();
        let mut frame = vec![2, 0, 0, 0, 0];
        put_item(1, &[0; TOKEN_LEN], &mut frame)?;
        put_item(2, payload.as_bytes(), &mut frame)?;
        let identifier_at = frame.len() + 3;
        put_item(3, &[0; 4], &mut frame)?;
        put_item(4, &u32::try_from(expiry)?.to_be_bytes(), &mut frame)?;
        put_item(5, &[10], &mut frame)?;
        let length = u32::try_from(frame.len() - 5)?;
        frame[1..5].copy_from_slice(&length.to_be_bytes());
        Ok(Self {
            frame,
            identifier_at,
        })
    }

    /// Sends to all of these over a new connection, and then asks for the proof that they were taken,
    /// which is the end of the connection.
    ///
    /// # Errors
    /// The connection failed, or a notification was refused.
    pub async fn send<S>(&self, stream: S, tokens: &[[u8; TOKEN_LEN]]) -> Result<()>
    where
        S: AsyncRead + AsyncWrite + Send + 'static,
    {
        let (mut reader, mut writer) = tokio::io::split(stream);
        let answer = tokio::spawn(async move {
            let mut response = [0; 6];
            reader.read_exact(&mut response).await.map(|_| response)
        });
        let mut buffer = Vec::with_capacity(ROOM);
        let mut identifier: u32 = 0;
        for token in tokens {
            if buffer.len() + self.frame.len() > ROOM {
                writer.write_all(&buffer).await?;
                buffer.clear();
            }
            identifier = identifier.wrapping_add(1);
            self.put(token, identifier, &mut buffer);
        }
        identifier = identifier.wrapping_add(1);
        put_proof(identifier, &mut buffer);
        writer.write_all(&buffer).await?;
        writer.flush().await?;
        let answer = answer.await??;
        let proof = [&MISSING_TOKEN[..], &identifier.to_be_bytes()].concat();
        ensure!(
            answer == *proof,
            "the proof {proof:?} was expected, not {answer:?}"
        );
        Ok(())
    }

    fn put(&self, token: &[u8; TOKEN_LEN], identifier: u32, buffer: &mut Vec<u8>) {
        let start = buffer.len();
        buffer.extend_from_slice(&self.frame);
        let frame = &mut buffer[start..];
        frame[TOKEN_AT..TOKEN_AT + TOKEN_LEN].copy_from_slice(token);
        let place = self.identifier_at..self.identifier_at + 4;
        frame[place].copy_from_slice(&identifier.to_be_bytes());
    }
}

fn put_item(id: u8, item: &[u8], frame: &mut Vec<u8>) -> Result<()> {
    frame.push(id);
    frame.extend(u16::try_from(item.len())?.to_be_bytes());
    frame.extend(item);
    Ok(())
}

/// A notification with an empty token and no payload.
fn put_proof(identifier: u32, buffer: &mut Vec<u8>) {
    buffer.extend([2, 0, 0, 0, 13, 1, 0, 0, 2, 0, 0, 3, 0, 4]);
    buffer.extend(identifier.to_be_bytes());
}
