//! Messages from end to end: what is encrypted here is decrypted here, and to the byte what the documents
//! have. What a change, a cut or foreign keys do.
#![allow(clippy::unwrap_used)]

use base64::Engine;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use proptest::prelude::*;
use push_web::{Encoding, Encrypted, Encryption, Ephemeral, Keys, MAX_BODY_BYTES, Receiver};

const ENCODINGS: [Encoding; 2] = [Encoding::Aes128Gcm, Encoding::AesGcm];

fn bytes(text: &str) -> Vec<u8> {
    URL_SAFE_NO_PAD.decode(text).unwrap()
}

fn ephemeral(private: &str, salt: &str) -> Ephemeral {
    let private = bytes(private).try_into().unwrap();
    Ephemeral::fixed(&private, bytes(salt).try_into().unwrap()).unwrap()
}

fn encrypt(encryption: Encryption, receiver: &Receiver, text: &[u8]) -> Encrypted {
    encryption.encrypt(&receiver.keys(), text).unwrap()
}

/// The same message with another body.
fn with_body(message: &Encrypted, body: Vec<u8>) -> Encrypted {
    let mut changed = message.clone();
    changed.body = body.into();
    changed
}

#[test]
fn the_example_of_rfc_8291_is_made_to_the_byte() {
    let receiver = Receiver::new(
        &bytes("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94"),
        &bytes("BTBZMqHH6r4Tts7J_aSIgg"),
    )
    .unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.encode(receiver.keys().p256dh()),
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4"
    );
    let text = b"When I grow up, I want to be a watermelon";
    let encrypted = Encryption::new(Encoding::Aes128Gcm)
        .encrypt_with(
            &receiver.keys(),
            text,
            ephemeral(
                "yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw",
                "DGv6ra1nlYgDCS1FRnbzlw",
            ),
        )
        .unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.encode(&encrypted.body),
        "DGv6ra1nlYgDCS1FRnbzlwAAEABBBP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6Tlz\
         AC8wEqKK6PBru3jl7A_yl95bQpu6cVPTpK4Mqgkf1CXztLVBSt2Ks3oZwbuwXPXLWyouBWLVWGNWQexSgSxsj_Qulcy4a-fN"
    );
    assert_eq!(encrypted.body.len(), 144);
    assert_eq!(
        (
            encrypted.encryption.as_deref(),
            encrypted.crypto_key.as_deref()
        ),
        (None, None)
    );
    assert_eq!(receiver.decrypt(&encrypted).unwrap(), text);
}

#[test]
fn the_example_of_the_draft_is_made_to_the_byte() {
    let receiver = Receiver::new(
        &bytes("9FWl15_QUQAWDaD3k3l50ZBZQJ4au27F1V4F0uLSD_M"),
        &bytes("R29vIGdvbyBnJyBqb29iIQ"),
    )
    .unwrap();
    let encrypted = Encryption::new(Encoding::AesGcm)
        .encrypt_with(
            &receiver.keys(),
            b"I am the walrus",
            ephemeral(
                "nCScek-QpEjmOOlT-rQ38nZzvdPlqa00Zy0i6m2OJvY",
                "lngarbyKfMoi9Z75xYXmkg",
            ),
        )
        .unwrap();
    assert_eq!(
        URL_SAFE_NO_PAD.encode(&encrypted.body),
        "6nqAQUME8hNqw5J3kl8cpVVJylXKYqZOeseZG8UueKpA"
    );
    assert_eq!(
        encrypted.encryption.as_deref(),
        Some("salt=lngarbyKfMoi9Z75xYXmkg")
    );
    assert_eq!(
        encrypted.crypto_key.as_deref(),
        Some(
            "dh=BNoRDbb84JGm8g5Z5CFxurSqsXWJ11ItfXEWYVLE85Y7CYkDjXsIEc4aqxYaQ1G8BqkXCJ6DPpDrWtdWj_mugHU"
        )
    );
    assert_eq!(receiver.decrypt(&encrypted).unwrap(), b"I am the walrus");
}

