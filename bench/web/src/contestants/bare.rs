//! The bare operations.

use anyhow::Result;
use yardstick::BareWebPush;

use super::{Made, Maker};
use crate::browsers::Browser;

/// As long as what is signed of a token: header and claims in Base64.
const SIGNED: [u8; 162] = [b'x'; 162];

pub(super) fn maker<'a>(browsers: &'a [Browser], text: &'a str, signs: bool) -> Result<Maker<'a>> {
    let bare = BareWebPush::new()?;
    Ok(Box::new(move |number| {
        let keys = &browsers[number].keys;
        let body = bare.encrypt(keys.p256dh(), keys.auth(), text.as_bytes())?;
        let signature = signs.then(|| bare.sign(&SIGNED)).transpose()?;
        Ok(Made::Bare(body, signature))
    }))
}
