//! Items in an order, as many as there are.

use std::cmp::Ordering;
use std::ops::{Index, IndexMut};

/// A sorted list in chunks of at most 4 KiB.
///
/// It does what a B-tree of the standard library would do for a multiset of rows, or for rows by time, in an eighth of the code.
/// A pipeline has a list of its own type for most operators: with B-trees, they and the sorts that they need were 19 % of the code
/// that LLVM compiled for eight queries of the Nexmark benchmark. In return, a list of 100 000 items is up to a quarter slower.
///
/// A search looks at the first item of chunks, and then into one. An insertion moves at most a chunk, and from time to time the list
/// of chunks.
pub(super) struct SortedChunks<T> {
    /// None is empty.
    chunks: Vec<Vec<T>>,
    len: usize,
}

/// Where an item is, or belongs.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) struct Place {
    chunk: usize,
    at: usize,
}

impl<T> Default for SortedChunks<T> {
    fn default() -> Self {
        SortedChunks { chunks: Vec::new(), len: 0 }
    }
}

impl<T> SortedChunks<T> {
    /// The most items of a chunk.
    const MOST: usize = {
        let size = if size_of::<T>() == 0 { 1 } else { size_of::<T>() };
        match 4096 / size {
            0..16 => 16,
            items @ 16..256 => items,
            _ => 256,
        }
    };

    /// From items that are in order.
    pub(super) fn from_sorted(items: impl Iterator<Item = T>) -> Self {
        let mut sorted = SortedChunks::default();
        for item in items {
            sorted.insert(sorted.end(), item);
        }
        sorted
    }

    pub(super) fn len(&self) -> usize {
        self.len
    }

    /// The most items of a chunk now: a short list has short chunks, in which an insertion moves less.
    fn most(&self) -> usize {
        (self.len / 16).clamp(16, Self::MOST)
    }

    /// The place of the first item for which `is_before` is false.
    pub(super) fn partition_point(&self, is_before: impl Fn(&T) -> bool) -> Place {
        let after = partition_point(&self.chunks, |chunk| chunk.first().is_some_and(&is_before));
        let Some(chunk) = after.checked_sub(1) else { return self.start() };
        let at = partition_point(&self.chunks[chunk], is_before);
        if at == self.chunks[chunk].len() { Place { chunk: after, at: 0 } } else { Place { chunk, at } }
    }

    /// Where an item is that compares as equal, or where it belongs.
    pub(super) fn search(&self, compare: impl Fn(&T) -> Ordering) -> Result<Place, Place> {
        let place = self.partition_point(|item| compare(item).is_lt());
        match self.get(place) {
            Some(item) if compare(item).is_eq() => Ok(place),
            _ => Err(place),
        }
    }

    pub(super) fn get(&self, place: Place) -> Option<&T> {
        self.chunks.get(place.chunk)?.get(place.at)
    }

    pub(super) fn get_mut(&mut self, place: Place) -> Option<&mut T> {
        self.chunks.get_mut(place.chunk)?.get_mut(place.at)
    }

    /// The first item.
    pub(super) fn start(&self) -> Place {
        Place { chunk: 0, at: 0 }
    }

    /// Behind the last item.
    pub(super) fn end(&self) -> Place {
        Place { chunk: self.chunks.len(), at: 0 }
    }

    /// Inserts an item before the one in a place, and returns its own. Places that were found before are no longer valid.
    pub(super) fn insert(&mut self, place: Place, item: T) -> Place {
        let (Place { mut chunk, mut at }, most) = (place, self.most());
        self.len += 1;
        // Before the first item of a chunk is behind the last one of the chunk before it.
        if at == 0
            && let Some(before) = chunk.checked_sub(1)
            && self.chunks[before].len() < most
        {
            (chunk, at) = (before, self.chunks[before].len());
        }
        if chunk == self.chunks.len() {
            self.chunks.push(Vec::new());
        } else if self.chunks[chunk].len() >= most {
            let half = self.chunks[chunk].len() / 2;
            let second = self.chunks[chunk].split_off(half);
            self.chunks.insert(chunk + 1, second);
            if at > half {
                (chunk, at) = (chunk + 1, at - half);
            }
        }
        let items = &mut self.chunks[chunk];
        if items.len() == items.capacity() {
            items.reserve_exact(items.len().max(4).min(most.saturating_sub(items.len()).max(1)));
        }
        items.insert(at, item);
        Place { chunk, at }
    }

    /// Removes the item in a place.
    pub(super) fn remove(&mut self, place: Place) -> Option<T> {
        let Place { chunk, at } = place;
        let items = self.chunks.get_mut(chunk)?;
        if at >= items.len() {
            return None;
        }
        let item = items.remove(at);
        let left = items.len();
        self.len -= 1;
        let most = self.most();
        if left == 0 {
            self.chunks.remove(chunk);
        } else if left < most / 4
            && let Some(next) = self.chunks.get(chunk + 1)
            && left + next.len() <= most / 2
        {
            let mut next = self.chunks.remove(chunk + 1);
            self.chunks[chunk].append(&mut next);
        }
        Some(item)
    }

    /// The items from a place to before another one.
    pub(super) fn range(&self, from: Place, to: Place) -> Range<'_, T> {
        Range { chunks: &self.chunks, from, to }
    }

    pub(super) fn into_items(self) -> Vec<T> {
        let mut items = Vec::with_capacity(self.len);
        for mut chunk in self.chunks {
            items.append(&mut chunk);
        }
        items
    }
}

