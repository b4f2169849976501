//! Generates the code of a `row!`.

use proc_macro2::TokenStream;
use quote::quote;

use super::ast::Row;
use crate::row::expand::{struct_definition, struct_expr};

pub(crate) fn expand(Row { output }: &Row) -> TokenStream {
    let struct_definition = struct_definition(output);
    let struct_expr = struct_expr(output);
    quote!(#struct_definition #struct_expr)
}
