//! Values by event time, for the rows of one key.

use std::fmt;
use std::marker::PhantomData;
use std::ops::{Bound, RangeBounds};
use std::slice;

use serde::de::{MapAccess, Visitor};
use serde::ser::SerializeMap;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use crate::operators::sorted_chunks::{self, SortedChunks, binary_search_by, partition_point};

/// Values by time, in order. Most keys have few times, and rows arrive in about the order of their times: a sorted list holds them
/// without spare room for the first ones, and more of them are in chunks.
pub(in crate::operators) struct TimeMap<V>(Form<V>);

enum Form<V> {
    Few(Vec<(i128, V)>),
    Many(Box<SortedChunks<(i128, V)>>),
}

/// More times than these are in chunks.
const MOST_FEW: usize = 32;
/// So many or fewer of them are in a list again.
const FEW_AGAIN: usize = MOST_FEW / 4;

impl<V> Default for TimeMap<V> {
    fn default() -> Self {
        TimeMap(Form::Few(Vec::new()))
    }
}

impl<V> TimeMap<V> {
    pub(in crate::operators) fn is_empty(&self) -> bool {
        match &self.0 {
            Form::Few(few) => few.is_empty(),
            Form::Many(many) => many.len() == 0,
        }
    }

    /// The value of a time.
    pub(in crate::operators) fn get(&self, time: i128) -> Option<&V> {
        match &self.0 {
            Form::Few(few) => find(few, time).ok().map(|at| &few[at].1),
            Form::Many(many) => {
                many.search(|(other, _)| other.cmp(&time)).ok().and_then(|at| many.get(at)).map(|(_, value)| value)
            }
        }
    }

    /// The value of a time, to change it.
    pub(in crate::operators) fn get_mut(&mut self, time: i128) -> Option<&mut V> {
        match &mut self.0 {
            Form::Few(few) => find(few, time).ok().map(|at| &mut few[at].1),
            Form::Many(many) => {
                let at = many.search(|(other, _)| other.cmp(&time)).ok()?;
                many.get_mut(at).map(|(_, value)| value)
            }
        }
    }

    /// The value of a time, which is made if there is none.
    pub(in crate::operators) fn get_or_insert_with(&mut self, time: i128, make: impl FnOnce() -> V) -> &mut V {
        if let Form::Few(few) = &mut self.0
            && few.len() >= MOST_FEW
            && find(few, time).is_err()
        {
            self.0 = Form::Many(Box::new(SortedChunks::from_sorted(few.drain(..))));
        }
        match &mut self.0 {
            Form::Few(few) => {
                let at = find(few, time).unwrap_or_else(|at| {
                    if few.len() == few.capacity() {
                        few.reserve_exact(few.len().max(1));
                    }
                    few.insert(at, (time, make()));
                    at
                });
                &mut few[at].1
            }
            Form::Many(many) => {
                let at = match many.search(|(other, _)| other.cmp(&time)) {
                    Ok(at) => at,
                    Err(at) => many.insert(at, (time, make())),
                };
                &mut many[at].1
            }
        }
    }

    /// The first time with its value.
    pub(in crate::operators) fn first(&self) -> Option<(i128, &V)> {
        self.range(..).next()
    }

    /// Sets the value of a time.
    pub(in crate::operators) fn insert(&mut self, time: i128, value: V) {
        self.remove(time);
        self.get_or_insert_with(time, || value);
    }

    /// Removes a time with its value.
    pub(in crate::operators) fn remove(&mut self, time: i128) -> Option<V> {
        let removed = match &mut self.0 {
            Form::Few(few) => {
                let removed = few.remove(find(few, time).ok()?);
                if few.len() <= few.capacity() / 4 {
                    few.shrink_to(few.len() * 2);
                }
                removed
            }
            Form::Many(many) => {
                let at = many.search(|(other, _)| other.cmp(&time)).ok()?;
                let removed = many.remove(at)?;
                if many.len() <= FEW_AGAIN {
                    self.0 = Form::Few(std::mem::take(&mut **many).into_items());
                }
                removed
            }
        };
        Some(removed.1)
    }

    /// The times in a range with their values, in order.
    pub(in crate::operators) fn range(&self, times: impl RangeBounds<i128>) -> Range<'_, V> {
        let is_before = |time: &i128| match times.start_bound() {
            Bound::Included(start) => time < start,
            Bound::Excluded(start) => time <= start,
            Bound::Unbounded => false,
        };
        let is_inside = |time: &i128| match times.end_bound() {
            Bound::Included(end) => time <= end,
            Bound::Excluded(end) => time < end,
            Bound::Unbounded => true,
        };
        match &self.0 {
            Form::Few(few) => {
                let start = partition_point(few, |(time, _)| is_before(time));
                let end = partition_point(few, |(time, _)| is_inside(time));
                Range::Few(few.get(start..end).unwrap_or_default().iter())
            }
            Form::Many(many) => {
                let start = many.partition_point(|(time, _)| is_before(time));
                let end = many.partition_point(|(time, _)| is_inside(time));
                Range::Many(many.range(start, end))
            }
        }
    }
}

