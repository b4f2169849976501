//! Items of any type, as the engines move them.
//!
//! Engines, timely's operators and its channels are long code. Instantiated for every type of item, they would be most of what is
//! compiled of a user's pipeline; with this one type they are compiled once, with this crate.

use std::any::{Any, type_name};

use super::Item;

/// A batch for another worker has at most so many items: enough to spread the costs of a batch, and few enough that messages
/// between processes, each of which is one piece of memory, stay of moderate size.
pub(super) const MOST_ITEMS: usize = 4096;

/// A vector of items.
pub(super) trait Batch: Send {
    fn len(&self) -> usize;
    fn clear(&mut self);
    /// The items for another process, one behind the other.
    fn encode(&self) -> postcard::Result<Vec<u8>>;
    fn clone_batch(&self) -> Box<dyn Batch>;
    /// The items, which are taken out.
    fn take(&mut self) -> Box<dyn Batch>;
    /// Takes the items of another batch of the same type.
    fn append(&mut self, other: &mut dyn Batch);
    /// Takes the items out one by one: `one` gets each in a batch of its own, which it may leave as it is.
    fn split(&mut self, one: &mut dyn FnMut(&mut dyn Batch));
    /// Takes the items out, into batches for one worker each, of at most [`MOST_ITEMS`]. `routes` has the worker of each item.
    fn split_by_worker(&mut self, routes: &[u64], workers: usize) -> Vec<(u64, Box<dyn Batch>)>;
    fn as_any(&mut self) -> &mut dyn Any;
}

/// The items of a batch.
///
/// # Panics
/// If they are of another type. Each stream has batches of one type.
#[inline]
pub(super) fn items<D: Item>(batch: &mut dyn Batch) -> &mut Vec<D> {
    match batch.as_any().downcast_mut() {
        Some(items) => items,
        None => of_another_type(),
    }
}

/// Stands for the number of items where they could not be encoded. The bytes are then the reason.
pub(super) const NOT_ENCODED: u32 = u32::MAX;

/// Makes a batch of so many items from the bytes that another process has [encoded](Batch::encode).
pub(super) type Decode = fn(u32, &[u8]) -> Result<Box<dyn Batch>, String>;

/// [`Decode`] for items of one type.
pub(super) fn decode<D: Item>(count: u32, mut bytes: &[u8]) -> Result<Box<dyn Batch>, String> {
    if count == NOT_ENCODED {
        let (of, why) = (type_name::<D>(), String::from_utf8_lossy(bytes));
        return Err(format!("a batch of `{of}` from another worker could not be encoded: {why}"));
    }
    // What is reserved is bounded by what has arrived, whatever the number says.
    let mut items = Vec::<D>::with_capacity((count as usize).min(bytes.len()));
    let cannot =
        |why: String| format!("a batch of `{}` from another worker cannot be decoded: {why}", type_name::<D>());
    for _ in 0..count {
        let (item, rest) = postcard::take_from_bytes(bytes).map_err(|error| cannot(error.to_string()))?;
        items.push(item);
        bytes = rest;
    }
    match bytes.len() {
        0 => Ok(Box::new(items)),
        more => Err(cannot(format!("there are {more} bytes behind its {count} items"))),
    }
}

#[cold]
fn of_another_type() -> ! {
    unreachable!("a batch of items of another type")
}

impl<D: Item> Batch for Vec<D> {
    fn len(&self) -> usize {
        self.len()
    }

    fn clear(&mut self) {
        self.clear();
    }

    fn encode(&self) -> postcard::Result<Vec<u8>> {
        let mut bytes = Vec::new();
        for item in self {
            bytes = postcard::to_extend(item, bytes)?;
        }
        Ok(bytes)
    }

    fn clone_batch(&self) -> Box<dyn Batch> {
        Box::new(self.clone())
    }

    fn take(&mut self) -> Box<dyn Batch> {
        Box::new(std::mem::take(self))
    }

    fn append(&mut self, other: &mut dyn Batch) {
        self.append(items(other));
    }

    fn split(&mut self, one: &mut dyn FnMut(&mut dyn Batch)) {
        let mut single = Vec::new();
        self.reverse();
        while let Some(item) = self.pop() {
            single.push(item);
            one(&mut single);
            single.clear();
        }
    }

    fn split_by_worker(&mut self, routes: &[u64], workers: usize) -> Vec<(u64, Box<dyn Batch>)> {
        let (mut batches, mut split) = (Vec::new(), Vec::<(u64, Box<dyn Batch>)>::with_capacity(workers));
        batches.resize_with(workers, Vec::new);
        // Room for the usual share of a worker and some more: a large batch that grows touches twice the memory.
        let share = (self.len() / workers * 9 / 8 + 1).min(MOST_ITEMS);
        let mut routes = routes.iter();
        for item in self.drain(..) {
            let Some(worker) = routes.next() else { break };
            let batch: &mut Vec<D> = &mut batches[*worker as usize];
            if batch.capacity() == 0 {
                batch.reserve_exact(share);
            }
            batch.push(item);
            if batch.len() == MOST_ITEMS {
                split.push((*worker, Box::new(std::mem::take(batch))));
            }
        }
        for (worker, batch) in (0..).zip(batches) {
            if !batch.is_empty() {
                split.push((worker, Box::new(batch)));
            }
        }
        split
    }

    fn as_any(&mut self) -> &mut dyn Any {
        self
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn large_batches_are_split_by_worker_and_keep_their_order() {
        let numbers: Vec<u64> = (0..5 * MOST_ITEMS as u64 / 2).map(|item| item * 7).collect();
        let routes: Vec<_> = numbers.iter().map(|item| item % 3).collect();
        let mut split = Batch::split_by_worker(&mut numbers.clone(), &routes, 4);
        assert!(split.iter().all(|(_, batch)| (1..=MOST_ITEMS).contains(&batch.len())));
        for worker in 0..4 {
            let of_worker = split.iter_mut().filter(|(other, _)| *other == worker);
            let seen: Vec<u64> = of_worker.flat_map(|(_, batch)| items::<u64>(&mut **batch).clone()).collect();
            assert_eq!(seen, numbers.iter().copied().filter(|item| item % 3 == worker).collect::<Vec<_>>());
        }
        let split = Batch::split_by_worker(&mut vec![4; 2 * MOST_ITEMS], &vec![1; 2 * MOST_ITEMS], 3);
        assert_eq!(
            split.iter().map(|(worker, batch)| (*worker, batch.len())).collect::<Vec<_>>(),
            [(1, MOST_ITEMS); 2]
        );
    }
}
