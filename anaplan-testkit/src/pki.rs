//! Certificates of the fake: an authority that the fake trusts, and what it issues.
//!
//! A real tenant trusts authorities that its administrators have registered. The fake trusts
//! [`Authority::shared`], whose key is generated at first use: worlds without a certificate sign-in need
//! none.
//!
//! ```
//! use anaplan_testkit::pki::Authority;
//!
//! let ada = Authority::shared()?.identity("ada.byron@northwind.example")?;
//! assert!(ada.certificate.starts_with("-----BEGIN CERTIFICATE-----"));
//! assert!(ada.private_key.starts_with("-----BEGIN PRIVATE KEY-----"));
//! # Ok::<(), anaplan_core::Error>(())
//! ```

mod authority;
mod identity;
mod sign_in;
mod strict_pem;
mod x509;

pub use authority::Authority;
pub use identity::Identity;
pub use sign_in::{Refusal, SignInRules, verify_sign_in};

use anaplan_core::{Error, ErrorKind};

/// This machine could not make a key or a certificate.
fn failed(error: impl std::error::Error + Send + Sync + 'static) -> Error {
    Error::new(ErrorKind::Io, "the key or the certificate cannot be made").caused_by(error)
}
