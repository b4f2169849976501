//! Checks the certificate and key files of the options, so that an error at the start names the file.

use std::path::Path;

use async_nats::rustls::pki_types::pem::PemObject;
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{ClientConfig, RootCertStore, crypto};

use super::Options;
use super::options::ClientCertificate;
use crate::data::{Error, ErrorKind, Result};

/// Installs the cryptography provider of rustls.
///
/// A program can link two, and then rustls requires a choice. A provider that the program has installed itself is kept.
pub(super) fn install_provider() {
    let _ = crypto::ring::default_provider().install_default();
}

/// Reads the files of the options, as async-nats does for each connection, and reports which file is unusable and why.
pub(super) fn check(options: &Options) -> Result<()> {
    install_provider();
    let mut authorities = RootCertStore::empty();
    if let Some(path) = &options.ca_file {
        for certificate in certificates(path, "the file with authorities")? {
            authorities
                .add(certificate)
                .map_err(|_| unusable("the file with authorities", path, "it contains an invalid certificate"))?;
        }
    }
    let Some(ClientCertificate { certificate, key }) = &options.client_certificate else { return Ok(()) };
    let chain = certificates(certificate, "the client certificate")?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| unusable("the key of the client certificate", key, &pem_error(&error, "private key")))?;
    let builder = ClientConfig::builder().with_root_certificates(authorities);
    builder.with_client_auth_cert(chain, private).map(drop).map_err(|_| {
        let reason = format!("it is not the key of `{}`", certificate.display());
        unusable("the key of the client certificate", key, &reason)
    })
}

fn certificates(path: &Path, what: &str) -> Result<Vec<CertificateDer<'static>>> {
    type Error = async_nats::rustls::pki_types::pem::Error;
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, Error>>);
    match read {
        Ok(read) if read.is_empty() => Err(unusable(what, path, "it contains no certificate in PEM format")),
        Ok(read) => Ok(read),
        Err(error) => Err(unusable(what, path, &pem_error(&error, "certificate"))),
    }
}

/// Why a file is unusable, without quoting its content.
fn pem_error(error: &async_nats::rustls::pki_types::pem::Error, item: &str) -> String {
    match error {
        async_nats::rustls::pki_types::pem::Error::Io(error) => format!("it cannot be read: {error}"),
        _ => format!("it contains no {item} in PEM format"),
    }
}

fn unusable(what: &str, path: &Path, reason: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{what} `{}` cannot be used: {reason}", path.display()))
}
