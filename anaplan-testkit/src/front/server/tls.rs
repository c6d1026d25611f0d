//! The server's side of TLS.

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};
use std::sync::Arc;

use tokio_rustls::TlsAcceptor;
use tokio_rustls::rustls::ServerConfig;
use tokio_rustls::rustls::crypto::aws_lc_rs;
use tokio_rustls::rustls::pki_types::{CertificateDer, PrivateKeyDer, PrivatePkcs8KeyDer};

use crate::pki::Authority;

/// Shakes hands with a fresh certificate for a server that listens on this address.
pub(super) fn acceptor(address: IpAddr) -> io::Result<TlsAcceptor> {
    let mut hosts = vec![
        "localhost".to_owned(),
        Ipv4Addr::LOCALHOST.to_string(),
        Ipv6Addr::LOCALHOST.to_string(),
    ];
    let address_itself = address.to_string();
    if !address.is_unspecified() && !hosts.contains(&address_itself) {
        hosts.push(address_itself);
    }
    let identity = Authority::shared()
        .and_then(|authority| authority.issue_server(hosts))
        .map_err(io::Error::other)?;
    let certificate = CertificateDer::from(identity.certificate_der().to_vec());
    let key = PrivatePkcs8KeyDer::from(identity.private_key_der().to_vec());
    // Named, for a process may have several providers and then has no default one.
    let mut config = ServerConfig::builder_with_provider(Arc::new(aws_lc_rs::default_provider()))
        .with_safe_default_protocol_versions()
        .map_err(io::Error::other)?
        .with_no_client_auth()
        .with_single_cert(vec![certificate], PrivateKeyDer::Pkcs8(key))
        .map_err(io::Error::other)?;
    config.alpn_protocols = vec![b"http/1.1".to_vec()];
    Ok(TlsAcceptor::from(Arc::new(config)))
}
