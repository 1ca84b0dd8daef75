//! Devices as they come: from the command line and from a file or a pipe, never all at once.

use std::fs::File;
use std::io::{self, Read};
use std::pin::Pin;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, Mutex, PoisonError};
use std::task::{Context, Poll};

use anyhow::Context as _;
use futures_util::stream::{Stream, StreamExt};
use tokio::sync::mpsc::{self, Receiver, Sender};

use crate::args::{Devices, Source};
use crate::lines::{Line, Split, Splitter};

/// What is read at a time. The lines of one read are handed over together: it is as much as is
/// there, so that a slow pipe holds up no device that it has given already.
const READ_BYTES: usize = 32 * 1024;

/// So many reads may lie ready.
const READS_AHEAD: usize = 4;

/// The devices of one run: those of the command line, then those of the file.
#[derive(Debug)]
pub(crate) struct Intake<D = Line> {
    given: std::vec::IntoIter<D>,
    batch: std::vec::IntoIter<D>,
    batches: Option<Receiver<io::Result<Vec<D>>>>,
    steering: Steering,
}

/// Watches and ends an intake.
#[derive(Clone, Debug, Default)]
pub(crate) struct Steering(Arc<State>);

#[derive(Debug, Default)]
struct State {
    stopped: AtomicBool,
    /// Devices of the command line.
    given: AtomicU64,
    /// Devices and bytes of the file that were read so far.
    read: AtomicU64,
    read_bytes: AtomicU64,
    /// The size of the file; 0 where it is not known.
    size_bytes: AtomicU64,
    /// The end was reached.
    ended: AtomicBool,
}

impl Steering {
    /// Of so many devices, and no list of them.
    pub(crate) fn of(devices: u64) -> Self {
        let steering = Self::default();
        steering.0.given.store(devices, Ordering::Relaxed);
        steering.0.ended.store(true, Ordering::Release);
        steering
    }

    /// No device is taken any more.
    pub(crate) fn stop(&self) {
        self.0.stopped.store(true, Ordering::Release);
    }

    /// How many devices there are, as far as can be told: exactly at the end of what is read, and
    /// before it by the size of the file. `None` where that is not known.
    pub(crate) fn total(&self) -> Option<u64> {
        let state = &self.0;
        let load = |count: &AtomicU64| count.load(Ordering::Relaxed);
        let (given, read, bytes) = (
            load(&state.given),
            load(&state.read),
            load(&state.read_bytes),
        );
        if state.ended.load(Ordering::Acquire) {
            return Some(given + read);
        }
        let size = Some(load(&state.size_bytes)).filter(|size| *size > 0 && bytes > 0)?;
        let scale = size.max(bytes) as f64 / bytes as f64;
        Some(given + (read as f64 * scale) as u64)
    }
}

impl Intake {
    /// Opens what there is to open. Reading begins at once, and waits where nothing is taken.
    pub(crate) fn open(devices: &Devices) -> anyhow::Result<Self> {
        Self::of(&devices.token, devices.tokens.as_ref())
    }

    /// Likewise, for devices that were given and those of a list.
    pub(crate) fn of(given: &[String], listed: Option<&Source>) -> anyhow::Result<Self> {
        anyhow::ensure!(
            !given.is_empty() || listed.is_some(),
            "no devices: give --token TOKEN, --tokens FILE, or --tokens - for standard input"
        );
        // A blank one stays, and gets its outcome: it was not meant to be blank.
        let blank = || Line::Whole("".into());
        let given = given.iter().map(|device| Line::new(device.as_bytes()));
        let given = given.map(|line| line.unwrap_or_else(blank)).collect();
        Self::begin(given, listed, Splitter::default())
    }
}

