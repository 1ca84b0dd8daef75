//! The peers in Rust, as their documentation says.

use anyhow::{Context, Result, anyhow};
use anypush::web::VapidKey;
use web_push::{ContentEncoding, SubscriptionInfo, VapidSignatureBuilder, WebPushMessageBuilder};
use web_push_native::jwt_simple::algorithms::ES256KeyPair;
use web_push_native::p256::PublicKey;
use web_push_native::{Auth, WebPushBuilder};

use super::{Made, Maker, SUBJECT};
use crate::browsers::Browser;

/// Reads the subscription's texts for each message, which it has no other form for; its documentation
/// reads the key once.
pub(super) fn web_push<'a>(
    browsers: &'a [Browser],
    text: &'a str,
    signs: bool,
) -> Result<Maker<'a>> {
    let subscriptions: Vec<SubscriptionInfo> = browsers
        .iter()
        .map(|browser| {
            let json = serde_json::to_string(&browser.subscription)?;
            Ok(serde_json::from_str(&json)?)
        })
        .collect::<Result<_>>()?;
    let pem = VapidKey::generate()?.to_pem()?;
    let vapid = VapidSignatureBuilder::from_pem_no_sub(pem.as_bytes())?;
    Ok(Box::new(move |number| {
        let subscription = &subscriptions[number];
        let mut builder = WebPushMessageBuilder::new(subscription);
        builder.set_payload(ContentEncoding::Aes128Gcm, text.as_bytes());
        if signs {
            let mut signature = vapid.clone().add_sub_info(subscription);
            signature.add_claim("sub", SUBJECT);
            builder.set_vapid_signature(signature.build()?);
        }
        Ok(Made::WebPush(builder.build()?))
    }))
}

/// Has a form of its own for subscriptions, which is read before.
pub(super) fn web_push_native<'a>(
    browsers: &'a [Browser],
    text: &'a str,
    signs: bool,
) -> Result<Maker<'a>> {
    let builders: Vec<WebPushBuilder> = browsers
        .iter()
        .map(|browser| {
            let endpoint = browser.subscription.endpoint().uri().clone();
            let public = PublicKey::from_sec1_bytes(browser.keys.p256dh());
            let public = public.map_err(|_| anyhow!("it takes no public key"))?;
            let auth = Auth::clone_from_slice(browser.keys.auth());
            Ok(WebPushBuilder::new(endpoint, public, auth))
        })
        .collect::<Result<_>>()?;
    let key = ES256KeyPair::generate();
    Ok(Box::new(move |number| {
        let builder = builders.get(number).context("there is no such browser")?;
        let request = match signs {
            false => builder.build(text)?,
            true => builder.clone().with_vapid(&key, SUBJECT).build(text)?,
        };
        Ok(Made::WebPushNative(request))
    }))
}
