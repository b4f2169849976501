//! Two workers that exchange bytes, as processes do.

use std::cell::RefCell;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::rc::Rc;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use ::timely::{CommunicationConfig, Config, WorkerConfig};

use super::erased_batch::tests::Unwritten;
use crate::data::Error;
use crate::dataflow::{DataflowBuilder, Item, StatePart, Stateful, StatefulOperator};

/// Emits the items of a commit as they are.
struct Pass<D>(Vec<D>);

impl<D: Item> Stateful for Pass<D> {
    fn states(&mut self) -> Vec<StatePart<'_>> {
        Vec::new()
    }
}

impl<D: Item> StatefulOperator<D, D> for Pass<D> {
    fn apply(&mut self, items: &mut Vec<D>) {
        self.0.append(items);
    }

    fn seal(&mut self, emit: &mut dyn FnMut(D)) {
        self.0.drain(..).for_each(emit);
    }
}

/// Sends items through a worker of their own each, and returns what arrives, or the error of any worker.
fn pass<D: Item + Sync>(items: &[D], route: fn(&D) -> u64) -> Result<Vec<D>, Error> {
    let config = Config { communication: CommunicationConfig::ProcessBinary(2), worker: WorkerConfig::default() };
    let (items, has_failed) = (items.to_vec(), Arc::new(AtomicBool::new(false)));
    let workers = ::timely::execute(config, move |worker| {
        let seen = Rc::new(RefCell::new(Vec::new()));
        let (mut input, mut progress) = worker.dataflow(|scope| {
            let mut dataflow = DataflowBuilder::new(scope);
            let (input, sent) = dataflow.input::<D>();
            let passed = dataflow.stateful(sent, "pass", route, Pass(Vec::new()));
            let seen = Rc::clone(&seen);
            let write =
                dataflow.is_first_worker().then_some(move |_, items: &mut Vec<D>| seen.borrow_mut().append(items));
            dataflow.sink(passed, "sink", write);
            (input, dataflow.finish().0)
        });
        let ran = catch_unwind(AssertUnwindSafe(|| {
            input.send(&mut if worker.index() == 0 { items.clone() } else { Vec::new() });
            progress.seal(0);
            while !progress.is_complete_before(1) && !has_failed.load(Ordering::Relaxed) {
                worker.step_or_park(Some(Duration::from_millis(1)));
            }
        }));
        has_failed.fetch_or(ran.is_err(), Ordering::Relaxed);
        worker.installed_dataflows().into_iter().for_each(|dataflow| worker.drop_dataflow(dataflow));
        ran.map(|()| seen.take()).map_err(|error| *error.downcast::<Error>().expect("an error"))
    });
    let workers = workers.expect("two workers").join();
    let results: Result<Vec<Vec<D>>, Error> = workers.into_iter().map(|worker| worker.expect("a result")).collect();
    results.map(|of_workers| of_workers.concat())
}

#[test]
fn items_arrive_through_bytes() {
    let items: Vec<(u64, String)> = (0..20_000).map(|n| (n, "x".repeat(n as usize % 50))).collect();
    let mut arrived = pass(&items, |(n, _)| n % 3).expect("a run");
    arrived.sort();
    assert_eq!(arrived, items);
}

#[test]
fn items_that_cannot_be_encoded_end_the_run_with_an_error() {
    let error = pass(&[Unwritten, Unwritten], |_| 1).err().expect("a failure").to_string();
    assert!(error.contains("Unwritten` from another worker could not be encoded"), "{error}");
}
