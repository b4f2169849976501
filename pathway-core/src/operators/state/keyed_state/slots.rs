//! A vector that grows without moving what it holds.

use std::ops::{Index, IndexMut};

/// Items by number, in chunks. A vector of the standard library moves all items when it grows, and has up to half of its room
/// unused; with a million keys, the one makes a commit wait, and the other takes memory. Here only the first chunk grows that way.
pub(super) struct Slots<T> {
    chunks: Vec<Vec<T>>,
}

/// How many items a chunk has, as a power of two.
const CHUNK_BITS: usize = 10;
const CHUNK: usize = 1 << CHUNK_BITS;

impl<T> Slots<T> {
    pub(super) fn new() -> Self {
        Slots { chunks: Vec::new() }
    }

    pub(super) fn len(&self) -> usize {
        self.chunks.last().map_or(0, |last| (self.chunks.len() - 1) * CHUNK + last.len())
    }

    /// How many items have room.
    pub(super) fn capacity(&self) -> usize {
        self.chunks.iter().map(Vec::capacity).sum()
    }

    pub(super) fn push(&mut self, item: T) {
        match self.chunks.last_mut() {
            Some(last) if last.len() < CHUNK => last.push(item),
            last => {
                let room = if last.is_some() { CHUNK } else { 1 };
                let mut chunk = Vec::with_capacity(room);
                chunk.push(item);
                self.chunks.push(chunk);
            }
        }
    }

    #[inline]
    pub(super) fn get(&self, at: usize) -> Option<&T> {
        self.chunks.get(at >> CHUNK_BITS)?.get(at % CHUNK)
    }

    #[inline]
    pub(super) fn get_mut(&mut self, at: usize) -> Option<&mut T> {
        self.chunks.get_mut(at >> CHUNK_BITS)?.get_mut(at % CHUNK)
    }

    pub(super) fn iter(&self) -> impl Iterator<Item = &T> {
        self.chunks.iter().flatten()
    }

    pub(super) fn iter_mut(&mut self) -> impl Iterator<Item = &mut T> {
        self.chunks.iter_mut().flatten()
    }
}

impl<T> Index<usize> for Slots<T> {
    type Output = T;

    #[inline]
    fn index(&self, at: usize) -> &T {
        &self.chunks[at >> CHUNK_BITS][at % CHUNK]
    }
}

impl<T> IndexMut<usize> for Slots<T> {
    #[inline]
    fn index_mut(&mut self, at: usize) -> &mut T {
        &mut self.chunks[at >> CHUNK_BITS][at % CHUNK]
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn it_agrees_with_a_vector() {
        let (mut slots, mut model) = (Slots::new(), Vec::new());
        for number in 0..3 * CHUNK + 7 {
            assert_eq!(slots.len(), number);
            slots.push(number);
            model.push(number);
        }
        for at in [0, 1, CHUNK - 1, CHUNK, 2 * CHUNK + 1, 3 * CHUNK + 6] {
            slots[at] += 1;
            model[at] += 1;
            assert_eq!((slots[at], slots.get(at)), (model[at], model.get(at)));
            assert_eq!(slots.get_mut(at), model.get_mut(at));
        }
        slots.iter_mut().for_each(|item| *item *= 2);
        assert!(slots.iter().copied().eq(model.iter().map(|item| item * 2)));
        assert_eq!((slots.get(3 * CHUNK + 7), slots.get(9 * CHUNK)), (None, None));
        assert_eq!(slots.capacity(), 4 * CHUNK);
    }
}
