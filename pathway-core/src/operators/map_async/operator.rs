//! The operator behind `map_async`: a commit's calls, all at once, and then its results.

use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::runtime::{Builder, Runtime};

use super::Fallback;
use super::memo::{Answer, AsyncMemo};
use super::policy::{CallError, Policy};
use crate::data::{Change, Error, ErrorKind, Schema};
use crate::dataflow::StatefulOperator;
use crate::plan::Control;
use crate::telemetry::{Level, LogLimiter};

/// Calls a function for the rows of each commit, and keeps what it gave.
pub(super) struct Calls<R, O, E, F> {
    answers: AsyncMemo<R, O>,
    name: Arc<str>,
    call: Arc<F>,
    fallback: Option<Fallback<R, O, E>>,
    policy: Policy,
    control: Control,
    /// Made for the first call, on the worker's own thread.
    runtime: Option<Runtime>,
    failures: LogLimiter,
}

impl<R, O, E, F> Calls<R, O, E, F>
where
    R: Schema,
    O: Schema,
    E: fmt::Display + 'static,
    F: AsyncFn(&R) -> Result<O, E> + 'static,
{
    pub(super) fn new(
        name: &Arc<str>,
        call: Arc<F>,
        fallback: Option<Fallback<R, O, E>>,
        policy: Policy,
        control: Control,
        append_only: bool,
        cache: usize,
    ) -> Self {
        let answers = AsyncMemo::new(append_only, cache);
        let (name, failures) = (Arc::clone(name), LogLimiter::new(name));
        Calls { answers, name, call, fallback, policy, control, runtime: None, failures }
    }

    /// Asks about all rows, and says what stands for the answers.
    fn ask(&mut self, rows: &[R]) -> Vec<Answer<O>> {
        let outcomes = self.outcomes(rows);
        let given_up = outcomes.iter().filter(|outcome| matches!(outcome, Err(CallError::Stopped))).count();
        if given_up > 0 {
            let name = &self.name;
            let message = format!(
                "the pipeline stopped before {given_up} calls of `{name}` were answered: their rows have no result"
            );
            self.control.fail(Error::new(ErrorKind::Custom, message));
        }
        let answers = rows.iter().zip(outcomes).map(|(row, outcome)| match outcome {
            Ok(made) => Answer { row: Some(made), lasting: true },
            Err(error) => {
                let row = match &self.fallback {
                    Some(fallback) => fallback(row, &error),
                    None => {
                        self.failures.report(Level::Error, 1, format_args!("a row has no result: {error}"));
                        None
                    }
                };
                Answer { row, lasting: false }
            }
        });
        answers.collect()
    }

    /// What became of each call.
    fn outcomes(&mut self, rows: &[R]) -> Vec<Result<O, CallError<E>>> {
        let mut outcomes: Vec<_> = rows.iter().map(|_| Err(CallError::Stopped)).collect();
        if rows.is_empty() {
            return outcomes;
        }
        let runtime = match self.runtime.take() {
            Some(runtime) => Ok(runtime),
            None => Builder::new_current_thread().enable_all().build(),
        };
        let runtime = match runtime {
            Ok(runtime) => runtime,
            Err(error) => {
                let message = format!("`{}` has no runtime to make calls in", self.name);
                self.control.fail(Error::new(ErrorKind::Config, message).with_source(error));
                return outcomes;
            }
        };
        runtime.block_on(async {
            let (policy, call) = (&self.policy, &*self.call);
            let calls = stream::iter(rows.iter().enumerate());
            let calls =
                calls.map(|(number, row)| async move { (number, policy.keep_trying(async || call(row).await).await) });
            let mut calls = pin!(calls.buffer_unordered(policy.concurrency));
            let mut given_up = pin!(policy.given_up(&self.control));
            loop {
                tokio::select! {
                    biased;
                    outcome = calls.next() => match outcome {
                        Some((number, outcome)) => outcomes[number] = outcome,
                        None => break,
                    },
                    () = &mut given_up => break,
                }
            }
        });
        self.runtime = Some(runtime);
        outcomes
    }
}

impl<R, O, E, F> StatefulOperator<Change<R>, O> for Calls<R, O, E, F>
where
    R: Schema,
    O: Schema,
    E: fmt::Display + 'static,
    F: AsyncFn(&R) -> Result<O, E> + 'static,
{
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        self.answers.apply(changes);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let rows = self.answers.questions();
        let answers = self.ask(&rows);
        self.answers.seal(answers, emit);
    }
}
