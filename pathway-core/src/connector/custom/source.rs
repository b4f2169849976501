//! What a source of one's own is.

use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::Duration;

use super::handover::Handover;
use super::pump::RowSenderOperator;
use super::row_sender::{RowSender, Stopped};
use super::{Failure, thread};
use crate::connector::source::{Queue, Source as ThreadSource, SourceLink};
use crate::data::{Error, ErrorKind, Metadata, Result, Schema};
use crate::plan::Control;
use crate::plan::{Order, Pipeline, Table, TableProperties};
use crate::telemetry::SourceCounters;

/// A source of one's own: a file, a database, another broker. [`Pipeline::source`] makes a table of it.
///
/// ```
/// use pathway::io::{Failure, RowSender, Settings, Source};
/// use pathway::prelude::*;
///
/// #[derive(Schema, Debug, PartialEq)]
/// struct Line {
///     text: String,
/// }
///
/// /// The lines of a text, each a row.
/// struct Lines(&'static str);
///
/// impl Source for Lines {
///     type Row = Line;
///
///     fn settings(&self) -> Settings {
///         Settings::new().name("lines")
///     }
///
///     fn run(self, rows: &RowSender<Line>) -> Result<(), Failure> {
///         for line in self.0.lines() {
///             rows.insert(Line { text: line.parse()? })?;
///         }
///         Ok(())
///     }
/// }
///
/// let pipeline = Pipeline::new();
/// let lines = pipeline.source(Lines("a\nb")).collect();
/// pipeline.run()?;
/// assert_eq!(lines.rows(), ["a", "b"].map(|text| Line { text: text.into() }));
/// # Ok::<(), pathway::Error>(())
/// ```
pub trait Source: Send + 'static {
    /// The rows that it brings.
    type Row: Schema;

    /// How it is called, and what decides when its rows are committed.
    fn settings(&self) -> Settings {
        Settings::new()
    }

    /// Brings rows until there are no more, or until [`RowSender`] says [`Stopped`]; `?` passes that on, and it is no failure.
    ///
    /// It runs once, on a thread of its own, and may block. A stop of the pipeline waits for it: a source that waits for
    /// something without asking `rows` looks at [`RowSender::is_stopping`] now and then, or waits by [`RowSender::sleep`].
    ///
    /// # Errors
    /// Any: the pipeline ends with an error of kind [`ErrorKind::Custom`] that names the source and holds this one.
    fn run(self, rows: &RowSender<Self::Row>) -> Result<(), Failure>;
}

/// What a [`Source`] is like.
#[derive(Clone, Debug)]
#[must_use]
pub struct Settings {
    pub(super) name: String,
    pub(super) commit_every: Duration,
    pub(super) own_commits: bool,
    pub(super) append_only: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Settings { name: "source".to_owned(), commit_every: Duration::ZERO, own_commits: false, append_only: false }
    }
}

impl Settings {
    /// A source that is called `source`, whose rows can go, and are committed as soon as the commit before is through.
    pub fn new() -> Self {
        Settings::default()
    }

    /// The source's name in logs, errors and [`stats`](crate::runtime::Stats), made unique by a number. Default: `source`.
    pub fn name(mut self, name: impl Into<String>) -> Self {
        self.name = name.into();
        self
    }

    /// How long a row may wait until it is committed, so that commits hold more. Default: zero.
    pub fn commit_every(mut self, commit_every: Duration) -> Self {
        self.commit_every = commit_every;
        self
    }

    /// The source says what belongs together, by [`RowSender::commit`]: all of it takes effect at once, or none where the
    /// source stops before.
    ///
    /// Each of its commits is in a commit of the pipeline of its own, as far as this source goes, and is in memory as a
    /// whole.
    pub fn own_commits(mut self) -> Self {
        self.own_commits = true;
        self
    }

    /// Rows only come: [`RowSender::remove`] ends the pipeline with an error. Some operators then keep less, and others
    /// ([`accept`](crate::operators::Deduplicate::accept)) need it.
    pub fn append_only(mut self) -> Self {
        self.append_only = true;
        self
    }
}

impl Pipeline {
    /// The table that a [`Source`] of one's own brings.
    ///
    /// The source says what comes and what goes: a primary key does not replace rows here;
    /// `deduplicate(|row| row.id).last()` does.
    pub fn source<S: Source>(&self, source: S) -> Table<S::Row> {
        let plan = self.plan();
        let settings = source.settings();
        let name = plan.unique_name(&settings.name);
        let control = plan.control().clone();
        let handover = Arc::new(Handover::new(control.clone(), &settings));
        let counters = Arc::new(SourceCounters::default());
        // Rows need no queue of bytes.
        let queue = Arc::new(Queue::new(control.clone()));
        let link = SourceLink {
            name: Arc::clone(&name),
            queue,
            counters: Arc::clone(&counters),
            metadata: Metadata::NONE,
            control,
        };
        plan.add_source(Some(Box::new(OnAThread { source, handover: Arc::clone(&handover) })), link);
        let shape = TableProperties { order: Order::Arrival, append_only: settings.append_only };
        let node = plan.add(name, shape, |node, _| {
            move |build| {
                let (rows, changes) = build.graph.input();
                if build.graph.is_first() {
                    let (handover, counters) = (Arc::clone(&handover), Arc::clone(&counters));
                    build.add_source_operator(Box::new(RowSenderOperator::new(
                        handover,
                        counters,
                        settings.commit_every,
                        rows,
                    )));
                }
                build.put::<S::Row>(node, changes);
            }
        });
        Table::new(plan.clone(), node)
    }
}

/// The source, to be started with the pipeline.
struct OnAThread<S: Source> {
    source: S,
    handover: Arc<Handover<S::Row>>,
}

impl<S: Source> ThreadSource for OnAThread<S> {
    fn start(self: Box<Self>, link: SourceLink) -> Result<JoinHandle<()>> {
        let OnAThread { source, handover } = *self;
        let (name, control) = (Arc::clone(&link.name), link.control);
        thread::spawn(&link.name, "source", &control.clone(), move || {
            // Also of a source that panics nothing more will come.
            let _ended = Ended(&*handover);
            let outcome = source.run(&RowSender::new(Arc::clone(&handover)));
            if settle(outcome, &name, &control) {
                handover.commit();
            }
        })
    }
}

/// Whether the source came to its end by itself.
fn settle(outcome: Result<(), Failure>, name: &str, control: &Control) -> bool {
    match outcome {
        Ok(()) => return true,
        Err(stopped) if stopped.is::<Stopped>() => {}
        Err(failure) => {
            let message = format!("source `{name}` failed");
            control.fail(Error::new(ErrorKind::Custom, message).with_source(failure));
        }
    }
    false
}

struct Ended<'a, R: Schema>(&'a Handover<R>);

impl<R: Schema> Drop for Ended<'_, R> {
    fn drop(&mut self) {
        self.0.finish();
    }
}
