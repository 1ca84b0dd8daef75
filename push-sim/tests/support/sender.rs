//! An application server that pushes to browsers.

#![allow(dead_code)]

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, EphemeralPrivateKey, UnparsedPublicKey, agree_ephemeral};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};
use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD as BASE64;

/// Who pushes.
#[derive(Debug)]
pub(crate) struct Server(EcdsaKeyPair);

impl Server {
    pub(crate) fn new() -> Self {
        Self(EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).unwrap())
    }

    pub(crate) fn raw_key(&self) -> &[u8] {
        self.0.public_key().as_ref()
    }

    pub(crate) fn key(&self) -> String {
        BASE64.encode(self.raw_key())
    }

    pub(crate) fn jwt(&self, header: &str, claims: &str) -> String {
        let signed = format!("{}.{}", BASE64.encode(header), BASE64.encode(claims));
        let signature = self.0.sign(&SystemRandom::new(), signed.as_bytes());
        format!("{signed}.{}", BASE64.encode(signature.unwrap()))
    }

    pub(crate) fn authorization_of(&self, header: &str, claims: &str) -> String {
        format!("vapid t={}, k={}", self.jwt(header, claims), self.key())
    }

    /// Good until then, in seconds since the epoch.
    pub(crate) fn authorization(&self, audience: &str, expires: u64) -> String {
        let claims =
            format!(r#"{{"aud":"{audience}","exp":{expires},"sub":"mailto:ops@example.org"}}"#);
        self.authorization_of(r#"{"typ":"JWT","alg":"ES256"}"#, &claims)
    }

    /// Good for an hour.
    pub(crate) fn present(&self, audience: &str) -> String {
        let now = std::time::SystemTime::UNIX_EPOCH.elapsed().unwrap();
        self.authorization(audience, now.as_secs() + 3600)
    }
}

/// A body of `aes128gcm`, in one record.
pub(crate) fn aes128gcm(p256dh: &str, auth: &str, plaintext: &[u8]) -> Vec<u8> {
    let salt = [7; 16];
    let (ours, secret) = agreed(p256dh);
    let theirs = BASE64.decode(p256dh).unwrap();
    let info = [b"WebPush: info\0", &theirs[..], &ours].concat();
    let material = derive::<32>(&BASE64.decode(auth).unwrap(), &secret, &info);
    let key = derive(&salt, &material, b"Content-Encoding: aes128gcm\0");
    let nonce = derive(&salt, &material, b"Content-Encoding: nonce\0");
    let sealed = seal(&key, nonce, [plaintext, &[2]].concat());
    [&salt[..], &4096_u32.to_be_bytes(), &[65], &ours, &sealed].concat()
}

/// A body of `aesgcm`, and the headers `Encryption` and `Crypto-Key` that go with it.
pub(crate) fn aesgcm(p256dh: &str, auth: &str, plaintext: &[u8]) -> (Vec<u8>, String, String) {
    let salt = [9; 16];
    let (ours, secret) = agreed(p256dh);
    let theirs = BASE64.decode(p256dh).unwrap();
    let auth = BASE64.decode(auth).unwrap();
    let material = derive::<32>(&auth, &secret, b"Content-Encoding: auth\0");
    let context = [b"P-256\0\0\x41", &theirs[..], b"\0\x41", &ours].concat();
    let of = |label: &[u8]| [label, &context].concat();
    let key = derive(&salt, &material, &of(b"Content-Encoding: aesgcm\0"));
    let nonce = derive(&salt, &material, &of(b"Content-Encoding: nonce\0"));
    let sealed = seal(&key, nonce, [&[0, 0], plaintext].concat());
    let encryption = format!("salt={}", BASE64.encode(salt));
    (sealed, encryption, format!("dh={}", BASE64.encode(ours)))
}

/// Our public key, and the secret that goes with it.
fn agreed(p256dh: &str) -> (Vec<u8>, Vec<u8>) {
    let private = EphemeralPrivateKey::generate(&ECDH_P256, &SystemRandom::new()).unwrap();
    let public = private.compute_public_key().unwrap().as_ref().to_vec();
    let peer = UnparsedPublicKey::new(&ECDH_P256, BASE64.decode(p256dh).unwrap());
    let secret = agree_ephemeral(private, peer, "no point", |secret| Ok(secret.to_vec()));
    (public, secret.unwrap())
}

struct Length(usize);

impl KeyType for Length {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(salt: &[u8], material: &[u8], info: &[u8]) -> [u8; N] {
    let mut out = [0; N];
    let pseudorandom = Salt::new(HKDF_SHA256, salt).extract(material);
    let info = [info];
    let expanded = pseudorandom.expand(&info, Length(N)).unwrap();
    expanded.fill(&mut out).unwrap();
    out
}

fn seal(key: &[u8; 16], nonce: [u8; 12], mut record: Vec<u8>) -> Vec<u8> {
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, key).unwrap());
    let nonce = Nonce::assume_unique_for_key(nonce);
    key.seal_in_place_append_tag(nonce, Aad::empty(), &mut record)
        .unwrap();
    record
}
