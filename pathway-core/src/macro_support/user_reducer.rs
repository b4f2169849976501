//! The user's own reducers in `reduce!`: a `Reducer` is used as it is, an `Accumulator` is wrapped in a `Fold`.

use crate::operators::reducers::{Accumulator, Fold};

/// A value made by the user's call: a reducer or an accumulator.
#[derive(Debug)]
pub struct UserReducer<R>(R);

/// Wraps the value that the user's call makes.
pub fn user_reducer<R>(reducer: R) -> UserReducer<R> {
    UserReducer(reducer)
}

impl<T: Accumulator> UserReducer<T> {
    /// The reducer of an accumulator. Where it applies, the compiler prefers this method to the trait's.
    pub fn folded(self) -> UserReducer<Fold<T>> {
        UserReducer(Fold::new(self.0))
    }
}

/// What becomes of both: `user_reducer(value).folded().into_reducer()`.
pub trait IntoReducer: Sized {
    /// The reducer's type.
    type Reducer;

    /// The fallback for values that are not accumulators: the value itself.
    fn folded(self) -> Self {
        self
    }

    /// The reducer.
    fn into_reducer(self) -> Self::Reducer;
}

impl<R> IntoReducer for UserReducer<R> {
    type Reducer = R;

    fn into_reducer(self) -> R {
        self.0
    }
}
