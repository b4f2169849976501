//! What operators are made of: flows of changes, and the few ways in which one is made of others.
//!
//! Several workers run on timely dataflow (`spread.rs`), which exchanges rows between them and says when a commit is
//! complete. A worker that is alone (`alone.rs`) has nothing to exchange and nobody to hear from: there, an operator
//! calls the next. The operators themselves are the same.

mod erased_batch;
mod local;
mod progress;
mod stateful;
mod timely;
mod typed;

pub use progress::Progress;
pub use stateful::{BinaryStatefulOperator, StatefulOperator};

use std::any::Any;
use std::marker::PhantomData;

use ::timely::dataflow::Scope;

use crate::data::{Change, Commit, Schema};
use erased_batch::ErasedBatch;
use typed::{One, Two};

/// What flows: it can cross threads and processes, as timely's exchange asks.
pub trait Item: Clone + ::timely::ExchangeData {}

impl<D: Clone + ::timely::ExchangeData> Item for D {}

/// How many changes an operator emits at a time, so that they are still near when the next one takes them.
const TOGETHER: usize = 512;

/// Items of one kind, on their way from one operator to those that read it.
#[derive(Clone)]
pub struct Flow<'scope, D>(Kind<'scope, D>);

#[derive(Clone)]
enum Kind<'scope, D> {
    Alone(local::Outlet<D>),
    Spread(timely::Stream<'scope>, PhantomData<fn() -> D>),
}

/// A flow whose items are of a type that is not known here.
pub struct AnyFlow<'scope>(AnyKind<'scope>);

enum AnyKind<'scope> {
    Alone(Box<dyn Any>),
    Spread(timely::Stream<'scope>),
}

impl<'scope, D: Item> Flow<'scope, D> {
    fn spread(stream: timely::Stream<'scope>) -> Self {
        Flow(Kind::Spread(stream, PhantomData))
    }

    /// Forgets the type of the items.
    pub fn into_any(self) -> AnyFlow<'scope> {
        AnyFlow(match self.0 {
            Kind::Alone(outlet) => AnyKind::Alone(Box::new(outlet)),
            Kind::Spread(stream, _) => AnyKind::Spread(stream),
        })
    }
}

impl<'scope> AnyFlow<'scope> {
    /// The flow, with items of the type that it was made with.
    ///
    /// # Panics
    /// If they are of another type.
    pub fn of<D: Item>(&self) -> Flow<'scope, D> {
        match &self.0 {
            AnyKind::Alone(outlet) => match outlet.downcast_ref::<local::Outlet<D>>() {
                Some(outlet) => Flow(Kind::Alone(outlet.clone())),
                None => unreachable!("a flow of other items"),
            },
            AnyKind::Spread(stream) => Flow::spread(stream.clone()),
        }
    }
}

/// The changes of a table.
pub type Changes<'scope, R> = Flow<'scope, Change<R>>;

/// Where a source puts its items.
pub struct Inlet<D: Item>(InletKind<D>);

enum InletKind<D: Item> {
    Alone(local::Outlet<D>),
    Spread(timely::Handle),
}

impl<D: Item> Inlet<D> {
    /// Puts items into the open commit, and leaves the vector empty.
    pub fn send(&mut self, items: &mut Vec<D>) {
        match &mut self.0 {
            InletKind::Alone(outlet) => outlet.send(items),
            InletKind::Spread(handle) if !items.is_empty() => handle.send(ErasedBatch::new(0, std::mem::take(items))),
            InletKind::Spread(_) => {}
        }
    }

    /// Closes the open commit: later items belong to `next`.
    pub fn advance(&mut self, next: Commit) {
        match &mut self.0 {
            InletKind::Alone(_) => {}
            InletKind::Spread(handle) => handle.advance_to(next),
        }
    }
}

/// The operators under construction on one worker.
pub struct DataflowBuilder<'scope> {
    scope: Scope<'scope, Commit>,
    progress: Progress,
}

impl<'scope> DataflowBuilder<'scope> {
    /// A graph without operators.
    pub(crate) fn new(scope: Scope<'scope, Commit>) -> Self {
        let progress = if scope.peers() == 1 { Progress::alone() } else { Progress::spread() };
        DataflowBuilder { scope, progress }
    }

    /// Whether this is the worker that has the sources and the sinks.
    pub fn is_first(&self) -> bool {
        self.scope.index() == 0
    }

    /// Whether there is one worker only, so that rows need not be exchanged.
    pub fn is_alone(&self) -> bool {
        self.scope.peers() == 1
    }

    /// How many workers there are.
    pub fn workers(&self) -> u64 {
        self.scope.peers() as u64
    }

    /// A source of items. On workers but the first, it is to be dropped: nothing comes from there.
    pub fn input<D: Item>(&self) -> (Inlet<D>, Flow<'scope, D>) {
        if self.is_alone() {
            let outlet = local::Outlet::new();
            (Inlet(InletKind::Alone(outlet.clone())), Flow(Kind::Alone(outlet)))
        } else {
            let (handle, stream) = timely::input(self.scope);
            (Inlet(InletKind::Spread(handle)), Flow::spread(stream))
        }
    }