#[test]
fn the_largest_plaintext_fills_the_largest_body() {
    let receiver = Receiver::generate().unwrap();
    for (encoding, largest, body) in [
        (Encoding::Aes128Gcm, 3993, 4096),
        // The draft leaves one byte free.
        (Encoding::AesGcm, 4077, 4095),
    ] {
        assert_eq!(encoding.max_plaintext(MAX_BODY_BYTES), largest);
        let text = vec![b'x'; largest];
        let encryption = Encryption::new(encoding);
        assert_eq!(encryption.body_bytes(largest), body);
        let encrypted = encrypt(encryption, &receiver, &text);
        assert_eq!(encrypted.body.len(), body);
        assert_eq!(receiver.decrypt(&encrypted).unwrap(), text);
        // The same of padding alone.
        let encrypted = encrypt(encryption.padding(largest), &receiver, b"");
        assert_eq!(encrypted.body.len(), body);
        assert_eq!(receiver.decrypt(&encrypted).unwrap(), b"");
    }
}

#[test]
fn every_message_has_a_key_and_a_salt_of_its_own() {
    let receiver = Receiver::generate().unwrap();
    for encoding in ENCODINGS {
        let one = encrypt(Encryption::new(encoding), &receiver, b"text");
        let other = encrypt(Encryption::new(encoding), &receiver, b"text");
        assert_ne!(one.body, other.body);
        match encoding {
            Encoding::AesGcm => {
                assert_ne!(one.encryption, other.encryption);
                assert_ne!(one.crypto_key, other.crypto_key);
            }
            _ => {
                assert_ne!(one.body[..16], other.body[..16]);
                assert_ne!(one.body[21..86], other.body[21..86]);
            }
        }
    }
}

#[test]
fn a_record_is_larger_than_what_stands_in_it() {
    let receiver = Receiver::generate().unwrap();
    for (encoding, smallest) in [
        (Encoding::Aes128Gcm, 100 + 20 + 17 + 1),
        (Encoding::AesGcm, 100 + 20 + 2 + 1),
    ] {
        let encryption = Encryption::new(encoding).padding(20);
        let fits = encryption.record_size(smallest);
        let encrypted = encrypt(fits, &receiver, &[b'x'; 100]);
        assert_eq!(receiver.decrypt(&encrypted).unwrap(), [b'x'; 100]);
        match encoding {
            Encoding::AesGcm => {
                let header = encrypted.encryption.as_deref().unwrap();
                assert!(header.ends_with(";rs=123"), "{header}");
            }
            _ => assert_eq!(encrypted.body[16..20], smallest.to_be_bytes()),
        }

        let error = encryption
            .record_size(smallest - 1)
            .encrypt(&receiver.keys(), &[b'x'; 100])
            .unwrap_err()
            .to_string();
        let expected = format!(
            "{} bytes: text and padding of this message need at least {smallest}",
            smallest - 1
        );
        assert!(error.contains(&expected), "{error}");
        assert!(fits.check(100).is_ok() && fits.check(101).is_err());
    }
}

#[test]
fn padding_that_the_coding_cant_say_is_refused() {
    let keys = Receiver::generate().unwrap().keys();
    let encryption = Encryption::new(Encoding::AesGcm).record_size(100_000);
    assert!(encryption.padding(65_535).encrypt(&keys, b"x").is_ok());
    let error = encryption.padding(65_536).encrypt(&keys, b"x").unwrap_err();
    assert!(error.to_string().contains("at most 65535"), "{error}");
    assert!(encryption.padding(65_536).check(1).is_err());
    for encoding in ENCODINGS {
        let encryption = Encryption::new(encoding).padding(usize::MAX);
        assert!(
            encryption
                .record_size(u32::MAX)
                .encrypt(&keys, b"x")
                .is_err()
        );
    }
}

#[test]
fn large_records_are_for_those_who_ask_for_them() {
    let receiver = Receiver::generate().unwrap();
    let text = vec![b'x'; 8000];
    for encoding in ENCODINGS {
        let encryption = Encryption::new(encoding);
        assert!(encryption.encrypt(&receiver.keys(), &text).is_err());
        let encrypted = encrypt(encryption.record_size(65_536), &receiver, &text);
        assert_eq!(receiver.decrypt(&encrypted).unwrap(), text);
    }
}

