use std::time::{Duration, UNIX_EPOCH};

use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED, UnparsedPublicKey};

use super::is_one_line;
use super::secrets::Secrets;
use crate::{Receiver, Vapid, VapidKey, base64};

/// A VAPID key in each form: what is read signs what its public key verifies, and is the same after it
/// was written; what is refused is not shown.
pub fn web_vapid_key(input: &[u8]) {
    let text = String::from_utf8_lossy(input);
    let secrets = Secrets::of(text.lines().chain([&*text]), "");
    for read in [
        VapidKey::from_pem(input),
        VapidKey::from_der(input),
        VapidKey::from_base64url(&text),
    ] {
        match read {
            Ok(key) => is_a_key(&key),
            Err(error) => {
                let shown = format!("{} {error:?}", error.report());
                assert!(is_one_line(&error.report()), "{shown}");
                assert!(shown.len() < 2000, "{shown}");
                secrets.are_not_in(&shown);
            }
        }
    }
    // A private number is the same for signatures and for agreements.
    if let Ok(number) = <&[u8; 32]>::try_from(input) {
        let key = VapidKey::from_base64url(&base64::encode(number));
        let other = Receiver::new(number, &[0; 16]);
        assert_eq!(key.is_ok(), other.is_ok());
        if let (Ok(key), Ok(other)) = (key, other) {
            is_a_key(&key);
            assert_eq!(key.public_key(), other.keys().p256dh());
        }
    }
}

fn is_a_key(key: &VapidKey) {
    assert_eq!((key.public_key().len(), key.public_key()[0]), (65, 4));
    let public = base64::encode(key.public_key());
    assert_eq!(key.application_server_key(), public);
    let pem = key.to_pem().expect("a key can be written");
    for back in [VapidKey::from_pem(&pem), VapidKey::from_base64url(&pem)] {
        assert_eq!(back.ok().as_ref(), Some(key));
    }
    let secrets = Secrets::of(pem.lines(), "");
    let vapid = Vapid::new(key.clone());
    secrets.are_not_in(&format!("{key:?} {vapid:?}"));

    let now = UNIX_EPOCH + Duration::from_secs(1_800_000_000);
    let token = vapid.sign("https://push.example", now);
    let token = token.expect("a key signs");
    let (signed, signature) = token.jwt().rsplit_once('.').expect("a token has parts");
    let signature = base64::decode(signature).expect("its signature is in Base64");
    UnparsedPublicKey::new(&ECDSA_P256_SHA256_FIXED, key.public_key())
        .verify(signed.as_bytes(), &signature)
        .expect("its public key verifies it");
}
