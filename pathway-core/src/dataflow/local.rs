//! Operators of a worker that is alone: each calls those that read it.
//!
//! Timely needs three rounds of scheduling and progress tracking for a commit of one row, 28 000 instructions. With one
//! worker, an operator's items are complete as soon as all operators before it have emitted theirs, so that sealing the
//! operators in the order of their making is all that is to be tracked.

use std::cell::RefCell;
use std::rc::Rc;

use super::{BinaryStatefulOperator, Item, StatefulOperator, TOGETHER};
use crate::data::{Change, Commit, Schema};

/// What an operator has to do when a commit is sealed.
pub(super) type Seal = Box<dyn FnMut(Commit)>;

/// Where an operator's output leaves it. Clones are the same outlet.
#[derive(Clone)]
pub(super) struct Outlet<D> {
    readers: Rc<RefCell<Vec<Reader<D>>>>,
}

/// Takes items out of the vector; what it leaves is dropped.
type Reader<D> = Box<dyn FnMut(&mut Vec<D>)>;

impl<D: Item> Outlet<D> {
    pub(super) fn new() -> Self {
        Outlet { readers: Rc::default() }
    }

    /// Calls the readers with these items, and leaves the vector empty.
    pub(super) fn send(&self, items: &mut Vec<D>) {
        if items.is_empty() {
            return;
        }
        // Borrowed while the readers run. They come later in a graph without cycles: no call comes back here.
        let mut readers = self.readers.borrow_mut();
        if let Some((last, others)) = readers.split_last_mut() {
            others.iter_mut().for_each(|reader| reader(&mut items.clone()));
            last(items);
        }
        items.clear();
    }

    fn read(&self, reader: impl FnMut(&mut Vec<D>) + 'static) {
        self.readers.borrow_mut().push(Box::new(reader));
    }
}

pub(super) fn each<D: Item, O: Item>(
    input: &Outlet<D>,
    mut step: impl FnMut(&mut Vec<D>, &mut Vec<O>) + 'static,
) -> Outlet<O> {
    let output = Outlet::new();
    let outlet = output.clone();
    let mut made = Vec::new();
    input.read(move |items| {
        step(items, &mut made);
        outlet.send(&mut made);
    });
    output
}

pub(super) fn concat<D: Item>(one: &Outlet<D>, two: &Outlet<D>) -> Outlet<D> {
    let output = Outlet::new();
    for input in [one, two] {
        let outlet = output.clone();
        input.read(move |items| outlet.send(items));
    }
    output
}

pub(super) fn stateful<D: Item, O: Schema>(
    input: &Outlet<D>,
    operator: impl StatefulOperator<D, O>,
) -> (Outlet<Change<O>>, Seal) {
    let state = Shared::new(operator);
    state.read(input, |operator, items| operator.apply(items));
    state.emits(|operator, emit| operator.seal(emit))
}

pub(super) fn stateful_binary<L: Item, R: Item, O: Schema>(
    left: &Outlet<L>,
    right: &Outlet<R>,
    operator: impl BinaryStatefulOperator<L, R, O>,
) -> (Outlet<Change<O>>, Seal) {
    let state = Shared::new(operator);
    state.read(left, |operator, items| operator.apply_left(items));
    state.read(right, |operator, items| operator.apply_right(items));
    state.emits(|operator, emit| operator.seal(emit))
}

/// An operator with a state, shared by the readers of its inputs and by its seal.
struct Shared<P> {
    /// The operator, and whether the open commit has items for it.
    state: Rc<RefCell<(P, bool)>>,
}

impl<P: 'static> Shared<P> {
    fn new(operator: P) -> Self {
        Shared { state: Rc::new(RefCell::new((operator, false))) }
    }

    fn read<D: Item>(&self, input: &Outlet<D>, mut apply: impl FnMut(&mut P, &mut Vec<D>) + 'static) {
        let state = Rc::clone(&self.state);
        input.read(move |items| {
            let (operator, open) = &mut *state.borrow_mut();
            *open = true;
            apply(operator, items);
        });
    }

    /// What the operator emits when it is sealed goes to the outlet.
    fn emits<O: Schema>(
        self,
        mut seal: impl FnMut(&mut P, &mut dyn FnMut(Change<O>)) + 'static,
    ) -> (Outlet<Change<O>>, Seal) {
        let output = Outlet::new();
        let outlet = output.clone();
        let mut emitted = Vec::new();
        let seal = move |_| {
            let (operator, open) = &mut *self.state.borrow_mut();
            if !std::mem::take(open) {
                return;
            }
            seal(operator, &mut |change| {
                emitted.push(change);
                if emitted.len() == TOGETHER {
                    outlet.send(&mut emitted);
                }
            });
            outlet.send(&mut emitted);
        };
        (output, Box::new(seal))
    }
}

pub(super) fn gather<D: Item>(input: &Outlet<D>, mut take: impl FnMut(Commit, &mut Vec<D>) + 'static) -> Seal {
    let all = Rc::new(RefCell::new(Vec::new()));
    let gathered = Rc::clone(&all);
    input.read(move |items| {
        let mut all = gathered.borrow_mut();
        if all.is_empty() { std::mem::swap(&mut *all, items) } else { all.append(items) }
    });
    Box::new(move |commit| {
        // Taken out, so that the memory of a large commit does not stay.
        let mut items = std::mem::take(&mut *all.borrow_mut());
        if !items.is_empty() {
            take(commit, &mut items);
        }
    })
}
