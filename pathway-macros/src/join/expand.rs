//! The code of a `join!`.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::Expr;

use super::ast::{Join, Side};
use super::check::Keys;
use super::times::Timing;
use crate::errors::Errors;
use crate::row::expand::{block, body, construction, declaration, parameter, table};
use crate::row::extent::Extent;
use crate::row::place::over_row;
use crate::row::walk::Use;

pub(crate) fn expand(join: Join, keys: Keys, timing: Option<Timing>, mut errors: Errors) -> TokenStream {
    let Join { left, right, asof_now, mut output, .. } = join;
    for column in &mut output.columns {
        for side in [&left, &right] {
            // A row that may be missing is an `Option` of a reference, and stays as it is written.
            if side.optional.is_none() {
                over_row(&mut column.value, Use::Value, &side.row, &mut errors);
            }
        }
    }
    let left_keys = keys_of(&left, keys.left, &mut errors);
    let right_keys = keys_of(&right, keys.right, &mut errors);
    let declaration = declaration(&output);
    let construction = construction(&output);
    let body = body(&output);
    let rows = [&left, &right].map(|side| parameter(&side.row, &body));
    let [left_row, right_row] = rows;
    let timing = timing.map(|timing| timing.expand(&left.row, &right.row, &mut errors));
    let asof_now = asof_now.then(|| quote!(.asof_now()));
    let kind = Ident::new(kind(&left, &right), output.brace);
    let (left, right) = (table(&left.table), table(&right.table));
    let make = quote_spanned!(output.brace=> .#kind(move |#left_row, #right_row| #construction));
    block(errors, &quote!(#declaration #left.join(#right).on(#left_keys, #right_keys) #asof_now #timing #make))
}

/// The closure that gives a row's keys.
fn keys_of(side: &Side, keys: Vec<Expr>, errors: &mut Errors) -> TokenStream {
    let keys: Vec<_> = keys
        .into_iter()
        .map(|mut key| {
            let extent = Extent::of(&key);
            over_row(&mut key, Use::Value, &side.row, errors);
            extent.call("key", &key)
        })
        .collect();
    let row = parameter(&side.row, &quote!(#(#keys)*));
    match keys.as_slice() {
        [key] => quote!(move |#row| #key),
        keys => quote!(move |#row| (#(#keys),*)),
    }
}

/// The method that gives the rows that are wanted.
fn kind(left: &Side, right: &Side) -> &'static str {
    match (left.optional, right.optional) {
        (None, None) => "inner",
        (None, Some(_)) => "left",
        (Some(_), None) => "right",
        (Some(_), Some(_)) => "full",
    }
}
