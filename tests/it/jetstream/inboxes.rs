//! A user who may use only inboxes that begin with a prefix of its own.

use pathway::nats::Options;
use pathway::prelude::*;
use pathway_testkit::Server;

use super::support::{Js, stream, work_queue};
use crate::support::{Input, stop, wait_for};

#[test]
fn an_inbox_prefix_is_enough_for_streams() {
    let permissions = r#"publish: ["$JS.API.>", "$JS.ACK.>", "out.>", "_INBOX_svc.>"], subscribe: ["_INBOX_svc.>"]"#;
    let users = format!(r#"{{user: svc, password: p, permissions: {{{permissions}}}}}, {{user: all, password: p}}"#);
    let config = format!("authorization {{ users: [{users}] }}\nno_auth_user: all");
    let server = Server::builder().config(&config).start().expect("a server");
    let js = Js::new(&server);
    js.create(work_queue("IN"));
    js.create(stream("OUT"));
    let options = Options::new().user_and_password("svc", "p").inbox_prefix("_INBOX_svc");
    let pipeline = Pipeline::new().nats_service(false);
    let input = nats::read(&pipeline, server.url(), "in.>").jetstream("IN").options(options.clone()).json::<Input>();
    nats::write(&input, server.url(), "out.a").jetstream("OUT").options(options).json();
    let running = pipeline.start().expect("a running pipeline");
    js.publish("in.a", 0..100);
    wait_for("all is stored and acknowledged", || js.messages("OUT") == 100 && js.messages("IN") == 0);
    stop(running);
    assert!(!server.log().contains("Violation"), "{}", server.log());
}
