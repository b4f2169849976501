//! Settings that cannot be used are errors at start; a pipeline that is never started is reported.

use super::child::Child;
use super::support::{Input, realtime_sum};
use pathway::ErrorKind;
use pathway::prelude::*;

#[test]
fn a_uri_that_cannot_be_used_is_a_config_error() {
    for uri in ["", "nats://", "http://localhost:4222", "nats://localhost:port", "nats://localhost:99999"] {
        let error = realtime_sum(uri).start().map(drop).expect_err(uri);
        assert_eq!(error.kind(), ErrorKind::Config, "{uri}: {error}");
    }
}

#[test]
fn a_subject_that_cannot_be_used_is_a_config_error() {
    // Checked before the server is asked for: there is none at this address.
    let uri = "nats://127.0.0.1:1";
    for subject in ["", "orders..new", ".orders", "orders.", "new orders", "orders.>.new"] {
        let pipeline = Pipeline::new();
        let input = nats::read(&pipeline, uri, subject).json::<Input>();
        let _seen = input.collect();
        let error = pipeline.start().map(drop).expect_err(subject);
        assert_eq!(error.kind(), ErrorKind::Config, "{subject:?}: {error}");
        assert!(error.to_string().contains(subject), "{error}");
    }
    for subject in ["", "sum.*", "sum.>", "the sum"] {
        let pipeline = Pipeline::new();
        let input = pipeline.rows([Input { value: 1 }]);
        nats::write(&input, uri, subject).json();
        let error = pipeline.start().map(drop).expect_err(subject);
        assert_eq!(error.kind(), ErrorKind::Config, "{subject:?}: {error}");
        assert!(error.to_string().contains(subject), "{error}");
    }
}

#[test]
fn an_environment_that_cannot_be_used_is_a_config_error() {
    let settings =
        [("PATHWAY_THREADS", "0"), ("PATHWAY_THREADS", "abc"), ("PATHWAY_THREADS", ""), ("PATHWAY_PROCESSES", "2")];
    for (name, value) in settings {
        let (status, said) = Child::start("count workers", "", &[(name, value)]).end();
        assert_eq!(status.code(), Some(1), "{name}={value}: {said}");
        assert!(said.contains(&format!("Config: {name} is")) && said.contains(value), "{name}={value}: {said}");
    }
}

#[test]
#[cfg(target_os = "linux")]
fn the_environment_sets_the_number_of_workers() {
    for (environment, workers) in [(&[][..], 1), (&[("PATHWAY_THREADS", "3")], 3), (&[("PATHWAY_PROCESSES", "1")], 1)] {
        let (status, said) = Child::start("count workers", "", environment).end();
        assert!(status.success(), "{environment:?}: {said}");
        assert!(said.contains(&format!("{workers} workers")), "{environment:?}: {said}");
    }
}

#[test]
fn a_pipeline_that_was_never_started_says_so() {
    let (status, said) = Child::start("forget to run", "nats://localhost:4222", &[]).end();
    assert!(status.success(), "{said}");
    assert!(
        said.contains("pathway: error: pipeline: the pipeline was dropped before it ran: call `pipeline.run()`"),
        "{said}"
    );
}
