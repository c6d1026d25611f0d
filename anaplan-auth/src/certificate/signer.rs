//! Signing, with a key in memory or somewhere else.

use std::fmt;

use anaplan_core::{Error, ErrorKind, Result};
use aws_lc_rs::rand::SystemRandom;
use aws_lc_rs::rsa::KeyPair;
use aws_lc_rs::signature::{KeyPair as _, RSA_PKCS1_SHA512};

/// Signs with a private key that may never leave its place: a hardware module, a key service.
///
/// Called twice or so for every sign-in, which is about once every day of steady work, and within an
/// async task: it should take milliseconds. What it returns is verified against the certificate before
/// it is sent.
pub trait Signer: Send + Sync + fmt::Debug {
    /// The RSA signature of `message`: PKCS#1 v1.5 with SHA-512 over the bytes as they are, as long as
    /// the key's modulus.
    ///
    /// # Errors
    ///
    /// Any; [`ErrorKind::Authentication`] when the key cannot be used.
    fn sign_sha512(&self, message: &[u8]) -> Result<Vec<u8>>;
}

/// A key in memory, which the library behind it wipes when it is dropped.
pub(super) struct RsaSigner {
    key: KeyPair,
}

impl RsaSigner {
    pub(super) fn new(key: KeyPair) -> Self {
        Self { key }
    }

    /// The public half, as a PKCS#1 `RSAPublicKey` in DER.
    pub(super) fn public_key(&self) -> &[u8] {
        self.key.public_key().as_ref()
    }
}

impl Signer for RsaSigner {
    fn sign_sha512(&self, message: &[u8]) -> Result<Vec<u8>> {
        let mut signature = vec![0; self.key.public_modulus_len()];
        self.key
            .sign(
                &RSA_PKCS1_SHA512,
                &SystemRandom::new(),
                message,
                &mut signature,
            )
            .map_err(|_| Error::new(ErrorKind::Authentication, "signing with the key failed"))?;
        Ok(signature)
    }
}

impl fmt::Debug for RsaSigner {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RsaSigner").finish_non_exhaustive()
    }
}
