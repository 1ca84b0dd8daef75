//! What a push says beside its contents: kind, caching and priority.

use super::words::words;

words! {
    /// What a push is.
    pub enum Kind ("kind") {
        /// It pops up.
        Toast = "toast",
        /// It changes the app's tile.
        Tile = "tile",
        /// It changes the badge on the app's tile.
        Badge = "badge",
        /// It goes to the app, and nothing is shown.
        Raw = "raw",
    }
}

impl Kind {
    /// The header `X-WNS-Type`.
    pub fn header(self) -> &'static str {
        match self {
            Self::Toast => "wns/toast",
            Self::Tile => "wns/tile",
            Self::Badge => "wns/badge",
            Self::Raw => "wns/raw",
        }
    }

    /// The header `Content-Type`, without which WNS refuses the push.
    pub fn content_type(self) -> &'static str {
        match self {
            Self::Toast | Self::Tile | Self::Badge => "text/xml",
            Self::Raw => "application/octet-stream",
        }
    }
}

words! {
    /// Whether WNS keeps a push for a device that is offline.
    pub enum CachePolicy ("cache policy") {
        /// It does.
        Cache = "cache",
        /// It does not.
        NoCache = "no-cache",
    }
}

words! {
    /// How urgent a push is, for devices that save power. With the screen on or on mains power all are
    /// delivered; with battery saver on only those to apps that the user has exempted.
    pub enum Priority ("priority") {
        /// Delivered with the screen off, too. The default of toasts.
        High = "high",
        /// With the screen off for exempted apps only, else cached. The default of tiles and badges.
        Medium = "medium",
        /// The same. The default of raw notifications.
        Low = "low",
        /// Cached while the screen is off.
        VeryLow = "very-low",
    }
}

impl Priority {
    /// The header `X-WNS-PRIORITY`: 1 for high to 4 for very low.
    pub fn header(self) -> &'static str {
        match self {
            Self::High => "1",
            Self::Medium => "2",
            Self::Low => "3",
            Self::VeryLow => "4",
        }
    }
}
