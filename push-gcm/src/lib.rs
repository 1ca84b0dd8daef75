//! Firebase Cloud Messaging for anypush: [HTTP v1](v1), which people need today, and the
//! [legacy protocol](legacy) of GCM and FCM, for servers that still speak it.

#[cfg(any(test, feature = "fuzzing"))]
#[doc(hidden)]
pub mod fuzzing;
mod judgement;
pub mod legacy;
pub mod v1;
