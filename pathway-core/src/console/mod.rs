//! The live status of a pipeline on a terminal, while `run` runs it: rates, lag, latency, what needs attention, and how far the
//! work is that has an end.
//!
//! What is shown is a function of two moments (`status.rs`); a thread reads the statistics a few times a second, and draws it below
//! the lines of the program.

mod line;
mod numbers;
mod panics;
mod progress;
mod status;
mod table;
mod terminal;
#[cfg(test)]
mod tests;
mod thread;

pub(crate) use thread::Console;

use crate::plan::Pipeline;
use crate::telemetry::suspend_status;

impl Pipeline {
    /// Whether [`run`](Pipeline::run) shows a live status on the terminal. Default: yes, if stderr is a terminal.
    ///
    /// It shows rates, lag, latency and what needs attention; and a bar with the time that is left, while a backlog, the first
    /// contents of a bucket, the log of an earlier run or a recording is worked off. It is drawn on stderr, three times a second,
    /// below the log lines. At the end a line with totals remains. A pipeline that ends within 0.3 s shows nothing. A terminal whose `TERM` is `dumb` gets none, and `NO_COLOR`
    /// switches colours off. Of several pipelines that a process runs at a time, the first one is shown.
    ///
    /// Write lines of your own with [`console::suspend`](suspend), so that the status makes room for them; or switch it off, if your
    /// program draws on the terminal itself. A pipeline that was [started](Pipeline::start) shows nothing.
    ///
    /// The environment variable `PATHWAY_CONSOLE` says `on` or `off` from outside; this method comes first. It needs the feature
    /// `console`, which is on by default.
    ///
    /// ```
    /// use pathway::prelude::*;
    ///
    /// #[derive(Debug, Schema)]
    /// struct Order { id: i64 }
    ///
    /// let pipeline = Pipeline::named("orders").console(false);
    /// let orders = pipeline.rows([Order { id: 1 }]);
    /// orders.subscribe(|update| println!("{update:?}"));
    /// pipeline.run()?;
    /// # Ok::<(), pathway::Error>(())
    /// ```
    pub fn console(self, is_shown: bool) -> Pipeline {
        self.plan().set_console(is_shown);
        self
    }
}

/// Writes lines to the terminal while a pipeline may show its [status](Pipeline::console) there: the status is taken away, and
/// comes back below them. Without a status it only calls the closure.
///
/// The pipeline does not wait for it, and it may be called anywhere, also inside of itself.
///
/// ```
/// use pathway::console;
/// use pathway::prelude::*;
///
/// #[derive(Debug, Schema)]
/// struct Order { id: i64 }
///
/// let pipeline = Pipeline::named("orders");
/// let orders = pipeline.rows([Order { id: 1 }]);
/// orders.subscribe(|update| console::suspend(|| println!("{update:?}")));
/// pipeline.run()?;
/// # Ok::<(), pathway::Error>(())
/// ```
///
/// The lines of this crate make room by themselves. For those of your program, give the subscriber of `tracing` a writer that does:
///
/// ```
/// use std::io::{self, Write};
///
/// struct Lines;
///
/// impl Write for Lines {
///     fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
///         pathway::console::suspend(|| io::stderr().write(bytes))
///     }
///
///     fn flush(&mut self) -> io::Result<()> {
///         io::stderr().flush()
///     }
/// }
///
/// tracing_subscriber::fmt().with_writer(|| Lines).init();
/// ```
pub fn suspend<T>(write: impl FnOnce() -> T) -> T {
    suspend_status(write)
}
