//! Batches of items of any type, as they travel through timely. A batch also costs timely less than its items one by one.

use std::panic::resume_unwind;

use crate::data::{Error, ErrorKind};
use crate::dataflow::batch::{Batch, Decode, NOT_ENCODED};

/// Items that were sent together, for one worker.
#[derive(Clone)]
pub(super) struct ErasedBatch {
    /// The worker that they are for.
    pub(super) worker: u64,
    items: Items,
}

enum Items {
    Local(Box<dyn Batch>),
    /// They came from another process. The reader knows their type. The bytes are a copy of their own: as a part of timely's
    /// buffer, they would keep all of it until the commit is complete.
    Received {
        count: u32,
        bytes: Vec<u8>,
    },
}

impl Clone for Items {
    fn clone(&self) -> Self {
        match self {
            Items::Local(items) => Items::Local(items.clone_batch()),
            Items::Received { count, bytes } => Items::Received { count: *count, bytes: bytes.clone() },
        }
    }
}

impl ErasedBatch {
    pub(super) fn new(worker: u64, items: Box<dyn Batch>) -> Self {
        ErasedBatch { worker, items: Items::Local(items) }
    }

    /// How many items there are.
    pub(super) fn len(&self) -> usize {
        match &self.items {
            Items::Local(items) => items.len(),
            Items::Received { count, .. } => *count as usize,
        }
    }

    /// The items of a batch that has not left the process, or of one that `decode` knows the type of.
    ///
    /// If they could not be encoded where they come from, or cannot be decoded, it ends the pipeline with an error.
    pub(super) fn into_items(self, decode: Decode) -> Box<dyn Batch> {
        match self.items {
            Items::Local(items) => items,
            Items::Received { count, bytes } => decode(count, &bytes).unwrap_or_else(|why| fail(why)),
        }
    }

    /// The items of a batch that has not left the worker.
    pub(super) fn into_local(self) -> Box<dyn Batch> {
        match self.items {
            Items::Local(items) => items,
            Items::Received { .. } => unreachable!("a batch of this worker was encoded"),
        }
    }

    /// Writes the worker, the number of items and the length of their bytes, and the bytes of the items.
    ///
    /// Timely encodes where nothing can be returned, and also while it drops a session, where a second panic would abort the
    /// process. Why a batch cannot be encoded is therefore sent in its place, and its reader fails.
    pub(super) fn encode(&self, bytes: &mut Vec<u8>) {
        let encoded;
        let (count, items) = match &self.items {
            Items::Local(items) => {
                encoded = encode(&**items);
                match &encoded {
                    Ok((count, items)) => (*count, items.as_slice()),
                    Err(why) => (NOT_ENCODED, why.as_bytes()),
                }
            }
            Items::Received { count, bytes } => (*count, bytes.as_slice()),
        };
        // Workers are numbered from 0, and `encode` has checked the length.
        for number in [self.worker as u32, count, items.len() as u32] {
            bytes.extend_from_slice(&number.to_le_bytes());
        }
        bytes.extend_from_slice(items);
    }

    /// Takes a batch off the bytes; `None` where they are damaged.
    pub(super) fn decode(bytes: &mut &[u8]) -> Option<Self> {
        let (worker, count, length) = (take_u32(bytes)?, take_u32(bytes)?, take_u32(bytes)?);
        let (items, rest) = bytes.split_at_checked(length as usize)?;
        *bytes = rest;
        Some(ErasedBatch { worker: worker.into(), items: Items::Received { count, bytes: items.to_vec() } })
    }
}

/// The number of items and their bytes, or why there are none.
fn encode(items: &dyn Batch) -> Result<(u32, Vec<u8>), String> {
    let bytes = items.encode().map_err(|error| error.to_string())?;
    match (u32::try_from(items.len()), u32::try_from(bytes.len())) {
        (Ok(count), Ok(_)) if count != NOT_ENCODED => Ok((count, bytes)),
        _ => Err(format!("{} items with {} bytes are too many", items.len(), bytes.len())),
    }
}

