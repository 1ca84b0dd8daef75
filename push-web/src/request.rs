//! What is sent to a push service, apart from how it is carried.

use bytes::Bytes;
use http::header::{AUTHORIZATION, CONTENT_LENGTH, HeaderName, HeaderValue};
use http::{Method, Request};

use super::{
    Encoded, Encrypted, Error, InvalidSubscription, Profile, Subscription, VapidForm, VapidToken,
};

const ENCRYPTION: HeaderName = HeaderName::from_static("encryption");
const CRYPTO_KEY: HeaderName = HeaderName::from_static("crypto-key");

impl Encoded {
    /// Says what is wrong with the message for this subscription at a push service of this profile. Of the
    /// endpoint nothing is judged here: [`EndpointPolicy::check`](crate::EndpointPolicy::check).
    ///
    /// # Errors
    /// [`Error::problems`] lists what is wrong with the message.
    pub fn check(&self, subscription: &Subscription, profile: &Profile) -> Result<(), Error> {
        profile.check(self)?;
        if self.plaintext().is_some() && subscription.keys().is_none() {
            return Err(InvalidSubscription::no_keys().into());
        }
        Ok(())
    }

    /// The request that sends the message to this subscription, encrypted for it with a fresh key. It can be
    /// sent by any HTTP client; [`Client`](crate::Client) does so with this one. Where the endpoint leads is not
    /// looked at: ask an [`EndpointPolicy`](crate::EndpointPolicy) first.
    ///
    /// ```
    /// use std::time::SystemTime;
    /// use push_web::{Message, Profile, PushService, Receiver, Subscription, Vapid, VapidKey};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let browser = Receiver::generate()?;
    /// let subscription = Subscription::with_keys("https://push.example.net/v1/abc", browser.keys())?;
    /// let vapid = Vapid::new(VapidKey::generate()?).subject("mailto:ops@example.com");
    ///
    /// let token = vapid.sign(subscription.endpoint().origin(), SystemTime::now())?;
    /// let profile = Profile::of(PushService::of(subscription.endpoint().host()));
    /// let message = Message::text("Hello").encode()?;
    /// let request = message.request(&subscription, &profile, Some(&token))?;
    ///
    /// assert_eq!(request.uri(), "https://push.example.net/v1/abc");
    /// assert_eq!(request.headers()["ttl"], "2419200");
    /// assert_eq!(browser.decrypt_aes128gcm(request.body())?, b"Hello");
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    /// As [`check`](Self::check), and when the cryptographic library refuses.
    pub fn request(
        &self,
        subscription: &Subscription,
        profile: &Profile,
        vapid: Option<&VapidToken>,
    ) -> Result<Request<Bytes>, Error> {
        self.check(subscription, profile)?;
        let mut request = Request::new(Bytes::new());
        *request.method_mut() = Method::POST;
        *request.uri_mut() = subscription.endpoint().uri().clone();
        let form = profile.vapid_form_for(self.encoding());
        let mut crypto_key = None;
        let headers = request.headers_mut();
        headers.clone_from(self.headers());
        if let Some((name, value)) = profile.extra_header(self) {
            headers.insert(name, value);
        }
        if let Some(vapid) = vapid {
            headers.insert(AUTHORIZATION, vapid.authorization(form));
            if form == VapidForm::Draft01 {
                crypto_key = Some(vapid.crypto_key().to_owned());
            }
        }
        if let (Some(plaintext), Some(keys)) = (self.plaintext(), subscription.keys()) {
            let encrypted = self.encryption().encrypt(keys, plaintext)?;
            let Encrypted {
                body,
                encryption,
                crypto_key: dh,
                ..
            } = encrypted;
            if let Some(encryption) = encryption {
                headers.insert(ENCRYPTION, value(&encryption)?);
            }
            crypto_key = match (dh, crypto_key) {
                (Some(dh), Some(p256ecdsa)) => Some(format!("{dh};{p256ecdsa}")),
                (dh, p256ecdsa) => dh.or(p256ecdsa),
            };
            *request.body_mut() = body;
        }
        // By HTTP/2 it is not needed, but other senders say it too.
        let length = HeaderValue::from(request.body().len());
        request.headers_mut().insert(CONTENT_LENGTH, length);
        if let Some(crypto_key) = crypto_key {
            let value = value(&crypto_key)?;
            request.headers_mut().insert(CRYPTO_KEY, value);
        }
        Ok(request)
    }
}

/// What differs from push to push: HTTP/2 is not to remember it.
fn value(text: &str) -> Result<HeaderValue, Error> {
    let mut value = HeaderValue::from_str(text).map_err(|error| {
        let message = "a key can't stand in a header";
        push_core::Error::new(push_core::ErrorKind::InvalidMessage, message).with_source(error)
    })?;
    value.set_sensitive(true);
    Ok(value)
}
