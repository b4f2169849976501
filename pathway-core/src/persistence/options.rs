//! Where and how a pipeline persists, as users say it.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::Duration;

use super::store::{FileStore, MemoryStore, Place};

/// Keeps a pipeline's state in a directory, which is created if it is not there; see
/// [`Pipeline::persist`](crate::plan::Pipeline::persist).
///
/// ```
/// use std::time::Duration;
///
/// use pathway::persistence;
/// use pathway::prelude::*;
///
/// let state = persistence::directory("state").checkpoint_every(Duration::from_secs(60));
/// let pipeline = Pipeline::named("orders-service").persist(state);
/// # drop(pipeline);
/// ```
pub fn directory(path: impl Into<PathBuf>) -> Persistence {
    Persistence::new(path.into().into())
}

/// Where and how a pipeline keeps its state; see [`directory`].
#[derive(Clone, Debug)]
#[must_use = "give it to `Pipeline::persist`"]
pub struct Persistence {
    pub(crate) store: Arc<dyn FileStore>,
    pub(crate) sync: bool,
    pub(crate) checkpoint_every: Duration,
    /// How old the earlier checkpoints are that are kept.
    pub(super) keep_checkpoints: Duration,
    /// Operators whose state may be lost.
    pub(super) dropped: Vec<String>,
    /// Operators that are new.
    pub(super) empty: Vec<String>,
    /// Operators whose state may be lost if they cannot continue with it.
    pub(super) rebuild: Vec<String>,
}

impl Persistence {
    fn new(Place(store): Place) -> Self {
        Persistence {
            store,
            sync: false,
            checkpoint_every: Duration::from_secs(10),
            keep_checkpoints: Duration::from_secs(300),
            dropped: Vec::new(),
            empty: Vec::new(),
            rebuild: Vec::new(),
        }
    }

    /// Whether the log of each commit is on the disk before its output is written, so that a power loss loses nothing either.
    /// Default: false. Then the operating system writes it a few seconds later; the end of the process, however sudden, loses
    /// nothing.
    ///
    /// The output of a commit then leaves later, by the time of one `fdatasync`: tenths of a millisecond to tens of milliseconds,
    /// depending on the disk. Meanwhile the next commits are computed, and one `fdatasync` is for all that wait.
    pub fn sync(mut self, sync: bool) -> Self {
        self.sync = sync;
        self
    }

    /// The state of the operators is saved, in a checkpoint, at most once in this time. Default: 10 s.
    ///
    /// A restart loads the last checkpoint, and computes only the commits behind it again. A checkpoint has what has changed
    /// since the one before it, and is written while the pipeline goes on. With a longer interval less is written, and a restart
    /// takes longer. Another one is made when a pipeline is stopped, or its input ends. `Duration::MAX` means never: a restart then
    /// computes everything again. If the interval is zero, [`run`](crate::plan::Pipeline::run) returns an error.
    pub fn checkpoint_every(mut self, interval: Duration) -> Self {
        self.checkpoint_every = interval;
        self
    }

    /// For how long earlier checkpoints are kept, with the log behind them. Default: 5 minutes. Zero keeps only the last one.
    ///
    /// A nats-server whose machine loses power can lose messages that it has acknowledged (up to its `sync_interval`, two minutes
    /// by default). If the last checkpoint has output that its stream has lost, the pipeline ends with an error, and the next run
    /// continues with an earlier checkpoint, and writes what is missing. It reads the input since then again: input that it has
    /// acknowledged is gone, and then it cannot go back.
    ///
    /// There are more of the newest ones, and few in all: about eight of five minutes. Each can need as much space as the state. If
    /// the logs between them have more than 256 MiB, the oldest are removed earlier.
    pub fn keep_checkpoints(mut self, age: Duration) -> Self {
        self.keep_checkpoints = age;
        self
    }
}

impl Persistence {
    /// The program has an operator, or a source, with this name no longer, and its state, or its position, may be lost. Without this, a directory that has state
    /// of an operator that the program does not have is refused.
    ///
    /// It may stay in the program. A name that neither the program nor the directory has ever had is an error.
    pub fn allow_dropped(mut self, operator: impl Into<String>) -> Self {
        self.dropped.push(operator.into());
        self
    }

    /// The operator with this name is new, and begins with an empty state: with the messages from now on. Without this, a
    /// directory is refused if an operator that keeps a state is new.
    ///
    /// An operator whose input can remove rows that were there before, such as the sums of another operator, cannot begin with new
    /// messages only: that is an error, which names the operators before it that have to be [rebuilt](Persistence::rebuild).
    ///
    /// It may stay in the program. A name that neither the program nor the directory has ever had is an error.
    pub fn starts_empty(mut self, operator: impl Into<String>) -> Self {
        self.empty.push(operator.into());
        self
    }

    /// If the operator with this name cannot continue with its state, because its key, a type, its reducers or its window have
    /// changed, this state is lost, and it begins with an empty one: with the messages from now on. Without this, such a change is
    /// refused.
    ///
    /// Operators that have rows of it lose their states, too; they must be listed, so that nothing is lost without notice, and the
    /// error names those that are not. What was written into output streams stays there. Static tables that the operator reads must
    /// be listed, too: their rows are sent again then.
    ///
    /// It may stay in the program: it does nothing where the operator can continue, and no other operator requires it. A name that
    /// neither the program nor the directory has ever had is an error.
    ///
    /// ```
    /// use pathway::persistence::Persistence;
    /// use pathway::prelude::*;
    /// use pathway::testing::Store;
    ///
    /// #[derive(Schema)]
    /// struct Sale { city: String, price: i64 }
    ///
    /// let run = |persistence: Persistence, length: i64| {
    ///     let pipeline = Pipeline::named("sales").persist(persistence);
    ///     let (feed, sales) = pipeline.input::<Sale>();
    ///     let windows = reduce!(s in sales window tumbling(s.price, length) as w => { w.start, n: count() });
    ///     let windows = windows.named("windows").collect();
    ///     let running = pipeline.start()?;
    ///     feed.insert(Sale { city: "Oslo".into(), price: 3 });
    ///     feed.commit();
    ///     drop(feed);
    ///     running.join()?;
    ///     Ok::<_, pathway::Error>(windows.rows().len())
    /// };
    /// let store = Store::new();
    /// run(Persistence::from(&store), 1)?;
    /// assert!(run(Persistence::from(&store), 2).is_err());
    /// assert_eq!(run(Persistence::from(&store).rebuild("windows"), 2)?, 1);
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn rebuild(mut self, operator: impl Into<String>) -> Self {
        self.rebuild.push(operator.into());
        self
    }
}

impl From<MemoryStore> for Persistence {
    fn from(store: MemoryStore) -> Self {
        Persistence::from(&store)
    }
}

impl From<&MemoryStore> for Persistence {
    fn from(store: &MemoryStore) -> Self {
        Persistence::new(store.into())
    }
}
