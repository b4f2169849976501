//! Encodes columns as plain text, for delimited fields and headers, as Pathway writes them.

use bytes::Bytes;
use jiff::SignedDuration;

use crate::data::{DateTimeNaive, DateTimeUtc, EncodeJson, EncodeText, Json, TextForm};

/// The text of a header; `None` if the value is missing.
///
/// Bytes that are not UTF-8 are replaced. Only an [`EncodeText`] of the user's own can write such bytes.
pub(crate) fn header<T: EncodeText>(value: &T) -> Option<String> {
    if value.is_none() {
        return None;
    }
    let mut text = Vec::new();
    value.encode_text(TextForm::Header, &mut text);
    Some(String::from_utf8(text).unwrap_or_else(|error| String::from_utf8_lossy(error.as_bytes()).into_owned()))
}

/// `True` and `False`.
impl EncodeText for bool {
    fn encode_text(&self, _form: TextForm, out: &mut Vec<u8>) {
        out.extend_from_slice(if *self { b"True" } else { b"False" });
    }
}

/// As decimal digits.
macro_rules! integer {
    ($($type:ty),+) => {$(
        impl EncodeText for $type {
            fn encode_text(&self, _form: TextForm, out: &mut Vec<u8>) {
                out.extend_from_slice(self.to_string().as_bytes());
            }
        }
    )+};
}

integer!(i8, i16, i32, i64, u8, u16, u32, u64);

/// The fewest digits that read as the same number, with `.0` or an exponent: `1.0`, `1e21`, `inf`, `-inf`, `NaN`.
/// -0.0 is `0.0`, as in JSON.
macro_rules! float {
    ($($type:ty),+) => {$(
        impl EncodeText for $type {
            fn encode_text(&self, _form: TextForm, out: &mut Vec<u8>) {
                out.extend_from_slice(format!("{:?}", self + 0.0).as_bytes());
            }
        }
    )+};
}

float!(f32, f64);

/// As it is.
impl EncodeText for String {
    fn encode_text(&self, _form: TextForm, out: &mut Vec<u8>) {
        out.extend_from_slice(self.as_bytes());
    }
}

/// Standard base64, with its padding.
impl EncodeText for Bytes {
    fn encode_text(&self, _form: TextForm, out: &mut Vec<u8>) {
        unquoted(self, out);
    }
}

/// Its JSON text.
impl EncodeText for Json {
    fn encode_text(&self, _form: TextForm, out: &mut Vec<u8>) {
        self.encode_json(out);
    }
}

/// `2024-01-02T03:04:05.123456789+0000`, always with nine digits.
impl EncodeText for DateTimeUtc {
    fn encode_text(&self, _form: TextForm, out: &mut Vec<u8>) {
        unquoted(self, out);
    }
}

/// `2024-01-02T03:04:05.123456789`, always with nine digits.
impl EncodeText for DateTimeNaive {
    fn encode_text(&self, _form: TextForm, out: &mut Vec<u8>) {
        unquoted(self, out);
    }
}

/// Nanoseconds; in a header with the unit, `1500ns`.
impl EncodeText for SignedDuration {
    fn encode_text(&self, form: TextForm, out: &mut Vec<u8>) {
        self.encode_json(out);
        if form == TextForm::Header {
            out.extend_from_slice(b"ns");
        }
    }
}

/// `None` for `None`; a header whose whole value is `None` is left out.
impl<T: EncodeText> EncodeText for Option<T> {
    fn encode_text(&self, form: TextForm, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.encode_text(form, out),
            None => out.extend_from_slice(b"None"),
        }
    }

    fn is_none(&self) -> bool {
        self.as_ref().is_none_or(EncodeText::is_none)
    }
}

/// JSON text in a field, `(1, 2)` in a header.
impl<T: EncodeText + EncodeJson> EncodeText for Vec<T> {
    fn encode_text(&self, form: TextForm, out: &mut Vec<u8>) {
        match form {
            TextForm::Field => self.encode_json(out),
            TextForm::Header => list(self.iter().map(|element| element as &dyn EncodeText), out),
        }
    }
}

/// JSON text in a field, `(1, 2)` in a header.
macro_rules! tuple {
    ($($name:ident $index:tt),+) => {
        impl<$($name: EncodeText + EncodeJson),+> EncodeText for ($($name,)+) {
            fn encode_text(&self, form: TextForm, out: &mut Vec<u8>) {
                match form {
                    TextForm::Field => self.encode_json(out),
                    TextForm::Header => list([$(&self.$index as &dyn EncodeText),+].into_iter(), out),
                }
            }
        }
    };
}

tuple!(T0 0);
tuple!(T0 0, T1 1);
tuple!(T0 0, T1 1, T2 2);
tuple!(T0 0, T1 1, T2 2, T3 3);
tuple!(T0 0, T1 1, T2 2, T3 3, T4 4);
tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5);
tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6);
tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7);
tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8);
tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8, T9 9);
tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8, T9 9, T10 10);
tuple!(T0 0, T1 1, T2 2, T3 3, T4 4, T5 5, T6 6, T7 7, T8 8, T9 9, T10 10, T11 11);

fn list<'a>(elements: impl Iterator<Item = &'a dyn EncodeText>, out: &mut Vec<u8>) {
    out.push(b'(');
    for (index, element) in elements.enumerate() {
        if index > 0 {
            out.extend_from_slice(b", ");
        }
        element.encode_text(TextForm::Header, out);
    }
    out.push(b')');
}

/// A value's JSON string without its quotes, for types whose strings need no escapes.
fn unquoted<T: EncodeJson>(value: &T, out: &mut Vec<u8>) {
    let begin = out.len();
    value.encode_json(out);
    out.pop();
    out.remove(begin);
}

#[cfg(test)]
mod tests {
    use super::*;

    fn field<T: EncodeText>(value: T) -> String {
        let mut out = Vec::new();
        value.encode_text(TextForm::Field, &mut out);
        String::from_utf8(out).expect("text")
    }

    #[test]
    fn fields_and_headers() {
        assert_eq!((field(true), header(&false).as_deref()), ("True".to_owned(), Some("False")));
        assert_eq!([field(1.0), field(1e21), field(-f64::INFINITY), field(f64::NAN)], ["1.0", "1e21", "-inf", "NaN"]);
        assert_eq!(field(Bytes::from_static(b"\xff\0")), "/wA=");
        let span = SignedDuration::from_nanos(1500);
        assert_eq!((field(span), header(&span).as_deref()), ("1500".to_owned(), Some("1500ns")));
        assert_eq!(header(&SignedDuration::ZERO).as_deref(), Some("0ns"));
        let list = vec![Some(1), None];
        assert_eq!((field(list.clone()), header(&list).as_deref()), ("[1,null]".to_owned(), Some("(1, None)")));
        assert_eq!((field(None::<i64>), header(&None::<i64>)), ("None".to_owned(), None));
        assert_eq!(header(&Some(None::<i64>)), None);
        assert_eq!(header(&("x".to_owned(), 1.5)).as_deref(), Some("(x, 1.5)"));
        assert_eq!(field(DateTimeUtc::UNIX_EPOCH), "1970-01-01T00:00:00.000000000+0000");
    }
}
