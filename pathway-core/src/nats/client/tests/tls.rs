//! TLS with a server whose authority is our own.

use std::path::PathBuf;
use std::time::{Duration, Instant};

use pathway_testkit::{Authority, Server};

use super::{PATIENT, connect_with};
use crate::data::{Error, ErrorKind, Result};
use crate::nats::client::Options;

struct Secured {
    authority: Authority,
    server: Server,
}

/// A server with TLS, good for `hosts`.
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
        Options::new().connect_deadline(PATIENT).ca_file(self.authority.certificate())
    }

    fn connect(&self, scheme: &str, options: Options) -> Result<String> {
        connect_with(&format!("{scheme}://{}", self.server.host_port()), options)
    }

    /// A refusal that comes at once, although there is time.
    fn refuses(&self, scheme: &str, options: Options) -> Error {
        let start = Instant::now();
        let error = self.connect(scheme, options).expect_err("a refusal");
        assert!(start.elapsed() < Duration::from_secs(10), "no use in trying again");
        assert_eq!(error.kind(), ErrorKind::Connect, "{error}");
        error
    }
}

fn assert_says(error: &Error, parts: &[&str]) {
    for part in parts {
        assert!(error.to_string().contains(part), "{part} is not in: {error}");
    }
}

#[test]
fn an_authority_of_our_own() {
    let secured = secured(&["127.0.0.1"], "");
    let server = secured.connect("tls", secured.options()).expect("a connection");
    assert_eq!(server, format!("tls://{}", secured.server.host_port()));
}

/// An authority is named in order to know the server: it must not be any server without TLS then.
#[test]
fn an_authority_demands_tls() {
    let secured = secured(&["127.0.0.1"], "");
    let server = secured.connect("nats", secured.options()).expect("a connection");
    assert!(server.starts_with("tls://"), "{server}");

    let plain = super::server();
    let error = connect_with(&plain.url(), secured.options()).expect_err("no TLS there");
    assert_says(&error, &["does not speak it", "no option that demands TLS"]);
}

#[test]
fn an_unknown_authority() {
    let secured = secured(&["127.0.0.1"], "");
    let error = secured.refuses("tls", Options::new().connect_deadline(PATIENT));
    assert_says(&error, &["UnknownIssuer", "ca_file", "SSL_CERT_FILE"]);

    let other = Authority::new().expect("an authority");
    let error = secured.refuses("tls", secured.options().ca_file(other.certificate()));
    assert_says(&error, &["UnknownIssuer", "no authority of `Options::ca_file`"]);
}

/// The server demands TLS, and the URI says nothing about it: it is used, and the server must be one that we know.
#[test]
fn a_server_that_demands_tls_gets_it() {
    let secured = secured(&["127.0.0.1"], "");
    let error = secured.refuses("nats", Options::new().connect_deadline(PATIENT));
    assert_says(&error, &["UnknownIssuer"]);
}

#[test]
fn a_certificate_for_another_host() {
    let secured = secured(&["nats.example"], "");
    let error = secured.refuses("tls", secured.options());
    assert_says(&error, &["127.0.0.1", "write the host in the URI as the server's certificate has it"]);
}

#[test]
fn a_plain_server_cannot_do_tls_first() {
    let plain = super::server();
    let options = Options::new().connect_deadline(PATIENT).tls_first();
    let error = connect_with(&plain.url(), options).expect_err("no TLS there");
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_says(&error, &["does not speak it", "leave `tls_first` out"]);
}

#[test]
fn a_server_that_wants_tls_first() {
    let secured = secured(&["127.0.0.1"], "handshake_first: true");
    secured.connect("tls", secured.options().tls_first()).expect("a connection");
    let error = secured.connect("tls", secured.options().connect_deadline(Duration::from_millis(300)));
    assert_says(&error.expect_err("no greeting"), &["no answer", "tls_first"]);
}

#[test]
fn a_server_that_wants_a_certificate() {
    let secured = secured(&["127.0.0.1"], "verify: true");
    let ours = secured.authority.client("ada").expect("a certificate");
    let options = secured.options().client_certificate(&ours.certificate, &ours.key);
    secured.connect("tls", options).expect("a connection");

    let error = secured.refuses("tls", secured.options());
    assert_says(&error, &["CertificateRequired", "client_certificate"]);

    let other = Authority::new().expect("an authority").client("eve").expect("a certificate");
    // Its files are gone with their authority.
    let error = secured.connect("tls", secured.options().client_certificate(&other.certificate, &other.key));
    let error = error.expect_err("no file");
    assert_eq!(error.kind(), ErrorKind::Config);
    assert_says(&error, &["test: the client certificate", "eve.pem", "cannot be read"]);

    let stranger = Authority::new().expect("an authority");
    let other = stranger.client("eve").expect("a certificate");
    let error = secured.refuses("tls", secured.options().client_certificate(&other.certificate, &other.key));
    assert_says(&error, &["does not accept our client certificate"]);
}

/// Files are wrong before the server is asked for: there is none at this address.
#[test]
fn files_that_cannot_be_used() {
    let authority = Authority::new().expect("an authority");
    let (one, two) = (authority.client("one").expect("a certificate"), authority.client("two").expect("a certificate"));
    let missing = PathBuf::from("no-such-file.pem");
    let options = || Options::new().connect_deadline(PATIENT);
    for (options, parts) in [
        (options().ca_file(&missing), ["the file of authorities", "no-such-file.pem", "cannot be read"]),
        (options().ca_file(&one.key), ["the file of authorities", "one-key.pem", "no certificate"]),
        (options().client_certificate(&missing, &one.key), ["the client certificate", "no-such-file.pem", "read"]),
        (options().client_certificate(&one.certificate, &missing), ["the key", "no-such-file.pem", "read"]),
        (options().client_certificate(&one.certificate, &one.certificate), ["the key", "one.pem", "no private key"]),
        (options().client_certificate(&one.certificate, &two.key), ["two-key.pem", "is not the key of", "one.pem"]),
    ] {
        let error = connect_with("nats://127.0.0.1:1", options).expect_err("a bad file");
        assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        assert_says(&error, &parts);
    }
}
