//! State by key whose keys belong to workers by something else than their own hashes.

use std::ops::{Deref, DerefMut};

use serde::{Deserialize, Serialize};

use super::KeyedState;
use crate::data::{Datum, Layout};
use crate::dataflow::SavedState;

/// A [`KeyedState`] of which a worker loads the keys for which `route` returns a number of its own.
pub(crate) struct RoutedState<K, V> {
    keys: KeyedState<K, V>,
    route: Route<K>,
}

/// The number by which items of a key go to a worker.
type Route<K> = Box<dyn Fn(&K) -> u64>;

impl<K: Datum, V: Default> RoutedState<K, V> {
    pub(crate) fn new(route: impl Fn(&K) -> u64 + 'static) -> Self {
        RoutedState { keys: KeyedState::new(), route: Box::new(route) }
    }
}

impl<K, V> Deref for RoutedState<K, V> {
    type Target = KeyedState<K, V>;

    fn deref(&self) -> &KeyedState<K, V> {
        &self.keys
    }
}

impl<K, V> DerefMut for RoutedState<K, V> {
    fn deref_mut(&mut self) -> &mut KeyedState<K, V> {
        &mut self.keys
    }
}

impl<K: Datum, V> SavedState for RoutedState<K, V>
where
    V: Default + Serialize + for<'de> Deserialize<'de> + 'static,
{
    fn track(&mut self, worker: u64, workers: u64) {
        self.keys.track(worker, workers);
    }

    fn begin(&mut self, all: bool) {
        self.keys.begin(all);
    }

    fn write(&mut self, out: &mut Vec<u8>, bytes: usize) -> Result<bool, String> {
        self.keys.write(out, bytes)
    }

    fn load(&mut self, piece: &[u8], is_own: &dyn Fn(u64) -> bool) -> Result<(), String> {
        let RoutedState { keys, route } = self;
        keys.load_keys(piece, |key| is_own(route(key)))
    }

    fn layout(&self) -> Layout {
        self.keys.layout()
    }

    fn keys(&self) -> usize {
        self.keys.keys()
    }

    fn bytes(&self) -> usize {
        self.keys.bytes()
    }
}
