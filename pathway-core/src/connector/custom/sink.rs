//! What a sink of one's own is.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};
use std::thread::JoinHandle;

use super::{Failure, thread};
use crate::connector::sink::{EncodedBatch, Outbox, Sink as ThreadSink, SinkLink, Writer, deliver};
use crate::data::{Change, Commit, Error, ErrorKind, Result, Schema};
use crate::plan::Table;
use crate::telemetry::SinkCounters;

/// A sink of one's own: a file, a database, another broker. [`Table::sink`] gives it the table's changes.
///
/// ```
/// use pathway::io::{CommitBatch, Failure, Sink};
/// use pathway::prelude::*;
/// use std::io::Write;
///
/// #[derive(Schema)]
/// struct Total {
///     city: String,
///     n: i64,
/// }
///
/// /// A line a change.
/// struct Lines<W>(W);
///
/// impl<W: Write + Send + 'static> Sink for Lines<W> {
///     type Row = Total;
///
///     fn write(&mut self, commit: CommitBatch<Total>) -> Result<(), Failure> {
///         for Change { row, diff } in commit.changes {
///             writeln!(self.0, "{diff:+} {} {}", row.city, row.n)?;
///         }
///         Ok(())
///     }
///
///     fn close(&mut self) -> Result<(), Failure> {
///         Ok(self.0.flush()?)
///     }
/// }
///
/// # let pipeline = Pipeline::new();
/// # let totals = pipeline.rows([Total { city: "Oslo".into(), n: 1 }]);
/// # let path = std::env::temp_dir().join(format!("pathway-lines-{}", std::process::id()));
/// totals.sink(Lines(std::fs::File::create(&path).expect("a file")));
/// pipeline.run()?;
/// # let text = std::fs::read_to_string(&path).expect("a file");
/// # let _ = std::fs::remove_file(&path);
/// assert_eq!(text, "+1 Oslo 1\n");
/// # Ok::<(), pathway::Error>(())
/// ```
pub trait Sink: Send + 'static {
    /// The rows that it takes.
    type Row: Schema;

    /// The sink's name in logs, errors and [`stats`](crate::runtime::Stats), made unique by a number. Default: `sink`.
    fn name(&self) -> String {
        "sink".to_owned()
    }

    /// Makes the sink ready, before anything is read. It may wait for what it connects to.
    ///
    /// # Errors
    /// Any: the pipeline does not start, with an error of kind [`ErrorKind::Custom`] that names the sink.
    fn open(&mut self) -> Result<(), Failure> {
        Ok(())
    }

    /// Takes a commit, whole, and returns when it has it.
    ///
    /// It runs on a thread of the sink's own and may block. Meanwhile some commits more may be made; when they hold as
    /// much as 200 000 changes, nothing new is read. When the pipeline stops, it waits until all was written: a `write`
    /// that never returns keeps it from ending.
    ///
    /// # Errors
    /// Any: the pipeline ends with an error of kind [`ErrorKind::Custom`] that names the sink and holds this one. There is
    /// no second try: a sink that can mend a failure does so itself.
    fn write(&mut self, commit: CommitBatch<Self::Row>) -> Result<(), Failure>;

    /// The last commit was written. Not called behind a failure.
    ///
    /// # Errors
    /// Those of [`write`](Sink::write).
    fn close(&mut self) -> Result<(), Failure> {
        Ok(())
    }
}

/// A commit for a [`Sink`].
#[derive(Debug)]
#[non_exhaustive]
pub struct CommitBatch<R> {
    /// Which commit of the pipeline's run it is. Commits that change nothing in the table are left out.
    pub number: Commit,
    /// Its time, as on the wire: unix milliseconds, even, growing.
    pub time: u64,
    /// Its net changes, at least one: first what goes, then what comes.
    pub changes: Vec<Change<R>>,
}

impl<R: Schema> Table<R> {
    /// Gives the table's changes to a [`Sink`] of one's own, commit by commit.
    pub fn sink<S: Sink<Row = R>>(&self, sink: S) {
        let plan = self.plan();
        let name = plan.unique_name(&sink.name());
        let control = plan.control().clone();
        let outbox = Arc::new(Outbox::new(control.clone()));
        let link = SinkLink { name: Arc::clone(&name), outbox, counters: Arc::new(SinkCounters::default()), control };
        let commits = Commits::<R>::default();
        plan.add_sink(Some(Box::new(OnAThread { sink, commits: Arc::clone(&commits) })), link.clone());
        deliver(self, name, move || Box::new(ToThread { commits: Arc::clone(&commits), link: link.clone() }));
    }
}

/// The commits that wait, in the order of the outbox's parcels.
type Commits<R> = Arc<Mutex<VecDeque<CommitBatch<R>>>>;

/// Hands commits over. The outbox keeps the books: each change weighs as much as a letter of an empty payload.
struct ToThread<R> {
    commits: Commits<R>,
    link: SinkLink,
}

impl<R: Schema> Writer<R> for ToThread<R> {
    fn write(&mut self, number: Commit, time: u64, changes: &mut Vec<Change<R>>) {
        let mut parcel = EncodedBatch::new(number, time, Arc::clone(&self.link.name));
        changes.iter().for_each(|change| parcel.push(change.diff > 0, None));
        self.link.counters.queued.add(changes.len() as u64);
        let commit = CommitBatch { number, time, changes: std::mem::take(changes) };
        self.commits.lock().unwrap_or_else(PoisonError::into_inner).push_back(commit);
        self.link.outbox.push(parcel);
    }
}

/// The sink, to be started with the pipeline.
struct OnAThread<S: Sink> {
    sink: S,
    commits: Commits<S::Row>,
}

impl<S: Sink> ThreadSink for OnAThread<S> {
    fn start(self: Box<Self>, link: SinkLink) -> Result<JoinHandle<()>> {
        let OnAThread { mut sink, commits } = *self;
        let name = Arc::clone(&link.name);
        let failed = |what: &str, failure: Failure| {
            Error::new(ErrorKind::Custom, format!("sink `{name}` {what}")).with_source(failure)
        };
        sink.open().map_err(|failure| failed("could not be opened", failure))?;
        // It only waits for the outbox: nothing is polled on it.
        let runtime = tokio::runtime::Builder::new_current_thread().build();
        let runtime = runtime.map_err(|error| failed("has no runtime", error.into()))?;
        thread::spawn(&link.name.clone(), "sink", &link.control.clone(), move || {
            while let Some(parcel) = runtime.block_on(link.outbox.next()) {
                let commit = commits.lock().unwrap_or_else(PoisonError::into_inner).pop_front();
                if let Some(commit) = commit
                    && let Err(failure) = sink.write(commit)
                {
                    let message = format!("sink `{}` failed", link.name);
                    link.control.fail(Error::new(ErrorKind::Custom, message).with_source(failure));
                    return;
                }
                link.counters.published.add(parcel.letters.len() as u64);
                link.outbox.confirm(&parcel);
            }
            if let Err(failure) = sink.close() {
                let message = format!("sink `{}` failed at its end", link.name);
                link.control.fail(Error::new(ErrorKind::Custom, message).with_source(failure));
            }
        })
    }
}
