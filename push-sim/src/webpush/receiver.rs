//! The keys of a subscription as a browser keeps them, and what they decrypt (RFC 8291, RFC 8188, and
//! draft-ietf-webpush-encryption-04 for the coding before it).

use std::fmt;

use aws_lc_rs::aead::{AES_128_GCM, Aad, LessSafeKey, Nonce, UnboundKey};
use aws_lc_rs::agreement::{ECDH_P256, PrivateKey, UnparsedPublicKey, agree};
use aws_lc_rs::hmac;
use aws_lc_rs::rand::{SecureRandom, SystemRandom};

/// Of AES-GCM.
const TAG: usize = 16;

/// Private key and authentication secret of a subscription.
pub(crate) struct Receiver {
    private: PrivateKey,
    public: [u8; 65],
    auth: [u8; 16],
}

/// Without the keys.
impl fmt::Debug for Receiver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Receiver").finish_non_exhaustive()
    }
}

impl Receiver {
    /// New keys; `None` if there is no randomness.
    pub(crate) fn generate() -> Option<Self> {
        let mut auth = [0; 16];
        SystemRandom::new().fill(&mut auth).ok()?;
        Self::with(PrivateKey::generate(&ECDH_P256).ok()?, auth)
    }

    #[cfg(test)]
    fn of(private: &[u8], auth: [u8; 16]) -> Option<Self> {
        Self::with(
            PrivateKey::from_private_key(&ECDH_P256, private).ok()?,
            auth,
        )
    }

    fn with(private: PrivateKey, auth: [u8; 16]) -> Option<Self> {
        let public = private.compute_public_key().ok()?;
        Some(Self {
            public: public.as_ref().try_into().ok()?,
            private,
            auth,
        })
    }

    /// `p256dh`: the public key, a point without compression.
    pub(crate) fn public(&self) -> &[u8; 65] {
        &self.public
    }

    /// The authentication secret.
    pub(crate) fn auth(&self) -> &[u8; 16] {
        &self.auth
    }

    /// Decrypts a body of `aes128gcm`; what is wrong with it, otherwise.
    pub(crate) fn aes128gcm(&self, body: &[u8]) -> Result<Vec<u8>, &'static str> {
        let (salt, rest) = body.split_first_chunk::<16>().ok_or("no salt")?;
        let (size, rest) = rest.split_first_chunk::<4>().ok_or("no record size")?;
        let (length, rest) = rest.split_first().ok_or("no length of a key id")?;
        let (sender, records) = rest
            .split_at_checked(usize::from(*length))
            .ok_or("a key id that is cut off")?;
        let size = u32::from_be_bytes(*size) as usize;
        if size < TAG + 2 {
            return Err("a record size below 18");
        }
        let info = [b"WebPush: info\0", &self.public[..], sender].concat();
        let secret = self.agree(sender)?;
        let material = expand(&extract(&self.auth, &secret), &info);
        let pseudorandom = extract(salt, &material);
        let key = key(&expand(&pseudorandom, b"Content-Encoding: aes128gcm\0"))?;
        let base = expand(&pseudorandom, b"Content-Encoding: nonce\0");
        let mut plaintext = Vec::with_capacity(records.len());
        let mut records = records.chunks(size).enumerate().peekable();
        if records.peek().is_none() {
            return Err("no record");
        }
        while let Some((number, record)) = records.next() {
            let opened = open(&key, nonce(&base, number), record)?;
            let end = opened.iter().rposition(|octet| *octet != 0);
            let end = end.ok_or("a record without a delimiter")?;
            match (opened[end], records.peek().is_none()) {
                (2, true) | (1, false) => plaintext.extend_from_slice(&opened[..end]),
                (2, false) => return Err("something behind the last record"),
                (1, true) => return Err("no last record"),
                _ => return Err("a record with another delimiter than 1 or 2"),
            }
        }
        Ok(plaintext)
    }

    /// Decrypts a body of `aesgcm` with what the headers `Encryption` and `Crypto-Key` say: `salt`,
    /// `rs` and `dh`.
    pub(crate) fn aesgcm(
        &self,
        body: &[u8],
        salt: &[u8],
        size: usize,
        sender: &[u8],
    ) -> Result<Vec<u8>, &'static str> {
        let secret = self.agree(sender)?;
        let material = expand(&extract(&self.auth, &secret), b"Content-Encoding: auth\0");
        let length = [0, 65];
        let context = [b"P-256\0", &length[..], &self.public, &length[..], sender].concat();
        let pseudorandom = extract(salt, &material);
        let of = |label: &[u8]| expand(&pseudorandom, &[label, &context].concat());
        let key = key(&of(b"Content-Encoding: aesgcm\0"))?;
        let base = of(b"Content-Encoding: nonce\0");
        let mut plaintext = Vec::with_capacity(body.len());
        // The tag is not part of a record's size.
        let whole = size.checked_add(TAG).ok_or("a record size beyond memory")?;
        for (number, record) in body.chunks(whole).enumerate() {
            let opened = open(&key, nonce(&base, number), record)?;
            let (padding, rest) = opened
                .split_first_chunk()
                .ok_or("a record without padding")?;
            let padding = usize::from(u16::from_be_bytes(*padding));
            let (zeros, text) = rest
                .split_at_checked(padding)
                .ok_or("more padding than there is")?;
            if zeros.iter().any(|octet| *octet != 0) {
                return Err("padding that is not zero");
            }
            plaintext.extend_from_slice(text);
        }
        if body.is_empty() || body.len().is_multiple_of(whole) {
            return Err("no last record");
        }
        Ok(plaintext)
    }

    fn agree(&self, sender: &[u8]) -> Result<[u8; 32], &'static str> {
        const WRONG: &str = "a sender's key that is no point of P-256";
        if sender.len() != 65 {
            return Err(WRONG);
        }
        let peer = UnparsedPublicKey::new(&ECDH_P256, sender);
        agree(&self.private, peer, WRONG, |secret| {
            secret.try_into().map_err(|_| WRONG)
        })
    }
}