#[test]
fn headers_of_aesgcm_are_read_as_senders_write_them() {
    let receiver = Receiver::generate().unwrap();
    let message = encrypt(Encryption::new(Encoding::AesGcm), &receiver, b"text");
    let salt = message.encryption.as_deref().unwrap();
    let dh = message.crypto_key.as_deref().unwrap();
    for (encryption, crypto_key) in [
        (format!("keyid=p256dh;{salt}"), format!("keyid=p256dh;{dh}")),
        (format!("{salt};rs=4096"), format!("{dh};p256ecdsa=BA1H")),
        (
            format!("{salt}; rs=\"4096\""),
            format!("p256ecdsa=BA1H,{dh}"),
        ),
        (
            salt.replace("salt=", "SALT = \"") + "\"",
            format!("a, b=, {dh}="),
        ),
    ] {
        let text = receiver.decrypt_aesgcm(&message.body, &encryption, &crypto_key);
        assert_eq!(text.unwrap(), b"text", "{encryption} {crypto_key}");
    }
    for (encryption, crypto_key, expected) in [
        ("", dh, "Encryption has no salt"),
        ("salt=AAAA", dh, "Encryption has no salt"),
        (salt, "", "Crypto-Key has no dh"),
        (salt, "dh=*", "Crypto-Key has no dh"),
        (salt, "dh=AAAA", "no uncompressed point"),
        (&format!("{salt};rs=x"), dh, "Encryption has no rs"),
        (&format!("{salt};rs=-1"), dh, "Encryption has no rs"),
        (&format!("{salt};rs=2"), dh, "record size is 2"),
        (&format!("{salt};rs=6"), dh, "cut off"),
    ] {
        let error = receiver
            .decrypt_aesgcm(&message.body, encryption, crypto_key)
            .unwrap_err()
            .to_string();
        assert!(
            error.contains(expected),
            "{encryption} {crypto_key}: {error}"
        );
    }
}

#[test]
fn bodies_that_are_none_are_refused_by_what_is_wrong() {
    let receiver = Receiver::generate().unwrap();
    let body = encrypt(Encryption::default(), &receiver, b"text")
        .body
        .to_vec();
    let changed = |range: std::ops::Range<usize>, with: &[u8]| {
        let mut body = body.clone();
        body.splice(range, with.iter().copied());
        body
    };
    for (body, expected) in [
        (Vec::new(), "within its header: it has 0 bytes"),
        (body[..20].to_vec(), "within its header"),
        (body[..85].to_vec(), "within its header"),
        (body[..86].to_vec(), "cut off"),
        (body[..86 + 16].to_vec(), "cut off"),
        (body[..body.len() - 1].to_vec(), "can't be decrypted"),
        (
            changed(16..20, &17_u32.to_be_bytes()),
            "record size is 17 bytes: expected at least 18",
        ),
        (changed(16..20, &[0; 4]), "record size is 0"),
        (changed(16..20, &18_u32.to_be_bytes()), "can't be decrypted"),
        (changed(20..86, &[0]), "no uncompressed point"),
        (changed(21..22, &[2]), "no uncompressed point"),
        // The hybrid form of the same point.
        (
            changed(21..22, &[6 | body[85] & 1]),
            "no uncompressed point",
        ),
        (changed(40..41, &[body[40] ^ 1]), "no uncompressed point"),
    ] {
        let error = receiver.decrypt_aes128gcm(&body).unwrap_err().to_string();
        assert!(error.contains(expected), "{expected}: {error}");
    }
}

#[test]
fn only_the_receiver_reads_a_message() {
    let receiver = Receiver::generate().unwrap();
    let private = receiver.private_key().unwrap();
    let same = Receiver::new(&private, receiver.keys().auth()).unwrap();
    let other_auth = Receiver::new(&private, &[7; 16]).unwrap();
    let other = Receiver::generate().unwrap();
    for encoding in ENCODINGS {
        let message = encrypt(Encryption::new(encoding), &receiver, b"text");
        assert_eq!(same.decrypt(&message).unwrap(), b"text");
        assert!(other_auth.decrypt(&message).is_err());
        assert!(other.decrypt(&message).is_err());
    }
}

