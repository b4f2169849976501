//! Generates the code of a `select!`.

use proc_macro2::TokenStream;
use quote::quote;

use super::ast::Select;
use crate::row::expand::{closure_param, struct_definition, struct_expr, table_ref, value_tokens};

pub(crate) fn expand(select: &Select) -> TokenStream {
    let Select { binding, output } = select;
    let struct_definition = struct_definition(output);
    let struct_expr = struct_expr(output);
    let table = table_ref(&binding.table);
    let row = closure_param(&binding.row, &value_tokens(output));
    quote!(#struct_definition #table.select(move |#row| #struct_expr))
}
