//! How calls are made: how many at a time, how long they may take, how often they are made again.

use std::fmt;
use std::time::Duration;

use crate::plan::Control;

/// How calls are made.
#[derive(Clone, Copy)]
pub(super) struct Policy {
    pub(super) concurrency: usize,
    pub(super) timeout: Duration,
    pub(super) retries: u32,
    pub(super) back_off: Duration,
    pub(super) last_deadline: Duration,
}

impl Default for Policy {
    fn default() -> Self {
        Policy {
            concurrency: 32,
            timeout: Duration::from_secs(30),
            retries: 2,
            back_off: Duration::from_millis(100),
            last_deadline: Duration::from_secs(10),
        }
    }
}

/// Why a call of [`map_async`](crate::plan::Table::map_async) has no result.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError<E> {
    /// The last try returned this error.
    Failed(E),
    /// The last try took longer than this.
    TimedOut(Duration),
    /// The pipeline stopped before there was an answer.
    Stopped,
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Failed(error) => error.fmt(f),
            CallError::TimedOut(timeout) => write!(f, "no answer within {timeout:?}"),
            CallError::Stopped => f.write_str("the pipeline stopped before there was an answer"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for CallError<E> {}

impl Policy {
    /// The longest wait before a call is made again.
    const LONGEST_BACK_OFF: Duration = Duration::from_secs(10);
    /// How soon it is noticed that a pipeline which stops has failed, so that nothing is to be waited for.
    const GLANCE: Duration = Duration::from_millis(20);

    /// Makes a call until it has a result, or has failed often enough.
    pub(super) async fn keep_trying<T, E>(&self, call: impl AsyncFn() -> Result<T, E>) -> Result<T, CallError<E>> {
        let (mut retries, mut pause) = (self.retries, self.back_off);
        loop {
            let error = match tokio::time::timeout(self.timeout, call()).await {
                Ok(Ok(made)) => return Ok(made),
                Ok(Err(error)) => CallError::Failed(error),
                Err(_) => CallError::TimedOut(self.timeout),
            };
            if retries == 0 {
                return Err(error);
            }
            retries -= 1;
            tokio::time::sleep(pause.min(Self::LONGEST_BACK_OFF)).await;
            pause = pause.saturating_mul(2);
        }
    }

    /// Returns when no call is to be waited for any more.
    pub(super) async fn given_up(&self, control: &Control) {
        control.stopped().await;
        let failed = async {
            while !control.has_failed() {
                tokio::time::sleep(Self::GLANCE).await;
            }
        };
        let _ = tokio::time::timeout(self.last_deadline, failed).await;
    }
}
