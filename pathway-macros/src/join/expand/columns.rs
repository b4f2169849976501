//! Generates the structs of the columns that the joins keep of their rows.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote, quote_spanned};
use syn::ext::IdentExt;

use super::rows::LeftRows;
use super::step::with_bindings;
use crate::join::ast::Side;
use crate::join::check::{CheckedJoin, Columns, Mentioned, StepColumns};
use crate::row::span_range::hygienic_local;

/// The longest tuple that can be compared.
const LONGEST_TUPLE: usize = 12;

/// The structs: for the row of each table, one for each set of its columns.
pub(super) struct Structs {
    of_rows: Vec<Vec<(Ident, Mentioned)>>,
    steps: Vec<StepColumns>,
}

impl Structs {
    pub(super) fn of(join: &CheckedJoin) -> Self {
        let of_rows = join.sides.iter().enumerate().map(|(number, side)| {
            let mut structs: Vec<(Ident, Mentioned)> = Vec::new();
            let all = join.steps.iter().flat_map(|step| [&step.columns.kept, &step.columns.made]);
            for columns in all.filter_map(|columns| columns.get(number)?.as_ref()) {
                if !structs.iter().any(|(_, known)| known.has_columns_of(columns)) {
                    let name = struct_name(join.sides.len(), number, side, structs.len() + 1);
                    structs.push((name, columns.clone()));
                }
            }
            structs
        });
        let steps = join.steps.iter().map(|step| step.columns.clone()).collect();
        Structs { of_rows: of_rows.collect(), steps }
    }

    /// The definitions of all structs.
    pub(super) fn definitions(&self) -> TokenStream {
        self.of_rows.iter().flatten().map(|(name, columns)| definition(name, columns)).collect()
    }

