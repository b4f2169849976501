//! The code of a `filter!`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::ast::Filter;
use crate::errors::Errors;
use crate::row::expand::{block, parameter, table};
use crate::row::place::over_row;
use crate::row::walk::Use;

pub(crate) fn expand(filter: Filter, mut errors: Errors) -> TokenStream {
    let Filter { head, mut condition } = filter;
    over_row(&mut condition, Use::Place, &head.row, &mut errors);
    let table = table(&head.table);
    let row = parameter(&head.row, &condition.to_token_stream());
    block(errors, &quote!(#table.filter(move |#row| #condition)))
}
