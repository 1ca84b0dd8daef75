//! What a simulated GCM is like.

use std::collections::BTreeMap;

/// Settings of GCM; by default it takes any key, and ids of any app.
#[derive(Clone)]
#[non_exhaustive]
pub struct Config {
    /// The server keys that are taken; empty: any that is not empty. Empty by default.
    pub api_keys: Vec<String>,
    /// The package of the app that all ids belong to, with which `restricted_package_name` has to
    /// agree; `None`: it agrees with everything. `None` by default.
    pub package: Option<String>,
    /// The device groups that there are from the start: ids by notification key; none by default.
    pub groups: BTreeMap<String, Vec<String>>,
    /// The limit of concurrent streams of a connection; 100 by default.
    pub max_streams: u32,
}

/// Without the keys.
impl std::fmt::Debug for Config {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Config")
            .field("api_keys", &self.api_keys.len())
            .field("package", &self.package)
            .field("groups", &self.groups.len())
            .field("max_streams", &self.max_streams)
            .finish()
    }
}

impl Default for Config {
    fn default() -> Self {
        Self {
            api_keys: Vec::new(),
            package: None,
            groups: BTreeMap::new(),
            max_streams: 100,
        }
    }
}

impl Config {
    /// Adds a server key; others then are refused.
    #[must_use]
    pub fn api_key(mut self, key: impl Into<String>) -> Self {
        self.api_keys.push(key.into());
        self
    }

    /// Sets the package of the app.
    #[must_use]
    pub fn package(mut self, name: impl Into<String>) -> Self {
        self.package = Some(name.into());
        self
    }

    /// Adds a device group.
    #[must_use]
    pub fn group(
        mut self,
        notification_key: impl Into<String>,
        ids: impl IntoIterator<Item = impl Into<String>>,
    ) -> Self {
        let ids = ids.into_iter().map(Into::into).collect();
        self.groups.insert(notification_key.into(), ids);
        self
    }

    /// Sets the limit of concurrent streams.
    #[must_use]
    pub fn max_streams(mut self, streams: u32) -> Self {
        self.max_streams = streams;
        self
    }
}
