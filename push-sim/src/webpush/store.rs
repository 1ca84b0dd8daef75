//! The subscriptions, what is stored for them, and the browsers that listen.
//!
//! The site puts pushes in, the control API makes and ends subscriptions, and the browser's side
//! subscribes, listens and acknowledges. Nothing here waits.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::fmt;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use tokio::sync::mpsc;

use super::delivery::{State, Tracked};
use super::receiver::Receiver;
use super::subscription::{Channel, Keys, Known, Subscription, Wish, point};
use super::{Flavour, base64};
use crate::random;
use crate::web::form::canonical;
use crate::{Error, Result};

/// So many messages are stored for all browsers together, and so many bytes; the oldest make room.
const MOST_STORED: usize = 10_000;
const MOST_STORED_BYTES: usize = 32 << 20;

/// So many messages are on their way to one browser; more are stored for when it comes again.
const MOST_ON_THE_WAY: usize = 1000;

/// So many browsers are known, and so many channels has each.
const MOST_AGENTS: usize = 10_000;
const MOST_CHANNELS: usize = 1000;

/// So many messages that were handed over can still be acknowledged.
const MOST_DELIVERED: usize = 10_000;

/// Everything that outlasts a request.
pub(crate) struct Store {
    /// What endpoints begin with if nothing else is said, such as `https://localhost:8443`.
    origin: String,
    inner: Mutex<Inner>,
}

#[derive(Default)]
struct Inner {
    subscriptions: HashMap<String, Entry>,
    /// In order of subscription.
    ids: Vec<String>,
    channels: HashMap<Channel, String>,
    agents: HashMap<String, Option<mpsc::Sender<Arc<Message>>>>,
    stored: BTreeMap<u64, Arc<Message>>,
    stored_bytes: usize,
    by_version: HashMap<String, u64>,
    by_topic: HashMap<(String, String), u64>,
    /// What was handed to browsers and is not acknowledged yet, by version, and in order.
    delivered: HashMap<String, Arc<Message>>,
    delivered_order: VecDeque<String>,
    /// The number of the next message.
    next: u64,
}

struct Entry {
    flavour: Flavour,
    endpoint: String,
    application_server_key: Option<Arc<[u8]>>,
    holder: Holder,
    channel: Option<Channel>,
    unsubscribed: bool,
    accepted: u64,
    acks: BTreeMap<u16, u64>,
}

/// Who has the private key.
#[derive(Clone)]
enum Holder {
    Here(Arc<Receiver>),
    /// Whoever asked for the subscription, with these keys; a browser tells none.
    Elsewhere(Option<Keys>),
}

/// What a push needs to know of its subscription.
#[derive(Debug, Clone)]
pub(super) struct Target {
    pub(super) flavour: Flavour,
    pub(super) application_server_key: Option<Arc<[u8]>>,
    /// The keys, if they are here.
    pub(super) receiver: Option<Arc<Receiver>>,
    /// Whether a browser has subscribed, which needs the body.
    pub(super) is_browsers: bool,
    pub(super) unsubscribed: bool,
    pub(super) accepted: u64,
}

/// A push that was taken, as browsers get it.
pub(crate) struct Message {
    /// What the endpoint ends in.
    pub(crate) subscription: String,
    /// Whose it is; `None`: no browser's, and then there is no data.
    pub(crate) channel: Option<Channel>,
    /// The message's own name.
    pub(crate) version: String,
    /// In seconds.
    pub(crate) ttl: u32,
    pub(crate) expires_at: Instant,
    pub(crate) topic: Option<String>,
    /// The encrypted body; empty: a push without payload.
    pub(crate) data: Vec<u8>,
    /// `Content-Encoding`, `Encryption` and `Crypto-Key` as they came.
    pub(crate) encoding: Option<String>,
    pub(crate) encryption: Option<String>,
    pub(crate) crypto_key: Option<String>,
    pub(super) tracked: Arc<Tracked>,
}

impl Message {
    fn len_bytes(&self) -> usize {
        self.data.len() + self.subscription.len() + 256
    }
}

/// Shortened: ids are secret.
impl fmt::Debug for Message {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Message")
            .field("ttl", &self.ttl)
            .field("data_bytes", &self.data.len())
            .field("encoding", &self.encoding)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for Store {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Store").finish_non_exhaustive()
    }
}

/// Messages for one browser: first those that were stored. It ends when the same browser listens
/// elsewhere, or everything is reset; to drop it is to leave.
#[derive(Debug)]
pub(crate) struct Listener {
    /// By which the browser is known from now on.
    pub(crate) uaid: String,
    pub(crate) messages: mpsc::Receiver<Arc<Message>>,
}

