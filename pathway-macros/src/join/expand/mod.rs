//! Generates the code of a `join!`.

mod columns;
mod rows;
mod step;

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};

use self::columns::{Structs, row_type_name, table_name};
use self::step::Joined;
use super::ast::Side;
use super::check::CheckedJoin;
use crate::row::expand::{struct_definition, struct_expr, table_ref, value_tokens};

pub(crate) fn expand(join: &CheckedJoin) -> TokenStream {
    let CheckedJoin { sides, steps, output } = join;
    let structs = Structs::of(join);
    let struct_definition = struct_definition(output);
    let definitions = structs.definitions();
    // The rows between two joins know the types of the rows that they are made of.
    let tables = (steps.len() > 1).then(|| table_definitions(sides));
    let mut joined: Option<TokenStream> = None;
    for (number, step) in steps.iter().enumerate() {
        let is_last = number + 1 == steps.len();
        let (row, values) = if is_last {
            (struct_expr(output).into_token_stream(), value_tokens(output))
        } else {
            let row = structs.rows_expr(sides, &step.columns.made);
            (row.clone(), row)
        };
        let left = joined.unwrap_or_else(|| table(sides, 0, steps.len()));
        let right = table(sides, number + 1, steps.len());
        let of_step = Joined { sides, step, number, structs: &structs, brace: output.brace };
        joined = Some(of_step.table(&left, &right, &row, &values));
    }
    quote!(#definitions #struct_definition #tables #joined)
}

/// A handle on each table, and the types of the rows that are part of other rows.
fn table_definitions(sides: &[Side]) -> TokenStream {
    let definitions = sides.iter().enumerate().map(|(number, side)| {
        let (table, name, row_type) = (table_ref(&side.table), table_name(number), row_type_name(number));
        let is_last = number + 1 == sides.len();
        let row_type = (!is_last).then(|| quote!(let #row_type = ::pathway::__private::row_of(&#name);));
        quote!(let #name = #table.clone(); #row_type)
    });
    definitions.collect()
}

/// A reference to one of the tables.
fn table(sides: &[Side], number: usize, steps: usize) -> TokenStream {
    let Some(side) = sides.get(number) else { return TokenStream::new() };
    if steps == 1 {
        return table_ref(&side.table).into_token_stream();
    }
    let name = table_name(number);
    // The first one is the receiver of a method.
    if number == 0 { name.into_token_stream() } else { quote!(&#name) }
}
