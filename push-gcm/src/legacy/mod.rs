//! GCM and FCM by the legacy HTTP protocol, which Google shut down in 2024.
