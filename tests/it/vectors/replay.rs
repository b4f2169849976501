//! Plays the steps of a recording through a pipeline on the broker in memory, and compares the output.

use pathway::nats::Endpoint;
use pathway::prelude::*;
use pathway::schema::Json;
use pathway::testing::{Broker, Published};

use serde_json::Value;

use super::compare::{self, Difference, Marks};
use super::recording::{Column, Recording, Step};

/// A recording and the pipeline that must produce the same output.
pub(super) struct Case {
    pub(super) vector: &'static str,
    pub(super) build: fn(&Ends<'_>),
    pub(super) differs: &'static [Difference],
    pub(super) rejects: Option<u64>,
}

/// The output of a replay.
pub(super) struct Played {
    /// The messages after each commit, as in [`Recording::commits`].
    pub(super) commits: Vec<Vec<Published>>,
    /// The number of messages that the source rejected.
    pub(super) rejected: u64,
}

/// Lists the cases of a group, each with its pipeline between `in` and `out`, and creates a test for each.
macro_rules! vectors {
    ($($name:ident: $build:expr $(, differs $differs:expr)? $(, rejects $rejects:expr)?;)*) => {
        /// The cases of this group.
        pub(super) const CASES: &[$crate::vectors::replay::Case] = &[$(
            $crate::vectors::replay::Case::new(stringify!($name), |ends| $crate::vectors::replay::Build::build($build, ends))
                $(.differs($differs))?
                $(.rejects($rejects))?
        ),*];

        $(#[test]
        fn $name() {
            $crate::vectors::replay::on_broker(CASES, stringify!($name));
        })*
    };
}
pub(super) use vectors;

impl Case {
    pub(super) const fn new(vector: &'static str, build: fn(&Ends<'_>)) -> Self {
        Case { vector, build, differs: &[], rejects: None }
    }

    /// The intended differences.
    pub(super) const fn differs(self, differs: &'static [Difference]) -> Self {
        Case { differs, ..self }
    }

    /// The expected number of rejected messages, where the recording does not determine it.
    pub(super) const fn rejects(self, rejects: u64) -> Self {
        Case { rejects: Some(rejects), ..self }
    }

    /// The expected number of messages after each commit.
    pub(super) fn counts(&self, recording: &Recording) -> Vec<usize> {
        compare::expected(recording, self.differs).iter().map(Vec::len).collect()
    }

    /// Compares the output with the recording.
    pub(super) fn check(&self, recording: &Recording, played: &Played, marks: Marks) {
        compare::assert_same(recording, self.differs, &played.commits, marks);
        // These pipelines publish one message a row, so a message without output must have been rejected.
        let rejects = self.rejects.or_else(|| {
            let shown: usize = played.commits.iter().map(Vec::len).sum();
            (recording.group == "json-input").then(|| recording.published() - shown as u64)
        });
        if let Some(rejects) = rejects {
            assert_eq!(played.rejected, rejects, "{}: messages counted as rejected", self.vector);
        }
    }
}

/// The inputs and the output of a case's pipeline.
pub(super) struct Ends<'a> {
    pub(super) pipeline: &'a Pipeline,
    pub(super) place: Endpoint,
    pub(super) recording: &'a Recording,
}

/// Builds the pipeline between a recording's inputs and `out`.
pub(super) trait Build<Rows> {
    fn build(self, ends: &Ends<'_>);
}

impl<I: Schema, O: Schema, F: FnOnce(Table<I>) -> Table<O>> Build<(I, O)> for F {
    fn build(self, ends: &Ends<'_>) {
        ends.write(&self(ends.read(0, 1)));
    }
}

/// Creates a case that sets up its own reads and writes, because it does not use JSON for both.
pub(super) struct Custom<F>(pub(super) F);

impl<F: FnOnce(&Ends<'_>)> Build<()> for Custom<F> {
    fn build(self, ends: &Ends<'_>) {
        (self.0)(ends);
    }
}

impl<I: Schema, J: Schema, O: Schema, F: FnOnce(Table<I>, Table<J>) -> Table<O>> Build<(I, J, O)> for F {
    fn build(self, ends: &Ends<'_>) {
        ends.write(&self(ends.read(0, 2), ends.read(1, 2)));
    }
}

impl Ends<'_> {
    /// Reads one of the recording's inputs as JSON.
    pub(super) fn read<I: Schema>(&self, index: usize, of: usize) -> Table<I> {
        assert_eq!(self.recording.inputs.len(), of, "{}: inputs", self.recording.name);
        let input = &self.recording.inputs[index];
        let column = |column: &pathway::schema::Column| Column {
            name: column.name.to_owned(),
            path: column.path.map(str::to_owned),
        };
        let columns: Vec<_> = I::COLUMNS.iter().map(column).collect();
        assert_eq!(columns, input.columns, "{}: the row has the recorded columns", self.recording.name);
        nats::read(self.pipeline, self.place.clone(), self.subject(&input.subject)).json()
    }

