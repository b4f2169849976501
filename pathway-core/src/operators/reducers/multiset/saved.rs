//! How a multiset is saved: as a list of its values, each with the number of its copies.
//!
//! A program whose rows have other columns loads them in another order, and some that were different can be equal then.

use std::fmt;
use std::marker::PhantomData;
use std::ops::Bound;

use serde::de::{SeqAccess, Visitor};
use serde::ser::SerializeSeq;
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::{Copies, Entry, Form, MAX_FEW, Multiset};
use crate::data::{Datum, DatumRef, SORTED, is_sorted_by};
use crate::operators::sorted_chunks::SortedChunks;

impl<A: Datum> Serialize for Multiset<A> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let len = match &self.0 {
            Form::One(..) => 1,
            Form::Many(all) => all.as_deref().map_or(0, Copies::len),
        };
        let mut list = serializer.serialize_seq(Some(len))?;
        match &self.0 {
            Form::One(value, copies) => list.serialize_element(&(DatumRef(value), *copies))?,
            Form::Many(Some(all)) => {
                for (value, copies) in all.range((Bound::Unbounded, Bound::Unbounded)) {
                    list.serialize_element(&(DatumRef(value), copies))?;
                }
            }
            Form::Many(None) => {}
        }
        list.end()
    }
}

impl<'de, A: Datum> Deserialize<'de> for Multiset<A> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_newtype_struct(SORTED, ListVisitor(PhantomData))
    }
}

struct ListVisitor<A>(PhantomData<A>);

impl<'de, A: Datum> Visitor<'de> for ListVisitor<A> {
    type Value = Multiset<A>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("values with the numbers of their copies")
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Multiset<A>, D::Error> {
        deserializer.deserialize_seq(self)
    }

    fn visit_seq<S: SeqAccess<'de>>(self, mut list: S) -> Result<Multiset<A>, S::Error> {
        let mut entries = Vec::new();
        while let Some(entry) = list.next_element()? {
            entries.push(entry);
        }
        Ok(from_entries(entries))
    }
}

fn from_entries<A: Datum>(mut entries: Vec<Entry<A>>) -> Multiset<A> {
    if entries.len() < 2 {
        let Some((value, copies)) = entries.pop() else { return Multiset::default() };
        return Multiset(Form::One(value.0, copies));
    }
    if !is_sorted_by(&entries, |(this, _), (next, _)| this.0.compare(&next.0).is_lt()) {
        let mut values = Multiset::default();
        for (value, copies) in entries {
            values.update(value.0, copies.get());
        }
        return values;
    }
    let all = match entries.len() {
        0..=MAX_FEW => Copies::Few(entries.into_iter().collect()),
        _ => Copies::Many(SortedChunks::from_sorted(entries.into_iter())),
    };
    Multiset(Form::Many(Some(Box::new(all))))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn values_are_sorted_and_merged() {
        for len in [0, 1, 2, 40] {
            let mut values = Multiset::<i64>::default();
            for value in 0..len {
                values.update(value, value + 1);
            }
            let bytes = postcard::to_stdvec(&values).expect("bytes");
            let loaded: Multiset<i64> = postcard::from_bytes(&bytes).expect("the values");
            assert!(loaded.iter().eq(values.iter()), "{len}");
        }
        let bytes = postcard::to_stdvec(&[(5_i64, 1_i64), (3, 2), (5, -1), (3, 4)].as_slice()).expect("bytes");
        let loaded: Multiset<i64> = postcard::from_bytes(&bytes).expect("values");
        assert_eq!(loaded.iter().collect::<Vec<_>>(), [(&3, 6)]);
    }
}
