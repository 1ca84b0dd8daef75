//! Firebase Cloud Messaging for anypush: [HTTP v1](v1), which people need today, and the
//! [legacy protocol](legacy) of GCM and FCM, for servers that still speak it.

pub mod legacy;
pub mod v1;
