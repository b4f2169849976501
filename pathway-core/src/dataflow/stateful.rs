//! Operators with state: they take in the changes of a commit, and emit when it is sealed.

use super::Stateful;

/// How many items an operator emits at a time: few enough to be still in the cache when the next operator reads them.
pub(super) const EMIT_BATCH: usize = 512;

/// An operator with state and one input, which emits items of type `O`. It sees commits one after the other, each of them whole.
pub trait StatefulOperator<D, O>: Stateful {
    /// Takes some items of the open commit into the state, in the order in which they were sent.
    fn apply(&mut self, items: &mut Vec<D>);

    /// The commit is complete: emits what it changes. Called only for commits that have items.
    fn seal(&mut self, emit: &mut dyn FnMut(O));
}

/// An operator with state and two inputs, which emits items of type `O`. It sees commits one after the other, each of them whole.
pub trait BinaryStatefulOperator<L, R, O>: Stateful {
    /// Takes some items of the open commit from the first input into the state, in the order in which they were sent.
    fn apply_left(&mut self, items: &mut Vec<L>);

    /// The same for the second input. The order between the items of the two inputs is unspecified.
    fn apply_right(&mut self, items: &mut Vec<R>);

    /// The commit is complete: emits what it changes. Called only for commits that have items.
    fn seal(&mut self, emit: &mut dyn FnMut(O));
}

/// A step with state: it emits at once.
pub trait StatefulStep<D, O>: Stateful {
    /// Takes items that have arrived together: empties the first vector and fills the second.
    fn run(&mut self, items: &mut Vec<D>, results: &mut Vec<O>);
}
