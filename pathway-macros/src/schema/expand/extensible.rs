//! Generates the struct that has the fields of a row and those of another one, for `{ ..a, ..b }`.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{format_ident, quote};
use syn::ext::IdentExt;
use syn::{GenericParam, Generics, parse_quote};

use super::fields::{Field, column_type_checks};
use super::flatten::bounded_generics;
use super::replaced_columns::{Rows, zip_columns_body};
use super::show_type;
use crate::schema::ast::{FlattenedField, Row};

/// The struct, and the impl of `ExtensibleRow`.
///
/// A row that was made of `..` contains another one, whose fields are reached by dereferencing. There the other row is added to that one.
pub(super) fn impls(row: &Row) -> TokenStream {
    let Row { ident, krate, visibility, .. } = row;
    let inner = row.flattened.iter().find(|field| field.replaceable);
    let extended = format_ident!("__{}With", ident.unraw(), span = Span::mixed_site());
    let other = Ident::new("__other", Span::mixed_site());
    let generics = row_generics(row, inner);
    let with_other = with_parameter(&generics, row);
    let (impl_generics, type_generics, where_clause) = generics.split_for_impl();
    let (struct_generics, struct_types, struct_where) = with_other.split_for_impl();

    let checks = column_type_checks(row);
    let fields = Fields { row, inner, other: &other };
    let (definitions, with, own) = (fields.definitions(), fields.with(), fields.own());
    let (target, place, other_row) = match inner {
        Some(FlattenedField { field, ty, .. }) => (
            quote!(<#ty as #krate::__private::ExtensibleRow>::With<__X>),
            quote!(#field),
            quote!(<#ty as #krate::__private::ExtensibleRow>::other(&both.#field)),
        ),
        None => (quote!(__X), quote!(#other), quote!(&both.#other)),
    };
    let zip = zip_columns_body(row, &Rows { one: quote!(first), two: quote!(second), is_extended: true });
    let show = show_type(krate);
    quote! {
        const _: () = {
            #[doc(hidden)]
            #[allow(missing_docs, dead_code, unreachable_pub, private_interfaces, missing_debug_implementations)]
            #visibility struct #extended #struct_generics #struct_where { #definitions }

            #[automatically_derived]
            impl #struct_generics ::core::ops::Deref for #extended #struct_types #struct_where {
                type Target = #target;
                fn deref(&self) -> &Self::Target {
                    &self.#place
                }
            }

            #[automatically_derived]
            impl #struct_generics ::core::ops::DerefMut for #extended #struct_types #struct_where {
                fn deref_mut(&mut self) -> &mut Self::Target {
                    &mut self.#place
                }
            }

            #[automatically_derived]
            impl #impl_generics #krate::__private::ExtensibleRow for #ident #type_generics #where_clause {
                type With<__X: #krate::__private::Schema> = #extended #struct_types;
                fn with<__X: #krate::__private::Schema>(&self, other: __X) -> Self::With<__X> {
                    #checks
                    #extended { #with }
                }
                fn own<__X: #krate::__private::Schema>(both: &Self::With<__X>) -> Self {
                    #checks
                    Self { #own }
                }
                fn other<__X: #krate::__private::Schema>(both: &Self::With<__X>) -> &__X {
                    #other_row
                }
                fn zip_own<__X: #krate::__private::Schema>(
                    first: &Self::With<__X>,
                    second: &Self::With<__X>,
                    show: &mut #show,
                ) {
                    #checks
                    #zip
                }
            }
        };
    }
}

/// The generics of the row, without defaults. A row that is added to must be one that can be.
fn row_generics(row: &Row, inner: Option<&FlattenedField>) -> Generics {
    let krate = &row.krate;
    let mut generics = bounded_generics(row);
    for parameter in generics.type_params_mut() {
        parameter.default = None;
        if let Some(FlattenedField { ty: syn::Type::Path(ty), .. }) = inner
            && ty.path.is_ident(&parameter.ident)
        {
            parameter.bounds.push(parse_quote!(#krate::__private::ExtensibleRow));
        }
    }
    for parameter in &mut generics.params {
        if let GenericParam::Const(parameter) = parameter {
            parameter.default = None;
        }
    }
    generics
}

/// The same with a parameter for the row that is added.
fn with_parameter(generics: &Generics, row: &Row) -> Generics {
    let krate = &row.krate;
    let mut generics = generics.clone();
    generics.params.push(parse_quote!(__X: #krate::__private::Schema));
    generics
}

struct Fields<'a> {
    row: &'a Row,
    /// The row that the other one is added to, if it is not this one.
    inner: Option<&'a FlattenedField>,
    other: &'a Ident,
}

impl Fields<'_> {
    fn definitions(&self) -> TokenStream {
        let (krate, other) = (&self.row.krate, self.other);
        let fields = Field::all(self.row).into_iter().map(|field| match field {
            Field::Column(column) => {
                let (visibility, field, ty) = (&column.visibility, &column.field, &column.ty);
                quote!(#visibility #field: #ty)
            }
            Field::Flattened(FlattenedField { visibility, field, ty, replaceable, .. }) => match replaceable {
                true => quote!(#visibility #field: <#ty as #krate::__private::ExtensibleRow>::With<__X>),
                false => quote!(#visibility #field: #ty),
            },
        });
        let other = self.inner.is_none().then(|| quote!(#other: __X));
        let fields = fields.chain(other);
        quote!(#(#fields),*)
    }

    /// The fields of the extended row, copied from `self`.
    fn with(&self) -> TokenStream {
        let krate = &self.row.krate;
        let inner = |field: &Ident, ty: &syn::Type| quote!(<#ty as #krate::__private::ExtensibleRow>::with(&self.#field, other));
        let fields = self.copies(&quote!(self), &inner);
        let other = self.inner.is_none().then_some(self.other).map(|name| quote!(#name: other));
        quote!(#fields #other)
    }

    /// The fields of the row, copied from `both`.
    fn own(&self) -> TokenStream {
        let krate = &self.row.krate;
        self.copies(&quote!(both), &|field, ty| quote!(<#ty as #krate::__private::ExtensibleRow>::own(&both.#field)))
    }

    fn copies(&self, from: &TokenStream, inner: &dyn Fn(&Ident, &syn::Type) -> TokenStream) -> TokenStream {
        let krate = &self.row.krate;
        let fields = Field::all(self.row).into_iter().map(|field| {
            let (name, ty) = field.name_and_type();
            let is_inner = matches!(field, Field::Flattened(flattened) if flattened.replaceable);
            let value = match is_inner {
                true => inner(name, ty),
                false => quote!(<#ty as #krate::__private::Datum>::clone_datum(&#from.#name)),
            };
            quote!(#name: #value,)
        });
        fields.collect()
    }
}
