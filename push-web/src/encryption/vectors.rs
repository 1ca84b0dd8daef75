//! The examples of RFC 8188, RFC 8291 and draft-ietf-webpush-encryption-04, with all that stands between.

use aws_lc_rs::agreement::{ECDH_P256, PrivateKey};

use super::error::DecryptFault;
use super::schedule::{Hash, RecordKey};
use super::{Ephemeral, aes128gcm, aesgcm, ephemeral};
use crate::base64;
use crate::subscription::Keys;

fn bytes<const N: usize>(text: &str) -> [u8; N] {
    base64::decode(text).unwrap().try_into().unwrap()
}

#[test]
fn rfc_8188_section_3_1_one_record_without_a_key_id() {
    let ikm: [u8; 16] = bytes("yqdlZ-tYemfogSmv7Ws5PQ");
    let salt: [u8; 16] = bytes("I1BsxtFttlv3u_Oo94xnmw");
    assert_eq!(
        base64::encode(&Hash::new(&salt).of(&ikm)),
        "zyeH5phsIsgUyd4oiSEIy35x-gIi4aM7y0hCF8mwn9g"
    );
    let (key, nonce) = aes128gcm::record_secrets(&ikm, &salt);
    assert_eq!(base64::encode(&key), "_wniytB-ofscZDh4tbSjHw");
    assert_eq!(base64::encode(&nonce), "Bcs8gkIRKLI8GeI8");
    let body: [u8; 53] =
        bytes("I1BsxtFttlv3u_Oo94xnmwAAEAAA-NAVub2qFgBEuQKRapoZu-IxkIva3MEB1PD-ly8Thjg");
    let body = aes128gcm::Body::read(&body).unwrap();
    assert_eq!(body.key_id(), b"");
    assert_eq!(body.decrypt(&ikm).unwrap(), b"I am the walrus");
    assert!(body.decrypt(&ikm[..15]).is_err());
}

#[test]
fn rfc_8188_section_3_2_two_records_with_padding_and_a_key_id() {
    let ikm: [u8; 16] = bytes("BO3ZVPxUlnLORbVGMpbT1Q");
    let body: [u8; 73] = bytes(
        "uNCkWiNYzKTnBN9ji3-qWAAAABkCYTHOG8chz_gnvgOqdGYovxyjuqRyJFjEDyoF1Fvkj6hQPdPHI51OEUKEpgz3SsLWIqS_uA",
    );
    let whole = aes128gcm::Body::read(&body).unwrap();
    assert_eq!(whole.key_id(), b"a1");
    assert_eq!(whole.decrypt(&ikm).unwrap(), b"I am the walrus");

    // 21 bytes of header and two of the key's id, and two records of 25.
    let without_last = aes128gcm::Body::read(&body[..48]).unwrap();
    assert!(without_last.decrypt(&ikm).is_err());
    let mut exchanged = body;
    exchanged.copy_within(48..73, 23);
    exchanged[48..].copy_from_slice(&body[23..48]);
    assert!(
        aes128gcm::Body::read(&exchanged)
            .unwrap()
            .decrypt(&ikm)
            .is_err()
    );
}

