//! The spans of commits, as OpenTelemetry gets them.

use std::io::Write;

use opentelemetry::trace::TracerProvider;
use opentelemetry_sdk::error::OTelSdkResult;
use opentelemetry_sdk::trace::{SdkTracerProvider, SpanData, SpanExporter};
use serde_json::{Map, Value, json};
use tracing::Level;
use tracing_subscriber::filter::Targets;
use tracing_subscriber::prelude::*;

use super::{LOGS, Summing, json_lines};
use crate::delivery::support::server;

/// Exports the spans of commits to stderr.
pub(super) fn install_tracer() {
    let provider = SdkTracerProvider::builder().with_simple_exporter(Lines).build();
    let layer = tracing_opentelemetry::layer().with_tracer(provider.tracer("test"));
    let commits = Targets::new().with_target("pathway::commit", Level::DEBUG);
    tracing_subscriber::registry().with(layer.with_filter(commits)).init();
    // Each span is exported when it ends.
    std::mem::forget(provider);
}

#[derive(Debug)]
struct Lines;

impl SpanExporter for Lines {
    async fn export(&self, spans: Vec<SpanData>) -> OTelSdkResult {
        for span in spans {
            let attribute = |it: &opentelemetry::KeyValue| (it.key.to_string(), it.value.to_string().into());
            let attributes: Map<String, Value> = span.attributes.iter().map(attribute).collect();
            let duration = span.end_time.duration_since(span.start_time).unwrap_or_default();
            let line = json!({
                "name": span.name,
                "trace": span.span_context.trace_id().to_string(),
                "id": span.span_context.span_id().to_string(),
                "parent": span.parent_span_id.to_string(),
                "nanos": duration.as_nanos() as u64,
                "attributes": attributes,
            });
            writeln!(std::io::stderr(), "{line}").expect("a line");
        }
        Ok(())
    }
}

/// The exported spans with this name, in the order of their ends.
fn named<'a>(spans: &'a [Value], name: &str) -> Vec<&'a Value> {
    spans.iter().filter(|span| span["name"] == name).collect()
}

#[test]
fn a_commit_is_a_trace_with_its_operators_and_what_each_sink_writes() {
    let server = server();
    for workers in ["1", "2"] {
        let environment = [(LOGS, "traces"), ("PATHWAY_THREADS", workers)];
        let said = Summing::start(&server, &environment).stop();
        let spans = json_lines(&said);
        let commits = named(&spans, "commit");
        assert!(!commits.is_empty(), "{said}");
        let number = |number: &Value| number.as_str().and_then(|number| number.parse::<u64>().ok());
        for (expected, commit) in (0..).zip(&commits) {
            let attributes = &commit["attributes"];
            assert_eq!(commit["parent"], "0000000000000000", "{commit}");
            assert_eq!(number(&attributes["commit"]), Some(expected), "{commit}");
            assert!(number(&attributes["rows"]).is_some_and(|rows| rows > 0), "{commit}");
            assert!(number(&attributes["time"]).is_some_and(|time| time > 1_700_000_000_000), "{commit}");
            for part in ["operators", "publish"] {
                let parts = named(&spans, part);
                let mut parts = parts.iter().filter(|part| part["parent"] == commit["id"]);
                let (Some(part), None) = (parts.next(), parts.next()) else { panic!("not one {part}: {said}") };
                assert_eq!(part["trace"], commit["trace"]);
                assert!(part["nanos"].as_u64() <= commit["nanos"].as_u64(), "{part} {commit}");
            }
        }
        assert!(named(&spans, "publish").iter().all(|publish| publish["attributes"]["sink"] == "sum"), "{said}");
    }
}

#[test]
fn commits_have_no_spans_unless_they_are_wanted() {
    let server = server();
    let said = Summing::start(&server, &[(LOGS, "pathway=info")]).stop();
    assert!(!said.contains("pathway::commit"), "{said}");
}