impl Store {
    /// An empty one, whose endpoints begin with `origin`.
    pub(crate) fn new(origin: impl Into<String>) -> Self {
        Self {
            origin: origin.into(),
            inner: Mutex::default(),
        }
    }

    /// A panic elsewhere leaves nothing half done here.
    fn inner(&self) -> MutexGuard<'_, Inner> {
        self.inner.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Makes as many subscriptions as are wished for.
    ///
    /// # Errors
    /// Something of the wish makes no sense, or the id is there already; none is made then.
    pub(crate) fn subscribe(&self, wish: &Wish) -> Result<Vec<Subscription>> {
        wish.check()?;
        let holder = || match &wish.keys {
            Some(keys) => Some(Holder::Elsewhere(Some(keys.clone()))),
            None => Receiver::generate().map(|keys| Holder::Here(Arc::new(keys))),
        };
        let holders: Option<Vec<_>> = (0..wish.count).map(|_| holder()).collect();
        let holders = holders.ok_or_else(|| Error::Subscription("no keys can be made".into()))?;
        let mut inner = self.inner();
        holders
            .into_iter()
            .map(|holder| {
                let keys = holder.keys();
                let endpoint = inner.add(wish, &self.origin, holder, None)?;
                let (id, endpoint) = endpoint;
                Ok(Subscription {
                    endpoint,
                    expiration_time: None,
                    keys: keys.unwrap_or_else(|| Keys::new("", "")),
                    id,
                })
            })
            .collect()
    }

    /// Makes a subscription for a browser, which keeps its keys; the endpoint. A channel that is
    /// subscribed with the same key keeps its endpoint.
    ///
    /// `key`: who may push, a point of P-256; `origin`: by which the browser has reached the service.
    ///
    /// # Errors
    /// The browser has too many channels, or the origin is none.
    pub(crate) fn register(
        &self,
        uaid: &str,
        channel_id: &str,
        key: Option<&[u8]>,
        origin: &str,
    ) -> Result<String> {
        let channel = Channel::new(uaid, channel_id);
        let mut wish = Wish::new(Flavour::Mozilla).origin(origin);
        wish.application_server_key = key.map(base64::encode);
        wish.check()?;
        let mut inner = self.inner();
        if let Some(id) = inner.channels.get(&channel).cloned()
            && let Some(entry) = inner.subscriptions.get(&id)
        {
            if entry.application_server_key.as_deref() == key {
                return Ok(entry.endpoint.clone());
            }
            inner.unsubscribe(&id);
        }
        let its = inner.channels.keys().filter(|it| it.uaid == uaid);
        if its.count() >= MOST_CHANNELS {
            let line = format!("a browser has at most {MOST_CHANNELS} channels");
            return Err(Error::Subscription(line));
        }
        let holder = Holder::Elsewhere(None);
        let (_, endpoint) = inner.add(&wish, &self.origin, holder, Some(channel))?;
        Ok(endpoint)
    }

    /// Ends a subscription; whether there was one.
    pub(crate) fn unsubscribe(&self, id: &str) -> bool {
        self.inner().unsubscribe(&canonical(id))
    }

    /// Ends a browser's subscription; whether there was one.
    pub(crate) fn unregister(&self, uaid: &str, channel_id: &str) -> bool {
        let mut inner = self.inner();
        let id = inner.channels.get(&Channel::new(uaid, channel_id)).cloned();
        id.is_some_and(|id| inner.unsubscribe(&id))
    }

    /// What was subscribed, in order.
    pub(crate) fn known(&self) -> Vec<Known> {
        let mut inner = self.inner();
        inner.forget_expired();
        let mut stored = HashMap::<&str, u64>::new();
        for message in inner.stored.values() {
            *stored.entry(&message.subscription).or_default() += 1;
        }
        let show = |id: &String| {
            let entry = inner.subscriptions.get(id)?;
            Some(Known {
                id: id.clone(),
                flavour: entry.flavour,
                endpoint: entry.endpoint.clone(),
                keys: entry.holder.keys(),
                application_server_key: entry.application_server_key.as_ref().map(base64::encode),
                unsubscribed: entry.unsubscribed,
                accepted: entry.accepted,
                stored: stored.get(id.as_str()).copied().unwrap_or_default(),
                acks: entry.acks.clone(),
                channel: entry.channel.clone(),
            })
        };
        inner.ids.iter().filter_map(show).collect()
    }

    /// The subscription that the endpoint names, if it was made here.
    pub(super) fn target(&self, id: &str) -> Option<Target> {
        let inner = self.inner();
        let entry = inner.subscriptions.get(id)?;
        Some(Target {
            flavour: entry.flavour,
            application_server_key: entry.application_server_key.clone(),
            receiver: match &entry.holder {
                Holder::Here(receiver) => Some(Arc::clone(receiver)),
                Holder::Elsewhere(_) => None,
            },
            is_browsers: entry.channel.is_some(),
            unsubscribed: entry.unsubscribed,
            accepted: entry.accepted,
        })
    }