    /// Makes items of items, each call of those that came together. `step` empties the first vector and fills the second.
    pub fn each<D: Item, O: Item>(
        &self,
        input: Flow<'scope, D>,
        name: &str,
        step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static,
    ) -> Flow<'scope, O> {
        match input.0 {
            Kind::Alone(outlet) => Flow(Kind::Alone(local::each(&outlet, step))),
            Kind::Spread(stream, _) => Flow::spread(timely::each(stream, name, typed::step(step))),
        }
    }

    /// The items of both flows.
    pub fn concat<D: Item>(&self, one: Flow<'scope, D>, two: Flow<'scope, D>) -> Flow<'scope, D> {
        match (one.0, two.0) {
            (Kind::Alone(one), Kind::Alone(two)) => Flow(Kind::Alone(local::concat(&one, &two))),
            (Kind::Spread(one, _), Kind::Spread(two, _)) => Flow::spread(timely::concat(one, two)),
            _ => unreachable!("all flows of a graph are of one kind"),
        }
    }

    /// Runs an operator with a state. `route` says on which worker an item belongs: those with the same number on the
    /// same one.
    pub fn stateful<D: Item, O: Schema>(
        &mut self,
        input: Flow<'scope, D>,
        name: &str,
        route: impl Fn(&D) -> u64 + 'static,
        operator: impl StatefulOperator<D, O>,
    ) -> Changes<'scope, O> {
        match input.0 {
            Kind::Alone(outlet) => {
                let (output, seal) = local::stateful(&outlet, operator);
                self.progress.add_seal(seal);
                Flow(Kind::Alone(output))
            }
            Kind::Spread(stream, _) => {
                let routed = self.routed(stream, name, route);
                Flow::spread(timely::stateful(routed, name, One::new(operator)))
            }
        }
    }

    /// Runs an operator with a state and two inputs. Items of both sides with the same number meet on the same worker.
    pub fn stateful_binary<L: Item, R: Item, O: Schema>(
        &mut self,
        (left, route_left): (Flow<'scope, L>, impl Fn(&L) -> u64 + 'static),
        (right, route_right): (Flow<'scope, R>, impl Fn(&R) -> u64 + 'static),
        name: &str,
        operator: impl BinaryStatefulOperator<L, R, O>,
    ) -> Changes<'scope, O> {
        match (left.0, right.0) {
            (Kind::Alone(left), Kind::Alone(right)) => {
                let (output, seal) = local::stateful_binary(&left, &right, operator);
                self.progress.add_seal(seal);
                Flow(Kind::Alone(output))
            }
            (Kind::Spread(left, _), Kind::Spread(right, _)) => {
                let (left, right) = (self.routed(left, name, route_left), self.routed(right, name, route_right));
                Flow::spread(timely::stateful_of_two(left, right, name, Two::new(operator)))
            }
            _ => unreachable!("all flows of a graph are of one kind"),
        }
    }

    /// The same packets, by the worker that their items are for.
    fn routed<D: Item>(
        &self,
        stream: timely::Stream<'scope>,
        name: &str,
        route: impl Fn(&D) -> u64 + 'static,
    ) -> timely::Stream<'scope> {
        timely::each(stream, name, typed::route(route, self.scope.peers()))
    }

    /// Ends a flow: brings its items together on the first worker and gives it each commit whole. Other workers have
    /// no `take`.
    pub fn gather<D: Item>(
        &mut self,
        input: Flow<'scope, D>,
        name: &str,
        take: Option<impl FnMut(Commit, &mut Vec<D>) + 'static>,
    ) {
        match (input.0, take) {
            (Kind::Alone(outlet), Some(take)) => self.progress.add_seal(local::gather(&outlet, take)),
            (Kind::Alone(_), None) => {}
            (Kind::Spread(stream, _), take) => {
                // All packets are for the first worker, as an operator leaves them.
                let mut take = take;
                let take = Box::new(move |commit, packets: Vec<ErasedBatch>| {
                    if let Some(take) = &mut take {
                        let mut items = packets.into_iter().map(ErasedBatch::open::<D>);
                        let mut all = items.next().unwrap_or_default();
                        items.for_each(|mut items| all.append(&mut items));
                        take(commit, &mut all);
                    }
                });
                timely::gather(stream, name, take, self.progress.watch());
            }
        }
    }

    /// Makes a commit be through only when a flow that nothing reads has worked it off too.
    pub fn watch(&self, unread: &AnyFlow<'scope>) {
        if let AnyKind::Spread(stream) = &unread.0 {
            self.progress.probe(stream);
        }
    }

    /// Ends the construction.
    pub(crate) fn finish(self) -> Progress {
        self.progress
    }
}
