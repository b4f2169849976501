//! The thread that draws the status until the pipeline has ended.

use std::collections::VecDeque;
use std::io::{self, Write};
use std::sync::Arc;
use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::panics;
use super::progress::Backlogs;
use super::status::{self, Moments, View};
use super::terminal;
use crate::data::{Error, ErrorKind, Result};
use crate::observation::Observed;
use crate::telemetry::{LiveStatus, PipelineState, Totals, has_subscriber, spawn, suspend_status};

/// How often the statistics are read and drawn: each time, the workers measure their states.
const EVERY: Duration = Duration::from_millis(300);
/// How far back a rate looks, in seconds.
const WINDOW: f64 = 3.0;

/// A status that is drawn until this is dropped.
#[derive(Debug)]
pub(crate) struct Console {
    /// Nothing is sent: the channel closes.
    end: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Console {
    /// Draws the status of a pipeline that is about to start, if stderr is a terminal on which nobody else does.
    ///
    /// # Errors
    /// The thread cannot be started.
    pub(crate) fn start(observe: impl FnOnce() -> Arc<dyn Observed>) -> Result<Option<Console>> {
        if !terminal::is_there() {
            return Ok(None);
        }
        let Some(status) = LiveStatus::take() else { return Ok(None) };
        panics::make_room();
        let (end, ended) = channel();
        let (observed, begin) = (observe(), Instant::now());
        let is_open = move || matches!(ended.recv_timeout(EVERY), Err(RecvTimeoutError::Timeout));
        let run = move || {
            let is_drawn = draw(&status, &*observed, begin, is_open);
            drop(status);
            let stats = observed.stats();
            // Without a subscriber, the last log line has the totals. A pipeline that has not started has an error, and none.
            if is_drawn && has_subscriber() && stats.state == PipelineState::Ended {
                let (name, totals) = (&stats.pipeline, Totals::of(&stats));
                let seconds = begin.elapsed().as_secs_f32();
                // Another pipeline may draw its status now. Where the terminal is gone, nobody misses the line.
                let line = format_args!("{name}: ended after {seconds:.1} s: {totals}");
                let _ = suspend_status(|| writeln!(io::stderr(), "{line}"));
            }
        };
        let thread = spawn("pathway-console", run).map_err(|error| {
            let message = "cannot start the thread that shows the pipeline on the terminal";
            Error::new(ErrorKind::Config, message).with_source(error)
        })?;
        Ok(Some(Console { end: Some(end), thread: Some(thread) }))
    }
}

impl Drop for Console {
    fn drop(&mut self) {
        self.end.take();
        self.thread.take().into_iter().for_each(|thread| drop(thread.join()));
    }
}

/// Draws a pipeline as long as the console is open. Returns whether it has drawn anything.
fn draw(status: &LiveStatus, observed: &dyn Observed, begin: Instant, is_open: impl Fn() -> bool) -> bool {
    let look = || View { at: begin.elapsed().as_secs_f64(), snapshot: observed.snapshot() };
    let (mut views, mut backlogs, has_colours) =
        (VecDeque::from([look()]), Backlogs::default(), terminal::has_colours());
    let mut is_drawn = false;
    while is_open() {
        views.push_back(look());
        let Some(now) = views.back() else { continue };
        let horizon = now.at - WINDOW;
        backlogs.update(now);
        while views.get(1).is_some_and(|next| next.at <= horizon) {
            views.pop_front();
        }
        let (Some(before), Some(now)) = (views.front(), views.back()) else { continue };
        let lines = status::lines(&Moments { before, now }, &backlogs, terminal::size());
        status.draw(terminal::frame(&lines, has_colours));
        is_drawn = true;
    }
    is_drawn
}
