//! What is wrong with a request, before a service puts it into its own words.

use super::vapid::Flaw;

#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) enum Problem {
    /// No subscription has this endpoint.
    NotFound,
    /// The subscription has ended.
    Gone,
    /// Another method than `POST`.
    Method,
    Vapid(Flaw),
    TtlMissing,
    /// No number.
    Ttl,
    TtlNegative,
    /// It does not go with `X-WNS-Cache-Policy`.
    TtlConflict,
    Urgency,
    /// It is longer than 32 characters, or has others than those of base64url.
    Topic(&'static str),
    /// What is wrong with the headers about the encryption.
    Encryption(&'static str),
    TooLarge,
    TooMany,
}
