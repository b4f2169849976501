//! Encodes options, lists and tuples as JSON.

use crate::data::EncodeJson;

/// `None` is `null`.
impl<T: EncodeJson> EncodeJson for Option<T> {
    #[inline]
    fn encode_json(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.encode_json(out),
            None => out.extend_from_slice(b"null"),
        }
    }

    fn encode_json_rfc3339(&self, out: &mut Vec<u8>) {
        match self {
            Some(value) => value.encode_json_rfc3339(out),
            None => out.extend_from_slice(b"null"),
        }
    }
}

/// An array.
impl<T: EncodeJson> EncodeJson for Vec<T> {
    fn encode_json(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, element) in self.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            element.encode_json(out);
        }
        out.push(b']');
    }

    fn encode_json_rfc3339(&self, out: &mut Vec<u8>) {
        out.push(b'[');
        for (index, element) in self.iter().enumerate() {
            if index > 0 {
                out.push(b',');
            }
            element.encode_json_rfc3339(out);
        }
        out.push(b']');
    }
}

/// An array of the tuple's length.
macro_rules! tuple {
    ($first:ident $zero:tt $(, $name:ident $index:tt)*) => {
        impl<$first: EncodeJson $(, $name: EncodeJson)*> EncodeJson for ($first, $($name,)*) {
            fn encode_json(&self, out: &mut Vec<u8>) {
                out.push(b'[');
                self.$zero.encode_json(out);
                $(
                    out.push(b',');
                    self.$index.encode_json(out);
                )*
                out.push(b']');
            }

            fn encode_json_rfc3339(&self, out: &mut Vec<u8>) {
                out.push(b'[');
                self.$zero.encode_json_rfc3339(out);
                $(
                    out.push(b',');
                    self.$index.encode_json_rfc3339(out);
                )*
                out.push(b']');
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
