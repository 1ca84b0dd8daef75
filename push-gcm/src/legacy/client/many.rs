//! One message to many devices, a request for each thousand.

use std::ops::Range;
use std::sync::{Arc, Mutex, PoisonError};

use futures_util::future::FutureExt;
use futures_util::stream::{self, Stream};
use push_core::fan_out::{FanOut, TryFanOut};

use super::Inner;
use super::request::Format;
use crate::legacy::answer::Reply;
use crate::legacy::chunks::{Chunks, TryChunks};
use crate::legacy::message::Encoded;
use crate::legacy::registration_id::check;
use crate::legacy::send_all::{AllInChunks, Chunk, InChunks, TryInChunks};
use crate::legacy::{Device, Error, Message, Multicast, Outcome, RegistrationId, Response};

/// A message that is ready for many devices; what is wrong with it is told to each.
type Prepared = Arc<Result<Encoded, Error>>;

fn prepare(message: &Message) -> Prepared {
    Arc::new(message.encode().map_err(Error::from))
}

pub(super) fn fan_out<S: Stream>(inner: &Arc<Inner>, source: S, message: &Message) -> AllInChunks<S>
where
    S::Item: Device + Send + 'static,
{
    let (own, prepared) = (inner.clone(), prepare(message));
    let begin = move |devices| one_request(own.clone(), prepared.clone(), devices, |_| {}).boxed();
    InChunks::new(FanOut::new(
        Chunks::new(source),
        inner.clone().room(),
        begin,
    ))
}

pub(super) fn try_fan_out<S, D, E>(
    inner: &Arc<Inner>,
    source: S,
    message: &Message,
) -> TryInChunks<S, D, E>
where
    S: Stream<Item = Result<D, E>>,
    D: Device + Send + 'static,
{
    let (own, prepared) = (inner.clone(), prepare(message));
    let begin = move |devices| one_request(own.clone(), prepared.clone(), devices, |_| {}).boxed();
    let source = TryChunks::new(source);
    InChunks::new(TryFanOut::new(source, inner.clone().room(), begin))
}

/// A device and its place among all of a multicast.
type Placed = (RegistrationId, usize);

/// The source of a multicast's devices.
type Places = Chunks<stream::Iter<std::vec::IntoIter<Placed>>>;

/// The requests of a multicast, whose answers are kept.
pub(super) fn recorded(
    inner: &Arc<Inner>,
    multicast: &Multicast,
) -> (FanOut<Places, Chunk<Placed>>, Responses) {
    let devices = multicast.devices.iter().cloned();
    let placed: Vec<Placed> = devices.zip(0..).collect();
    let responses = Responses::default();
    let (own, prepared) = (inner.clone(), prepare(&multicast.message));
    let keeping = responses.clone();
    let begin = move |devices: Vec<Placed>| {
        let first = devices.first().map_or(0, |(_, place)| *place);
        let (places, keeping) = (first..first + devices.len(), keeping.clone());
        let keep = move |reply: &Reply| keeping.keep(places, reply);
        one_request(own.clone(), prepared.clone(), devices, keep).boxed()
    };
    let source = Chunks::new(stream::iter(placed));
    let requests = FanOut::new(source, inner.clone().room(), begin);
    (requests, responses)
}

/// The answers to a multicast's requests, in the order in which they came.
#[derive(Clone, Default)]
pub(super) struct Responses(Arc<Mutex<Vec<Response>>>);

impl Responses {
    fn keep(&self, devices: Range<usize>, reply: &Reply) {
        let response = Response {
            devices,
            status: reply.status.as_u16(),
            retry_after: reply.retry_after,
            body: reply.body.clone(),
        };
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        all.push(response);
    }

    pub(super) fn taken(&self) -> Vec<Response> {
        let mut all = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        std::mem::take(&mut *all)
    }
}

/// Sends to a thousand devices, or to as many as there are. Each has its outcome, in their order.
async fn one_request<D: Device>(
    inner: Arc<Inner>,
    prepared: Prepared,
    devices: Vec<D>,
    answered: impl FnOnce(&Reply) + Send,
) -> Chunk<D> {
    let encoded = match prepared.as_ref() {
        Ok(encoded) => encoded,
        Err(error) => {
            let told = devices
                .into_iter()
                .map(|device| (device, Err(error.clone())));
            return Chunk(told.collect());
        }
    };
    // Those whose ids are none are not sent, and hold up nobody else.
    let faults: Vec<Option<Error>> = devices
        .iter()
        .map(|device| check(device.registration_id()).err().map(Error::from))
        .collect();
    let ids: Vec<&str> = devices
        .iter()
        .zip(&faults)
        .filter(|(_, fault)| fault.is_none())
        .map(|(device, _)| device.registration_id())
        .collect();
    let mut outcomes = send(&inner, encoded, &ids, answered).await.into_iter();
    drop(ids);
    let told = devices.into_iter().zip(faults).map(|(device, fault)| {
        let outcome = match fault {
            Some(fault) => Err(fault),
            None => outcomes.next().unwrap_or_else(untold),
        };
        (device, outcome)
    });
    Chunk(told.collect())
}

/// An outcome for each id.
async fn send(
    inner: &Inner,
    encoded: &Encoded,
    ids: &[&str],
    answered: impl FnOnce(&Reply) + Send,
) -> Vec<Outcome> {
    if ids.is_empty() {
        return Vec::new();
    }
    match inner.post(Format::Json, encoded.body(ids), true).await {
        Ok(reply) => {
            answered(&reply);
            reply.devices(ids)
        }
        Err(error) => vec![Err(error); ids.len()],
    }
}

/// For what can't happen: an answer has an outcome for each id.
pub(super) fn untold() -> Outcome {
    Err(Error::unread("the answer has no outcome"))
}

impl Inner {
    /// How many requests of a bulk send may be under way: no more than the connections take, since they
    /// would wait at the cost of their deadlines.
    fn room(self: Arc<Self>) -> impl Fn() -> usize + Send + 'static {
        const AT_LEAST: usize = 2;
        move || {
            let capacity = self.http.capacity().unwrap_or(usize::MAX);
            capacity.max(AT_LEAST).min(self.in_flight)
        }
    }
}
