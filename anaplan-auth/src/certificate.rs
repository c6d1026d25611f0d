//! Sign-in with a certificate.

mod certificate_problem;
mod certificate_warning;
mod chain;
mod input;
mod key;
mod legacy;
mod signer;
mod x509;

use std::fmt;
use std::sync::Arc;

use anaplan_core::clock::{Clock as _, SystemClock};
use anaplan_core::{
    Error, ErrorKind, RequestBody, Result, SecretString, Session, Timestamp, async_trait, json_body,
};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

pub use certificate_problem::CertificateProblem;
pub use certificate_warning::CertificateWarning;
pub use signer::Signer;

use crate::material::Material;
use crate::sign_in::SignIn;
use crate::token::Authenticate;
use chain::{Candidates, Chain};
use input::{Input, Role};
use signer::RsaSigner;

/// Random bytes in a signed message; the service requires at least 100.
const RANDOM_BYTES: usize = 150;

/// Signs in with a certificate and its private key.
///
/// The certificate must come from a certification authority, be registered in the tenant's
/// administration and carry an RSA key. In a tenant with single sign-on the user must be an exception
/// user.
///
/// Certificate and key may be files or content, apart or in one file, see [`Material`]. The certificate may
/// be PEM, DER or PKCS#7, alone or among others: the one that belongs to the key is found, and what is
/// sent is canonical PEM of it and its intermediate authorities. The key may be PKCS#8, PKCS#1, encrypted
/// PKCS#8 (PBES2), or PEM with `Proc-Type: 4,ENCRYPTED`. PKCS#12 files and Java keystores are refused with
/// the command that converts them.
///
/// [`build`](CertificateBuilder::build) checks all of it before anything is sent, and
/// [`CertificateProblem`] tells the errors apart.
///
/// ```no_run
/// use anaplan_auth::{Certificate, TokenAuthenticator};
///
/// let certificate = Certificate::builder()
///     .certificate("~/anaplan/integration.pem")
///     .private_key("~/anaplan/integration.key")
///     .private_key_password(std::env::var("KEY_PASSWORD").unwrap_or_default())
///     .build()?;
/// let authenticator = TokenAuthenticator::new(certificate);
/// # Ok::<(), anaplan_core::Error>(())
/// ```
#[derive(Clone)]
pub struct Certificate {
    inner: Arc<Inner>,
}

struct Inner {
    chain: Chain,
    warnings: Vec<CertificateWarning>,
    signer: Arc<dyn Signer>,
    payload: PayloadVersion,
}

/// Form of the signed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PayloadVersion {
    /// Random bytes. The older form, which Anaplan is phasing out.
    V1,
    /// The time, then random bytes. It cannot be replayed later.
    #[default]
    V2,
}

/// Builder of a [`Certificate`].
#[derive(Default)]
pub struct CertificateBuilder {
    certificate: Option<Material>,
    private_key: Option<Material>,
    password: Option<SecretString>,
    signer: Option<Arc<dyn Signer>>,
    payload: PayloadVersion,
}

impl Certificate {
    /// Returns a builder.
    #[must_use]
    pub fn builder() -> CertificateBuilder {
        CertificateBuilder::default()
    }

    /// Creates a sign-in whose private key is in a hardware module or a key service.
    ///
    /// Of several certificates in the file it uses the first one that issued no other.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] with a [`CertificateProblem`].
    pub fn with_signer(certificate: impl Into<Material>, signer: Arc<dyn Signer>) -> Result<Self> {
        Self::builder()
            .certificate(certificate)
            .signer(signer)
            .build()
    }

    /// Returns the end of the certificate's validity.
    #[must_use]
    pub fn valid_until(&self) -> Timestamp {
        self.inner.chain.user().valid_until
    }

    /// Returns the properties of the certificate that Anaplan may refuse.
    ///
    /// [`build`](CertificateBuilder::build) logs them at the level `WARN` with the target `anaplan::auth`.
    #[must_use]
    pub fn warnings(&self) -> &[CertificateWarning] {
        &self.inner.warnings
    }

    fn request_at(&self, session: &Session) -> Result<Authenticate> {
        let inner = &self.inner;
        inner.chain.check_time(session.clock().now())?;
        let certificate = STANDARD.encode(inner.chain.pem());
        let authorization = SecretString::from(format!("CACertificate {certificate}"));
        let (inner, session) = (Arc::clone(inner), session.clone());
        Ok(Authenticate::new(&authorization)?
            .with_payload(move || inner.payload(session.clock().now())))
    }
}

impl CertificateBuilder {
    /// Sets the certificate: alone, among others, or in one file with its key.
    #[must_use]
    pub fn certificate(mut self, certificate: impl Into<Material>) -> Self {
        self.certificate = Some(certificate.into());
        self
    }