/// As [`slice::partition_point`], in a third of the code.
pub(super) fn partition_point<T>(items: &[T], is_before: impl Fn(&T) -> bool) -> usize {
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = low.midpoint(high);
        if is_before(&items[middle]) { low = middle + 1 } else { high = middle }
    }
    low
}

/// As [`slice::binary_search_by`], in a third of the code.
pub(super) fn binary_search_by<T>(items: &[T], compare: impl Fn(&T) -> Ordering) -> Result<usize, usize> {
    let (mut low, mut high) = (0, items.len());
    while low < high {
        let middle = low.midpoint(high);
        match compare(&items[middle]) {
            Ordering::Less => low = middle + 1,
            Ordering::Equal => return Ok(middle),
            Ordering::Greater => high = middle,
        }
    }
    Err(low)
}

impl<T> Index<Place> for SortedChunks<T> {
    type Output = T;

    fn index(&self, place: Place) -> &T {
        &self.chunks[place.chunk][place.at]
    }
}

impl<T> IndexMut<Place> for SortedChunks<T> {
    fn index_mut(&mut self, place: Place) -> &mut T {
        &mut self.chunks[place.chunk][place.at]
    }
}

/// Items in order.
pub(super) struct Range<'a, T> {
    chunks: &'a [Vec<T>],
    from: Place,
    to: Place,
}

impl<T> Clone for Range<'_, T> {
    fn clone(&self) -> Self {
        Range { chunks: self.chunks, from: self.from, to: self.to }
    }
}

impl<T> Range<'_, T> {
    fn is_empty(&self) -> bool {
        (self.from.chunk, self.from.at) >= (self.to.chunk, self.to.at)
    }
}

impl<'a, T> Iterator for Range<'a, T> {
    type Item = &'a T;

    fn next(&mut self) -> Option<&'a T> {
        if self.is_empty() {
            return None;
        }
        let chunk = self.chunks.get(self.from.chunk)?;
        let item = chunk.get(self.from.at)?;
        self.from.at += 1;
        if self.from.at == chunk.len() {
            self.from = Place { chunk: self.from.chunk + 1, at: 0 };
        }
        Some(item)
    }
}

impl<'a, T> DoubleEndedIterator for Range<'a, T> {
    fn next_back(&mut self) -> Option<&'a T> {
        if self.is_empty() {
            return None;
        }
        if self.to.at == 0 {
            let chunk = self.to.chunk.checked_sub(1)?;
            self.to = Place { chunk, at: self.chunks.get(chunk)?.len() };
        }
        self.to.at -= 1;
        self.chunks.get(self.to.chunk)?.get(self.to.at)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    /// Few items in a chunk, so that chunks are split and merged.
    type Item = (u32, [u64; 64]);

    #[test]
    fn it_agrees_with_a_set() {
        assert_eq!(
            (SortedChunks::<Item>::MOST, SortedChunks::<()>::MOST, SortedChunks::<[u64; 4]>::MOST),
            (16, 256, 128)
        );
        let mut most_chunks = 0;
        for seed in 0..30 {
            let mut random = fastrand::Rng::with_seed(seed);
            let (mut sorted, mut model) = (SortedChunks::<Item>::default(), BTreeSet::new());
            for step in 0..2_000 {
                let grows = (step / 500) % 2 == 0;
                let number = random.u32(..if seed % 2 == 0 { 400 } else { 40 });
                match sorted.search(|(other, _)| other.cmp(&number)) {
                    Ok(place) => {
                        assert!(model.contains(&number), "seed {seed}, step {step}");
                        if !grows || random.u8(..4) == 0 {
                            assert_eq!(sorted.remove(place).map(|(item, _)| item), Some(number));
                            model.remove(&number);
                        }
                    }
                    Err(place) => {
                        assert!(!model.contains(&number), "seed {seed}, step {step}");
                        if grows {
                            let place = sorted.insert(place, (number, [0; 64]));
                            assert_eq!(sorted[place].0, number);
                            model.insert(number);
                        }
                    }
                }
                assert_eq!(sorted.len(), model.len());
                let (low, high) = (random.u32(..400), random.u32(..400));
                let [from, to] = [low, high].map(|bound| sorted.partition_point(|(item, _)| *item < bound));
                let inside = || model.iter().filter(|item| (low..high).contains(item));
                assert!(sorted.range(from, to).map(|(item, _)| item).eq(inside()), "seed {seed}, step {step}");
                assert!(sorted.range(from, to).rev().map(|(item, _)| item).eq(inside().rev()));
                most_chunks = most_chunks.max(sorted.chunks.len());
                assert!(sorted.chunks.iter().all(|chunk| !chunk.is_empty()));
            }
            assert!(sorted.range(sorted.start(), sorted.end()).map(|(item, _)| item).eq(&model));
            assert_eq!(sorted.get(sorted.end()).map(|(item, _)| item), None);
            assert!(sorted.into_items().into_iter().map(|(item, _)| item).eq(model));
        }
        assert!(most_chunks > 15, "{most_chunks}");
    }

    #[test]
    fn ascending_items_fill_chunks() {
        let sorted = SortedChunks::from_sorted(0..100_000_u64);
        let long = sorted.chunks.iter().filter(|chunk| chunk.len() == 256).count();
        assert!(sorted.len() == 100_000 && long > 350, "{long} of {}", sorted.chunks.len());
    }
}
