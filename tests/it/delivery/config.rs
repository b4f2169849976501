//! Invalid settings are errors at start. A pipeline that is never started logs an error.

use super::child::Child;
use super::support::realtime_sum;
use crate::support::Input;
use pathway::ErrorKind;
use pathway::prelude::*;

#[test]
fn an_invalid_uri_is_a_config_error() {
    for uri in ["", "nats://", "http://localhost:4222", "nats://localhost:port", "nats://localhost:99999"] {
        let error = realtime_sum(uri).start().map(drop).expect_err(uri);
        assert_eq!(error.kind(), ErrorKind::Config, "{uri}: {error}");
    }
}

#[test]
fn an_invalid_subject_is_a_config_error() {
    // This is checked before the connection: there is no server at this address.
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
fn an_invalid_environment_variable_is_a_config_error() {
    let settings = [
        ("PATHWAY_THREADS", "0"),
        ("PATHWAY_THREADS", "abc"),
        ("PATHWAY_THREADS", ""),
        ("PATHWAY_THREADS", "1000000"),
        ("PATHWAY_PROCESSES", "2"),
    ];
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
fn a_pipeline_dropped_without_a_start_logs_an_error() {
    let (status, said) = Child::start("forget to run", "nats://localhost:4222", &[]).end();
    assert!(status.success(), "{said}");
    assert!(
        said.contains("pathway: error: pipeline: the pipeline was dropped before it ran: call `pipeline.run()`"),
        "{said}"
    );
}
