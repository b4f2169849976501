//! The container in which batches travel through timely, and its bytes when it leaves for another process.
//!
//! Batches that stay in the process travel as they are. The others are encoded by timely's [`ContainerBytes`]: first the
//! number of batches, as four bytes (all numbers are little-endian), then each batch as [`ErasedBatch::encode`] writes it.

use std::cell::OnceCell;
use std::io::Write;

use ::timely::bytes::arc::Bytes;
use ::timely::container::{Accountable, DrainContainer, PushInto, SizableContainer};
use ::timely::dataflow::channels::ContainerBytes;

use super::erased_batch::{ErasedBatch, fail, take_u32};
use crate::dataflow::batch::MOST_ITEMS;

/// Batches travel together up to this number. A commit of few rows makes small batches, which are cheaper together.
const BATCHES: usize = 64;

/// Batches that travel together.
///
/// A message of timely is one container, and its bytes are in one piece of memory. Since a container is full with
/// [`MOST_ITEMS`], and a batch for another worker has no more than that, a message has fewer than twice as many.
#[derive(Clone, Default)]
pub(super) struct Batches {
    batches: Vec<ErasedBatch>,
    /// How many items they have.
    items: usize,
    /// Their bytes, once timely has asked for the length. It asks before it writes.
    encoded: OnceCell<Vec<u8>>,
}

impl Batches {
    fn encoded(&self) -> &[u8] {
        self.encoded.get_or_init(|| {
            // There are at most `BATCHES`.
            let mut bytes = (self.batches.len() as u32).to_le_bytes().to_vec();
            self.batches.iter().for_each(|batch| batch.encode(&mut bytes));
            bytes
        })
    }

    fn decode(mut bytes: &[u8]) -> Option<Self> {
        let mut batches = Batches::default();
        for _ in 0..take_u32(&mut bytes)? {
            batches.push_into(ErasedBatch::decode(&mut bytes)?);
        }
        bytes.is_empty().then_some(batches)
    }
}

/// Timely counts batches as its records. The count must be the same where they leave and where they arrive.
impl Accountable for Batches {
    fn record_count(&self) -> i64 {
        self.batches.len() as i64
    }
}

impl DrainContainer for Batches {
    type Item<'a> = ErasedBatch;
    type DrainIter<'a> = std::vec::Drain<'a, ErasedBatch>;

    fn drain(&mut self) -> Self::DrainIter<'_> {
        (self.items, self.encoded) = Default::default();
        self.batches.drain(..)
    }
}

impl SizableContainer for Batches {
    fn at_capacity(&self) -> bool {
        self.items >= MOST_ITEMS || self.batches.len() >= BATCHES
    }

    /// Most containers have a few batches. The vector grows with them.
    fn ensure_capacity(&mut self, _: &mut Option<Self>) {}
}

impl PushInto<ErasedBatch> for Batches {
    fn push_into(&mut self, batch: ErasedBatch) {
        self.items += batch.len();
        self.batches.push(batch);
    }
}

impl ContainerBytes for Batches {
    /// Ends the pipeline with an error if these are not bytes of [`Batches`]: timely would wait for ever for what is missing.
    fn from_bytes(bytes: Bytes) -> Self {
        match Batches::decode(&bytes) {
            Some(batches) => batches,
            None => fail("batches from another worker cannot be read: their bytes are damaged".to_owned()),
        }
    }

    fn length_in_bytes(&self) -> usize {
        self.encoded().len()
    }

    fn into_bytes<W: Write>(&self, writer: &mut W) {
        // It is memory, which timely has reserved by the length. Bytes that are missing are noticed where they arrive.
        let _ = writer.write_all(self.encoded());
    }
}

#[cfg(test)]
mod tests {
    use ::timely::bytes::arc::BytesMut;

    use super::*;
    use crate::data::Error;
    use crate::dataflow::batch::{decode, items};

    fn batches(of: &[&[i64]]) -> Batches {
        let mut batches = Batches::default();
        (0..).zip(of).for_each(|(worker, items)| batches.push_into(ErasedBatch::new(worker, Box::new(items.to_vec()))));
        batches
    }

    fn bytes_of(batches: &Batches) -> Vec<u8> {
        let (length, mut bytes) = (batches.length_in_bytes(), Vec::new());
        batches.into_bytes(&mut bytes);
        assert_eq!(bytes.len(), length);
        bytes
    }

    fn received(bytes: &[u8]) -> Batches {
        Batches::from_bytes(BytesMut::from(bytes.to_vec()).freeze())
    }

    fn items_of(batches: &mut Batches) -> Vec<(u64, Vec<i64>)> {
        batches
            .drain()
            .map(|batch| (batch.worker, std::mem::take(items(&mut *batch.into_items(decode::<i64>)))))
            .collect()
    }

    #[test]
    fn batches_arrive_as_they_left() {
        let sent: [&[i64]; 4] = [&[1, -2, i64::MAX], &[], &[4], &[5; 300]];
        let bytes = bytes_of(&batches(&sent));
        let mut arrived = received(&bytes);
        assert_eq!(arrived.record_count(), 4);
        assert_eq!((bytes_of(&arrived), bytes_of(&arrived.clone())), (bytes.clone(), bytes), "sent on");
        let expected: Vec<_> = (0..).zip(sent.map(<[i64]>::to_vec)).collect();
        assert_eq!(items_of(&mut arrived), expected);
    }

    /// Timely gives a container back behind a message of bytes, and it is filled again.
    #[test]
    fn a_container_that_is_used_again_has_nothing_of_before() {
        let mut again = batches(&[&[1, 2], &[3]]);
        bytes_of(&again);
        again.drain().for_each(drop);
        assert!(again.is_empty());
        again.push_into(ErasedBatch::new(7, Box::new(vec![8_i64])));
        assert_eq!(items_of(&mut received(&bytes_of(&again))), [(7, vec![8])]);
    }

    #[test]
    fn a_container_is_full_with_some_batches_or_with_one_large_one() {
        assert!(!batches(&[[0].as_slice(); BATCHES - 1]).at_capacity());
        assert!(batches(&[[0].as_slice(); BATCHES]).at_capacity());
        assert!(!batches(&[&[0; MOST_ITEMS - 1]]).at_capacity());
        let mut full = batches(&[&[0; MOST_ITEMS - 1], &[0]]);
        assert!(full.at_capacity() && received(&bytes_of(&full)).at_capacity());
        full.drain().for_each(drop);
        assert!(!full.at_capacity());
    }

    #[test]
    fn damaged_bytes_are_an_error() {
        let bytes = bytes_of(&batches(&[&[1, 2, 3], &[4]]));
        let damaged = |bytes: &[u8]| {
            let read = std::panic::catch_unwind(|| drop(received(bytes)));
            let error = read.expect_err("a failure").downcast::<Error>().expect("an error");
            assert!(error.to_string().contains("damaged"), "{error}");
        };
        (0..bytes.len()).for_each(|length| damaged(&bytes[..length]));
        damaged(&[bytes.as_slice(), &[0]].concat());
        // A number that is too large reserves nothing.
        for number in [0, 12] {
            let mut bytes = bytes.clone();
            bytes[number..number + 4].fill(0xff);
            damaged(&bytes);
        }
    }
}
