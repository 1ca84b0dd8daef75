//! Windows Push Notification Services (WNS): toasts, tiles, badges and raw notifications.

mod answer;
mod channel;
mod client;
mod device;
mod error;
mod notification;
pub mod oauth;
mod outcome;
mod send_all;

pub use answer::{Advice, DeviceStatus, Reason, Rejection};
pub use channel::{Channel, ChannelUri, InvalidChannel, TrustedOrigins};
pub use client::{Client, ClientBuilder};
pub use device::Device;
pub use error::Error;
pub use notification::{
    ActivationType, AfterActivation, Audio, Badge, Binding, Branding, Button, ButtonStyle,
    CachePolicy, Command, CommandId, CommandScenario, Commands, Crop, Encoded, Fault, Glyph, Group,
    Image, ImageAlign, Input, InputKind, Invalid, InvalidBadge, Kind, MAX_BODY_BYTES, Match,
    Notification, Presentation, Priority, Problem, Progress, ProgressValue, Scenario, Selection,
    Sound, Subgroup, SubgroupItem, TemplateBinding, TemplateToast, Text, TextAlign, TextStacking,
    TextStyle, Tile, TileBinding, TileItem, TileSize, TileTemplate, TileVisual, Toast,
    ToastBinding, ToastDuration, ToastHeader, ToastItem, ToastTemplate, ToastText, ToastVisual,
    UnknownTemplate, UnknownWord,
};
pub use oauth::Credentials;
pub use outcome::{Outcome, Receipt};
pub use push_core::WnsStatus;
pub use push_core::fan_out::Judgement;
pub use send_all::{SendAll, SendEach, TrySendAll};
