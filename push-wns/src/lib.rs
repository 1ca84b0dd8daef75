//! Windows Push Notification Services (WNS): toasts, tiles, badges and raw notifications.

mod channel;
mod device;
mod notification;
pub mod oauth;

pub use channel::{Channel, ChannelUri, InvalidChannel, TrustedOrigins};
pub use device::Device;
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