    /// Sets the private key. Not needed if it is in one file with the certificate.
    ///
    /// A key file that every user of the machine can read is logged as a warning, and is used.
    #[must_use]
    pub fn private_key(mut self, private_key: impl Into<Material>) -> Self {
        self.private_key = Some(private_key.into());
        self
    }

    /// Sets the password of an encrypted private key. Empty means none.
    ///
    /// It is tried as it is, and then without line breaks at its end.
    #[must_use]
    pub fn private_key_password(mut self, password: impl Into<SecretString>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Sets a signer in place of a private key.
    #[must_use]
    pub fn signer(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// Sets the form of the signed message. Default: [`PayloadVersion::V2`].
    #[must_use]
    pub fn payload(mut self, version: PayloadVersion) -> Self {
        self.payload = version;
        self
    }

    /// Reads the files and checks that they work together. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] with a [`CertificateProblem`]: a file that cannot be read or holds
    /// something else, a password that is missing or wrong, a key that is not RSA or belongs to another
    /// certificate, a certificate that is not valid now.
    pub fn build(self) -> Result<Certificate> {
        let missing = |what: &str, setter: &str, variable: &str| {
            CertificateProblem::Missing.error(format!(
                "no {what} was given; call {setter}(..) or set {variable}"
            ))
        };
        let file = self.certificate.as_ref().or(self.private_key.as_ref());
        let file =
            file.ok_or_else(|| missing("certificate", "certificate", "ANAPLAN_CERTIFICATE"))?;
        let certificate = Input::read(file, Role::Certificate)?;
        let candidates = Candidates::read(&certificate)?;
        let now = SystemClock::new().now();
        let (chain, signer): (_, Arc<dyn Signer>) = match self.signer {
            Some(signer) => (candidates.chain(&certificate, None, now)?, signer),
            None => {
                let (file, key) = match &self.private_key {
                    Some(file) => (file, Input::read(file, Role::PrivateKey)?),
                    None if certificate.document.private_key().is_some() => {
                        let key = Input::read(file, Role::PrivateKey)?;
                        (file, key)
                    }
                    None => {
                        return Err(missing("private key", "private_key", "ANAPLAN_PRIVATE_KEY"));
                    }
                };
                file.warn_of_readers();
                let signer = RsaSigner::new(key::read(&key, self.password.as_ref())?);
                let public_key = Some((signer.public_key(), &key));
                (
                    candidates.chain(&certificate, public_key, now)?,
                    Arc::new(signer),
                )
            }
        };
        chain.check_time(now)?;
        let warnings = chain.user().warnings();
        for warning in &warnings {
            tracing::warn!(target: "anaplan::auth", "{} {warning}", chain.name());
        }
        Ok(Certificate {
            inner: Arc::new(Inner {
                chain,
                warnings,
                signer,
                payload: self.payload,
            }),
        })
    }
}

impl Inner {
    /// Returns a freshly signed message.
    fn payload(&self, now: Timestamp) -> Result<RequestBody> {
        #[derive(Serialize)]
        #[serde(rename_all = "camelCase")]
        struct Payload {
            #[serde(skip_serializing_if = "Option::is_none")]
            encoded_data_format: Option<&'static str>,
            encoded_data: String,
            encoded_signed_data: String,
        }

        let mut random = [0; RANDOM_BYTES];
        rand::fill(&mut random).map_err(|_| {
            Error::new(
                ErrorKind::Io,
                "the random number generator of this machine failed",
            )
        })?;
        let (format, message) = match self.payload {
            PayloadVersion::V1 => (None, random.to_vec()),
            PayloadVersion::V2 => (Some("v2"), [&seconds(now)[..], &random].concat()),
        };
        let signature = self.signer.sign_sha512(&message)?;
        // A signer from outside could not be checked before.
        self.chain.check_signature(&message, &signature)?;
        json_body(&Payload {
            encoded_data_format: format,
            encoded_data: STANDARD.encode(&message),
            encoded_signed_data: STANDARD.encode(&signature),
        })
    }
}

/// Unix time in seconds, big-endian.
fn seconds(now: Timestamp) -> [u8; 8] {
    u64::try_from(now.as_second()).unwrap_or(0).to_be_bytes()
}

#[async_trait]
impl SignIn for Certificate {
    async fn request(&self, session: &Session) -> Result<Authenticate> {
        self.request_at(session)
    }
}

impl fmt::Debug for Certificate {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Certificate")
            .field("valid_until", &self.valid_until())
            .field("payload", &self.inner.payload)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for CertificateBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("CertificateBuilder")
            .field("certificate", &self.certificate)
            .field("private_key", &self.private_key)
            .field("password", &self.password.is_some())
            .field("signer", &self.signer.is_some())
            .field("payload", &self.payload)
            .finish()
    }
}