#[test]
fn rfc_8291_appendix_a_every_step() {
    let sender: [u8; 65] = bytes(
        "BP4z9KsN6nGRTbVYI_c7VJSPQTBtkgcy27mlmlMoZIIgDll6e3vCYLocInmYWAmS6TlzAC8wEqKK6PBru3jl7A8",
    );
    let salt = bytes("DGv6ra1nlYgDCS1FRnbzlw");
    let keys = Keys::from_texts(
        "BCVxsr7N_eNgVRqvHtD0zTZsEc6-VV-JvLexhqUzORcxaOzi6-AYWXvTBHm4bjyPjs7Vd8pZGH6SRpkNtoIAiw4",
        "BTBZMqHH6r4Tts7J_aSIgg",
    )
    .unwrap();
    let private = bytes("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
    let ephemeral = Ephemeral::fixed(&private, salt).unwrap();
    assert_eq!(ephemeral.public(), &sender);

    let secret = ephemeral.agree(keys.unparsed()).unwrap();
    assert_eq!(
        base64::encode(&secret),
        "kyrL1jIIOHEzg3sM2ZWRHDRB62YACZhhSlknJ672kSs"
    );
    assert_eq!(
        base64::encode(&Hash::new(keys.auth()).of(&secret)),
        "Snr3JMxaHVDXHWJn5wdC52WjpCtd2EIEGBykDcZW32k"
    );
    let info = aes128gcm::key_info(&keys, &sender);
    assert_eq!(
        base64::encode(&info[..144]),
        "V2ViUHVzaDogaW5mbwAEJXGyvs3942BVGq8e0PTNNmwRzr5VX4m8t7GGpTM5FzFo7OLr4BhZe9MEebhuPI-OztV3ylkY\
         fpJGmQ22ggCLDgT-M_SrDepxkU21WCP3O1SUj0EwbZIHMtu5pZpTKGSCIA5Zent7wmC6HCJ5mFgJkuk5cwAvMBKiiujwa7t45\
         ewP"
    );
    assert_eq!(info[144], 1);
    let ikm = aes128gcm::message_key(&secret, &keys, &sender);
    assert_eq!(
        base64::encode(&ikm),
        "S4lYMb_L0FxCeq0WhDx813KgSYqU26kOyzWUdsXYyrg"
    );
    assert_eq!(
        base64::encode(&Hash::new(&salt).of(&ikm)),
        "09_eUZGrsvxChDCGRCdkLiDXrReGOEVeSCdCcPBSJSc"
    );
    let (key, nonce) = aes128gcm::record_secrets(&ikm, &salt);
    assert_eq!(base64::encode(&key), "oIhVW04MRdy2XN9CiKLxTg");
    assert_eq!(base64::encode(&nonce), "4h_95klXJ5E_qnoN");
}

#[test]
fn the_drafts_example_every_step() {
    let sender: [u8; 65] = bytes(
        "BNoRDbb84JGm8g5Z5CFxurSqsXWJ11ItfXEWYVLE85Y7CYkDjXsIEc4aqxYaQ1G8BqkXCJ6DPpDrWtdWj_mugHU",
    );
    let salt = bytes("lngarbyKfMoi9Z75xYXmkg");
    let keys = Keys::from_texts(
        "BCEkBjzL8Z3C-oi2Q7oE5t2Np-p7osjGLg93qUP0wvqRT21EEWyf0cQDQcakQMqz4hQKYOQ3il2nNZct4HgAUQU",
        "R29vIGdvbyBnJyBqb29iIQ",
    )
    .unwrap();
    let private = bytes("nCScek-QpEjmOOlT-rQ38nZzvdPlqa00Zy0i6m2OJvY");
    let ephemeral = Ephemeral::fixed(&private, salt).unwrap();
    assert_eq!(ephemeral.public(), &sender);

    let secret = ephemeral.agree(keys.unparsed()).unwrap();
    assert_eq!(
        base64::encode(&secret),
        "RNjC-NVW4BGJbxWPW7G2mowsLeDa53LYKYm4--NOQ6Y"
    );
    let ikm = aesgcm::message_key(&secret, &keys);
    assert_eq!(
        base64::encode(&ikm),
        "EhpZec37Ptm4IRD5-jtZ0q6r1iK5vYmY1tZwtN8fbZY"
    );
    assert_eq!(
        base64::encode(&Hash::new(&salt).of(&ikm)),
        "jqgeMHcPccaBN2Uu8d0R_741Y9RQX4641Ft7FRASpqc"
    );
    let context = aesgcm::context(&keys, &sender);
    let (key, nonce) = aesgcm::record_secrets(&ikm, &context, &salt);
    assert_eq!(base64::encode(&key), "AN2-xhvFWeYh5z0fcDu0Ww");
    assert_eq!(base64::encode(&nonce), "JY1Okw5rw1Drkg9J");
}

#[test]
fn both_ends_of_an_agreement_get_the_same() {
    let private = |text| PrivateKey::from_private_key(&ECDH_P256, &bytes::<32>(text)).unwrap();
    let ours = private("yfWPiYE-n46HLnH0KqZOF1fJJU3MYrct3AELtAQ-oRw");
    let theirs = private("q1dXpw3UpT5VOmu_cf_v6ih07Aems3njxI-JWgLcM94");
    let agree = |private, public| {
        let keys = Keys::new(&ephemeral::public_key(public).unwrap(), &[0; 16]).unwrap();
        ephemeral::agree(private, keys.unparsed()).unwrap()
    };
    assert_eq!(agree(&ours, &theirs), agree(&theirs, &ours));
}

#[test]
fn a_last_record_before_the_last_is_refused() {
    let (key, nonce) = aes128gcm::record_secrets(b"ikm", &[0; 16]);
    let mut record = *b"I am th\x02\0";
    let tag = RecordKey::new(&key, nonce).unwrap().seal(&mut record);
    let tag = tag.unwrap();
    let mut body = [0; 16].to_vec();
    body.extend_from_slice(&[0, 0, 0, 25, 0]);
    body.extend_from_slice(&record);
    body.extend_from_slice(tag.as_ref());
    let alone = aes128gcm::Body::read(&body).unwrap().decrypt(b"ikm");
    assert_eq!(alone.unwrap(), b"I am th");
    body.extend_from_slice(&[0; 25]);
    let followed = aes128gcm::Body::read(&body).unwrap().decrypt(b"ikm");
    assert_eq!(followed.unwrap_err(), DecryptFault::Padding);
}

#[test]
fn padding_of_the_draft_is_zeros_and_fits_into_its_record() {
    let ours = Ephemeral::fixed(&[1; 32], [0; 16]).unwrap();
    let keys = Keys::new(ours.public(), &[2; 16]).unwrap();
    let secret = [3; 32];
    let headers = format!("dh={}", base64::encode(ours.public()));
    let headers = aesgcm::Headers::read("salt=AAAAAAAAAAAAAAAAAAAAAA", &headers).unwrap();
    let context = aesgcm::context(&keys, ours.public());
    let ikm = aesgcm::message_key(&secret, &keys);
    let (key, nonce) = aesgcm::record_secrets(&ikm, &context, &[0; 16]);
    let key = RecordKey::new(&key, nonce).unwrap();
    let decrypt = |record: &[u8]| {
        let mut body = record.to_vec();
        let tag = key.seal(&mut body).unwrap();
        body.extend_from_slice(tag.as_ref());
        headers.decrypt(&secret, &keys, ours.public(), &body)
    };
    assert_eq!(decrypt(b"\0\x02\0\0text").unwrap(), b"text");
    for record in [&b"\0\x02\0\x01text"[..], b"\0\x05text", b"\xff\xfftext"] {
        assert_eq!(decrypt(record).unwrap_err(), DecryptFault::Padding);
    }
}
