//! What a push says, the same for every channel.

mod adaptive;
mod badge;
mod check;
mod checker;
mod document;
mod element;
mod encode;
mod matching;
mod options;
mod problem;
mod source;
mod tile;
mod timestamp;
mod toast;
mod wire;
mod words;
mod xml;

use std::fmt;
use std::time::Duration;

use bytes::Bytes;

pub use self::adaptive::{
    Branding, Crop, Group, Image, ImageAlign, Subgroup, SubgroupItem, Text, TextAlign,
    TextStacking, TextStyle,
};
pub use self::badge::{Badge, Glyph, InvalidBadge};
pub use self::encode::Encoded;
pub use self::matching::Match;
pub use self::options::{CachePolicy, Kind, Priority};
pub use self::problem::{Fault, Invalid, Problem};
pub use self::tile::{
    Binding, Presentation, TemplateBinding, Tile, TileBinding, TileItem, TileSize, TileTemplate,
    TileVisual, UnknownTemplate,
};
pub use self::toast::{
    ActivationType, AfterActivation, Audio, Button, ButtonStyle, Command, CommandId,
    CommandScenario, Commands, Input, InputKind, Progress, ProgressValue, Scenario, Selection,
    Sound, TemplateToast, Toast, ToastBinding, ToastDuration, ToastHeader, ToastItem,
    ToastTemplate, ToastText, ToastVisual,
};
pub use self::words::UnknownWord;

/// The most bytes of a body, of every kind.
///
/// Source: Microsoft, "Push notification service request and response headers", 413.
pub const MAX_BODY_BYTES: usize = 5000;

/// A notification: a toast, a tile, a badge or raw bytes, and how WNS is to treat it. Where it goes is not
/// part of it.
///
/// It is built by methods, none of which fail: all that is wrong is said at once when it is encoded or
/// sent, before any I/O. WNS itself looks at no XML, and Windows shows nothing of one that it does not
/// understand.
///
/// ```
/// use std::time::Duration;
/// use push_wns::{Badge, Notification, Text, TextStyle, Tile, TileBinding, Toast};
///
/// let toast = Notification::toast(Toast::new("Goal").text("1:0").launch("match=4711"))
///     .ttl(Duration::from_secs(90 * 60));
/// let tile = Notification::tile(Tile::new(
///     TileBinding::medium().text(Text::new("1:0").style(TextStyle::Title)),
/// ))
/// .tag("match4711");
/// let badge = Notification::badge(Badge::number(1));
///
/// let queued = serde_json::to_string(&toast)?;
/// assert_eq!(
///     queued,
///     r#"{"toast":{"texts":[{"text":"Goal"},{"text":"1:0"}],"launch":"match=4711"},"ttl":5400}"#
/// );
/// assert_eq!(serde_json::from_str::<Notification>(&queued)?, toast);
/// # for notification in [toast, tile, badge] { notification.encode()?; }
/// # Ok::<_, Box<dyn std::error::Error>>(())
/// ```
///
/// As JSON it has one of `toast`, `template_toast`, `tile`, `badge`, `raw` (text), `raw_base64`, or `xml`
/// with its `kind`; beside it stand `ttl` in seconds, `tag`, `group`, `cache_policy`,
/// `request_for_status`, `priority`, `correlation_vector`, `suppress_popup` and `windows_phone`. Members are named with
/// underscores, words are spelled as Microsoft spells them, and other members are refused.
///
/// # Sizes
///
/// A body has at most [`MAX_BODY_BYTES`] bytes, whatever the kind. Nothing in it should be confidential:
/// WNS can read it.
#[derive(Clone, PartialEq)]
#[must_use]
pub struct Notification {
    payload: Payload,
    ttl_secs: Option<u64>,
    tag: Option<String>,
    group: Option<String>,
    cache_policy: Option<CachePolicy>,
    request_for_status: Option<bool>,
    priority: Option<Priority>,
    correlation_vector: Option<String>,
    suppress_popup: Option<bool>,
    windows_phone: bool,
}

#[derive(Clone, PartialEq)]
enum Payload {
    Toast(Box<Toast>),
    TemplateToast(Box<TemplateToast>),
    Tile(Box<Tile>),
    Badge(Badge),
    /// A document of the kind, which is not [`Kind::Raw`].
    Xml(Kind, String),
    Raw(Bytes),
}

impl Notification {
    fn new(payload: Payload) -> Self {
        Self {
            payload,
            ttl_secs: None,
            tag: None,
            group: None,
            cache_policy: None,
            request_for_status: None,
            priority: None,
            correlation_vector: None,
            suppress_popup: None,
            windows_phone: false,
        }
    }

    /// A toast with one text.
    pub fn text(text: impl Into<ToastText>) -> Self {
        Self::toast(Toast::new(text))
    }

    /// A toast.
    pub fn toast(toast: Toast) -> Self {
        Self::new(Payload::Toast(Box::new(toast)))
    }

    /// A toast by one of the templates of Windows 8.
    pub fn template_toast(toast: TemplateToast) -> Self {
        Self::new(Payload::TemplateToast(Box::new(toast)))
    }

    /// A tile.
    pub fn tile(tile: Tile) -> Self {
        Self::new(Payload::Tile(Box::new(tile)))
    }

