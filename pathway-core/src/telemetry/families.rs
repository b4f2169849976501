//! The metrics of a pipeline: the names, units and meanings under which its statistics are known outside.
//!
//! `docs/guide/running.md` has the same names.

use super::{HistogramStats, OperatorStats, OperatorWorkerStats, PipelineState, SinkStats, SourceStats, Stats};

/// Metrics of one name.
#[derive(Debug)]
pub(super) struct Family {
    pub(super) name: &'static str,
    pub(super) kind: Kind,
    pub(super) help: &'static str,
    pub(super) samples: Vec<Sample>,
}

/// What kind of number a metric is.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    /// It only grows.
    Counter,
    Gauge,
    Histogram,
}

/// One metric.
#[derive(Debug)]
pub(super) struct Sample {
    /// Without that of the pipeline, which all metrics have.
    pub(super) labels: Vec<(&'static str, String)>,
    pub(super) value: Value,
}

/// The value of a metric.
#[derive(Debug)]
pub(super) enum Value {
    Whole(u64),
    Number(f64),
    Histogram(HistogramStats),
}

impl From<u64> for Value {
    fn from(number: u64) -> Self {
        Value::Whole(number)
    }
}

impl From<f64> for Value {
    fn from(number: f64) -> Self {
        Value::Number(number)
    }
}

impl From<bool> for Value {
    fn from(is: bool) -> Self {
        Value::Whole(is.into())
    }
}

impl From<&HistogramStats> for Value {
    fn from(histogram: &HistogramStats) -> Self {
        Value::Histogram(histogram.clone())
    }
}

/// All metrics of a pipeline. Those that it does not have are there without samples.
pub(super) fn families(stats: &Stats) -> Vec<Family> {
    let mut families = Families(Vec::new());
    of_pipeline(&mut families, stats);
    of_sources(&mut families, &stats.sources);
    of_operators(&mut families, &stats.operators);
    of_sinks(&mut families, &stats.sinks);
    of_persistence(&mut families, stats);
    families.0
}

use Kind::{Counter, Gauge, Histogram};

fn of_pipeline(families: &mut Families, stats: &Stats) {
    let is_up = stats.state != PipelineState::Ended;
    families.one("pathway_up", Gauge, "Whether the pipeline runs: 0 once it has ended.", Some(is_up));
    families.add("pathway_build_info", Gauge, "The version of the pathway crate, as a label.", |samples| {
        samples.push(Sample { labels: vec![("version", stats.version.clone())], value: 1.into() });
    });
    families.add(
        "pathway_pipeline_state",
        Gauge,
        "1 for the state that the pipeline is in, 0 for the others.",
        |samples| {
            samples.extend(PipelineState::ALL.map(|state| Sample {
                labels: vec![("state", state.name().to_owned())],
                value: (state == stats.state).into(),
            }));
        },
    );
    families.one("pathway_commits_total", Counter, "Commits, those of earlier runs included.", Some(stats.commits));
    let help = "Messages or rows that a commit has read.";
    families.one("pathway_commit_rows", Histogram, help, Some(&stats.commit_rows));
    let help = "How long commits take, by stage: wait until they are sealed, operators, log, publish by sink, and total from the \
                arrival of the first message until all sinks have confirmed.";
    families.add("pathway_latency_seconds", Histogram, help, |samples| {
        let latency = &stats.latency;
        let stages = [
            ("wait", &latency.wait),
            ("operators", &latency.operators),
            ("log", &latency.log),
            ("publish", &latency.publish),
            ("total", &latency.total),
        ];
        samples.extend(
            stages.map(|(stage, histogram)| Sample {
                labels: vec![("stage", stage.to_owned())],
                value: histogram.into(),
            }),
        );
    });
}

fn of_sources(families: &mut Families, sources: &[SourceStats]) {
    let mut add = |name, kind, help, value: fn(&SourceStats) -> Option<Value>| {
        families.add(name, kind, help, |samples| {
            let values = sources.iter().filter_map(|source| Some((source, value(source)?)));
            samples
                .extend(values.map(|(source, value)| Sample { labels: vec![("source", source.name.clone())], value }));
        });
    };
    add("pathway_source_messages_total", Counter, "Messages or rows received.", |it| Some(it.received.into()));
    add("pathway_source_bytes_total", Counter, "Bytes of the payloads received.", |it| Some(it.bytes.into()));
    add("pathway_source_rows_total", Counter, "Rows decoded.", |it| Some(it.rows.into()));
    let help = "Messages that could not be decoded.";
    add("pathway_source_rejected_total", Counter, help, |it| Some(it.rejected.into()));
    let help = "Messages lost before they were received, or removed from the stream before they were read.";
    add("pathway_source_dropped_total", Counter, help, |it| Some(it.dropped.into()));
    let help = "Rejected messages sent to the dead-letter subject.";
    add("pathway_source_dead_letters_total", Counter, help, |it| Some(it.dead_letters.into()));
    let help = "Times the connection was established again.";
    add("pathway_source_reconnects_total", Counter, help, |it| Some(it.reconnects.into()));
    let help = "Markers of removed messages that were skipped.";
    add("pathway_source_markers_total", Counter, help, |it| Some(it.markers.into()));
    let help = "Keys of a bucket that were found to be gone.";
    add("pathway_source_removed_keys_total", Counter, help, |it| Some(it.removed_keys.into()));
    let help = "Messages received that wait to be processed.";
    add("pathway_source_backlog_messages", Gauge, help, |it| Some(it.backlog.into()));
    let help = "Messages of the stream that the server has not delivered yet, as it said with its last delivery.";
    add("pathway_source_lag_messages", Gauge, help, |it| Some(it.lag_messages?.into()));
    let help = "Age of the oldest message not taken, since the server stored it; 0 if the source has caught up.";
    add("pathway_source_lag_seconds", Gauge, help, |it| Some(it.lag_seconds?.into()));
    add("pathway_source_behind", Gauge, "1 while the source catches up.", |it| Some(it.is_behind.into()));
    let help = "Keys of the first contents of a bucket.";
    add("pathway_source_first_contents_keys", Gauge, help, |it| Some(it.first_contents?.into()));
    let help = "Keys of the first contents of a bucket that have arrived.";
    add("pathway_source_first_contents_received_keys", Gauge, help, |it| Some(it.first_contents_received?.into()));
    let help = "Seconds the first worker has spent decoding.";
    add("pathway_source_busy_seconds_total", Counter, help, |it| Some(it.busy_seconds.into()));
    let help = "Keys of the state that the source keeps.";
    add("pathway_source_state_keys", Gauge, help, |it| Some(it.state_keys.into()));
    let help = "Bytes of memory of the state that the source keeps, about.";
    add("pathway_source_state_bytes", Gauge, help, |it| Some(it.state_bytes.into()));
}

fn of_operators(families: &mut Families, operators: &[OperatorStats]) {
    let mut add = |name, kind, help, value: fn(&OperatorWorkerStats) -> Value| {
        families.add(name, kind, help, |samples| {
            for operator in operators {
                samples.extend(operator.workers.iter().enumerate().map(|(number, worker)| Sample {
                    labels: vec![("operator", operator.name.clone()), ("worker", number.to_string())],
                    value: value(worker),
                }));
            }
        });
    };
    let help = "Changes of rows that have left the operator.";
    add("pathway_operator_rows_total", Counter, help, |it| it.rows.into());
    let help = "Seconds the operator has run, without those that read it.";
    add("pathway_operator_busy_seconds_total", Counter, help, |it| it.busy_seconds.into());
    let help = "Changes of rows that arrived too late.";
    add("pathway_operator_late_rows_total", Counter, help, |it| it.late.into());
    let help = "Rows too far ahead of a clock to move event time.";
    add("pathway_operator_ahead_rows_total", Counter, help, |it| it.ahead.into());
    let help = "Times a row could not be computed.";
    add("pathway_operator_errors_total", Counter, help, |it| it.errors.into());
    add("pathway_state_keys", Gauge, "Keys of the operator's state.", |it| it.state_keys.into());
    add("pathway_state_bytes", Gauge, "Bytes of memory of the operator's state, about.", |it| it.state_bytes.into());
    let help = "How far the operator's event time is behind the clock.";
    families.add("pathway_event_time_lag_seconds", Gauge, help, |samples| {
        let lags = operators.iter().filter_map(|operator| Some((operator, operator.event_time_lag_seconds?)));
        samples.extend(
            lags.map(|(operator, lag)| Sample { labels: vec![("operator", operator.name.clone())], value: lag.into() }),
        );
    });
}

fn of_sinks(families: &mut Families, sinks: &[SinkStats]) {
    let mut add = |name, kind, help, value: fn(&SinkStats) -> Value| {
        families.add(name, kind, help, |samples| {
            let labels = |sink: &SinkStats| vec![("sink", sink.name.clone())];
            samples.extend(sinks.iter().map(|sink| Sample { labels: labels(sink), value: value(sink) }));
        });
    };
    add("pathway_sink_queued_total", Counter, "Messages or rows handed to the sink.", |it| it.queued.into());
    add("pathway_sink_published_total", Counter, "Messages or rows confirmed.", |it| it.published.into());
    let help = "Messages sent again after the connection was lost.";
    add("pathway_sink_republished_total", Counter, help, |it| it.republished.into());
    add("pathway_sink_rejected_total", Counter, "Messages that cannot be published.", |it| it.rejected.into());
    let help = "Rejected messages confirmed as dead letters.";
    add("pathway_sink_dead_letters_total", Counter, help, |it| it.dead_letters.into());
    let help = "Times the connection was established again.";
    add("pathway_sink_reconnects_total", Counter, help, |it| it.reconnects.into());
    let help = "Messages or rows of commits that are not confirmed.";
    add("pathway_sink_unconfirmed_messages", Gauge, help, |it| it.unconfirmed.into());
    let help = "Seconds the sink's queue was full, so that the pipeline read nothing new.";
    add("pathway_sink_full_seconds_total", Counter, help, |it| it.full_seconds.into());
    add("pathway_sink_full", Gauge, "1 while the sink's queue is full.", |it| it.is_full.into());
    let help = "Seconds the first worker has spent encoding.";
    add("pathway_sink_busy_seconds_total", Counter, help, |it| it.busy_seconds.into());
}

fn of_persistence(families: &mut Families, stats: &Stats) {
    let state = stats.persistence.as_ref();
    let help = "Times the pipeline was started with its directory.";
    families.one("pathway_epoch", Gauge, help, state.map(|it| it.epoch));
    let help = "Checkpoints completed.";
    families.one("pathway_checkpoints_total", Counter, help, state.map(|it| it.checkpoints));
    let help = "Checkpoints that could not be written.";
    families.one("pathway_checkpoint_failures_total", Counter, help, state.map(|it| it.checkpoint_failures));
    let help = "How long the last checkpoint has taken.";
    families.one("pathway_checkpoint_seconds", Gauge, help, state.and_then(|it| it.checkpoint_seconds));
    let help = "Bytes that the last checkpoint has written.";
    families.one("pathway_checkpoint_bytes", Gauge, help, state.and_then(|it| it.checkpoint_bytes));
    let help = "How long ago the last checkpoint was completed.";
    families.one("pathway_checkpoint_age_seconds", Gauge, help, state.map(|it| it.checkpoint_age_seconds));
    let help = "Bytes of the log that a restart would read.";
    families.one("pathway_log_bytes", Gauge, help, state.map(|it| it.log_bytes));
    let help = "How long this start has taken, until all logged commits were computed again.";
    families.one("pathway_restore_seconds", Gauge, help, state.and_then(|it| it.restore_seconds));
    let help = "Commits of the log that this start has computed again.";
    families.one("pathway_replayed_commits_total", Counter, help, state.map(|it| it.replayed_commits));
    let help = "Commits of the log that this start has to compute again.";
    families.one("pathway_logged_commits", Gauge, help, state.map(|it| it.logged_commits));
    let recording = stats.recording;
    families.one("pathway_recording_commits_total", Counter, "Commits recorded.", recording.map(|it| it.commits));
    families.one("pathway_recording_bytes_total", Counter, "Bytes recorded.", recording.map(|it| it.bytes));
    let help = "Commits not recorded, because a write has failed.";
    families.one("pathway_recording_missed_total", Counter, help, recording.map(|it| it.missed));
    let replay = stats.replay;
    let help = "Commits of a recording that its replay has computed.";
    families.one("pathway_replay_commits_total", Counter, help, replay.map(|it| it.commits));
    let help = "Commits that the recording has.";
    families.one("pathway_replay_recorded_commits", Gauge, help, replay.and_then(|it| it.recorded_commits));
}

struct Families(Vec<Family>);

impl Families {
    fn add(&mut self, name: &'static str, kind: Kind, help: &'static str, fill: impl FnOnce(&mut Vec<Sample>)) {
        let mut samples = Vec::new();
        fill(&mut samples);
        self.0.push(Family { name, kind, help, samples });
    }

    /// A metric of the whole pipeline, if it has it.
    fn one(&mut self, name: &'static str, kind: Kind, help: &'static str, value: Option<impl Into<Value>>) {
        self.add(name, kind, help, |samples| {
            samples.extend(value.map(|value| Sample { labels: Vec::new(), value: value.into() }));
        });
    }
}
