//! Windows Push Notification Services (WNS): toasts, tiles, badges and raw notifications.
