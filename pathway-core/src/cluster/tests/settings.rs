//! Settings that cannot be right are errors with their cure.

use super::Processes;
use crate::cluster::{Cluster, ClusterSettings, PATIENCE};
use crate::data::ErrorKind;

/// The message for settings of two processes, of which something is changed.
fn error(change: impl FnOnce(&mut ClusterSettings)) -> String {
    let mut settings = Processes::new(2).settings;
    change(&mut settings);
    let error = Cluster::new(settings, PATIENCE, std::sync::Arc::new(|_| {})).expect_err("no cluster");
    assert_eq!(error.kind(), ErrorKind::Config);
    format!("{error:#}")
}

#[test]
fn settings_that_cannot_be_right_are_errors() {
    assert_eq!(
        error(|settings| settings.addresses.truncate(1)),
        "a cluster has 2 to 256 processes, and this one has 1"
    );
    assert_eq!(error(|settings| settings.process = 2), "there is no process 2 in a cluster whose processes are 0 to 1");
    assert_eq!(error(|settings| settings.threads = 0), "a process of a cluster has at least one thread");
    assert!(error(|settings| settings.secret = Some(String::new())).contains("PATHWAY_CLUSTER_SECRET is empty"));
    for wrong in ["", "host", "host:", ":1", "host:0", "host:65536", "::1", "::1:1", "[::1:1", "host:a"] {
        let message = error(|settings| settings.addresses[1] = wrong.into());
        assert_eq!(message, format!("the address `{wrong}` of process 1 is not of the form `host:port`"));
    }
    let same = error(|settings| settings.addresses = vec!["localhost:1".into(); 2]);
    assert_eq!(same, "process 0 and process 1 have the same address localhost:1");
}

#[test]
fn an_address_that_other_machines_reach_needs_a_secret() {
    for open in ["10.0.0.1:10000", "0.0.0.0:10000", "[::]:10000", "pathway-1:10000", "[2001:db8::1]:10000"] {
        let message = error(|settings| {
            settings.addresses[1] = open.into();
            settings.secret = None;
        });
        let begin =
            format!("process 1 has the address {open}, which other machines can reach: set PATHWAY_CLUSTER_SECRET");
        assert!(message.starts_with(&begin), "{message}");
    }
    for own in ["127.0.0.1:10000", "127.9.9.9:10000", "[::1]:10000", "localhost:10000"] {
        let mut settings = Processes::new(2).settings;
        settings.addresses[1] = own.into();
        settings.secret = None;
        settings.check().expect("no secret is needed");
    }
}

#[test]
fn a_busy_port_is_an_error_after_a_while() {
    let busy = super::listener();
    let message = error(|settings| settings.addresses[0] = super::address(&busy));
    let begin = format!("process 0 cannot listen on {}: ", super::address(&busy));
    assert!(message.starts_with(&begin), "{message}");
}

#[test]
fn debug_shows_no_secret() {
    let shown = format!("{:?}", Processes::new(2).settings);
    assert!(shown.contains("version") && !shown.contains("a secret"), "{shown}");
}