/// Where a time is, or belongs. The last one is looked at first: most rows are the newest of their key.
fn find<V>(few: &[(i128, V)], time: i128) -> Result<usize, usize> {
    match few.last() {
        Some((last, _)) if *last < time => Err(few.len()),
        _ => binary_search_by(few, |(other, _)| other.cmp(&time)),
    }
}

/// Times with their values, in order.
pub(in crate::operators) enum Range<'a, V> {
    Few(slice::Iter<'a, (i128, V)>),
    Many(sorted_chunks::Range<'a, (i128, V)>),
}

impl<V> Clone for Range<'_, V> {
    fn clone(&self) -> Self {
        match self {
            Range::Few(few) => Range::Few(few.clone()),
            Range::Many(many) => Range::Many(many.clone()),
        }
    }
}

impl<'a, V> Iterator for Range<'a, V> {
    type Item = (i128, &'a V);

    fn next(&mut self) -> Option<Self::Item> {
        match self {
            Range::Few(few) => few.next().map(|(time, value)| (*time, value)),
            Range::Many(many) => many.next().map(|(time, value)| (*time, value)),
        }
    }
}

impl<V> DoubleEndedIterator for Range<'_, V> {
    fn next_back(&mut self) -> Option<Self::Item> {
        match self {
            Range::Few(few) => few.next_back().map(|(time, value)| (*time, value)),
            Range::Many(many) => many.next_back().map(|(time, value)| (*time, value)),
        }
    }
}

/// As that of a map of the standard library.
impl<V: Serialize> Serialize for TimeMap<V> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let len = match &self.0 {
            Form::Few(few) => few.len(),
            Form::Many(many) => many.len(),
        };
        let mut map = serializer.serialize_map(Some(len))?;
        for (time, value) in self.range(..) {
            map.serialize_entry(&time, value)?;
        }
        map.end()
    }
}

impl<'de, V: Deserialize<'de>> Deserialize<'de> for TimeMap<V> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_map(MapVisitor(PhantomData))
    }
}

struct MapVisitor<V>(PhantomData<V>);

impl<'de, V: Deserialize<'de>> Visitor<'de> for MapVisitor<V> {
    type Value = TimeMap<V>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values by time")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<TimeMap<V>, A::Error> {
        let mut values = TimeMap::default();
        while let Some((time, value)) = map.next_entry()? {
            values.insert(time, value);
        }
        Ok(values)
    }
}

impl<V: fmt::Debug> fmt::Debug for TimeMap<V> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_map().entries(self.range(..)).finish()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeMap;

    use super::*;

    #[test]
    fn it_agrees_with_a_map() {
        for seed in 0..200 {
            let mut random = fastrand::Rng::with_seed(seed);
            let mut below = |limit: usize| random.usize(..limit);
            let (mut map, mut model) = (TimeMap::<usize>::default(), BTreeMap::<i128, usize>::new());
            // Grows beyond a list, and shrinks again.
            for step in 0..600 {
                let times = if (step / 150) % 2 == 0 { 80 } else { 6 };
                let time = below(times) as i128 - 3;
                match below(3) {
                    0 | 1 if (step / 150) % 2 == 0 => {
                        let value = *map.get_or_insert_with(time, || step);
                        assert_eq!(value, *model.entry(time).or_insert(step));
                    }
                    0 => {
                        map.get_mut(time).into_iter().for_each(|value| *value += 1);
                        model.get_mut(&time).into_iter().for_each(|value| *value += 1);
                    }
                    _ => {
                        let time = below(80) as i128 - 3;
                        map.remove(time);
                        model.remove(&time);
                    }
                }
                assert_eq!(map.is_empty(), model.is_empty());
                assert_eq!(map.get(time), model.get(&time), "seed {seed}");
                let (from, to) = (below(80) as i128, below(80) as i128);
                assert!(map.range(..).eq(model.iter().map(|(time, value)| (*time, value))));
                assert!(map.range(..from).rev().eq(model.range(..from).rev().map(|(time, value)| (*time, value))));
                if from <= to {
                    assert!(map.range(from..=to).eq(model.range(from..=to).map(|(time, value)| (*time, value))));
                }
            }
            let bytes = postcard::to_stdvec(&map).expect("bytes");
            assert_eq!(bytes, postcard::to_stdvec(&model).expect("bytes"));
            let loaded: TimeMap<usize> = postcard::from_bytes(&bytes).expect("a map");
            assert!(loaded.range(..).eq(map.range(..)), "seed {seed}");
        }
    }

    #[test]
    fn the_first_times_have_no_spare_room() {
        let mut map = TimeMap::default();
        let capacity = |map: &TimeMap<u8>| match &map.0 {
            Form::Few(few) => few.capacity(),
            Form::Many(_) => usize::MAX,
        };
        let mut capacities = Vec::new();
        for time in 0..=MOST_FEW as i128 {
            map.get_or_insert_with(time, || 0);
            capacities.push(capacity(&map));
        }
        assert_eq!(capacities[..5], [1, 2, 4, 4, 8]);
        assert_eq!(capacities.last(), Some(&usize::MAX));
        (1..=MOST_FEW as i128).for_each(|time| assert_eq!(map.remove(time), Some(0)));
        assert!(capacity(&map) <= 4, "{}", capacity(&map));
        assert_eq!(size_of::<TimeMap<[u8; 100]>>(), 24);
    }
}