#[test]
fn keys_that_are_none_make_no_receiver() {
    for (private, auth) in [
        (vec![0; 32], vec![0; 16]),
        (vec![0xff; 32], vec![0; 16]),
        (vec![1; 31], vec![0; 16]),
        (vec![1; 33], vec![0; 16]),
        (Vec::new(), vec![0; 16]),
        (vec![1; 32], vec![0; 15]),
        (vec![1; 32], Vec::new()),
    ] {
        assert!(Receiver::new(&private, &auth).is_err());
    }
    assert!(Ephemeral::fixed(&[0; 32], [0; 16]).is_err());
    assert!(Ephemeral::fixed(&[0xff; 32], [0; 16]).is_err());
}

#[test]
fn secrets_are_not_shown() {
    let receiver = Receiver::new(&[1; 32], &[2; 16]).unwrap();
    let ephemeral = Ephemeral::fixed(&[3; 32], [4; 16]).unwrap();
    assert_eq!(
        format!("{receiver:?} {ephemeral:?}"),
        "Receiver(…) Ephemeral(…)"
    );
    let message = encrypt(Encryption::new(Encoding::AesGcm), &receiver, b"text");
    assert_eq!(
        format!("{message:?}"),
        "Encrypted { encoding: AesGcm, body_bytes: 22, .. }"
    );
}

#[test]
fn every_cut_is_refused() {
    let receiver = Receiver::generate().unwrap();
    for encoding in ENCODINGS {
        let message = encrypt(
            Encryption::new(encoding).padding(3),
            &receiver,
            b"some text",
        );
        for length in 0..message.body.len() {
            let cut = with_body(&message, message.body[..length].to_vec());
            assert!(receiver.decrypt(&cut).is_err(), "{encoding} {length}");
        }
        let longer = with_body(&message, [&message.body[..], &[0]].concat());
        assert!(receiver.decrypt(&longer).is_err());
    }
}

/// All but the record size, which nothing signs: larger than the record, it changes nothing.
#[test]
fn every_changed_bit_is_refused() {
    let receiver = Receiver::generate().unwrap();
    for encoding in ENCODINGS {
        let message = encrypt(
            Encryption::new(encoding).padding(3),
            &receiver,
            b"some text",
        );
        for index in 0..message.body.len() {
            for bit in 0..8 {
                let mut body = message.body.to_vec();
                body[index] ^= 1 << bit;
                let read = receiver.decrypt(&with_body(&message, body));
                let is_record_size = encoding == Encoding::Aes128Gcm && (16..20).contains(&index);
                match is_record_size {
                    true => assert!(read.is_err() || read.unwrap() == b"some text"),
                    false => assert!(read.is_err(), "{encoding} {index} {bit}"),
                }
            }
        }
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn what_is_encrypted_is_decrypted(
        text in prop::collection::vec(any::<u8>(), 0..=3993),
        padding in 0_usize..=300,
        aesgcm: bool,
    ) {
        let encoding = ENCODINGS[usize::from(aesgcm)];
        let padding = padding.min(encoding.max_plaintext(MAX_BODY_BYTES) - text.len());
        let receiver = Receiver::generate().unwrap();
        let encryption = Encryption::new(encoding).padding(padding);
        let encrypted = encrypt(encryption, &receiver, &text);
        prop_assert!(encrypted.body.len() <= MAX_BODY_BYTES);
        prop_assert_eq!(encrypted.body.len(), encryption.body_bytes(text.len()));
        prop_assert_eq!(receiver.decrypt(&encrypted).unwrap(), text);
    }

    #[test]
    fn no_body_makes_a_receiver_panic(
        body in prop::collection::vec(any::<u8>(), 0..300),
        encryption in ".{0,60}",
        crypto_key in ".{0,60}",
        rs: u32,
    ) {
        let receiver = Receiver::new(&[1; 32], &[2; 16]).unwrap();
        let _ = receiver.decrypt_aes128gcm(&body);
        let _ = receiver.decrypt_aesgcm(&body, &encryption, &crypto_key);
        // Past the headers, with a key of which records can be opened.
        let keys: Keys = receiver.keys();
        let whole = [&[0; 16][..], &rs.to_be_bytes(), &[65], keys.p256dh(), &body].concat();
        let _ = receiver.decrypt_aes128gcm(&whole);
        let dh = format!("dh={}", URL_SAFE_NO_PAD.encode(keys.p256dh()));
        let salt = format!("salt=AAAAAAAAAAAAAAAAAAAAAA;rs={rs}");
        let _ = receiver.decrypt_aesgcm(&body, &salt, &dh);
    }
}
