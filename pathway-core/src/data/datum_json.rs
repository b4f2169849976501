//! [`Datum`] for JSON values, with a total order.

use std::cmp::Ordering;
use std::hash::{Hash, Hasher};

use serde::de::Error as _;
use serde::{Deserialize, Deserializer, Serializer};
use serde_json::{Map, Number, Value};

use super::{Datum, Json, json_read};

/// Ordered by kind first: null, booleans, numbers, strings, arrays, objects.
///
/// - Numbers are ordered by exact value; an integer is less than a float of the same value. So `5` and `5.0`, which are
///   written differently, are different values; `0.0` and `-0.0` are equal.
/// - Strings and arrays are ordered like columns of these types.
/// - Objects are ordered by their members, sorted by key. An object keeps the order in which its members were written,
///   but two objects that differ only in that order are equal, as they are with `==`.
///
/// It is serialized as text, because formats that are not self-describing, such as postcard, cannot say which kind of value
/// follows.
impl Datum for Json {
    fn clone_datum(&self) -> Self {
        self.clone()
    }

    #[inline]
    fn take_datum(&mut self) -> Self {
        Json(self.0.take())
    }

    fn compare(&self, other: &Self) -> Ordering {
        compare(&self.0, &other.0)
    }

    fn hash_into<H: Hasher>(&self, state: &mut H) {
        hash_into(&self.0, state);
    }

    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(&self.0.to_string())
    }

    fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        let text = <String as Deserialize>::deserialize(deserializer)?;
        // A closure may have built a value that is nested deeper than sources accept.
        json_read::read(&text, 8 * json_read::DEPTH_LIMIT).map(Json).map_err(D::Error::custom)
    }
}

fn compare(this: &Value, other: &Value) -> Ordering {
    match (this, other) {
        (Value::Bool(this), Value::Bool(other)) => this.cmp(other),
        (Value::Number(this), Value::Number(other)) => Numeral::of(this).compare(&Numeral::of(other)),
        (Value::String(this), Value::String(other)) => this.cmp(other),
        (Value::Array(this), Value::Array(other)) => this.iter().map(Ordered).cmp(other.iter().map(Ordered)),
        (Value::Object(this), Value::Object(other)) => {
            let (this, other) = (sorted(this), sorted(other));
            let other = other.into_iter().map(|(key, value)| (key, Ordered(value)));
            this.into_iter().map(|(key, value)| (key, Ordered(value))).cmp(other)
        }
        (this, other) => kind(this).cmp(&kind(other)),
    }
}

fn hash_into<H: Hasher>(value: &Value, state: &mut H) {
    state.write_u8(kind(value));
    match value {
        Value::Null => {}
        Value::Bool(value) => value.hash(state),
        Value::Number(value) => match Numeral::of(value) {
            Numeral::Integer(value) => value.hash(state),
            Numeral::Float(value) => value.hash_into(state),
        },
        Value::String(value) => value.hash(state),
        Value::Array(elements) => {
            state.write_usize(elements.len());
            for element in elements {
                hash_into(element, state);
            }
        }
        Value::Object(members) => {
            state.write_usize(members.len());
            for (key, value) in sorted(members) {
                key.hash(state);
                hash_into(value, state);
            }
        }
    }
}

fn kind(value: &Value) -> u8 {
    match value {
        Value::Null => 0,
        Value::Bool(_) => 1,
        Value::Number(_) => 2,
        Value::String(_) => 3,
        Value::Array(_) => 4,
        Value::Object(_) => 5,
    }
}

fn sorted(members: &Map<String, Value>) -> Vec<(&str, &Value)> {
    let mut sorted: Vec<_> = members.iter().map(|(key, value)| (key.as_str(), value)).collect();
    sorted.sort_unstable_by_key(|(key, _)| *key);
    sorted
}

/// A number as one of the two kinds that JSON text can distinguish.
enum Numeral {
    Integer(i128),
    Float(f64),
}

impl Numeral {
    fn of(number: &Number) -> Self {
        if let Some(integer) = number.as_i64() {
            Numeral::Integer(integer.into())
        } else if let Some(integer) = number.as_u64() {
            Numeral::Integer(integer.into())
        } else {
            // There is always a float, unless serde_json's feature `arbitrary_precision` is on.
            Numeral::Float(number.as_f64().unwrap_or(f64::NAN))
        }
    }

    fn compare(&self, other: &Self) -> Ordering {
        match (self, other) {
            (Numeral::Integer(this), Numeral::Integer(other)) => this.cmp(other),
            (Numeral::Float(this), Numeral::Float(other)) => this.compare(other),
            (Numeral::Integer(this), Numeral::Float(other)) => between(*this, *other),
            (Numeral::Float(this), Numeral::Integer(other)) => between(*other, *this).reverse(),
        }
    }
}

/// Compares an integer with a float exactly; the integer is less than a float of the same value.
fn between(integer: i128, float: f64) -> Ordering {
    if float.is_nan() {
        return Ordering::Less;
    }
    // The cast is exact for floats in the range of `i64` and `u64`, and saturates far outside of it.
    let whole = float.trunc();
    integer.cmp(&(whole as i128)).then(if float < whole { Ordering::Greater } else { Ordering::Less })
}

/// A value with the order above, to compare sequences of values.
struct Ordered<'a>(&'a Value);

impl Ord for Ordered<'_> {
    fn cmp(&self, other: &Self) -> Ordering {
        compare(self.0, other.0)
    }
}

impl PartialOrd for Ordered<'_> {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl PartialEq for Ordered<'_> {
    fn eq(&self, other: &Self) -> bool {
        compare(self.0, other.0) == Ordering::Equal
    }
}

impl Eq for Ordered<'_> {}
