//! An input stream that has lost what was read, and gives the same sequences to other messages.

use pathway::ErrorKind;

use super::{Folder, counted, create_outputs, orders, service_between};
use crate::jetstream::restored::Restorable;
use crate::jetstream::support::{Js, server, stream};
use crate::support::{assert_error, join, stop, wait_for};

#[test]
fn an_input_stream_that_has_lost_messages_that_were_read_is_an_error() {
    for with_checkpoint in [true, false] {
        let (mut inputs, folder) = (Restorable::start(&format!("input-{with_checkpoint}")), Folder::new());
        let outputs = server();
        let to = Js::new(&outputs);
        inputs.js().create(stream("IN"));
        create_outputs(&to);
        let state = || if with_checkpoint { folder.directory() } else { folder.log_only() };
        let (from, uri) = (inputs.server.url(), outputs.url());
        let pipeline = || service_between(&from, &uri).persist(state());
        let fails = |words: &[&str]| {
            let error = pipeline().start().and_then(join).expect_err("lost input");
            assert_error(&error, ErrorKind::Persistence, words);
        };
        inputs.js().publish_all(orders(0..50));
        inputs.back_up();
        inputs.js().publish_all(orders(50..100));
        let running = pipeline().start().unwrap();
        wait_for("all orders are counted", || counted(&to) == 100);
        stop(running);

        inputs.restore(|_| {});
        match with_checkpoint {
            true => fails(&["stream `IN`: it ends at sequence 50", "has read its message 100", "older copy"]),
            false => fails(&["cannot be computed again", "the stream has lost messages"]),
        }
        // Others have the same sequences.
        inputs.js().publish_all(orders(200..260));
        match with_checkpoint {
            true => fails(&["stream `IN`: its message 100 is another one", "older copy"]),
            false => fails(&["has another message with the sequence"]),
        }
    }
}
