//! Both codings, written once more and another way: from the keys of the browser, for any records.

use std::sync::LazyLock;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{self, ECDH_P256, PrivateKey, UnparsedPublicKey};
use aws_lc_rs::hkdf::{HKDF_SHA256, KeyType, Salt};

use crate::Keys;

pub(super) const SALT: [u8; 16] = [7; 16];

/// Who sends: always the same, so that inputs can be kept.
static SENDER: LazyLock<PrivateKey> = LazyLock::new(|| {
    PrivateKey::from_private_key(&ECDH_P256, &[1; 32]).expect("the number is a key")
});

/// The sender's public key.
pub(super) fn sender() -> [u8; 65] {
    let public = SENDER.compute_public_key().expect("a key has a public one");
    public.as_ref().try_into().expect("it has 65 bytes")
}

/// Key and first nonce of a message's records.
pub(super) struct Records {
    key: LessSafeKey,
    nonce: [u8; 12],
}

impl Records {
    /// RFC 8291, section 3.4.
    pub(super) fn aes128gcm(keys: &Keys) -> Self {
        let info = [&b"WebPush: info\0"[..], keys.p256dh(), &sender()].concat();
        Self::new(
            keys,
            &info,
            b"Content-Encoding: aes128gcm\0",
            b"Content-Encoding: nonce\0",
        )
    }

    /// draft-ietf-webpush-encryption-04, section 3.
    pub(super) fn aesgcm(keys: &Keys) -> Self {
        let context = [&b"P-256\0\0\x41"[..], keys.p256dh(), b"\0\x41", &sender()].concat();
        let about = |name: &[u8]| [name, &context].concat();
        Self::new(
            keys,
            b"Content-Encoding: auth\0",
            &about(b"Content-Encoding: aesgcm\0"),
            &about(b"Content-Encoding: nonce\0"),
        )
    }

    fn new(keys: &Keys, message: &[u8], key: &[u8], nonce: &[u8]) -> Self {
        let peer = UnparsedPublicKey::new(&ECDH_P256, keys.p256dh());
        let secret = agreement::agree(&SENDER, peer, (), |secret| Ok(secret.to_vec()));
        let secret = secret.expect("the browser's key is a key");
        let ikm: [u8; 32] = derive(keys.auth(), &secret, message);
        let key: [u8; 16] = derive(&SALT, &ikm, key);
        let key = UnboundKey::new(&AES_128_GCM, &key).expect("16 bytes are a key");
        Self {
            key: LessSafeKey::new(key),
            nonce: derive(&SALT, &ikm, nonce),
        }
    }

    /// Encrypts the record of a number.
    pub(super) fn seal(&self, number: usize, record: &[u8]) -> Vec<u8> {
        let base = self
            .nonce
            .iter()
            .fold(0_u128, |sum, byte| sum << 8 | u128::from(*byte));
        let nonce = (base ^ number as u128).to_be_bytes();
        let nonce = Nonce::try_assume_unique_for_key(&nonce[4..]).expect("12 bytes are a nonce");
        let mut record = record.to_vec();
        let sealed = self
            .key
            .seal_in_place_append_tag(nonce, Aad::empty(), &mut record);
        sealed.expect("a record can be encrypted");
        record
    }
}

/// A length.
struct Bytes(usize);

impl KeyType for Bytes {
    fn len(&self) -> usize {
        self.0
    }
}

fn derive<const N: usize>(salt: &[u8], ikm: &[u8], info: &[u8]) -> [u8; N] {
    let mut derived = [0; N];
    let key = Salt::new(HKDF_SHA256, salt).extract(ikm);
    let filled = key
        .expand(&[info], Bytes(N))
        .and_then(|it| it.fill(&mut derived));
    filled.expect("so few bytes can be derived");
    derived
}
