//! The fields and spans of log lines, as a subscriber gets them.

use serde_json::{Value, json};

use super::{LOGS, Summing, json_lines};
use crate::delivery::child::Child;
use crate::delivery::support::server;
use crate::support::{value, wait_for};

/// The only line with this message.
fn line<'a>(lines: &'a [Value], part: &str) -> &'a Value {
    let message = |line: &Value| line["fields"]["message"].as_str().unwrap_or_default().to_owned();
    let found: Vec<_> = lines.iter().filter(|line| message(line).contains(part)).collect();
    assert_eq!(found.len(), 1, "{part}: {lines:#?}");
    found[0]
}

#[test]
fn each_line_says_which_pipeline_and_which_part_of_it_it_is_about() {
    let server = server();
    let summing = Summing::start(&server, &[(LOGS, "pathway=info")]);
    summing.client.publish("connector_example", ["bad".to_owned()]);
    wait_for("the bad message is reported", || summing.child.said().contains("is skipped"));
    let said = summing.stop();
    let lines = json_lines(&said);
    assert!(lines.iter().all(|line| line["target"] == "pathway"), "{said}");
    let pipeline = line(&lines, "ready: ")["spans"][0].clone();
    assert_eq!(pipeline["name"], "pipeline");
    assert!(pipeline["pipeline"].as_str().is_some_and(|name| !name.is_empty()), "{pipeline}");
    let spans = |part: &str| line(&lines, part)["spans"].clone();

    let source = json!({"name": "source", "source": "connector_example"});
    let connected = lines.iter().filter(|line| line["fields"]["message"].to_string().contains("connected to"));
    let connected: Vec<_> = connected.map(|line| line["spans"].clone()).collect();
    assert!(connected.contains(&json!([pipeline, source])), "{connected:?}");
    assert!(connected.contains(&json!([pipeline, {"name": "sink", "sink": "sum"}])), "{connected:?}");

    // The operators run on the worker: their lines have the number of the commit.
    let skipped = line(&lines, "is skipped");
    assert_eq!(skipped["spans"], json!([pipeline, {"name": "worker", "worker": 0}]));
    assert_eq!(skipped["level"], "ERROR");
    assert_eq!(skipped["fields"]["component"], "connector_example");
    assert!(skipped["fields"]["commit"].as_u64().is_some_and(|commit| commit > 0), "{skipped}");

    for part in ["received SIGTERM", "stopping: ", "stopped after "] {
        assert_eq!(spans(part), json!([pipeline]), "{part}");
        assert_eq!(line(&lines, part)["level"], "INFO");
    }
    // No line without JSON: a subscriber is installed.
    assert_eq!(said.matches("pathway: ").count(), 0, "{said}");
}

/// The program gets the error, and prints it or not: a log has it in any case.
#[test]
fn a_subscriber_sees_why_a_pipeline_has_not_started_or_has_failed() {
    let child = Child::start("sum", "nats://127.0.0.1:1", &[(LOGS, "pathway=info")]);
    let (status, said) = child.end();
    assert!(!status.success(), "{said}");
    let lines = json_lines(&said);
    let failed = line(&lines, "cannot start: ");
    assert_eq!((&failed["level"], &failed["spans"][0]["name"]), (&json!("ERROR"), &json!("pipeline")));

    let server = server();
    let child = Child::start("stop at a bad message", &server.url(), &[(LOGS, "pathway=info")]);
    wait_for("it is ready", || child.said().contains("ready: "));
    let client = crate::delivery::support::Client::new(&server.url());
    client.publish("connector_example", [value(1), "bad".to_owned()]);
    let (status, said) = child.end();
    assert!(!status.success(), "{said}");
    let lines = json_lines(&said);
    let failed = line(&lines, "failed after ");
    assert_eq!(failed["level"], "ERROR");
    let message = failed["fields"]["message"].as_str().unwrap_or_default();
    assert!(message.contains("cannot be decoded") && message.contains("2 messages read"), "{message}");
}
