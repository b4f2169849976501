//! Reducers of the user's own in `reduce!`: a `Reducer` as it is, an `Accumulator` by way of `Fold`.

use crate::operators::reducers::{Accumulator, Fold};

/// What the user's call makes, of which it is not said whether it is a reducer or an accumulator.
pub struct Own<R>(R);

/// Takes what the user's call makes.
pub fn own<R>(reducer: R) -> Own<R> {
    Own(reducer)
}

impl<T: Accumulator> Own<T> {
    /// The reducer of an accumulator. The compiler takes this method, where it applies, before that of a trait.
    pub fn reducer(self) -> Fold<T> {
        Fold::new(self.0)
    }
}

/// What is no accumulator.
pub trait OwnReducer {
    /// What it is.
    type Reducer;

    /// The reducer itself.
    fn reducer(self) -> Self::Reducer;
}

impl<R> OwnReducer for Own<R> {
    type Reducer = R;

    fn reducer(self) -> R {
        self.0
    }
}
