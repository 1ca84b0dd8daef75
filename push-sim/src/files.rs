//! What a simulator writes for its clients.

use std::fs;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::apns::ProviderKey;
use crate::webpush::VapidKey;
use crate::{Authority, ClientProfile, Error, Issued, Result, ServerProfile, ServiceAccount};

/// The password of `client.p12`.
pub const PKCS12_PASSWORD: &str = "anypush";

/// Certificates and keys, in memory and in a folder.
#[derive(Debug)]
pub struct Files {
    dir: PathBuf,
    authority: Authority,
    server: Issued,
    client: Issued,
    client_p12: Vec<u8>,
    provider_key: ProviderKey,
    vapid_key: VapidKey,
    service_account: Option<ServiceAccount>,
}

impl Files {
    /// Makes everything anew and writes it into `dir`.
    pub(crate) fn write(
        dir: &Path,
        authority: Option<Authority>,
        server: &ServerProfile,
        client: &ClientProfile,
    ) -> Result<Self> {
        let authority = match authority {
            Some(authority) => authority,
            None => Authority::new("anypush simulator CA")?,
        };
        let client = authority.issue_client(client)?;
        let files = Self {
            dir: dir.to_owned(),
            server: authority.issue_server(server)?,
            client_p12: client.pkcs12(&authority, PKCS12_PASSWORD)?,
            client,
            provider_key: ProviderKey::generate("ABC123DEFG", "DEF123GHIJ")?,
            authority,
            vapid_key: VapidKey::generate()?,
            service_account: None,
        };
        fs::create_dir_all(dir).map_err(|source| Error::Write {
            path: dir.to_owned(),
            source,
        })?;
        let public = |name: &str, text: String| put(&dir.join(name), text.as_bytes(), false);
        let secret = |name: &str, octets: &[u8]| put(&dir.join(name), octets, true);
        public("ca.pem", files.ca_pem())?;
        public("server.pem", files.server.certificate_pem())?;
        secret("server.key", files.server.key_pem().as_bytes())?;
        secret("client.pem", files.client_pem().as_bytes())?;
        secret("client.p12", &files.client_p12)?;
        secret("AuthKey.p8", files.provider_key.p8_pem().as_bytes())?;
        secret("vapid.pem", files.vapid_key.pem().as_bytes())?;
        Ok(files)
    }

    /// Writes `service-account.json`, which names a port and so can't be there from the start.
    pub(crate) fn put_service_account(&mut self, account: ServiceAccount) -> Result<()> {
        let path = self.dir.join("service-account.json");
        put(&path, account.json().as_bytes(), true)?;
        self.service_account = Some(account);
        Ok(())
    }

    /// The folder.
    #[must_use]
    pub fn dir(&self) -> &Path {
        &self.dir
    }

    /// `ca.pem`: what a client has to trust.
    #[must_use]
    pub fn ca_pem(&self) -> String {
        self.authority.certificate_pem()
    }

    /// `server.pem` and `server.key`.
    #[must_use]
    pub fn server(&self) -> &Issued {
        &self.server
    }

    /// The provider's certificate and key.
    #[must_use]
    pub fn client(&self) -> &Issued {
        &self.client
    }

    /// `client.pem`: the provider's certificate and key in one text.
    #[must_use]
    pub fn client_pem(&self) -> String {
        self.client.pem()
    }

    /// `client.p12`, with the password [`PKCS12_PASSWORD`].
    #[must_use]
    pub fn client_p12(&self) -> &[u8] {
        &self.client_p12
    }

    /// `AuthKey.p8`, and the identifiers that go with it.
    #[must_use]
    pub fn provider_key(&self) -> &ProviderKey {
        &self.provider_key
    }

    /// `vapid.pem`: a key by which a sender identifies himself to browsers' push services.
    #[must_use]
    pub fn vapid_key(&self) -> &VapidKey {
        &self.vapid_key
    }

    /// `service-account.json`, if FCM runs.
    #[must_use]
    pub fn service_account(&self) -> Option<&ServiceAccount> {
        self.service_account.as_ref()
    }

    /// The authority, which can issue more.
    #[must_use]
    pub fn authority(&self) -> &Authority {
        &self.authority
    }
}

/// A file is replaced as a whole; a secret one is for its owner only from the start.
fn put(path: &Path, octets: &[u8], secret: bool) -> Result<()> {
    let write = || {
        match fs::remove_file(path) {
            Err(error) if error.kind() != std::io::ErrorKind::NotFound => return Err(error),
            _ => {}
        }
        let mut options = fs::OpenOptions::new();
        options.write(true).create_new(true);
        #[cfg(unix)]
        if secret {
            std::os::unix::fs::OpenOptionsExt::mode(&mut options, 0o600);
        }
        #[cfg(not(unix))]
        let _ = secret;
        options.open(path)?.write_all(octets)
    };
    write().map_err(|source| Error::Write {
        path: path.to_owned(),
        source,
    })
}
