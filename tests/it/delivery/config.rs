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
        ("PATHWAY_PROCESSES", "many"),
        ("PATHWAY_PROCESS_ID", "1"),
        ("PATHWAY_PROCESS_ID", "first"),
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
        ("PATHWAY_PROCESS_ID", "it must be a number, from 0, or not be set"),
        ("PATHWAY_ADDRESSES", "set it to the address of each process"),
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
fn settings_of_a_cluster_that_do_not_fit_are_config_errors() {
    let in_two = |others: &[(&'static str, &'static str)]| {
        [&[("PATHWAY_PROCESSES", "2"), ("PATHWAY_PROCESS_ID", "0")][..], others].concat()
    };
    for (environment, says) in [
        (vec![("PATHWAY_ADDRESSES", "a:1,b:2")], "PATHWAY_ADDRESSES names several processes (a:1,b:2)"),
        (vec![("PATHWAY_PROCESSES", "2"), ("PATHWAY_PROCESS_ID", "2")], "2 processes have the numbers 0 to 1"),
        (in_two(&[("PATHWAY_ADDRESSES", "127.0.0.1:1")]), "PATHWAY_PROCESSES is 2, and PATHWAY_ADDRESSES names 1"),
        (in_two(&[("PATHWAY_ADDRESSES", "a:1,b:2"), ("PATHWAY_FIRST_PORT", "1")]), "set one of them"),
        (in_two(&[("PATHWAY_ADDRESSES", "127.0.0.1:1,somewhere")]), "is not of the form `host:port`"),
        (in_two(&[("PATHWAY_ADDRESSES", "127.0.0.1:1,10.0.0.1:1")]), "set PATHWAY_CLUSTER_SECRET"),
        (in_two(&[("PATHWAY_FIRST_PORT", "65535")]), "2 processes need the ports up to 65536"),
        (in_two(&[("PATHWAY_CLUSTER_SECRET", "")]), "PATHWAY_CLUSTER_SECRET is set, and empty"),
        (in_two(&[("PATHWAY_PERSISTENT_STORAGE", "never made")]), "runs in one process: set PATHWAY_PROCESSES to 1"),
    ] {
        let (status, said) = Child::start("sum", "nats://127.0.0.1:1", &environment).end();
        assert_eq!(status.code(), Some(1), "{environment:?}: {said}");
        assert!(said.starts_with("Config: ") && said.contains(says), "{environment:?}: {said}");
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
