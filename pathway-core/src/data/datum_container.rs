//! [`Datum`] for options, lists, tuples and reversed values.

use std::cmp::{Ordering, Reverse};
use std::hash::Hasher;

use serde::ser::SerializeTuple;
use serde::{Deserialize, Deserializer, Serializer};

use super::{Datum, DatumKey, DatumRef};

/// `None` is less than every value.
impl<T: Datum> Datum for Option<T> {
    #[inline]
    fn clone_datum(&self) -> Self {
        self.as_ref().map(T::clone_datum)
    }

    #[inline]
    fn take_datum(&mut self) -> Self {
        self.take()
    }

    #[inline]
    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Some(this), Some(other)) => this.compare(other),
            (this, other) => this.is_some().cmp(&other.is_some()),
        }
    }

    #[inline]
    fn is_missing(&self) -> bool {
        self.is_none()
    }

    #[inline]
    fn hash_into<H: Hasher>(&self, state: &mut H) {
        state.write_u8(u8::from(self.is_some()));
        if let Some(value) = self {
            value.hash_into(state);
        }
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self {
            Some(value) => serializer.serialize_some(&DatumRef(value)),
            None => serializer.serialize_none(),
        }
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let key: Option<DatumKey<T>> = Deserialize::deserialize(deserializer)?;
        Ok(key.map(|key| key.0))
    }
}

/// Ordered the other way round: the greatest first. In keys of `arg_max` and `top_k` it is what SQL calls `ASC`.
impl<T: Datum> Datum for Reverse<T> {
    #[inline]
    fn clone_datum(&self) -> Self {
        Reverse(self.0.clone_datum())
    }

    #[inline]
    fn take_datum(&mut self) -> Self {
        Reverse(self.0.take_datum())
    }

    #[inline]
    fn compare(&self, other: &Self) -> Ordering {
        other.0.compare(&self.0)
    }

    #[inline]
    fn hash_into<H: Hasher>(&self, state: &mut H) {
        self.0.hash_into(state);
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        self.0.serialize(serializer)
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        T::deserialize(deserializer).map(Reverse)
    }
}

/// Ordered element by element; a list is greater than its prefixes.
impl<T: Datum> Datum for Vec<T> {
    fn clone_datum(&self) -> Self {
        self.iter().map(T::clone_datum).collect()
    }

    #[inline]
    fn take_datum(&mut self) -> Self {
        std::mem::take(self)
    }

    fn compare(&self, other: &Self) -> Ordering {
        self.iter().map(DatumRef).cmp(other.iter().map(DatumRef))
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        state.write_usize(self.len());
        for element in self {
            element.hash_into(state);
        }
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.collect_seq(self.iter().map(DatumRef))
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let keys: Vec<DatumKey<T>> = Deserialize::deserialize(deserializer)?;
        Ok(keys.into_iter().map(|key| key.0).collect())
    }
}

macro_rules! tuple {
    ($length:literal: $($name:ident $index:tt),+) => {
        impl<$($name: Datum),+> Datum for ($($name,)+) {
            #[inline]
            fn clone_datum(&self) -> Self {
                ($(self.$index.clone_datum(),)+)
            }

            #[inline]
            fn take_datum(&mut self) -> Self {
                ($(self.$index.take_datum(),)+)
            }

            #[inline]
            fn compare(&self, other: &Self) -> Ordering {
                Ordering::Equal$(.then_with(|| self.$index.compare(&other.$index)))+
            }

            #[inline]
            fn hash_into<H: Hasher>(&self, state: &mut H) {
                $(self.$index.hash_into(state);)+
            }

            fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
                let mut tuple = serializer.serialize_tuple($length)?;
                $(tuple.serialize_element(&DatumRef(&self.$index))?;)+
                tuple.end()
            }

            fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
                let keys: ($(DatumKey<$name>,)+) = Deserialize::deserialize(deserializer)?;
                Ok(($(keys.$index.0,)+))
            }
        }
    };
}

tuple!(1: T0 0);
tuple!(2: T0 0, T1 1);
tuple!(3: T0 0, T1 1, T2 2);
tuple!(4: T0 0, T1 1, T2 2, T3 3);
tuple!(5: T0 0, T1 1, T2 2, T3 3, T4 4);
tuple!(6: T0 0, T1 1, T2 2, T3 3, T4 4, T5 5);
tuple!(7: T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6);
tuple!(8: T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7);
tuple!(9: T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8);
tuple!(10: T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8, T9 9);
tuple!(11: T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8, T9 9, T10 10);
tuple!(12: T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8, T9 9, T10 10, T11 11);
