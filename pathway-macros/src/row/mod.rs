//! What the function-like macros share: how they name rows, rewrite expressions over them, and build new rows.
//!
//! Parsing: [`binding`] (`o in orders`), [`key`] (`by o.city`), [`output`] (`{ id: o.id }`), and in it [`rest`] (`..o`) and [`where_clause`].
//! Rewriting: [`rewriter`] traverses the user's expressions, [`row_access`] replaces what they take from a row, [`key_names`]
//! the names of keys, and [`field_access`] what they take from other variables.
//! Generating: [`expand`] builds the new row, [`span_range`] keeps errors under the user's tokens.

pub(crate) mod binding;
pub(crate) mod check;
pub(crate) mod expand;
pub(crate) mod field_access;
pub(crate) mod key;
pub(crate) mod key_names;
pub(crate) mod output;
pub(crate) mod rest;
pub(crate) mod rewriter;
pub(crate) mod row_access;
pub(crate) mod span_range;
pub(crate) mod text;
pub(crate) mod tokens;
pub(crate) mod where_clause;

use proc_macro2::TokenStream;
use quote::quote;
use syn::parse::{ParseStream, Parser};

use crate::errors::Errors;

/// Expands a function-like macro: parses its input, checks what was parsed, and generates the code.
///
/// `parse` and `check` may go on after an error, so there can be both errors and code. Without code, a lone
/// `compile_error!` remains, which has no type that could cause a second error.
pub(crate) fn expand_macro<A, C>(
    input: TokenStream,
    parse: fn(ParseStream<'_>, &mut Errors) -> syn::Result<A>,
    check: fn(A, &mut Errors) -> Option<C>,
    expand: fn(&C) -> TokenStream,
) -> TokenStream {
    let mut errors = Errors::new();
    let parsed = (|input: ParseStream<'_>| parse(input, &mut errors)).parse2(input);
    let checked = errors.ok(parsed).and_then(|parsed| check(parsed, &mut errors));
    let code = checked.map(|checked| expand(&checked));
    let errors = errors.into_compile_errors();
    quote!({ #errors #code })
}
