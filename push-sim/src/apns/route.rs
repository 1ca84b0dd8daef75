//! What a request is about, by its path.

/// One of the paths of the API.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Route<'a> {
    /// `/3/device/<device token>`; the token may be missing.
    Device(&'a str),
    /// `/4/broadcasts/apps/<bundle id>`
    Broadcast(&'a str),
    /// `/1/apps/<bundle id>/channels`
    Channels(&'a str),
    /// `/1/apps/<bundle id>/all-channels`
    AllChannels(&'a str),
}

impl<'a> Route<'a> {
    /// Reads a path; `None` if it is none of the API's.
    pub(super) fn parse(path: &'a [u8]) -> Option<Self> {
        let path = std::str::from_utf8(path).ok()?;
        if let Some(rest) = path.strip_prefix("/3/device") {
            return match rest.strip_prefix('/') {
                Some(device) if !device.contains('/') => Some(Self::Device(device)),
                None if rest.is_empty() => Some(Self::Device(rest)),
                _ => None,
            };
        }
        if let Some(bundle_id) = path.strip_prefix("/4/broadcasts/apps/") {
            return is_bundle_id(bundle_id).then_some(Self::Broadcast(bundle_id));
        }
        let (bundle_id, what) = path.strip_prefix("/1/apps/")?.split_once('/')?;
        match what {
            _ if !is_bundle_id(bundle_id) => None,
            "channels" => Some(Self::Channels(bundle_id)),
            "all-channels" => Some(Self::AllChannels(bundle_id)),
            _ => None,
        }
    }

    /// The header that names a request of its kind, in the request and in the answer.
    pub(super) fn id_header(self) -> &'static str {
        match self {
            Self::Device(_) => "apns-id",
            Self::Broadcast(_) | Self::Channels(_) | Self::AllChannels(_) => "apns-request-id",
        }
    }

    /// What is taken is a notification, and not a change or a question about channels.
    pub(super) fn is_notification(self) -> bool {
        matches!(self, Self::Device(_) | Self::Broadcast(_))
    }
}

const MOST_BUNDLE_ID_BYTES: usize = 255;

/// It is made of what Apple lets a bundle identifier, and so a topic, be made of.
pub(super) fn is_bundle_id(text: &str) -> bool {
    (1..=MOST_BUNDLE_ID_BYTES).contains(&text.len())
        && text
            .bytes()
            .all(|octet| octet.is_ascii_alphanumeric() || b".-_".contains(&octet))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_documented_path_is_known() {
        for (path, route) in [
            ("/3/device/00fc", Route::Device("00fc")),
            ("/3/device/", Route::Device("")),
            ("/3/device", Route::Device("")),
            (
                "/4/broadcasts/apps/com.example.app",
                Route::Broadcast("com.example.app"),
            ),
            (
                "/1/apps/com.example.app/channels",
                Route::Channels("com.example.app"),
            ),
            (
                "/1/apps/com.example.app/all-channels",
                Route::AllChannels("com.example.app"),
            ),
        ] {
            assert_eq!(Route::parse(path.as_bytes()), Some(route), "{path}");
        }
    }

    #[test]
    fn other_paths_are_not() {
        for path in [
            "",
            "/",
            "/3/devices/00fc",
            "/3/device/00fc/x",
            "/2/device/00fc",
            "/4/broadcasts/apps/",
            "/4/broadcasts/apps/com.example.app/",
            "/4/broadcasts/apps/no%20bundle",
            "/3/broadcasts/apps/com.example.app",
            "/1/apps//channels",
            "/1/apps/com.example.app",
            "/1/apps/com.example.app/channels/",
            "/1/apps/com.example.app/channels?x",
            "/2/apps/com.example.app/channels",
            "/1/apps/com example/all-channels",
        ] {
            assert_eq!(Route::parse(path.as_bytes()), None, "{path}");
        }
        assert_eq!(Route::parse(b"/3/device/\xff"), None);
    }
}
