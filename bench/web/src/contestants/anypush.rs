//! This client, in all that it does for a push but carry it.

use std::sync::Arc;
use std::time::SystemTime;

use anyhow::Result;
use anypush::web::{EndpointPolicy, Message, Profile, PushService, Vapid, VapidKey, VapidTokens};

use super::{Made, Maker, SUBJECT};
use crate::browsers::Browser;

pub(super) fn maker<'a>(browsers: &'a [Browser], text: &str, signs: bool) -> Result<Maker<'a>> {
    let vapid = Vapid::new(VapidKey::generate()?).subject(SUBJECT);
    let tokens = VapidTokens::new(vapid);
    let (message, policy) = (Message::text(text).encode()?, EndpointPolicy::public());
    Ok(Box::new(move |number| {
        let subscription = &browsers[number].subscription;
        let endpoint = subscription.endpoint();
        policy.check(endpoint)?;
        let profile = Profile::of(PushService::of(endpoint.host()));
        let now = SystemTime::now();
        let token = match signs {
            false => tokens.get(endpoint.origin(), now)?,
            true => Arc::new(tokens.vapid().sign(endpoint.origin(), now)?),
        };
        let request = message.request(subscription, &profile, Some(&token))?;
        Ok(Made::Anypush(request))
    }))
}