    /// Takes a push: hands it to the browser if it listens, stores it if it may be stored, and lets
    /// it take the place of one of the same topic.
    pub(super) fn put(&self, mut message: Message) {
        let mut inner = self.inner();
        if let Some(entry) = inner.subscriptions.get_mut(&message.subscription) {
            entry.accepted += 1;
            message.channel = entry.channel.clone();
        }
        if message.channel.is_none() {
            message.data = Vec::new();
        }
        inner.put(message);
    }

    /// Takes a stored message back; whether there was one.
    pub(super) fn withdraw(&self, version: &str) -> bool {
        let mut inner = self.inner();
        inner.forget_expired();
        let Some(number) = inner.by_version.get(version).copied() else {
            return false;
        };
        inner.remove(number, State::Deleted).is_some()
    }

    /// Greets a browser, and hands over all messages for it from now on, those first that were stored;
    /// who listened for it before, no longer does. One that is not known by this id gets another.
    pub(crate) fn listen(&self, uaid: Option<&str>) -> Listener {
        let (sender, messages) = mpsc::channel(MOST_ON_THE_WAY);
        let mut inner = self.inner();
        let uaid = match uaid.filter(|uaid| inner.agents.contains_key(*uaid)) {
            Some(uaid) => uaid.to_owned(),
            None => {
                inner.make_room_for_an_agent();
                random::hex(16)
            }
        };
        inner.forget_expired();
        let its = |channel: &Channel| channel.uaid == uaid;
        let stored = inner.stored.values().cloned();
        let stored = stored.filter(|message| message.channel.as_ref().is_some_and(its));
        for message in stored.collect::<Vec<_>>() {
            if sender.try_send(Arc::clone(&message)).is_ok() {
                inner.deliver(message);
            }
        }
        inner.agents.insert(uaid.clone(), Some(sender));
        Listener { uaid, messages }
    }

    /// A browser has got a message, and says how it fared (100: handled, 101: not decrypted); whether
    /// there was such a one.
    pub(crate) fn acknowledge(
        &self,
        uaid: &str,
        channel_id: &str,
        version: &str,
        code: u16,
    ) -> bool {
        let mut inner = self.inner();
        let channel = Some(Channel::new(uaid, channel_id));
        let Some(message) = inner.delivered.remove(version) else {
            return false;
        };
        if message.channel != channel {
            inner.delivered.insert(version.to_owned(), message);
            return false;
        }
        if let Some(number) = inner.by_version.get(version).copied() {
            inner.remove(number, State::Acknowledged);
        }
        message.tracked.acknowledged(code);
        if let Some(entry) = inner.subscriptions.get_mut(&message.subscription) {
            *entry.acks.entry(code).or_default() += 1;
        }
        true
    }

    /// Forgets everything; those who listen are sent away.
    pub(crate) fn reset(&self) {
        *self.inner() = Inner::default();
    }
}

impl Inner {
    /// Id and endpoint of a new subscription.
    fn add(
        &mut self,
        wish: &Wish,
        origin: &str,
        holder: Holder,
        channel: Option<Channel>,
    ) -> Result<(String, String)> {
        let key = wish.application_server_key.as_deref().and_then(point);
        let id = match &wish.id {
            Some(id) => canonical(id),
            None => made_up(wish.flavour),
        };
        if self.subscriptions.contains_key(&id) {
            return Err(Error::Subscription(format!(
                "the id {id:?} is there already"
            )));
        }
        let origin = wish.origin.as_deref().unwrap_or(origin);
        let endpoint = format!("{origin}{}", wish.flavour.target(&id, key.is_some()));
        if let Some(channel) = &channel {
            self.channels.insert(channel.clone(), id.clone());
        }
        let entry = Entry {
            flavour: wish.flavour,
            endpoint: endpoint.clone(),
            application_server_key: key.map(Arc::from),
            holder,
            channel,
            unsubscribed: false,
            accepted: 0,
            acks: BTreeMap::new(),
        };
        self.subscriptions.insert(id.clone(), entry);
        self.ids.push(id.clone());
        Ok((id, endpoint))
    }

    fn unsubscribe(&mut self, id: &str) -> bool {
        let Some(entry) = self.subscriptions.get_mut(id) else {
            return false;
        };
        let was_there = !std::mem::replace(&mut entry.unsubscribed, true);
        if let Some(channel) = &entry.channel {
            self.channels.remove(channel);
        }
        let its = |message: &Message| message.subscription == id;
        let numbers = self.stored.iter().filter(|(_, message)| its(message));
        let numbers: Vec<_> = numbers.map(|(number, _)| *number).collect();
        for number in numbers {
            self.remove(number, State::Dropped);
        }
        was_there
    }