/// Takes a number off the bytes; `None` if there are too few.
pub(super) fn take_u32(bytes: &mut &[u8]) -> Option<u32> {
    let (number, rest) = bytes.split_first_chunk()?;
    *bytes = rest;
    Some(u32::from_le_bytes(*number))
}

/// Ends the pipeline with an error: it unwinds to where the worker was started, which takes it from there. Rows would
/// otherwise be lost, and results wrong.
pub(super) fn fail(message: String) -> ! {
    resume_unwind(Box::new(Error::new(ErrorKind::Panic, message)))
}

#[cfg(test)]
pub(super) mod tests {
    use serde::{Deserialize, Serialize, Serializer, ser};

    use super::*;
    use crate::dataflow::Item;
    use crate::dataflow::batch::{decode, items};

    fn received(batch: &ErasedBatch) -> ErasedBatch {
        let mut bytes = Vec::new();
        batch.encode(&mut bytes);
        let mut rest = bytes.as_slice();
        let received = ErasedBatch::decode(&mut rest).expect("a batch");
        assert!(rest.is_empty());
        received
    }

    fn read<D: Item>(batch: ErasedBatch) -> Vec<D> {
        std::mem::take(items(&mut *batch.into_items(decode::<D>)))
    }

    fn error_of<D: Item>(batch: ErasedBatch) -> String {
        let read = std::panic::catch_unwind(std::panic::AssertUnwindSafe(|| read::<D>(batch).len()));
        read.expect_err("a failure").downcast::<Error>().expect("an error").to_string()
    }

    #[test]
    fn items_survive_the_way_to_another_process() {
        let items = vec![(1_i64, "one".to_owned()), (2, "two".to_owned())];
        let batch = ErasedBatch::new(3, Box::new(items.clone()));
        let (arrived, forwarded) = (received(&batch), received(&received(&batch)));
        assert_eq!((arrived.worker, arrived.len()), (3, 2));
        for batch in [batch.clone(), batch, arrived.clone(), arrived, forwarded] {
            assert_eq!(read::<(i64, String)>(batch), items);
        }
    }

    #[test]
    fn items_without_bytes_are_counted() {
        assert_eq!(read::<()>(received(&ErasedBatch::new(0, Box::new(vec![(); 5])))).len(), 5);
        assert!(read::<i64>(received(&ErasedBatch::new(0, Box::new(Vec::<i64>::new())))).is_empty());
    }

    #[test]
    fn damaged_items_are_an_error() {
        let damaged = |count, bytes| ErasedBatch { worker: 0, items: Items::Received { count, bytes } };
        let text = vec![3, b'o', b'n', b'e'];
        assert_eq!(read::<String>(damaged(1, text.clone())), ["one"]);
        for (count, bytes) in [(0, text.clone()), (2, text.clone()), (1, text[..3].to_vec()), (1, vec![1, 0xff])] {
            let error = error_of::<String>(damaged(count, bytes));
            assert!(
                error.contains("a batch of `alloc::string::String` from another worker cannot be decoded"),
                "{error}"
            );
        }
        // The number is damaged, and reserves nothing.
        assert!(error_of::<[i64; 4]>(damaged(NOT_ENCODED - 1, vec![2])).contains("cannot be decoded"));
    }

    /// An item that cannot be encoded.
    #[derive(Clone, Deserialize)]
    pub(in crate::dataflow::timely) struct Unwritten;

    impl Serialize for Unwritten {
        fn serialize<S: Serializer>(&self, _: S) -> Result<S::Ok, S::Error> {
            Err(ser::Error::custom("not today"))
        }
    }

    #[test]
    fn items_that_cannot_be_encoded_are_an_error_of_the_reader() {
        let sent = ErasedBatch::new(1, Box::new(vec![Unwritten]));
        let arrived = received(&received(&sent));
        assert_eq!(arrived.worker, 1);
        let error = error_of::<Unwritten>(arrived);
        assert!(error.contains("Unwritten` from another worker could not be encoded"), "{error}");
    }
}
