//! Certificates for tests: a certificate authority and the certificates that it signs, as files.

use std::{
    fs, io,
    path::{Path, PathBuf},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};

use crate::{Error, folder::Folder};

/// A certificate authority that only clients and servers trust that are configured to.
///
/// Its certificates are PEM files in a folder of its own, which is removed when the value is dropped.
/// Each value has new keys.
///
/// ```
/// use pathway_testkit::{Authority, Server};
///
/// let authority = Authority::new()?;
/// let config = authority.server(&["localhost", "127.0.0.1"])?.tls_config("");
/// let server = Server::builder().config(&config).start()?;
/// println!("reach tls://{} with the authority of {}", server.host_port(), authority.certificate().display());
/// # Ok::<(), pathway_testkit::Error>(())
/// ```
#[derive(Debug)]
pub struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
    certificate: PathBuf,
    folder: Folder,
}

/// A certificate and its key, as files of an [`Authority`].
#[derive(Debug, Clone)]
#[non_exhaustive]
pub struct Signed {
    /// The certificate, as PEM.
    pub certificate: PathBuf,
    /// Its private key, as PEM.
    pub key: PathBuf,
}

impl Authority {
    /// Creates an authority.
    ///
    /// # Errors
    ///
    /// Its folder or its file cannot be written.
    pub fn new() -> Result<Self, Error> {
        let folder = Folder::create()?;
        // Two authorities with the same name could be told apart only by their signatures.
        let name = folder.path().file_name().unwrap_or_default().to_string_lossy().into_owned();
        let mut params = params(&[], &name)?;
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.key_usages = vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign];
        let issuer = CertifiedIssuer::self_signed(params, key()?).map_err(failed)?;
        let certificate = folder.path().join("authority.pem");
        write(&certificate, &issuer.pem())?;
        Ok(Self { issuer, certificate, folder })
    }

    /// The file with the authority's certificate, for clients and servers that shall trust it.
    #[must_use]
    pub fn certificate(&self) -> &Path {
        &self.certificate
    }

    /// Signs a server certificate for these host names and addresses.
    ///
    /// # Errors
    ///
    /// A name is invalid, or a file cannot be written.
    pub fn server(&self, hosts: &[&str]) -> Result<Signed, Error> {
        self.sign("server", hosts, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Signs a client certificate, for a server that requires one (`verify: true`).
    ///
    /// # Errors
    ///
    /// A file cannot be written.
    pub fn client(&self, name: &str) -> Result<Signed, Error> {
        self.sign(name, &[], ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn sign(&self, name: &str, hosts: &[&str], usage: ExtendedKeyUsagePurpose) -> Result<Signed, Error> {
        let mut params = params(hosts, name)?;
        params.extended_key_usages = vec![usage];
        let own = key()?;
        let certificate = params.signed_by(&own, &self.issuer).map_err(failed)?;
        let file = |end: &str| self.folder.path().join(format!("{name}{end}"));
        let signed = Signed { certificate: file(".pem"), key: file("-key.pem") };
        write(&signed.certificate, &certificate.pem())?;
        write(&signed.key, &own.serialize_pem())?;
        Ok(signed)
    }
}

impl Signed {
    /// The `tls` block of a server with this certificate. `more` adds lines to it: `verify: true`, `ca_file: "…"`,
    /// `handshake_first: true`.
    #[must_use]
    pub fn tls_config(&self, more: &str) -> String {
        let Self { certificate, key } = self;
        format!("tls {{\n  cert_file: {:?}\n  key_file: {:?}\n  timeout: 10\n  {more}\n}}", certificate, key)
    }
}

fn params(hosts: &[&str], name: &str) -> Result<CertificateParams, Error> {
    let hosts: Vec<String> = hosts.iter().map(|host| (*host).to_owned()).collect();
    let mut params = CertificateParams::new(hosts).map_err(failed)?;
    params.distinguished_name.push(DnType::CommonName, name);
    Ok(params)
}

fn key() -> Result<KeyPair, Error> {
    KeyPair::generate().map_err(failed)
}

fn failed(error: rcgen::Error) -> Error {
    Error::io("creating a certificate")(io::Error::other(error))
}

fn write(path: &Path, text: &str) -> Result<(), Error> {
    fs::write(path, text).map_err(Error::io(format!("writing {}", path.display())))
}
