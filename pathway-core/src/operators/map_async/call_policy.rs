//! The call policy: concurrency, timeout and retries of asynchronous calls.

use std::fmt;
use std::time::Duration;

use crate::plan::Control;

/// How calls are made.
#[derive(Clone, Copy, Debug)]
pub(super) struct CallPolicy {
    pub(super) concurrency: usize,
    pub(super) timeout: Duration,
    pub(super) retries: u32,
    pub(super) back_off: Duration,
    pub(super) stop_timeout: Duration,
}

impl Default for CallPolicy {
    fn default() -> Self {
        CallPolicy {
            concurrency: 32,
            timeout: Duration::from_secs(30),
            retries: 2,
            back_off: Duration::from_millis(100),
            stop_timeout: Duration::from_secs(10),
        }
    }
}

/// Why a call of [`map_async`](crate::plan::Table::map_async) failed.
#[derive(Debug)]
#[non_exhaustive]
pub enum CallError<E> {
    /// The last attempt returned this error.
    Failed(E),
    /// The last attempt took longer than this timeout.
    TimedOut(Duration),
    /// The pipeline stopped before the call was finished.
    Stopped,
}

impl<E: fmt::Display> fmt::Display for CallError<E> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            CallError::Failed(error) => error.fmt(f),
            CallError::TimedOut(timeout) => write!(f, "no result within {timeout:?}"),
            CallError::Stopped => f.write_str("the pipeline stopped before the call was finished"),
        }
    }
}

impl<E: fmt::Debug + fmt::Display> std::error::Error for CallError<E> {}

impl CallPolicy {
    /// The longest wait between two attempts.
    const MAX_BACK_OFF: Duration = Duration::from_secs(10);
    /// How often a stopping pipeline is checked for a failure, after which no call is awaited.
    const FAILURE_CHECK: Duration = Duration::from_millis(20);

    /// Makes a call, and repeats it until it succeeds or has no retries left.
    pub(super) async fn call_with_retries<T, E>(
        &self,
        call: impl AsyncFn() -> Result<T, E>,
    ) -> Result<T, CallError<E>> {
        let (mut retries, mut pause) = (self.retries, self.back_off);
        loop {
            let error = match tokio::time::timeout(self.timeout, call()).await {
                Ok(Ok(result)) => return Ok(result),
                Ok(Err(error)) => CallError::Failed(error),
                Err(_) => CallError::TimedOut(self.timeout),
            };
            if retries == 0 {
                return Err(error);
            }
            retries -= 1;
            tokio::time::sleep(pause.min(Self::MAX_BACK_OFF)).await;
            pause = pause.saturating_mul(2);
        }
    }

    /// Returns when calls must no longer be awaited.
    pub(super) async fn abandoned(&self, control: &Control) {
        control.stopped().await;
        let failed = async {
            while !control.has_failed() {
                tokio::time::sleep(Self::FAILURE_CHECK).await;
            }
        };
        let _ = tokio::time::timeout(self.stop_timeout, failed).await;
    }
}
