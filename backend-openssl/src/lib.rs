//! TLS by [OpenSSL](https://www.openssl.org) for [anypush](https://docs.rs/anypush), over any of
//! its runtimes.
//!
//! [`Openssl`] is the [`Tls`](push_core::Tls), to be put together with any
//! [`Runtime`](push_core::Runtime); [`OpensslBackend`] is both in one, ready for use:
//!
//! ```
//! use backend_openssl::OpensslBackend;
//! use backend_smol::SmolRuntime;
//!
//! let backend = OpensslBackend::new(SmolRuntime::new());
//! # let _: &dyn push_core::Backend = &backend;
//! ```
//!
//! TLS 1.2 (with forward secrecy and authenticated encryption only, as HTTP/2 demands) and 1.3 are
//! spoken. The server's certificate is always verified, against the target's
//! roots or the system's, for its name or its address; the subject's common name counts for
//! nothing. OpenSSL's own configuration file can narrow the versions further and raise the security
//! level; TLS 1.2's ciphers are the ones named above, whatever it lists. No setting of the process is
//! changed. Sessions are not resumed: each connection makes a full
//! handshake, of which a program that keeps its connections makes few.
//!
//! # Where it judges otherwise than rustls
//!
//! Both refuse what is expired, early, for another name, or not issued by a root. On odd certificates
//! they differ: OpenSSL takes a server's own certificate as its root, self-signed or not, where rustls
//! wants one that an authority has issued; and it takes an authority's certificate for a server's. It
//! refuses roots that have expired, keys of less than its security level, and certificates whose key
//! usage does not fit, which rustls does not look at.
//!
//! # Which OpenSSL
//!
//! By default the system's, 1.1.1 or later: it takes the header package (`libssl-dev`,
//! `openssl-devel`) to build, is shared with other programs and gets the system's updates. The
//! feature `vendored` builds the one that comes with the `openssl-src` crate and links it
//! statically: it takes a C compiler, make and perl, and some minutes, and updates come with the
//! crate. Both read the system's trust roots from the usual places, and from the files that
//! `SSL_CERT_FILE` and `SSL_CERT_DIR` name.
//!
//! # Certificates
//!
//! [`Identity`](push_core::Identity) reads PEM, and PKCS#12 with its feature `pkcs12`. Without
//! that feature [`Openssl::read_pkcs12`] reads PKCS#12, and [`Openssl::read_pem`] keys in encrypted
//! PEM.
//!
//! Old PKCS#12 files are encrypted by RC2, which OpenSSL 3 keeps in its *legacy provider*. Where a
//! file asks for it, that provider is loaded while the file is read and unloaded again; meanwhile
//! the old algorithms are there for the whole process, for those who ask for them by name, and a TLS
//! context that another thread makes in that moment can hold on to them. So old files are best read
//! at the start, or converted once: `openssl pkcs12 -legacy -in FILE -nodes -out FILE.pem`. The
//! provider is part of a vendored OpenSSL; of a system's it is the module `legacy.so`, which some
//! distributions have in a package of its own. `Identity::from_pkcs12` needs none of this.

mod backend;
mod certificate;
mod config;
mod connection;
mod error;
mod iterations;
mod legacy;
mod read;
mod tls;
mod waiting;
mod wire;

pub use backend::OpensslBackend;
pub use certificate::OpensslCertificate;
pub use tls::Openssl;
