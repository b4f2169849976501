//! How closures get the rows before a table: as the row of one table, or as the rows that are joined so far.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::{Expr, Index};

use super::step::with_bindings;
use crate::join::ast::Side;
use crate::row::expand::{closure_of_values, closure_param};
use crate::row::span_range::hygienic_local;
use crate::row::tokens::uses;

/// The rows of the tables before a table.
pub(super) struct LeftRows<'a> {
    pub(super) sides: &'a [Side],
}

impl LeftRows<'_> {
    /// The parameter of a closure over the rows, and the variables that its body uses. With `are_optional`, the parameter is an
    /// `Option`.
    pub(super) fn bind(&self, body: &TokenStream, are_optional: bool) -> (TokenStream, TokenStream) {
        if let [side] = self.sides {
            return (closure_param(&side.row, body), TokenStream::new());
        }
        let rows = hygienic_local("rows");
        let used = self.sides.iter().enumerate().filter(|(_, side)| uses(body, &side.row));
        let bindings: TokenStream = used.map(|(place, side)| binding(place, side, &rows, are_optional)).collect();
        let param = if bindings.is_empty() { quote!(_) } else { quote!(#rows) };
        (param, bindings)
    }

    /// A closure over the rows that returns one value, or a tuple of several.
    pub(super) fn closure_of_values(&self, values: &[Expr]) -> TokenStream {
        if let [side] = self.sides {
            return closure_of_values(&side.row, values);
        }
        let value = if let [value] = values { quote!(#value) } else { quote!((#(#values),*)) };
        let (param, bindings) = self.bind(&value, false);
        let body = with_bindings(&bindings, &value);
        quote!(move |#param| #body)
    }
}

/// `let o = …;`
fn binding(place: usize, side: &Side, rows: &Ident, are_optional: bool) -> TokenStream {
    let (row, place) = (&side.row, Index::from(place));
    let value = match side.optional {
        _ if are_optional => {
            quote!(#rows.and_then(|#rows| ::pathway::__private::joined_row_or_none(&#rows.0.#place)))
        }
        Some(_) => quote!(::pathway::__private::joined_row_or_none(&#rows.0.#place)),
        None => quote!(::pathway::__private::joined_row(&#rows.0.#place)),
    };
    quote_spanned!(row.span()=> let #row = #value;)
}