    /// The calls that say what a step keeps of its rows. Nothing where it keeps all of them.
    pub(super) fn keep_calls(&self, sides: &[Side], step: usize, left: &LeftRows<'_>) -> TokenStream {
        let (Some(StepColumns { kept, .. }), right) = (self.steps.get(step), step + 1) else {
            return TokenStream::new();
        };
        let keep_left = match step.checked_sub(1).and_then(|before| self.steps.get(before)) {
            None => self.columns_call(sides, 0, "left_columns", kept),
            Some(before) => self.parts_call(sides, &before.made, kept, left),
        };
        let keep_right = self.columns_call(sides, right, "right_columns", kept);
        quote!(#keep_left #keep_right)
    }

    /// The call for the columns of the row of a table.
    fn columns_call(&self, sides: &[Side], number: usize, method: &str, kept: &Columns) -> Option<TokenStream> {
        let (side, columns) = (sides.get(number)?, kept.get(number)?.as_ref()?);
        let (method, row) = (Ident::new(method, Span::mixed_site()), &side.row);
        // Further mentions of a column are no more than mentioned, so that an editor knows what they are.
        let others = columns.columns.values().flat_map(|mentions| mentions.iter().skip(1));
        let others = others.map(|mention| {
            let place = mention.place(side);
            quote!(let _ = &#place;)
        });
        let value = self.columns_expr(number, side, columns, true);
        let row = if columns.columns.is_empty() { quote_spanned!(row.span()=> _) } else { quote!(#row) };
        Some(quote!(.#method(move |#row| { #(#others)* #value })))
    }

    /// The call for what is kept of the rows that are joined so far, if it is less than there is.
    fn parts_call(&self, sides: &[Side], before: &Columns, kept: &Columns, left: &LeftRows<'_>) -> Option<TokenStream> {
        let is_same = before.iter().zip(kept).all(|columns| match columns {
            (Some(before), Some(kept)) => before.has_columns_of(kept),
            (before, kept) => before.is_none() == kept.is_none(),
        });
        if is_same {
            return None;
        }
        let rows = self.rows_expr(sides, kept.get(..before.len())?);
        let (param, bindings) = left.bind(&rows, false);
        let body = with_bindings(&bindings, &rows);
        Some(quote!(.left_parts(move |#param| #body)))
    }

    /// A row of several tables, of these columns.
    pub(super) fn rows_expr(&self, sides: &[Side], columns: &[Option<Mentioned>]) -> TokenStream {
        let parts = columns.iter().zip(sides).enumerate().map(|(number, (columns, side))| {
            let row = &side.row;
            let part = match columns {
                Some(columns) => {
                    let (row_type, value) = (row_type_name(number), self.columns_expr(number, side, columns, false));
                    quote!(::pathway::__private::kept_columns(#row_type, #value))
                }
                None => quote!(::pathway::__private::clone_datum(#row)),
            };
            let is_unused = columns.as_ref().is_some_and(|columns| columns.columns.is_empty());
            let param = if is_unused { quote_spanned!(row.span()=> _) } else { quote!(#row) };
            if side.optional.is_some() { quote!(#row.map(|#param| #part)) } else { part }
        });
        quote!(::pathway::__private::JoinedRows((#(#parts,)*)))
    }

    /// The columns of a row, as one of the structs: moved out of it, or copied.
    fn columns_expr(&self, number: usize, side: &Side, columns: &Mentioned, moves: bool) -> TokenStream {
        let structs = self.of_rows.get(number).into_iter().flatten();
        let name = structs.filter(|(_, known)| known.has_columns_of(columns)).map(|(name, _)| name).next();
        let columns = columns.columns.values().filter_map(|mentions| mentions.first()).map(|mention| {
            let (column, place) = (&mention.column, mention.place(side));
            match moves {
                true => quote!(#column: ::pathway::__private::take_datum(&mut #place)),
                false => quote!(#column: ::pathway::__private::clone_datum(&#place)),
            }
        });
        quote!(#name { #(#columns),* })
    }
}

fn struct_name(sides: usize, number: usize, side: &Side, count: usize) -> Ident {
    let name = match (sides, number) {
        (2, 0) => "ColumnsOfLeft".to_owned(),
        (2, _) => "ColumnsOfRight".to_owned(),
        _ => format!("Columns{count}Of_{}", side.row.unraw()),
    };
    Ident::new(&name, Span::mixed_site())
}

/// The variable that is a handle on a table.
pub(super) fn table_name(number: usize) -> Ident {
    hygienic_local(&format!("table_{number}"))
}

/// The variable that is the type of a table's rows.
pub(super) fn row_type_name(number: usize) -> Ident {
    hygienic_local(&format!("row_{number}"))
}

fn definition(name: &Ident, mentioned: &Mentioned) -> TokenStream {
    let fields = mentioned.columns.values().filter_map(|mentions| mentions.first()).map(|mention| &mention.column);
    let fields: Vec<_> = fields.collect();
    let names = mentioned.columns.keys();
    let types: Vec<_> = (0..fields.len()).map(|index| format_ident!("T{index}")).collect();
    let refs = tuple(types.iter().map(|ty| quote!(::pathway::__private::DatumRef<'__row, #ty>)));
    let values = tuple(fields.iter().map(|field| quote!(::pathway::__private::DatumRef(&self.#field))));
    quote! {
        #[allow(nonstandard_style)]
        struct #name<#(#types),*> { #(#fields: #types),* }

        #[automatically_derived]
        #[allow(clippy::unused_unit)]
        impl<#(#types: ::pathway::__private::Datum),*> ::pathway::__private::KeptColumns for #name<#(#types),*> {
            const FIELDS: &'static [&'static ::core::primitive::str] = &[#(#names),*];
            type Refs<'__row> = #refs;
            fn refs(&self) -> Self::Refs<'_> {
                #values
            }
            fn clone_columns(&self) -> Self {
                Self { #(#fields: ::pathway::__private::Datum::clone_datum(&self.#fields)),* }
            }
            fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
                _columns: &mut __A,
            ) -> ::core::result::Result<Self, __A::Error> {
                ::core::result::Result::Ok(Self { #(#fields: ::pathway::__private::read_field(_columns)?),* })
            }
        }
    }
}

/// A tuple, or a tuple of tuples if there are many values.
fn tuple(values: impl Iterator<Item = TokenStream>) -> TokenStream {
    let values: Vec<_> = values.collect();
    if values.len() <= LONGEST_TUPLE {
        return quote!((#(#values,)*));
    }
    let tuples = values.chunks(LONGEST_TUPLE).map(|values| quote!((#(#values,)*)));
    quote!((#(#tuples,)*))
}
