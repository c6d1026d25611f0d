//! Sign-in with a certificate.

mod key;
mod material;
mod pem;
mod problem;
mod signer;
mod x509;

use std::fmt;
use std::sync::Arc;

use anaplan_core::clock::{Clock as _, SystemClock};
use anaplan_core::{RequestBody, Error, ErrorKind, Result, SecretString, Session, Timestamp, async_trait, json_body,
};
use aws_lc_rs::rand;
use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde::Serialize;

pub use material::Material;
pub use problem::CertificateProblem;
pub use signer::Signer;

use crate::sign_in::SignIn;
use crate::token::Authenticate;
use material::Role;
use signer::RsaSigner;
use x509::Chain;

/// How many random bytes are signed; the service asks for 100 at least.
const RANDOM_BYTES: usize = 150;

/// Signs in with a certificate and its private key.
///
/// The certificate must come from a certification authority, be registered in the tenant's
/// administration and carry an RSA key. In a tenant with single sign-on the user must be an exception
/// user.
///
/// Certificate and key may be files or text, apart or together, see [`Material`]. The key may be
/// PKCS#8, PKCS#1 or encrypted PKCS#8. Everything that can be wrong with them is found by
/// [`build`](CertificateBuilder::build), before anything is sent, and told apart by
/// [`CertificateProblem`].
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
    signer: Arc<dyn Signer>,
    payload: PayloadVersion,
}

/// The form of the signed message.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Default)]
#[non_exhaustive]
pub enum PayloadVersion {
    /// Random bytes. The older form, which Anaplan is phasing out.
    V1,
    /// The time, then random bytes: useless to whoever might replay it later.
    #[default]
    V2,
}

/// Everything that a sign-in with a certificate needs.
#[derive(Default)]
pub struct CertificateBuilder {
    certificate: Option<Material>,
    private_key: Option<Material>,
    password: Option<SecretString>,
    signer: Option<Arc<dyn Signer>>,
    payload: PayloadVersion,
}

impl Certificate {
    /// Puts a sign-in together.
    #[must_use]
    pub fn builder() -> CertificateBuilder {
        CertificateBuilder::default()
    }

    /// A certificate whose private key stays where it is: in a hardware module, in a key service.
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

    /// The last moment at which the certificate is valid.
    #[must_use]
    pub fn valid_until(&self) -> Timestamp {
        self.inner.chain.valid_until()
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
    /// The certificate, alone, as the first of a chain, or in one file with its key.
    #[must_use]
    pub fn certificate(mut self, certificate: impl Into<Material>) -> Self {
        self.certificate = Some(certificate.into());
        self
    }

    /// The private key. Not needed when it is in one file with the certificate.
    ///
    /// A key file that every user of the machine can read is worth a warning in the log, and is used.
    #[must_use]
    pub fn private_key(mut self, private_key: impl Into<Material>) -> Self {
        self.private_key = Some(private_key.into());
        self
    }

    /// The password of an encrypted private key. Empty means none.
    #[must_use]
    pub fn private_key_password(mut self, password: impl Into<SecretString>) -> Self {
        self.password = Some(password.into());
        self
    }

    /// Signs with this in place of a private key.
    #[must_use]
    pub fn signer(mut self, signer: Arc<dyn Signer>) -> Self {
        self.signer = Some(signer);
        self
    }

    /// The form of the signed message. Default [`PayloadVersion::V2`].
    #[must_use]
    pub fn payload(mut self, version: PayloadVersion) -> Self {
        self.payload = version;
        self
    }

    /// Reads the files and checks that they can work. Sends nothing.
    ///
    /// # Errors
    ///
    /// [`ErrorKind::Authentication`] with a [`CertificateProblem`] that says what is wrong: a file that
    /// cannot be read or holds something else, a password that is missing or wrong, a key that is not
    /// RSA or belongs to another certificate, a certificate that is not valid now.
    pub fn build(self) -> Result<Certificate> {
        let missing = |what| {
            CertificateProblem::Missing.error(format!("no {what} was given to sign in with"))
        };
        let certificate = self
            .certificate
            .as_ref()
            .or(self.private_key.as_ref())
            .ok_or_else(|| missing("certificate"))?
            .read(Role::Certificate)?;
        let chain = Chain::read(&certificate)?;
        let signer = match self.signer {
            Some(signer) => signer,
            None => {
                let bytes = match &self.private_key {
                    Some(private_key) => private_key.read(Role::PrivateKey)?,
                    None if pem::holds_private_key(&certificate) => certificate,
                    None => return Err(missing("private key")),
                };
                if let Some(file) = self.private_key.as_ref().or(self.certificate.as_ref()) {
                    file.warn_of_readers();
                }
                let signer = RsaSigner::new(key::read(&bytes, self.password.as_ref())?);
                chain.check_key(signer.public_key())?;
                Arc::new(signer)
            }
        };
        chain.check_time(SystemClock::new().now())?;
        Ok(Certificate {
            inner: Arc::new(Inner {
                chain,
                signer,
                payload: self.payload,
            }),
        })
    }
}

impl Inner {
    /// A freshly signed message.
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
        rand::fill(&mut random)
            .map_err(|_| Error::new(ErrorKind::Io, "the machine has no random numbers to give"))?;
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