impl<D: Send + Unpin + 'static> Intake<D> {
    /// Likewise, for devices of any kind; the splitter makes those of the list.
    pub(crate) fn begin(
        given: Vec<D>,
        listed: Option<&Source>,
        splitter: impl Split<Device = D>,
    ) -> anyhow::Result<Self> {
        let steering = Steering::of(given.len() as u64);
        steering.0.ended.store(listed.is_none(), Ordering::Release);
        let batches = match listed {
            None => None,
            Some(Source::Stdin) => Some(read(io::stdin(), splitter, steering.clone())?),
            Some(Source::File(path)) => {
                let file =
                    File::open(path).with_context(|| format!("can't read {}", path.display()))?;
                let about = file.metadata();
                let about = about.with_context(|| format!("can't read {}", path.display()))?;
                anyhow::ensure!(
                    !about.is_dir(),
                    "can't read {}: it is a folder",
                    path.display()
                );
                if about.is_file() {
                    steering.0.size_bytes.store(about.len(), Ordering::Relaxed);
                }
                Some(read(file, splitter, steering.clone())?)
            }
        };
        Ok(Self {
            given: given.into_iter(),
            batch: Vec::new().into_iter(),
            batches,
            steering,
        })
    }

    /// The same devices, as long as they can be read; what ended that is kept.
    pub(crate) fn whole(self) -> (impl Stream<Item = D> + Send + 'static, Unread) {
        let unread = Unread::default();
        let kept = unread.clone();
        let devices = self.scan((), move |(), device| {
            let device = device.map_err(|error| kept.keep(error));
            std::future::ready(device.ok())
        });
        (devices, unread)
    }

    pub(crate) fn steering(&self) -> Steering {
        self.steering.clone()
    }
}

/// Why devices could not be read to their end.
#[derive(Clone, Debug, Default)]
pub(crate) struct Unread(Arc<Mutex<Option<io::Error>>>);

impl Unread {
    fn keep(&self, error: io::Error) {
        *self.0.lock().unwrap_or_else(PoisonError::into_inner) = Some(error);
    }

    /// The error, if there was one.
    pub(crate) fn take(&self) -> Option<io::Error> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).take()
    }
}

impl<D: Unpin> Stream for Intake<D> {
    type Item = io::Result<D>;

    fn poll_next(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<Option<Self::Item>> {
        if self.steering.0.stopped.load(Ordering::Acquire) {
            return Poll::Ready(None);
        }
        loop {
            let this = &mut *self;
            if let Some(device) = this.given.next().or_else(|| this.batch.next()) {
                return Poll::Ready(Some(Ok(device)));
            }
            let Some(batches) = &mut this.batches else {
                return Poll::Ready(None);
            };
            match batches.poll_recv(cx) {
                Poll::Pending => return Poll::Pending,
                Poll::Ready(None) => return Poll::Ready(None),
                Poll::Ready(Some(Err(error))) => return Poll::Ready(Some(Err(error))),
                Poll::Ready(Some(Ok(devices))) => this.batch = devices.into_iter(),
            }
        }
    }
}

/// Reads on a thread of its own, which a pipe may hold up as long as it likes.
fn read<S: Split>(
    source: impl Read + Send + 'static,
    splitter: S,
    steering: Steering,
) -> anyhow::Result<Receiver<io::Result<Vec<S::Device>>>> {
    let (sender, receiver) = mpsc::channel(READS_AHEAD);
    std::thread::Builder::new()
        .name("devices".to_owned())
        .spawn(move || read_all(source, splitter, &sender, &steering))
        .context("can't start a thread")?;
    Ok(receiver)
}

fn read_all<S: Split>(
    mut source: impl Read,
    mut splitter: S,
    sender: &Sender<io::Result<Vec<S::Device>>>,
    steering: &Steering,
) {
    let mut buffer = vec![0; READ_BYTES];
    loop {
        let devices = match source.read(&mut buffer) {
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => {
                // Nobody listens when the intake is over.
                let _ = sender.blocking_send(Err(error));
                return;
            }
            Ok(0) => {
                let last: Vec<S::Device> = splitter.end().into_iter().collect();
                steering
                    .0
                    .read
                    .fetch_add(last.len() as u64, Ordering::Relaxed);
                steering.0.ended.store(true, Ordering::Release);
                let _ = sender.blocking_send(Ok(last));
                return;
            }
            Ok(count) => {
                let devices = splitter.split(&buffer[..count]);
                steering
                    .0
                    .read_bytes
                    .fetch_add(count as u64, Ordering::Relaxed);
                steering
                    .0
                    .read
                    .fetch_add(devices.len() as u64, Ordering::Relaxed);
                devices
            }
        };
        if !devices.is_empty() && sender.blocking_send(Ok(devices)).is_err() {
            return;
        }
    }
}
