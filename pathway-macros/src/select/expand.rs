//! The code of a `select!`.

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use super::ast::Select;
use crate::errors::Errors;
use crate::row::expand::{block, construction, declaration, parameter, table};
use crate::row::place::over_row;
use crate::row::walk::Use;

pub(crate) fn expand(select: Select, mut errors: Errors) -> TokenStream {
    let Select { head, mut output } = select;
    for column in &mut output.columns {
        over_row(&mut column.value, Use::Value, &head.row, &mut errors);
    }
    let declaration = declaration(&output);
    let construction = construction(&output);
    let table = table(&head.table);
    let row = parameter(&head.row, &output.columns.iter().map(|column| column.value.to_token_stream()).collect());
    block(errors, &quote!(#declaration #table.select(move |#row| #construction)))
}
