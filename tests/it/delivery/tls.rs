//! TLS with a private authority: named in the options, or in the process's environment.

use async_nats::ConnectOptions;

use super::child::Child;
use super::support::{Client, Witness, sum_with, value, wait_for};
use pathway::nats::Options;
use pathway_testkit::{Authority, Server};

struct Secured {
    authority: Authority,
    server: Server,
}

fn secured() -> Secured {
    let authority = Authority::new().expect("an authority");
    let config = authority.server(&["127.0.0.1"]).expect("a certificate").tls_config("");
    let server = Server::builder().jetstream(false).config(&config).start().expect("a server");
    Secured { authority, server }
}

impl Secured {
    fn url(&self) -> String {
        format!("tls://{}", self.server.host_port())
    }

    fn client(&self) -> Client {
        let options = ConnectOptions::new().add_root_certificates(self.authority.certificate().to_owned());
        Client::with(&self.url(), options)
    }
}

#[test]
fn an_authority_of_the_options_is_trusted() {
    let secured = secured();
    let mut witness = Witness::of(secured.client(), "sum");
    let options = Options::new().ca_file(secured.authority.certificate());
    let running = sum_with(&secured.url(), &options).start().expect("a running pipeline");
    secured.client().publish("connector_example", (0..10).map(value));
    witness.wait_for_sum(45);
    running.stop();
    running.join().expect("an orderly end");
}

#[test]
fn an_authority_of_the_environment_is_trusted() {
    let secured = secured();
    let mut witness = Witness::of(secured.client(), "sum");
    let authority = secured.authority.certificate().to_string_lossy().into_owned();
    let child = Child::start("sum", &secured.url(), &[("SSL_CERT_FILE", &authority)]);
    let client = secured.client();
    // A zero does not change the sum, and shows when the process reads.
    wait_for("the pipeline sums", || {
        client.publish("connector_example", [value(0)]);
        witness.sees_soon()
    });
    client.publish("connector_example", (1..10).map(value));
    witness.wait_for_sum(45);
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
}

#[test]
fn an_authority_that_nobody_named_is_refused() {
    let secured = secured();
    let (status, said) = Child::start("sum", &secured.url(), &[]).end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("Connect: sum: cannot connect to tls://127.0.0.1"), "{said}");
    assert!(said.contains("UnknownIssuer") && said.contains("`Options::ca_file`"), "{said}");
}

/// The variables of the `nats` command count for a program that asks for them, and only for one.
#[test]
fn the_environment_counts_for_those_who_ask() {
    let authority = Authority::new().expect("an authority");
    let config = authority.server(&["127.0.0.1"]).expect("a certificate").tls_config("");
    let config = format!("{config}\nauthorization {{ user: ada, password: \"open sesame\" }}");
    let server = Server::builder().jetstream(false).config(&config).start().expect("a server");
    let url = server.url();
    let file = authority.certificate().to_string_lossy().into_owned();
    let environment = [("NATS_USER", "ada"), ("NATS_PASSWORD", "open sesame"), ("NATS_CA", &file)];

    let (status, said) = Child::start("sum", &url, &environment).end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("UnknownIssuer") && !said.contains("sesame"), "{said}");

    let client = || {
        let options = ConnectOptions::with_user_and_password("ada".to_owned(), "open sesame".to_owned());
        Client::with(&url, options.add_root_certificates(authority.certificate().to_owned()))
    };
    let mut witness = Witness::of(client(), "sum");
    let child = Child::start("sum from the environment", &url, &environment);
    let client = client();
    wait_for("the pipeline sums", || {
        client.publish("connector_example", [value(1)]);
        witness.sees_soon()
    });
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success() && !said.contains("sesame"), "{said}");
}
