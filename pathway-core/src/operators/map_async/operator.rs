//! The operator behind `map_async`: makes the calls of a commit, then emits their results.

use std::collections::BTreeMap;
use std::fmt;
use std::pin::pin;
use std::sync::Arc;

use futures_util::stream::{self, StreamExt};
use tokio::runtime::{Builder, Runtime};

use super::Fallback;
use super::call_policy::{CallError, CallPolicy};
use super::memo::{AsyncMemo, CallResult};
use crate::data::{Change, DatumKey, DatumRef, Error, ErrorKind, Schema};
use crate::dataflow::{StatePart, Stateful, StatefulOperator};
use crate::plan::{AnswerLog, Control};
use crate::telemetry::{OperatorContext, OperatorReports};

/// Makes a call for each row of a commit, and keeps the results.
pub(super) struct MapAsyncOperator<R, O, E, F> {
    memo: AsyncMemo<R, O>,
    /// If the pipeline persists, or is recorded or replayed.
    answers: Option<AnswerLog>,
    name: OperatorContext,
    call: Arc<F>,
    fallback: Option<Fallback<R, O, E>>,
    policy: CallPolicy,
    control: Control,
    /// Created for the first call, on the thread of the worker.
    runtime: Option<Runtime>,
    reports: OperatorReports,
}

impl<R, O, E, F> MapAsyncOperator<R, O, E, F>
where
    R: Schema,
    O: Schema,
    E: fmt::Display + 'static,
    F: AsyncFn(&R) -> Result<O, E> + 'static,
{
    pub(super) fn new(
        name: &OperatorContext,
        call: Arc<F>,
        fallback: Option<Fallback<R, O, E>>,
        policy: CallPolicy,
        control: Control,
        memo: AsyncMemo<R, O>,
        answers: Option<AnswerLog>,
    ) -> Self {
        let (name, reports) = (name.clone(), OperatorReports::new(name));
        MapAsyncOperator { memo, answers, name, call, fallback, policy, control, runtime: None, reports }
    }

    /// Makes the calls for all rows, and applies the fallback to those that failed.
    fn call(&mut self, rows: &[R]) -> Vec<CallResult<O>> {
        let outcomes = self.outcomes(rows);
        let abandoned = outcomes.iter().filter(|outcome| matches!(outcome, Err(CallError::Stopped))).count();
        if abandoned > 0 {
            let name = &self.name;
            let message = format!(
                "the pipeline stopped before {abandoned} calls of `{name}` were finished: their rows have no result"
            );
            self.control.fail(Error::new(ErrorKind::Custom, message));
        }
        let results = rows.iter().zip(outcomes).map(|(row, outcome)| match outcome {
            Ok(row) => CallResult { row: Some(row), reusable: true },
            Err(error) => {
                let row = match &self.fallback {
                    Some(fallback) => {
                        self.reports.count_error();
                        fallback(row, &error)
                    }
                    None => {
                        self.reports.error(format_args!("a row has no result: {error}"));
                        None
                    }
                };
                CallResult { row, reusable: false }
            }
        });
        results.collect()
    }

    /// Makes the calls whose answers are not known, and logs their answers.
    fn call_unknown(&mut self, rows: Vec<R>, mut known: KnownAnswers<R, O>) -> Vec<CallResult<O>> {
        let mut answers: Vec<Option<CallResult<O>>> = Vec::with_capacity(rows.len());
        let mut unknown = Vec::new();
        for row in rows {
            let row = DatumKey(row);
            let answer = known.remove(&row);
            if answer.is_none() {
                unknown.push(row.0);
            }
            answers.push(answer);
        }
        if let Some(log) = self.answers.as_ref().filter(|_| !unknown.is_empty())
            && !log.allow_calls(unknown.len())
        {
            return Vec::new();
        }
        let called = self.call(&unknown);
        if let Some(log) = self.answers.as_ref().filter(|_| !unknown.is_empty() && !self.control.has_failed()) {
            let answers: Vec<_> = unknown.iter().map(DatumRef).zip(&called).collect();
            log.add(
                postcard::to_stdvec(&answers)
                    .map_err(|error| format!("the answers to the calls of `{}` cannot be logged: {error}", self.name)),
            );
        }
        let mut called = called.into_iter();
        answers.into_iter().filter_map(|answer| answer.or_else(|| called.next())).collect()
    }

    /// The outcome of each call.
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
                let message = format!("`{}` cannot start a runtime for its calls", self.name);
                self.control.fail(Error::new(ErrorKind::Config, message).with_source(error));
                return outcomes;
            }
        };
        runtime.block_on(async {
            let (policy, call) = (&self.policy, &*self.call);
            let calls = stream::iter(rows.iter().enumerate());
            let calls = calls
                .map(|(number, row)| async move { (number, policy.call_with_retries(async || call(row).await).await) });
            let mut calls = pin!(calls.buffer_unordered(policy.concurrency));
            let mut abandoned = pin!(policy.abandoned(&self.control));
            loop {
                tokio::select! {
                    biased;
                    outcome = calls.next() => match outcome {
                        Some((number, outcome)) => outcomes[number] = outcome,
                        None => break,
                    },
                    () = &mut abandoned => break,
                }
            }
        });
        self.runtime = Some(runtime);
        outcomes
    }
}

/// Answers by the rows of their calls.
type KnownAnswers<R, O> = BTreeMap<DatumKey<R>, CallResult<O>>;

/// What all workers have logged or recorded for the commit that is being sealed. Answers that cannot be read are asked for again.
fn logged_answers<R: Schema, O: Schema>(log: &AnswerLog) -> KnownAnswers<R, O> {
    let answers = log.earlier();
    let decoded =
        answers.iter().filter_map(|bytes| postcard::from_bytes::<Vec<(DatumKey<R>, CallResult<O>)>>(bytes).ok());
    decoded.flatten().collect()
}

impl<R: Schema, O: Schema, E: 'static, F: 'static> Stateful for MapAsyncOperator<R, O, E, F> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        self.memo.states()
    }

    fn loaded(&mut self) {
        self.memo.loaded();
    }
}

impl<R, O, E, F> StatefulOperator<Change<R>, Change<O>> for MapAsyncOperator<R, O, E, F>
where
    R: Schema,
    O: Schema,
    E: fmt::Display + 'static,
    F: AsyncFn(&R) -> Result<O, E> + 'static,
{
    fn apply(&mut self, changes: &mut Vec<Change<R>>) {
        self.memo.apply(changes);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>)) {
        let rows = self.memo.rows_to_call();
        let results = match &self.answers {
            Some(log) if !rows.is_empty() => {
                let known = logged_answers(log);
                let results = self.call_unknown(rows, known);
                if self.control.has_failed() {
                    // Another run makes the calls.
                    return;
                }
                results
            }
            _ => self.call(&rows),
        };
        self.memo.seal(results, emit);
    }
}
