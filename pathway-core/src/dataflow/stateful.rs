//! What an operator with a state does: gather a commit's changes, and emit when it is sealed.

use crate::data::Change;

/// What an operator does with a commit. Commits are given one after the other, each whole.
pub trait StatefulOperator<D, O>: 'static {
    /// Takes some of the open commit's items into the state, in the order in which they were sent.
    fn apply(&mut self, items: &mut Vec<D>);

    /// The commit is complete: emits what it changed, net. Called for commits with items only.
    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>));
}

/// What an operator with two inputs does with a commit. Commits are given one after the other, each whole.
pub trait BinaryStatefulOperator<L, R, O>: 'static {
    /// Takes some of the open commit's items of the first input into the state, in the order in which they were sent.
    fn apply_left(&mut self, items: &mut Vec<L>);

    /// The same for the second input. In which order the two inputs' items come is not said.
    fn apply_right(&mut self, items: &mut Vec<R>);

    /// The commit is complete: emits what it changed, net. Called for commits with items only.
    fn seal(&mut self, emit: &mut dyn FnMut(Change<O>));
}
