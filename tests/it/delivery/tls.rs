//! TLS with a private certificate authority, from the options or from environment variables.

use async_nats::ConnectOptions;

use super::child::Child;
use super::support::{Client, Observer, sum_with};
use crate::support::{stop, value, wait_for};
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
fn an_authority_from_the_options_is_trusted() {
    let secured = secured();
    let mut observer = Observer::of(secured.client(), "sum");
    let options = Options::new().ca_file(secured.authority.certificate());
    let running = sum_with(&secured.url(), &options).start().expect("a running pipeline");
    secured.client().publish("connector_example", (0..10).map(value));
    observer.wait_for_sum(45);
    stop(running);
}

#[test]
fn an_authority_from_the_environment_is_trusted() {
    let secured = secured();
    let mut observer = Observer::of(secured.client(), "sum");
    let authority = secured.authority.certificate().to_string_lossy().into_owned();
    let child = Child::start("sum", &secured.url(), &[("SSL_CERT_FILE", &authority)]);
    let client = secured.client();
    // A zero does not change the sum, and shows that the process reads.
    wait_for("the pipeline sums", || {
        client.publish("connector_example", [value(0)]);
        observer.sees_soon()
    });
    client.publish("connector_example", (1..10).map(value));
    observer.wait_for_sum(45);
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success(), "{said}");
}

#[test]
fn an_unknown_authority_is_rejected() {
    let secured = secured();
    let (status, said) = Child::start("sum", &secured.url(), &[]).end();
    assert_eq!(status.code(), Some(1), "{said}");
    assert!(said.contains("Connect: sum: cannot connect to tls://127.0.0.1"), "{said}");
    assert!(said.contains("UnknownIssuer") && said.contains("`Options::ca_file`"), "{said}");
}

/// The environment variables of the `nats` command apply only to a program that uses `Options::from_env`.
#[test]
fn nats_environment_variables_apply_only_on_request() {
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
    let mut observer = Observer::of(client(), "sum");
    let child = Child::start("sum from the environment", &url, &environment);
    let client = client();
    wait_for("the pipeline sums", || {
        client.publish("connector_example", [value(1)]);
        observer.sees_soon()
    });
    child.signal("TERM");
    let (status, said) = child.end();
    assert!(status.success() && !said.contains("sesame"), "{said}");
}
