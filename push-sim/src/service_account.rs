//! The service account by which clients of FCM prove who they are.

use std::fmt;

use aws_lc_rs::encoding::{AsDer, Pkcs8V1Der};
use aws_lc_rs::rsa::{KeyPair, KeySize};
use aws_lc_rs::signature::KeyPair as _;
use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde_json::json;

use crate::hex::hex;
use crate::{Error, Result};

/// The project of the simulator's service account.
const PROJECT_ID: &str = "anypush-sim";

/// A Google service account with a key of its own, as `service-account.json` holds it.
#[derive(Clone)]
pub struct ServiceAccount {
    project_id: String,
    client_email: String,
    client_id: String,
    private_key_id: String,
    private_key_pem: String,
    public_key: Vec<u8>,
    token_uri: String,
}

impl ServiceAccount {
    /// An account of the project `anypush-sim` with a new RSA key of 2048 bits.
    ///
    /// # Errors
    /// The key can't be made.
    pub fn generate(token_uri: impl Into<String>) -> Result<Self> {
        let failed = |_| Error::Certificate {
            what: "the service account's key",
            reason: "the cryptographic library refused".to_owned(),
        };
        let pair = KeyPair::generate(KeySize::Rsa2048).map_err(failed)?;
        let pkcs8: Pkcs8V1Der<'_> = pair.as_der().map_err(failed)?;
        let public_key = pair.public_key().as_ref().to_vec();
        let digest = aws_lc_rs::digest::digest(&aws_lc_rs::digest::SHA256, &public_key);
        let id: u64 = digest.as_ref()[..8]
            .iter()
            .fold(0, |number, octet| number << 8 | u64::from(*octet));
        Ok(Self {
            project_id: PROJECT_ID.to_owned(),
            client_email: format!("firebase-adminsdk@{PROJECT_ID}.iam.gserviceaccount.com"),
            client_id: format!("1{id:020}"),
            private_key_id: hex(&digest.as_ref()[..20]),
            private_key_pem: pem(pkcs8.as_ref()),
            public_key,
            token_uri: token_uri.into(),
        })
    }

    /// The same account with another token endpoint.
    #[must_use]
    pub fn token_endpoint(mut self, uri: impl Into<String>) -> Self {
        self.token_uri = uri.into();
        self
    }

    /// The project.
    #[must_use]
    pub fn project_id(&self) -> &str {
        &self.project_id
    }

    /// The account's name, `iss` of its assertions.
    #[must_use]
    pub fn client_email(&self) -> &str {
        &self.client_email
    }

    /// The account's number.
    #[must_use]
    pub fn client_id(&self) -> &str {
        &self.client_id
    }

    /// The key's name, `kid` of the account's assertions.
    #[must_use]
    pub fn private_key_id(&self) -> &str {
        &self.private_key_id
    }

    /// The key, in PEM of PKCS#8.
    #[must_use]
    pub fn private_key_pem(&self) -> &str {
        &self.private_key_pem
    }

    /// The public key, in DER of PKCS#1 (`RSAPublicKey`), as aws-lc-rs takes it for verification.
    #[must_use]
    pub fn public_key(&self) -> &[u8] {
        &self.public_key
    }

    /// The simulator's token endpoint.
    #[must_use]
    pub fn token_uri(&self) -> &str {
        &self.token_uri
    }

    /// The text of `service-account.json`.
    #[must_use]
    pub fn json(&self) -> String {
        // In Google's order, which people are used to.
        let fields = [
            ("type", "service_account"),
            ("project_id", &self.project_id),
            ("private_key_id", &self.private_key_id),
            ("private_key", &self.private_key_pem),
            ("client_email", &self.client_email),
            ("client_id", &self.client_id),
            ("auth_uri", "https://accounts.google.com/o/oauth2/auth"),
            ("token_uri", &self.token_uri),
            (
                "auth_provider_x509_cert_url",
                "https://www.googleapis.com/oauth2/v1/certs",
            ),
            ("client_x509_cert_url", &self.certificate_url()),
            ("universe_domain", "googleapis.com"),
        ];
        let lines: Vec<String> = fields
            .iter()
            .map(|(name, value)| format!("  {}: {}", json!(name), json!(value)))
            .collect();
        format!("{{\n{}\n}}\n", lines.join(",\n"))
    }

    fn certificate_url(&self) -> String {
        let email = self.client_email.replace('@', "%40");
        format!("https://www.googleapis.com/robot/v1/metadata/x509/{email}")
    }
}

/// Without the key.
impl fmt::Debug for ServiceAccount {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("ServiceAccount")
            .field("client_email", &self.client_email)
            .field("private_key_id", &self.private_key_id)
            .field("token_uri", &self.token_uri)
            .finish_non_exhaustive()
    }
}

fn pem(der: &[u8]) -> String {
    let text = STANDARD.encode(der);
    let mut pem = "-----BEGIN PRIVATE KEY-----\n".to_owned();
    let mut rest = text.as_str();
    while !rest.is_empty() {
        let (line, tail) = rest.split_at(rest.len().min(64));
        pem.push_str(line);
        pem.push('\n');
        rest = tail;
    }
    pem.push_str("-----END PRIVATE KEY-----\n");
    pem
}

#[cfg(test)]
mod tests {
    use aws_lc_rs::rand::SystemRandom;
    use aws_lc_rs::rsa::KeyPair as RsaKeyPair;
    use aws_lc_rs::signature::{RSA_PKCS1_2048_8192_SHA256, RSA_PKCS1_SHA256, UnparsedPublicKey};

    use super::*;

    #[test]
    fn what_the_written_key_signs_the_public_key_verifies() {
        let account = ServiceAccount::generate("https://localhost:1/token").unwrap();
        let json: serde_json::Value = serde_json::from_str(&account.json()).unwrap();
        let pem = json["private_key"].as_str().unwrap();
        let lines = pem.lines().filter(|line| !line.starts_with('-'));
        let der = STANDARD.decode(lines.collect::<String>()).unwrap();
        let pair = RsaKeyPair::from_pkcs8(&der).unwrap();
        let mut signature = vec![0; pair.public_modulus_len()];
        let random = SystemRandom::new();
        pair.sign(&RSA_PKCS1_SHA256, &random, b"a claim", &mut signature)
            .unwrap();
        let public = UnparsedPublicKey::new(&RSA_PKCS1_2048_8192_SHA256, account.public_key());
        assert!(public.verify(b"a claim", &signature).is_ok());
        assert!(public.verify(b"another", &signature).is_err());
        assert_eq!(json["token_uri"], "https://localhost:1/token");
        assert_eq!(json["client_id"].as_str().unwrap().len(), 21);
        let shown = format!("{account:?}");
        assert!(!shown.contains("PRIVATE"), "{shown}");
    }
}
