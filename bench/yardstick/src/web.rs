use anyhow::{Result, anyhow};
use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::error::Unspecified;
use aws_lc_rs::hmac::{self, HMAC_SHA256};
use aws_lc_rs::rand::{self, SystemRandom};
use aws_lc_rs::signature::{ECDSA_P256_SHA256_FIXED_SIGNING, EcdsaKeyPair, KeyPair};

/// Salt, record size, length of the public key, and the key.
const HEADER: usize = 16 + 4 + 1 + 65;
const TAG: usize = 16;

/// What a Web Push message can't be sent without, on aws-lc-rs: a fresh key pair, the agreement, five
/// HMACs and one AES-GCM (RFC 8291), into one buffer; and the signature of a VAPID token (RFC 8292).
/// Nothing is checked, remembered or put into headers.
pub struct BareWebPush {
    key: EcdsaKeyPair,
    random: SystemRandom,
}

impl BareWebPush {
    /// With a fresh key for signatures.
    ///
    /// # Errors
    /// The library makes none.
    pub fn new() -> Result<Self> {
        let key = EcdsaKeyPair::generate(&ECDSA_P256_SHA256_FIXED_SIGNING).map_err(refused)?;
        let random = SystemRandom::new();
        Ok(Self { key, random })
    }

    /// Encrypts a message for whoever has these keys, by `aes128gcm`.
    ///
    /// # Errors
    /// The public key is no point of P-256.
    pub fn encrypt(&self, p256dh: &[u8; 65], auth: &[u8; 16], text: &[u8]) -> Result<Vec<u8>> {
        encrypt(p256dh, auth, text).map_err(refused)
    }

    /// Signs what is to be signed of a token.
    ///
    /// # Errors
    /// The library refuses.
    pub fn sign(&self, text: &[u8]) -> Result<[u8; 64]> {
        let signature = self.key.sign(&self.random, text).map_err(refused)?;
        Ok(signature.as_ref().try_into()?)
    }

    /// The public key of the signatures.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }
}

fn refused(_: Unspecified) -> anyhow::Error {
    anyhow!("the cryptographic library refused")
}

fn encrypt(p256dh: &[u8; 65], auth: &[u8; 16], text: &[u8]) -> Result<Vec<u8>, Unspecified> {
    let private = PrivateKey::generate(&ECDH_P256)?;
    let public = private.compute_public_key()?;
    let mut salt = [0; 16];
    rand::fill(&mut salt)?;

    let peer = UnparsedPublicKey::new(&ECDH_P256, p256dh);
    let secret = agreement::agree(&private, peer, Unspecified, |secret| Ok(mac(auth, secret)))?;
    let mut about = [1; 145];
    about[..14].copy_from_slice(b"WebPush: info\0");
    about[14..79].copy_from_slice(p256dh);
    about[79..144].copy_from_slice(public.as_ref());
    let keying = mac(secret.as_ref(), &about);
    let extracted = hmac::Key::new(HMAC_SHA256, mac(&salt, keying.as_ref()).as_ref());
    let key = hmac::sign(&extracted, b"Content-Encoding: aes128gcm\0\x01");
    let nonce = hmac::sign(&extracted, b"Content-Encoding: nonce\0\x01");

    let mut body = Vec::with_capacity(HEADER + text.len() + 1 + TAG);
    body.extend_from_slice(&salt);
    body.extend_from_slice(&4096_u32.to_be_bytes());
    body.push(65);
    body.extend_from_slice(public.as_ref());
    body.extend_from_slice(text);
    body.push(2);
    let key = LessSafeKey::new(UnboundKey::new(&AES_128_GCM, &key.as_ref()[..16])?);
    let nonce = Nonce::try_assume_unique_for_key(&nonce.as_ref()[..12])?;
    let tag = key.seal_in_place_separate_tag(nonce, Aad::empty(), &mut body[HEADER..])?;
    body.extend_from_slice(tag.as_ref());
    Ok(body)
}

fn mac(key: &[u8], text: &[u8]) -> hmac::Tag {
    hmac::sign(&hmac::Key::new(HMAC_SHA256, key), text)
}

impl std::fmt::Debug for BareWebPush {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("BareWebPush").finish_non_exhaustive()
    }
}
