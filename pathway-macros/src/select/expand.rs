//! The code of a `select!`.

use proc_macro2::TokenStream;
use quote::quote;

use super::ast::Select;
use crate::errors::Errors;
use crate::row::expand::{block, body, construction, declaration, parameter, table};
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
    let row = parameter(&head.row, &body(&output));
    block(errors, &quote!(#declaration #table.select(move |#row| #construction)))
}
