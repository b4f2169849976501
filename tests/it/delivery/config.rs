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
        ("PATHWAY_THREADS", "1000000"),
        ("PATHWAY_PROCESSES", "2"),
        ("PATHWAY_SNAPSHOT_ACCESS", "record"),
    ];
    for ((name, value), role) in
        settings.into_iter().flat_map(|setting| ["count workers", "sum"].map(|it| (setting, it)))
    {
        let (status, said) = Child::start(role, "nats://127.0.0.1:1", &[(name, value)]).end();
        assert_eq!(status.code(), Some(1), "{name}={value}: {said}");
        assert!(said.starts_with(&format!("Config: {name} is")) && said.contains(value), "{name}={value}: {said}");
        assert_eq!(said.lines().count(), 1, "one error for {name}={value}: {said}");
    }
}

/// A script has meant to set it. Without the value, a pipeline would run without its state.
#[test]
fn an_empty_environment_variable_is_a_config_error() {
    let replay = [("PATHWAY_REPLAY_STORAGE", "nowhere"), ("PATHWAY_SNAPSHOT_ACCESS", "replay")];
    for (name, cure) in [
        ("PATHWAY_THREADS", "it must be a number of at least 1, or not be set"),
        ("PATHWAY_PROCESSES", "it must be a number of at least 1, or not be set"),
        (
            "PATHWAY_PERSISTENT_STORAGE",
            "set it to the directory of the pipeline's state, or unset it to run without one",
        ),
        ("PATHWAY_REPLAY_STORAGE", "set it to the directory of a recording, or unset it"),
        ("PATHWAY_SNAPSHOT_ACCESS", "set it to `record` or `replay`, or unset it"),
        ("PATHWAY_REPLAY_MODE", "set it to `speedrun`, or unset it"),
        ("PATHWAY_CONTINUE_AFTER_REPLAY", "set it to `false`, or unset it"),
    ] {
        let others = replay.iter().copied().filter(|(other, _)| *other != name);
        let environment: Vec<_> = others.chain([(name, "")]).collect();
        let (status, said) = Child::start("count workers", "", &environment).end();
        assert_eq!((status.code(), said), (Some(1), format!("Config: {name} is set, and empty: {cure}")));
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
