//! The other side of the example: a server with a protocol of its own, in threads.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Shutdown, TcpListener, TcpStream};
use std::sync::{Arc, Mutex, PoisonError};
use std::thread;

pub(crate) struct Server {
    port: u16,
    accepted: Arc<Mutex<Vec<TcpStream>>>,
}

impl Server {
    pub(crate) fn start() -> io::Result<Self> {
        let listener = TcpListener::bind("127.0.0.1:0")?;
        let port = listener.local_addr()?.port();
        let accepted = Arc::<Mutex<Vec<TcpStream>>>::default();
        let known = accepted.clone();
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                if let Ok(clone) = stream.try_clone() {
                    lock(&known).push(clone);
                }
                thread::spawn(move || serve(&stream));
            }
        });
        Ok(Self { port, accepted })
    }

    pub(crate) fn port(&self) -> u16 {
        self.port
    }

    /// How many connections there were.
    pub(crate) fn accepted(&self) -> usize {
        lock(&self.accepted).len()
    }

    /// Ends all connections, as a restart would.
    pub(crate) fn end_all(&self) {
        for stream in lock(&self.accepted).iter() {
            // One that its client has left is gone already.
            let _ = stream.shutdown(Shutdown::Both);
        }
    }
}

fn lock(streams: &Mutex<Vec<TcpStream>>) -> std::sync::MutexGuard<'_, Vec<TcpStream>> {
    streams.lock().unwrap_or_else(PoisonError::into_inner)
}

fn serve(stream: &TcpStream) -> io::Result<()> {
    let mut user = None;
    for question in BufReader::new(stream).lines() {
        let question = question?;
        let answer = match question.split_once(' ') {
            Some(("LOGIN", name)) => {
                user = Some(name.to_owned());
                "WELCOME".to_owned()
            }
            _ if question == "BALANCE" => match &user {
                Some(name) => format!("{name} has 42"),
                None => "WHO ARE YOU".to_owned(),
            },
            _ => (question.bytes().map(u32::from).sum::<u32>()).to_string(),
        };
        let mut out = stream;
        out.write_all(format!("{answer}\n").as_bytes())?;
    }
    Ok(())
}
