//! A panic in a closure ends the pipeline, on whichever worker it happens.

use super::support::{Client, server};
use crate::support::{Input, assert_error, join, value};
use pathway::ErrorKind;
use pathway::prelude::*;

#[test]
fn a_panic_in_a_closure_is_the_pipelines_error() {
    let server = server();
    let client = Client::new(&server.url());
    for workers in [1, 2] {
        let pipeline = Pipeline::new();
        let input = nats::read(&pipeline, server.url(), "connector_example").json::<Input>();
        let checked = filter!(row in input => {
            assert!(row.value != 7, "seven is out of the question");
            true
        });
        // The groups spread the rows over both workers.
        let groups = reduce!(row in checked by row.value => { value: row.value, n: count() });
        nats::write(&groups, server.url(), "copy").json();
        let running = pipeline.start_with(workers).expect("a running pipeline");
        client.publish("connector_example", (0..10).map(value));
        let error = join(running).expect_err("a panic");
        assert_error(&error, ErrorKind::Panic, &["seven is out of the question"]);
    }
}

#[test]
fn a_panic_on_another_worker_ends_the_pipeline_too() {
    let pipeline = Pipeline::new();
    let input = pipeline.rows((0..100).map(|value| Input { value }));
    let groups = reduce!(row in input by row.value => { value: row.value, n: count() });
    // This runs on the worker of the group, so that each worker filters some rows.
    let checked = filter!(row in groups => {
        let name = std::thread::current().name().unwrap_or_default().to_owned();
        assert!(!name.ends_with("work-1"), "this worker is out of order");
        row.n > 0
    });
    let seen = checked.collect();
    let error = pipeline.start_with(2).and_then(join).expect_err("a panic");
    assert_error(&error, ErrorKind::Panic, &["worker 1 panicked"]);
    assert!(seen.rows().len() < 100);
}
