//! Generates the body of `encode_columns`, which writes a row as JSON.

use proc_macro2::{Literal, TokenStream};
use quote::quote;

use super::fields::{Field, wire_type, wire_value};
use super::flatten::schema_item;
use crate::schema::ast::{Column, Row};

/// Writes the members of the JSON object. The text between two values is one literal.
pub(super) fn body(row: &Row) -> TokenStream {
    let krate = &row.krate;
    // Whether the next member needs a comma before it. A flattened row writes one after its last column.
    let mut needs_comma = false;
    let mut members = TokenStream::new();
    for field in Field::all(row) {
        let comma = if needs_comma { "," } else { "" };
        match field {
            Field::Column(column @ Column { field, name, .. }) => {
                let (ty, value) = (wire_type(column, krate), wire_value(column, &quote!(self.#field), krate));
                let label = Literal::byte_string(format!("{comma}{}:", json_string(name)).as_bytes());
                members.extend(quote! {
                    out.extend_from_slice(#label);
                    <#ty as #krate::__private::EncodeJson>::encode_json(#value, out);
                });
                needs_comma = true;
            }
            Field::Flattened(flattened) => {
                let (field, encode) = (&flattened.field, schema_item(flattened, "encode_columns", krate));
                let comma = needs_comma.then(|| quote!(out.push(b',');));
                members.extend(quote!(#comma #encode(&self.#field, out);));
                needs_comma = false;
            }
        }
    }
    let comma = needs_comma.then(|| quote!(out.push(b',');));
    quote!(#members #comma)
}

/// A string as a JSON string.
pub(crate) fn json_string(text: &str) -> String {
    let mut json = String::from("\"");
    for c in text.chars() {
        match c {
            '"' => json.push_str("\\\""),
            '\\' => json.push_str("\\\\"),
            '\n' => json.push_str("\\n"),
            '\r' => json.push_str("\\r"),
            '\t' => json.push_str("\\t"),
            '\u{8}' => json.push_str("\\b"),
            '\u{c}' => json.push_str("\\f"),
            c if c < ' ' => json.push_str(&format!("\\u{:04x}", u32::from(c))),
            c => json.push(c),
        }
    }
    json.push('"');
    json
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn strings_are_escaped() {
        assert_eq!(json_string("city"), r#""city""#);
        assert_eq!(json_string("a\"b\\c\n\u{1}å"), "\"a\\\"b\\\\c\\n\\u0001å\"");
    }
}