fn extract(salt: &[u8], material: &[u8]) -> [u8; 32] {
    hash(salt, &[material])
}

/// HKDF-Expand of no more than one block.
fn expand(pseudorandom: &[u8; 32], info: &[u8]) -> [u8; 32] {
    hash(pseudorandom, &[info, &[1]])
}

fn hash(key: &[u8], parts: &[&[u8]]) -> [u8; 32] {
    let mut context = hmac::Context::with_key(&hmac::Key::new(hmac::HMAC_SHA256, key));
    parts.iter().for_each(|part| context.update(part));
    let mut out = [0; 32];
    out.copy_from_slice(context.sign().as_ref());
    out
}

fn key(material: &[u8; 32]) -> Result<LessSafeKey, &'static str> {
    UnboundKey::new(&AES_128_GCM, &material[..16])
        .map(LessSafeKey::new)
        .map_err(|_| "a key that AES does not take")
}

fn nonce(base: &[u8; 32], record: usize) -> Nonce {
    let mut nonce = [0; 12];
    nonce.copy_from_slice(&base[..12]);
    let number = (record as u64).to_be_bytes();
    nonce[4..]
        .iter_mut()
        .zip(number)
        .for_each(|(octet, of_number)| *octet ^= of_number);
    Nonce::assume_unique_for_key(nonce)
}

fn open(key: &LessSafeKey, nonce: Nonce, record: &[u8]) -> Result<Vec<u8>, &'static str> {
    let mut record = record.to_vec();
    let opened = key
        .open_in_place(nonce, Aad::empty(), &mut record)
        .map_err(|_| "a record that these keys don't open")?
        .len();
    record.truncate(opened);
    Ok(record)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::webpush::base64::decode;

    /// RFC 8291, section 5 and appendix A.
    const BODY: &str = "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN";

    fn receiver(private: &str, auth: &str) -> Receiver {
        let auth = decode(auth).unwrap().try_into().unwrap();
        Receiver::of(&decode(private).unwrap(), auth).unwrap()
    }

    fn of_the_rfc() -> Receiver {
        receiver(
            "q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94",
            "BTBZMqHH6r4Tts7J_aSIgg",
        )
    }

    fn of_the_draft() -> Receiver {
        receiver(
            "9FWl15_QUQAWDaD3k3l50ZBZQJ4au27F1V4F0uLSD_M",
            "R29vIGdvbyBnJyBqb29iIQ",
        )
    }

    #[test]
    fn the_vector_of_rfc_8291_is_decrypted() {
        let receiver = of_the_rfc();
        assert_eq!(
            crate::webpush::base64::encode(receiver.public()),
            "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
        );
        let plaintext = receiver.aes128gcm(&decode(BODY).unwrap()).unwrap();
        assert_eq!(plaintext, b"When I grow up, I want to be a watermelon");
    }

    #[test]
    fn the_vector_of_the_draft_is_decrypted() {
        let body = decode("6nqAQUME8hNqw5J3kl8cpVVJylXKYqZOeseZG8UueKpA").unwrap();
        let salt = decode("lngarbyKfMoi9Z75xYXmkg").unwrap();
        let sender = decode("BNoRDbb84JGm8g5Z5CFxurSqsXWJ11ItfXEWYVLE85Y7CYkDjXsIEc4aqxYaQ1G8BqkXCJ6DPpDrWtdWj_mugHU").unwrap();
        let receiver = of_the_draft();
        let open = |body: &[u8]| receiver.aesgcm(body, &salt, 4096, &sender);
        assert_eq!(open(&body).unwrap(), b"I am the walrus");
        for end in 0..body.len() {
            assert!(open(&body[..end]).is_err(), "{end}");
        }
        assert!(of_the_rfc().aesgcm(&body, &salt, 4096, &sender).is_err());
        assert!(receiver.aesgcm(&body, &salt, 4096, &sender[1..]).is_err());
        assert!(receiver.aesgcm(&body, &salt, usize::MAX, &sender).is_err());
    }

    #[test]
    fn nothing_that_was_changed_or_cut_off_is_decrypted() {
        let body = decode(BODY).unwrap();
        let receiver = of_the_rfc();
        for end in 0..body.len() {
            assert!(receiver.aes128gcm(&body[..end]).is_err(), "{end}");
        }
        for at in 0..body.len() {
            let mut changed = body.clone();
            changed[at] ^= 1;
            // The lowest bit of the record size makes no difference to a single record.
            let is_size = (16..20).contains(&at);
            assert!(is_size || receiver.aes128gcm(&changed).is_err(), "{at}");
        }
        assert!(of_the_draft().aes128gcm(&body).is_err());
    }
}
