//! Batches of items of any type, as they travel through timely.
//!
//! Timely's operators and channels are long generic code. Instantiated for every type of item, they would be most of what
//! is compiled of a user's pipeline; with this one type they are compiled once, with this crate. A batch also costs timely
//! less than its items one by one.

use std::any::Any;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de, ser};

use crate::dataflow::Item;

/// Items that were sent together, for one worker.
#[derive(Clone)]
pub(super) struct ErasedBatch {
    /// The worker that they are for.
    pub(super) worker: u64,
    items: Items,
}

enum Items {
    Local(Box<dyn AnyBatch>),
    /// They came from another process. The reader knows their type.
    Serialized(Vec<u8>),
}

/// What a batch needs of a vector of items.
trait AnyBatch: Send {
    fn clone_batch(&self) -> Box<dyn AnyBatch>;
    fn to_bytes(&self) -> postcard::Result<Vec<u8>>;
    fn into_any(self: Box<Self>) -> Box<dyn Any>;
}

impl<D: Item> AnyBatch for Vec<D> {
    fn clone_batch(&self) -> Box<dyn AnyBatch> {
        Box::new(self.clone())
    }

    fn to_bytes(&self) -> postcard::Result<Vec<u8>> {
        postcard::to_stdvec(self)
    }

    fn into_any(self: Box<Self>) -> Box<dyn Any> {
        self
    }
}

impl ErasedBatch {
    pub(super) fn new<D: Item>(worker: u64, items: Vec<D>) -> Self {
        ErasedBatch { worker, items: Items::Local(Box::new(items)) }
    }

    /// The items.
    ///
    /// # Panics
    /// If they are of another type, or were not serialized by [`ErasedBatch`]. Each stream has batches of one type, and all
    /// processes of a pipeline run the same program.
    pub(super) fn into_items<D: Item>(self) -> Vec<D> {
        match self.items {
            Items::Local(items) => match items.into_any().downcast() {
                Ok(items) => *items,
                Err(_) => unreachable!("a batch of items of another type"),
            },
            Items::Serialized(bytes) => match postcard::from_bytes(&bytes) {
                Ok(items) => items,
                Err(error) => unreachable!("a batch of items of another type: {error}"),
            },
        }
    }
}

impl Clone for Items {
    fn clone(&self) -> Self {
        match self {
            Items::Local(items) => Items::Local((**items).clone_batch()),
            Items::Serialized(bytes) => Items::Serialized(bytes.clone()),
        }
    }
}

impl Serialize for ErasedBatch {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match &self.items {
            Items::Local(items) => {
                (self.worker, (**items).to_bytes().map_err(ser::Error::custom)?).serialize(serializer)
            }
            Items::Serialized(bytes) => (self.worker, bytes).serialize(serializer),
        }
    }
}

impl<'de> Deserialize<'de> for ErasedBatch {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let (worker, bytes) = Deserialize::deserialize(deserializer).map_err(de::Error::custom)?;
        Ok(ErasedBatch { worker, items: Items::Serialized(bytes) })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn items_survive_serialization() {
        let items = vec![(1_i64, "one".to_owned()), (2, "two".to_owned())];
        let batch = ErasedBatch::new(3, items.clone());
        let bytes = postcard::to_stdvec(&batch.clone()).expect("bytes");
        let received: ErasedBatch = postcard::from_bytes(&bytes).expect("a batch");
        assert_eq!(received.worker, 3);
        let forwarded: ErasedBatch =
            postcard::from_bytes(&postcard::to_stdvec(&received).expect("bytes")).expect("a batch");
        for batch in [batch.clone(), batch, received, forwarded] {
            assert_eq!(batch.into_items::<(i64, String)>(), items);
        }
    }
}
