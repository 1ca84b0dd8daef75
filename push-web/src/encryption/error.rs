/// A message can't be encrypted; the message says why, and shows nothing of the keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct EncryptError(#[from] EncryptFault);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum EncryptFault {
    #[error(
        "the record size is {size} bytes: text and padding of this message need at least {needed}"
    )]
    Record { size: u32, needed: usize },
    #[error("the padding has {given} bytes: aesgcm takes at most 65535")]
    Padding { given: usize },
    #[error("the private key is no number between 1 and the order of the curve P-256")]
    PrivateKey,
    #[error("the cryptographic library refused to make or use a key")]
    Refused,
}

/// A message can't be decrypted; the message says why, and shows nothing of the keys.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
#[error(transparent)]
pub struct DecryptError(#[from] DecryptFault);

#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub(super) enum DecryptFault {
    #[error("the private key is no number of 32 bytes between 1 and the order of the curve P-256")]
    PrivateKey,
    #[error("the authentication secret has {given} bytes: expected 16")]
    Auth { given: usize },
    #[error("the body ends within its header: it has {bytes} bytes")]
    Header { bytes: usize },
    #[error("the record size is {size} bytes: expected at least {smallest}")]
    RecordSize { size: u64, smallest: u32 },
    #[error("the sender's key is no uncompressed point of the curve P-256")]
    SenderKey,
    #[error("the header {name} has no {parameter} that can be read")]
    Parameter {
        name: &'static str,
        parameter: &'static str,
    },
    #[error("the body is cut off: its last record is missing or too short")]
    Truncated,
    #[error("a record can't be decrypted: it was changed, or was meant for other keys")]
    Record,
    #[error("the padding of a record is not as it has to be")]
    Padding,
}