    fn put(&mut self, message: Message) {
        if let Some(topic) = &message.topic {
            let key = (message.subscription.clone(), topic.clone());
            if let Some(number) = self.by_topic.get(&key).copied() {
                self.remove(number, State::Replaced);
            }
        }
        let message = Arc::new(message);
        if message.ttl > 0 {
            self.store(Arc::clone(&message));
        }
        let uaid = message.channel.as_ref().map(|channel| &channel.uaid);
        let agent = uaid.and_then(|uaid| self.agents.get_mut(uaid));
        if let Some(agent) = agent
            && let Some(sender) = agent
        {
            match sender.try_send(Arc::clone(&message)) {
                Ok(()) => return self.deliver(message),
                Err(mpsc::error::TrySendError::Closed(_)) => *agent = None,
                Err(mpsc::error::TrySendError::Full(_)) => {}
            }
        }
        if message.ttl == 0 {
            message.tracked.now_is(State::Dropped);
        }
    }

    /// A message is on its way to its browser, which will acknowledge it.
    fn deliver(&mut self, message: Arc<Message>) {
        message.tracked.now_is(State::Delivered);
        let version = message.version.clone();
        if self.delivered.insert(version.clone(), message).is_none() {
            self.delivered_order.push_back(version);
        }
        while self.delivered_order.len() > MOST_DELIVERED
            && let Some(oldest) = self.delivered_order.pop_front()
        {
            self.delivered.remove(&oldest);
        }
    }

    /// Those leave that are away and have no subscription.
    fn make_room_for_an_agent(&mut self) {
        if self.agents.len() < MOST_AGENTS {
            return;
        }
        let channels = &self.channels;
        let is_needed = |uaid: &String| channels.keys().any(|channel| channel.uaid == *uaid);
        self.agents.retain(|uaid, sender| {
            let listens = sender.as_ref().is_some_and(|sender| !sender.is_closed());
            listens || is_needed(uaid)
        });
    }

    fn store(&mut self, message: Arc<Message>) {
        while self.stored.len() >= MOST_STORED
            || self.stored_bytes + message.len_bytes() > MOST_STORED_BYTES
        {
            let Some(oldest) = self.stored.keys().next().copied() else {
                break;
            };
            self.remove(oldest, State::Dropped);
        }
        let number = self.next;
        self.next += 1;
        self.by_version.insert(message.version.clone(), number);
        if let Some(topic) = &message.topic {
            let key = (message.subscription.clone(), topic.clone());
            self.by_topic.insert(key, number);
        }
        self.stored_bytes += message.len_bytes();
        self.stored.insert(number, message);
    }

    fn remove(&mut self, number: u64, state: State) -> Option<Arc<Message>> {
        let message = self.stored.remove(&number)?;
        self.stored_bytes -= message.len_bytes();
        self.by_version.remove(&message.version);
        if let Some(topic) = &message.topic {
            let key = (message.subscription.clone(), topic.clone());
            if self.by_topic.get(&key) == Some(&number) {
                self.by_topic.remove(&key);
            }
        }
        message.tracked.now_is(state);
        Some(message)
    }

    fn forget_expired(&mut self) {
        let now = Instant::now();
        let expired = self.stored.iter().filter(|(_, it)| it.expires_at <= now);
        let expired: Vec<_> = expired.map(|(number, _)| *number).collect();
        for number in expired {
            self.remove(number, State::Dropped);
        }
    }
}

impl Holder {
    fn keys(&self) -> Option<Keys> {
        match self {
            Self::Here(receiver) => {
                let p256dh = base64::encode(receiver.public());
                Some(Keys::new(p256dh, base64::encode(receiver.auth())))
            }
            Self::Elsewhere(keys) => keys.clone(),
        }
    }
}

/// Until when a message is stored.
pub(super) fn expiry(ttl: u32) -> Instant {
    let now = Instant::now();
    now.checked_add(Duration::from_secs(u64::from(ttl)))
        .unwrap_or(now)
}

/// An id in the manner of the service.
fn made_up(flavour: Flavour) -> String {
    let text = |bytes| base64::encode(random::octets(bytes));
    match flavour {
        Flavour::Mozilla => format!("gAAAAA{}", text(48)),
        Flavour::Fcm => format!("{}:APA91b{}", text(8), text(96)),
        Flavour::Apple => format!("Q{}", text(48)),
        // Percent-encoded as Microsoft has it, so that clients show whether they leave it alone.
        Flavour::Edge => format!("BQYAAAD%2b{}%3d%3d", text(48)),
        Flavour::Rfc8030 => text(20),
    }
}