    /// The first input, without a format yet.
    pub(super) fn input(&self) -> nats::Read {
        nats::read(self.pipeline, self.place.clone(), self.subject(&self.recording.inputs[0].subject))
    }

    /// Writes a table to `out` or a subject below it, without a format yet.
    pub(super) fn output<O: Schema>(&self, table: &Table<O>, logical: &str) -> nats::Write<O> {
        nats::write(table, self.place.clone(), self.subject(logical))
    }

    /// Turns a column that contains a subject of the recording into a subject of this run.
    pub(super) fn own_subject(&self) -> impl Fn(&str) -> String + Send + Sync + use<> {
        let name = self.recording.name.clone();
        move |recorded| match recorded.strip_prefix(&format!("out.{name}.")) {
            Some(token) => format!("{name}.out.{token}"),
            None => recorded.to_owned(),
        }
    }

    /// Writes a table to `out` as JSON, sorted as in the recording.
    fn write<O: Schema>(&self, table: &Table<O>) {
        let write = nats::write(table, self.place.clone(), self.subject("out"));
        let columns = self.recording.sort_by.clone();
        match columns.is_empty() {
            true => write.json(),
            false => write.sort_by(move |row| sort_key(row, &columns)).json(),
        }
    }

    /// The subject of this run for a subject of the recording: cases share a server, so each has a prefix.
    fn subject(&self, logical: &str) -> String {
        subject(self.recording, logical)
    }
}

/// The values of some columns, as JSON.
fn sort_key<O: Schema>(row: &O, columns: &[String]) -> Vec<Json> {
    let mut members = Vec::new();
    row.encode_columns(&mut members);
    let members = String::from_utf8(members).expect("JSON is UTF-8");
    let document: Value = serde_json::from_str(&format!("{{{}}}", members.trim_end_matches(','))).expect("JSON");
    columns.iter().map(|column| Json(document[column].clone())).collect()
}

pub(super) fn subject(recording: &Recording, logical: &str) -> String {
    format!("{}.{logical}", recording.name)
}

/// Replays a case on a broker in memory, with the commits of the recording, on one worker and on three.
pub(super) fn on_broker(cases: &[Case], vector: &str) {
    let case = cases.iter().find(|case| case.vector == vector).expect("a case makes its own test");
    let recording = Recording::load(vector);
    for workers in [1, 3] {
        case.check(&recording, &play(case, &recording, workers), Marks::Kept);
    }
}

fn play(case: &Case, recording: &Recording, workers: usize) -> Played {
    let (pipeline, broker) = (Pipeline::new(), Broker::new());
    (case.build)(&Ends { pipeline: &pipeline, place: Endpoint::from(&broker), recording });
    let running = pipeline.start_with(workers).expect("the pipeline starts");

    let out = subject(recording, ">");
    let (mut commits, mut seen) = (Vec::new(), 0);
    let mut fresh = || {
        let published = broker.published(&out);
        let fresh = published[seen..].to_vec();
        seen = published.len();
        fresh
    };
    for step in &recording.steps {
        match step {
            Step::Publish { subject, payload } => broker.publish(&self::subject(recording, subject), payload),
            Step::Commit => {
                broker.commit();
                commits.push(fresh());
            }
        }
    }
    let rejected = running.stats().sources[0].rejected;
    broker.close();
    running.join().expect("the pipeline ends well");
    commits.push(fresh());
    Played { commits, rejected }
}
