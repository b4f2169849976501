//! Options, lists and tuples from JSON.

use std::borrow::Cow;

use super::array;
use super::scalar::mismatch;
use crate::data::{DecodeJson, JsonText, Mismatch};

/// `null` and a missing member are `None`.
impl<T: DecodeJson> DecodeJson for Option<T> {
    fn expected() -> Cow<'static, str> {
        format!("{} or null", T::expected()).into()
    }

    #[inline]
    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
        if value.text == "null" {
            return Ok(None);
        }
        T::decode_json(value).map(Some).map_err(|bad| {
            // An error inside the value keeps its message: `null` would not help there.
            if bad.offset == value.offset { mismatch::<Self>(value) } else { bad }
        })
    }

    #[inline]
    fn decode_missing() -> Option<Self> {
        Some(None)
    }
}

/// An array. An error in an element is reported at the element.
impl<T: DecodeJson> DecodeJson for Vec<T> {
    fn expected() -> Cow<'static, str> {
        format!("an array, each element {}", T::expected()).into()
    }

    fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
        if !value.text.starts_with('[') {
            return Err(mismatch::<Self>(value));
        }
        let mut elements = Ok(Vec::new());
        let walked = array(value, &mut |_, element| {
            if let Ok(decoded) = &mut elements {
                match T::decode_json(element) {
                    Ok(element) => decoded.push(element),
                    Err(bad) => elements = Err(bad),
                }
            }
        });
        walked.map_err(|_| mismatch::<Self>(value))?;
        elements
    }
}

/// An array of exactly the tuple's length.
macro_rules! tuple {
    ($length:literal: $($name:ident $element:ident $index:tt),+) => {
        impl<$($name: DecodeJson),+> DecodeJson for ($($name,)+) {
            fn expected() -> Cow<'static, str> {
                let elements: [Cow<'static, str>; $length] = [$($name::expected()),+];
                format!("an array of length {}: {}", $length, elements.join(", ")).into()
            }

            fn decode_json(value: JsonText<'_>) -> Result<Self, Mismatch> {
                let (mut length, mut bad) = (0, None);
                $(let mut $element = None;)+
                let walked = array(value, &mut |index, text| {
                    length = index + 1;
                    match index {
                        $($index => keep(text, &mut $element, &mut bad),)+
                        _ => {}
                    }
                });
                if walked.is_err() || length != $length {
                    return Err(mismatch::<Self>(value));
                }
                match ($($element,)+) {
                    ($(Some($element),)+) => Ok(($($element,)+)),
                    _ => Err(bad.unwrap_or_else(|| mismatch::<Self>(value))),
                }
            }
        }
    };
}

/// Decodes an element of a tuple. The first mismatch is the tuple's error.
fn keep<T: DecodeJson>(text: JsonText<'_>, element: &mut Option<T>, bad: &mut Option<Mismatch>) {
    match T::decode_json(text) {
        Ok(value) => *element = Some(value),
        Err(mismatch) => {
            bad.get_or_insert(mismatch);
        }
    }
}

tuple!(1: T0 a 0);
tuple!(2: T0 a 0, T1 b 1);
tuple!(3: T0 a 0, T1 b 1, T2 c 2);
tuple!(4: T0 a 0, T1 b 1, T2 c 2, T3 d 3);
tuple!(5: T0 a 0, T1 b 1, T2 c 2, T3 d 3, T4 e 4);
tuple!(6: T0 a 0, T1 b 1, T2 c 2, T3 d 3, T4 e 4, T5 f 5);
tuple!(7: T0 a 0, T1 b 1, T2 c 2, T3 d 3, T4 e 4, T5 f 5, T6 g 6);
tuple!(8: T0 a 0, T1 b 1, T2 c 2, T3 d 3, T4 e 4, T5 f 5, T6 g 6, T7 h 7);
tuple!(9: T0 a 0, T1 b 1, T2 c 2, T3 d 3, T4 e 4, T5 f 5, T6 g 6, T7 h 7, T8 i 8);
tuple!(10: T0 a 0, T1 b 1, T2 c 2, T3 d 3, T4 e 4, T5 f 5, T6 g 6, T7 h 7, T8 i 8, T9 j 9);
tuple!(11: T0 a 0, T1 b 1, T2 c 2, T3 d 3, T4 e 4, T5 f 5, T6 g 6, T7 h 7, T8 i 8, T9 j 9, T10 k 10);
tuple!(12: T0 a 0, T1 b 1, T2 c 2, T3 d 3, T4 e 4, T5 f 5, T6 g 6, T7 h 7, T8 i 8, T9 j 9, T10 k 10, T11 l 11);
