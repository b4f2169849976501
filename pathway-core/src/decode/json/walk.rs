//! Walks over the members of an object and the elements of an array, without copying them.

use std::borrow::Cow;
use std::fmt;

use serde::de::{Deserialize, Deserializer, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::error::Category;
use serde_json::value::RawValue;

use crate::data::{JsonText, Reject};

/// Calls `member` with the key and the value of each member of an object, in order.
///
/// A key that is there twice is reported twice: the caller lets the last one win. Keys come unescaped.
/// For any other JSON value there is no call. The whole text is checked, also what the caller does not use.
///
/// # Errors
/// The text is not JSON, or something follows the value.
/// Some members may have been reported by then.
///
/// ```
/// use pathway_core::data::JsonText;
/// use pathway_core::decode::json::object;
///
/// let mut seen = Vec::new();
/// object(JsonText { text: r#"{"a": 1, "b": [2, 3]}"#, offset: 0 }, &mut |key, value| {
///     seen.push(format!("{key} = {} at {}", value.text, value.offset));
/// })?;
/// assert_eq!(seen, ["a = 1 at 6", "b = [2, 3] at 14"]);
/// # Ok::<(), pathway_core::data::Reject>(())
/// ```
pub fn object<'a>(value: JsonText<'a>, member: &mut dyn FnMut(&str, JsonText<'a>)) -> Result<(), Reject> {
    let mut reader = serde_json::Deserializer::from_str(value.text);
    let walked = if value.text.starts_with('{') {
        reader.deserialize_map(Members { whole: value, member })
    } else {
        IgnoredAny::deserialize(&mut reader).map(drop)
    };
    walked.and_then(|()| reader.end()).map_err(|error| syntax(&error, value))
}

/// Calls `element` with the position and the text of each element of an array, in order.
///
/// For any other JSON value there is no call.
///
/// # Errors
/// The text is not JSON, or something follows the value.
/// Some elements may have been reported by then.
pub fn array<'a>(value: JsonText<'a>, element: &mut dyn FnMut(usize, JsonText<'a>)) -> Result<(), Reject> {
    let mut reader = serde_json::Deserializer::from_str(value.text);
    let walked = if value.text.starts_with('[') {
        reader.deserialize_seq(Elements { whole: value, element })
    } else {
        IgnoredAny::deserialize(&mut reader).map(drop)
    };
    walked.and_then(|()| reader.end()).map_err(|error| syntax(&error, value))
}

/// Not generic over the closure: all schemas share one copy of the machine code.
struct Members<'w, 'a> {
    whole: JsonText<'a>,
    member: &'w mut dyn FnMut(&str, JsonText<'a>),
}

impl<'a> Visitor<'a> for Members<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'a>>(self, mut map: A) -> Result<(), A::Error> {
        while let Some(Key(key)) = map.next_key()? {
            let value: &'a RawValue = map.next_value()?;
            (self.member)(&key, part(self.whole, value));
        }
        Ok(())
    }
}

struct Elements<'w, 'a> {
    whole: JsonText<'a>,
    element: &'w mut dyn FnMut(usize, JsonText<'a>),
}

impl<'a> Visitor<'a> for Elements<'_, 'a> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an array")
    }

    fn visit_seq<A: SeqAccess<'a>>(self, mut elements: A) -> Result<(), A::Error> {
        let mut index = 0;
        while let Some(value) = elements.next_element::<&'a RawValue>()? {
            (self.element)(index, part(self.whole, value));
            index += 1;
        }
        Ok(())
    }
}

/// A key, copied only if it was written with escapes.
struct Key<'a>(Cow<'a, str>);

impl<'a> Deserialize<'a> for Key<'a> {
    fn deserialize<D: Deserializer<'a>>(deserializer: D) -> Result<Self, D::Error> {
        struct KeyVisitor;

        impl<'a> Visitor<'a> for KeyVisitor {
            type Value = Key<'a>;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("a key")
            }

            fn visit_borrowed_str<E>(self, key: &'a str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Borrowed(key)))
            }

            fn visit_str<E>(self, key: &str) -> Result<Key<'a>, E> {
                Ok(Key(Cow::Owned(key.to_owned())))
            }
        }

        deserializer.deserialize_str(KeyVisitor)
    }
}

/// A value inside `whole`, with its place in the payload.
fn part<'a>(whole: JsonText<'a>, value: &'a RawValue) -> JsonText<'a> {
    let text = value.get();
    JsonText { text, offset: whole.offset + (text.as_ptr().addr() - whole.text.as_ptr().addr()) }
}

/// Turns serde_json's line and column into an offset.
#[cold]
fn syntax(error: &serde_json::Error, value: JsonText<'_>) -> Reject {
    let message = error.to_string();
    let reason = message.rsplit_once(" at line ").map_or(message.as_str(), |(reason, _)| reason);
    let offset = if error.classify() == Category::Eof {
        value.text.len()
    } else {
        let before = error.line().saturating_sub(1);
        let line: usize = value.text.split_inclusive('\n').take(before).map(str::len).sum();
        // The column counts from 1; it is 0 where the line break itself is to blame.
        (line + error.column()).saturating_sub(1).min(value.text.len())
    };
    Reject::payload(format!("not JSON: {reason}"), value.offset + offset)
}
