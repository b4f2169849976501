//! Whether the files that TLS is made with can be used: said at start, by name.

use std::path::Path;

use async_nats::rustls::pki_types::pem::PemObject;
use async_nats::rustls::pki_types::{CertificateDer, PrivateKeyDer};
use async_nats::rustls::{ClientConfig, RootCertStore, crypto};

use super::Options;
use super::options::ClientCertificate;
use crate::data::{Error, ErrorKind, Result};

/// Says which provider of cryptography is used.
///
/// Two can be linked into one program, and then rustls wants to be told. Another one that the program has installed is as good.
pub(super) fn install_provider() {
    let _ = crypto::ring::default_provider().install_default();
}

/// Reads the files of the options as async-nats will do for each connection, to say what is wrong with which.
pub(super) fn check(options: &Options) -> Result<()> {
    install_provider();
    let mut authorities = RootCertStore::empty();
    if let Some(path) = &options.ca_file {
        for certificate in certificates(path, "the file of authorities")? {
            authorities
                .add(certificate)
                .map_err(|_| wrong("the file of authorities", path, "it holds a certificate that is none"))?;
        }
    }
    let Some(ClientCertificate { certificate, key }) = &options.client_certificate else { return Ok(()) };
    let chain = certificates(certificate, "the client certificate")?;
    let private = PrivateKeyDer::from_pem_file(key)
        .map_err(|error| wrong("the key of the client certificate", key, &complaint(&error, "private key")))?;
    let builder = ClientConfig::builder().with_root_certificates(authorities);
    builder.with_client_auth_cert(chain, private).map(drop).map_err(|_| {
        let complaint = format!("it is not the key of `{}`", certificate.display());
        wrong("the key of the client certificate", key, &complaint)
    })
}

fn certificates(path: &Path, what: &str) -> Result<Vec<CertificateDer<'static>>> {
    type Error = async_nats::rustls::pki_types::pem::Error;
    let read = CertificateDer::pem_file_iter(path).and_then(Iterator::collect::<Result<Vec<_>, Error>>);
    match read {
        Ok(read) if read.is_empty() => Err(wrong(what, path, "it holds no certificate in PEM form")),
        Ok(read) => Ok(read),
        Err(error) => Err(wrong(what, path, &complaint(&error, "certificate"))),
    }
}

/// What is wrong with a file, without its content.
fn complaint(error: &async_nats::rustls::pki_types::pem::Error, item: &str) -> String {
    match error {
        async_nats::rustls::pki_types::pem::Error::Io(error) => format!("it cannot be read: {error}"),
        _ => format!("it holds no {item} in PEM form"),
    }
}

fn wrong(what: &str, path: &Path, complaint: &str) -> Error {
    Error::new(ErrorKind::Config, format!("{what} `{}` cannot be used: {complaint}", path.display()))
}
