//! How the workers are asked how large their states are.

use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Condvar, Mutex, PoisonError};
use std::time::Duration;

/// How long an answer is waited for. A worker gives none while it is busy with a commit.
const PATIENCE: Duration = Duration::from_millis(20);

/// Requests to measure the states of all workers. Nothing is measured unless somebody asks.
#[derive(Debug, Default)]
pub struct StateRequests {
    /// How many there were.
    asked: AtomicU64,
    /// The last request that each worker has answered. `None`: it has ended.
    answers: Mutex<Vec<Option<u64>>>,
    changed: Condvar,
}

impl StateRequests {
    /// Asks the workers, which `wake` wakes, and waits a moment for their answers.
    pub fn ask(&self, wake: impl FnOnce()) {
        let request = self.asked.fetch_add(1, Ordering::Relaxed) + 1;
        let answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.iter().all(Option::is_none) {
            return;
        }
        wake();
        let is_missing = |answers: &mut Vec<Option<u64>>| answers.iter().flatten().any(|answered| *answered < request);
        drop(self.changed.wait_timeout_while(answers, PATIENCE, is_missing));
    }

    /// The last request.
    #[inline]
    pub fn last(&self) -> u64 {
        self.asked.load(Ordering::Relaxed)
    }

    /// A worker has measured its state for this request, and for those before; `None` if it answers no more.
    pub fn answer(&self, worker: usize, request: Option<u64>) {
        let mut answers = self.answers.lock().unwrap_or_else(PoisonError::into_inner);
        if answers.len() <= worker {
            answers.resize(worker + 1, None);
        }
        answers[worker] = request;
        drop(answers);
        self.changed.notify_all();
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_are_waited_for_until_all_workers_have_given_them() {
        let requests = StateRequests::default();
        requests.ask(|| panic!("there is no worker"));
        requests.answer(0, Some(1));
        requests.answer(2, Some(1));
        std::thread::scope(|scope| {
            let (wake, woken) = std::sync::mpsc::channel();
            let asking = scope.spawn(|| requests.ask(move || wake.send(()).expect("a worker")));
            woken.recv().expect("a request");
            assert_eq!(requests.last(), 2);
            requests.answer(0, Some(2));
            requests.answer(2, None);
            asking.join().expect("the answers");
        });
        // A worker that is busy is not waited for.
        requests.ask(|| ());
    }
}