    /// A badge.
    pub fn badge(badge: impl Into<Badge>) -> Self {
        Self::new(Payload::Badge(badge.into()))
    }

    /// Bytes for the app, not empty. They are dropped where the app neither runs nor waits for them in the
    /// background.
    pub fn raw(bytes: impl Into<Bytes>) -> Self {
        Self::new(Payload::Raw(bytes.into()))
    }

    /// A toast, tile or badge whose XML is written already, and goes out as it is. It has to be well
    /// formed, in UTF-8, without a document type definition, and its root has to be that of the kind;
    /// nothing else is checked. Of the kind [`Kind::Raw`] it is any text, as with [`Notification::raw`].
    pub fn xml(kind: Kind, xml: impl Into<String>) -> Self {
        let xml = xml.into();
        match kind {
            Kind::Raw => Self::raw(xml),
            Kind::Toast | Kind::Tile | Kind::Badge => Self::new(Payload::Xml(kind, xml)),
        }
    }

    /// What it is.
    pub fn kind(&self) -> Kind {
        match &self.payload {
            Payload::Toast(_) | Payload::TemplateToast(_) => Kind::Toast,
            Payload::Tile(_) => Kind::Tile,
            Payload::Badge(_) => Kind::Badge,
            Payload::Xml(kind, _) => *kind,
            Payload::Raw(_) => Kind::Raw,
        }
    }

    /// How long it is worth delivering, from when WNS gets it: the header `X-WNS-TTL`, in whole seconds,
    /// rounded up, and 2^31 - 1 at most. Default: WNS decides; the contents of tiles and badges then go after three days.
    pub fn ttl(mut self, ttl: Duration) -> Self {
        let rest = u64::from(ttl.subsec_nanos() > 0);
        self.ttl_secs = Some(ttl.as_secs().saturating_add(rest));
        self
    }

    /// Which of several it is: the header `X-WNS-Tag`, 1 to 16 letters and digits. A tile with a tag takes
    /// the place of one with the same tag where the app shows several in turn; on Windows Phone a toast does
    /// so too. Whether WNS does the same for toasts of Windows 10 and 11 is not documented.
    pub fn tag(mut self, tag: impl Into<String>) -> Self {
        self.tag = Some(tag.into());
        self
    }

    /// The group of a toast, within which its tag counts: the header `X-WNS-Group`, 1 to 16 letters and
    /// digits. Documented for Windows Phone.
    pub fn group(mut self, group: impl Into<String>) -> Self {
        self.group = Some(group.into());
        self
    }

    /// Whether WNS keeps it for a device that is offline: the header `X-WNS-Cache-Policy`. By default it
    /// keeps one tile and one badge for each channel, and no raw notification. Of toasts Microsoft's pages
    /// say both that one is kept and that they are dropped.
    pub fn cache_policy(mut self, cache_policy: CachePolicy) -> Self {
        self.cache_policy = Some(cache_policy);
        self
    }

    /// Whether WNS is to tell if the device is connected: the header `X-WNS-RequestForStatus`. Default: no.
    pub fn request_for_status(mut self, on: bool) -> Self {
        self.request_for_status = Some(on);
        self
    }

    /// How urgent it is: the header `X-WNS-PRIORITY`. Default: high for toasts, medium for tiles and badges,
    /// low for raw notifications.
    pub fn priority(mut self, priority: Priority) -> Self {
        self.priority = Some(priority);
        self
    }

    /// By what Microsoft finds the push in its logs: the header `MS-CV`, at most 128 visible ASCII
    /// characters. The same goes to every device that gets this notification. Default: WNS makes one for
    /// each push, and tells it in its answer.
    pub fn correlation_vector(mut self, vector: impl Into<String>) -> Self {
        self.correlation_vector = Some(vector.into());
        self
    }

    /// Whether a toast goes to the notification centre only, without popping up: the header
    /// `X-WNS-SuppressPopup`. Windows Phone only ([`Notification::windows_phone`]): on Windows the toast
    /// would be dropped.
    pub fn suppress_popup(mut self, on: bool) -> Self {
        self.suppress_popup = Some(on);
        self
    }

    /// Says that it goes to Windows Phone, so that it may have what other devices drop.
    pub fn windows_phone(mut self) -> Self {
        self.windows_phone = true;
        self
    }
}

impl From<Toast> for Notification {
    fn from(toast: Toast) -> Self {
        Self::toast(toast)
    }
}

impl From<TemplateToast> for Notification {
    fn from(toast: TemplateToast) -> Self {
        Self::template_toast(toast)
    }
}

impl From<Tile> for Notification {
    fn from(tile: Tile) -> Self {
        Self::tile(tile)
    }
}

impl From<Badge> for Notification {
    fn from(badge: Badge) -> Self {
        Self::badge(badge)
    }
}

impl fmt::Debug for Notification {
    /// Without what it says: its kind and size only.
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Notification")
            .field("kind", &self.kind())
            .field("body_bytes", &self.payload.body().len())
            .field("ttl_secs", &self.ttl_secs)
            .field("tag", &self.tag)
            .field("group", &self.group)
            .field("cache_policy", &self.cache_policy)
            .field("priority", &self.priority)
            .finish_non_exhaustive()
    }
}
