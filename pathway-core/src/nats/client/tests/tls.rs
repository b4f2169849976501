//! TLS with a server whose certificate authority is our own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use pathway_testkit::{Authority, Server};

use super::{LONG_DEADLINE, connect_with};
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::Options;

struct Secured {
    authority: Authority,
    server: Server,
}

/// A server with a certificate for `hosts`.
fn secured(hosts: &[&str], more: &str) -> Secured {
    let authority = Authority::new().expect("an authority");
    let more = format!("ca_file: {:?}\n{more}", authority.certificate());
    let config = authority.server(hosts).expect("a certificate").tls_config(&more);
    let builder = Server::builder().jetstream(false).config(&config);
    let builder = if config.contains("handshake_first") { builder.silent() } else { builder };
    let server = builder.start().expect("a server");
    Secured { authority, server }
}

impl Secured {
    fn options(&self) -> Options {
        Options::new().connect_deadline(LONG_DEADLINE).ca_file(self.authority.certificate())
    }

    fn connect(&self, scheme: &str, options: Options) -> Result<String> {
        connect_with(&format!("{scheme}://{}", self.server.host_port()), options)
    }

    /// An error that is immediate, although the deadline is long.
    fn connect_error(&self, scheme: &str, options: Options) -> Error {
        let start = Instant::now();
        let error = self.connect(scheme, options).expect_err("an error");
        assert!(start.elapsed() < Duration::from_secs(10), "retrying makes no sense");
        assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
        error
    }
}

fn assert_contains(error: &Error, parts: &[&str]) {
    for part in parts {
        assert!(error.to_string().contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn a_trusted_authority_is_accepted() {
    let secured = secured(&["127.0.0.1"], "");
    let server = secured.connect("tls", secured.options()).expect("a connection");
    assert_eq!(server, format!("tls://{}", secured.server.host_port()));
}

/// Without TLS, a trusted authority would not protect against a forged server.
#[test]
fn an_authority_requires_tls() {
    let secured = secured(&["127.0.0.1"], "");
    let server = secured.connect("nats", secured.options()).expect("a connection");
    assert!(server.starts_with("tls://"), "{server}");

    let plain = super::server();
    let error = connect_with(&plain.url(), secured.options()).expect_err("no TLS there");
    assert_contains(&error, &["does not use it", "no option that requires TLS"]);
}

#[test]
fn an_unknown_authority_is_an_error() {
    let secured = secured(&["127.0.0.1"], "");
    let error = secured.connect_error("tls", Options::new().connect_deadline(LONG_DEADLINE));
    assert_contains(&error, &["UnknownIssuer", "ca_file", "SSL_CERT_FILE"]);

    let other = Authority::new().expect("an authority");
    let error = secured.connect_error("tls", secured.options().ca_file(other.certificate()));
    assert_contains(&error, &["UnknownIssuer", "not signed by an authority in `Options::ca_file`"]);
}

/// If the server requires TLS, it is used without `tls://` in the URI, too, and the certificate is checked.
#[test]
fn a_server_that_requires_tls_gets_it() {
    let secured = secured(&["127.0.0.1"], "");
    let error = secured.connect_error("nats", Options::new().connect_deadline(LONG_DEADLINE));
    assert_contains(&error, &["UnknownIssuer"]);
}

#[test]
fn a_certificate_for_another_host_is_an_error() {
    let secured = secured(&["nats.example"], "");
    let error = secured.connect_error("tls", secured.options());
    assert_contains(&error, &["127.0.0.1", "write the host in the URI as it is in the server's certificate"]);
}

#[test]
fn tls_first_with_a_plain_server_is_an_error() {
    let plain = super::server();
    let options = Options::new().connect_deadline(LONG_DEADLINE).tls_first();
    let error = connect_with(&plain.url(), options).expect_err("no TLS there");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_contains(&error, &["does not use it", "remove `tls_first`"]);
}

#[test]
fn tls_first_works_with_a_server_that_requires_it() {
    let secured = secured(&["127.0.0.1"], "handshake_first: true");
    secured.connect("tls", secured.options().tls_first()).expect("a connection");
    let error = secured.connect("tls", secured.options().connect_deadline(Duration::from_millis(300)));
    assert_contains(&error.expect_err("no greeting"), &["no answer", "tls_first"]);
}

#[test]
fn a_client_certificate_authenticates() {
    let secured = secured(&["127.0.0.1"], "verify: true");
    let ours = secured.authority.client("ada").expect("a certificate");
    let options = secured.options().client_certificate(&ours.certificate, &ours.key);
    secured.connect("tls", options).expect("a connection");

    let error = secured.connect_error("tls", secured.options());
    assert_contains(&error, &["CertificateRequired", "client_certificate"]);

    let other = Authority::new().expect("an authority").client("eve").expect("a certificate");
    // Its files were removed with their authority.
    let error = secured.connect("tls", secured.options().client_certificate(&other.certificate, &other.key));
    let error = error.expect_err("no file");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_contains(&error, &["test: the client certificate", "eve.pem", "cannot be read"]);

    let stranger = Authority::new().expect("an authority");
    let other = stranger.client("eve").expect("a certificate");
    let error = secured.connect_error("tls", secured.options().client_certificate(&other.certificate, &other.key));
    assert_contains(&error, &["does not accept the client certificate"]);
}

/// Files are checked before the server is contacted: there is none at this address.
#[test]
fn unusable_files_are_errors() {
    let authority = Authority::new().expect("an authority");
    let (one, two) = (authority.client("one").expect("a certificate"), authority.client("two").expect("a certificate"));
    let missing = PathBuf::from("no-such-file.pem");
    let options = || Options::new().connect_deadline(LONG_DEADLINE);
    for (options, parts) in [
        (options().ca_file(&missing), ["the file with authorities", "no-such-file.pem", "cannot be read"]),
        (options().ca_file(&one.key), ["the file with authorities", "one-key.pem", "no certificate"]),
        (options().client_certificate(&missing, &one.key), ["the client certificate", "no-such-file.pem", "read"]),
        (options().client_certificate(&one.certificate, &missing), ["the key", "no-such-file.pem", "read"]),
        (options().client_certificate(&one.certificate, &one.certificate), ["the key", "one.pem", "no private key"]),
        (options().client_certificate(&one.certificate, &two.key), ["two-key.pem", "is not the key of", "one.pem"]),
    ] {
        let error = connect_with("nats://127.0.0.1:1", options).expect_err("a bad file");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert_contains(&error, &parts);
    }
}
