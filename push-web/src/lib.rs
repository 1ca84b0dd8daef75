//! Web Push (RFC 8030): message encryption (RFC 8188, RFC 8291), VAPID (RFC 8292), and a client.
