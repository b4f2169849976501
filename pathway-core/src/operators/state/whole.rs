//! A small state, which each checkpoint saves as a whole.

use std::ops::{Deref, DerefMut};

use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use crate::data::{Layout, layout_of};
use crate::dataflow::SavedState;

/// A state that is saved as a whole.
pub(crate) trait Whole: 'static {
    /// What is saved of it: parameters of the program are not.
    type Saved: Serialize + DeserializeOwned;

    /// What is to be saved.
    fn to_saved(&self) -> Self::Saved;

    /// The state is as it was saved.
    fn load(&mut self, saved: Self::Saved);

    /// As [`SavedState::event_time`].
    fn event_time(&self) -> Option<i128> {
        None
    }
}

/// A value that checkpoints save as a whole.
#[derive(Debug, Default)]
pub(crate) struct WholeState<T> {
    value: T,
    /// The value when the open checkpoint began.
    piece: Vec<u8>,
    error: Option<postcard::Error>,
}

impl<T> WholeState<T> {
    pub(crate) fn new(value: T) -> Self {
        WholeState { value, piece: Vec::new(), error: None }
    }
}

impl<T> Deref for WholeState<T> {
    type Target = T;

    #[inline]
    fn deref(&self) -> &T {
        &self.value
    }
}

impl<T> DerefMut for WholeState<T> {
    #[inline]
    fn deref_mut(&mut self) -> &mut T {
        &mut self.value
    }
}

impl<T: Whole> SavedState for WholeState<T> {
    fn track(&mut self, _: u64, _: u64) {}

    fn begin(&mut self, _: bool) {
        match postcard::to_stdvec(&self.value.to_saved()) {
            Ok(piece) => self.piece = piece,
            Err(error) => self.error = Some(error),
        }
    }

    fn write(&mut self, out: &mut Vec<u8>, _: usize) -> Result<bool, String> {
        out.append(&mut self.piece);
        self.error.take().map_or(Ok(false), |error| Err(error.to_string()))
    }

    fn load(&mut self, piece: &[u8], _: &dyn Fn(u64) -> bool) -> Result<(), String> {
        // A later checkpoint has written it again.
        self.value.load(postcard::from_bytes(piece).map_err(|error| error.to_string())?);
        Ok(())
    }

    fn layout(&self) -> Layout {
        layout_of(std::any::type_name::<T::Saved>(), |reader| <T::Saved as Deserialize>::deserialize(reader))
    }

    fn keys(&self) -> usize {
        0
    }

    fn bytes(&self) -> usize {
        size_of::<Self>()
    }

    fn event_time(&self) -> Option<i128> {
        self.value.event_time()
    }
}

impl Whole for bool {
    type Saved = bool;

    fn to_saved(&self) -> bool {
        *self
    }

    fn load(&mut self, saved: bool) {
        *self = saved;
    }
}

impl Whole for u64 {
    type Saved = u64;

    fn to_saved(&self) -> u64 {
        *self
    }

    fn load(&mut self, saved: u64) {
        *self = saved;
    }
}
