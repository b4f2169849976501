//! `#[schema(flatten)]`: a field that is a row, whose columns are columns here.

use proc_macro2::{Ident, TokenStream};
use quote::{quote, quote_spanned};
use syn::spanned::Spanned;
use syn::{Field, GenericParam, Generics, Path, Type, parse_quote};

use super::ast::Row;
use super::expand::describe;
use crate::attribute::{Entry, once};
use crate::errors::Errors;
use crate::generics::private_at;

/// The word of the attribute.
pub(crate) const FLATTEN: &str = "flatten";

/// The word that macros write for the `..o` of an anonymous row. It is not for users, and no list has it.
const REST: &str = "rest";

/// A field whose columns are the row's.
pub(crate) struct Flat {
    /// Which field it is, from 0.
    pub(crate) number: usize,
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    /// A column of the row's own stands in the place of one that has its name; and the key of the part is not the
    /// row's, since a column of it may have been replaced.
    pub(crate) replaceable: bool,
}

impl Flat {
    /// Whether a field with these attributes is flattened.
    pub(super) fn is(entries: &[Entry]) -> bool {
        entries.iter().any(|entry| entry.word == FLATTEN || entry.word == REST)
    }

    pub(super) fn see((field, ident): (&Field, &Ident), number: usize, entries: &[Entry], errors: &mut Errors) -> Flat {
        let (mut flatten, mut rest) = (None, None);
        for entry in entries {
            match entry.name().as_str() {
                FLATTEN => once(&mut flatten, entry, entry.flag(errors), errors),
                REST => once(&mut rest, entry, entry.flag(errors), errors),
                word => errors.at(
                    &entry.word,
                    format!(
                        "`{word}` means nothing beside `flatten`: the columns of `{ident}` have attributes of their own\n\
                         write it in the struct that is flattened"
                    ),
                ),
            }
        }
        Flat { number, field: ident.clone(), ty: field.ty.clone(), replaceable: rest.is_some() }
    }

    /// The type as a row.
    pub(crate) fn row(&self, krate: &Path) -> TokenStream {
        let ty = &self.ty;
        let private = private_at(krate, ty.span());
        quote_spanned!(ty.span()=> <#ty as #private::Schema>)
    }
}

impl Row {
    /// The generics of the row's impls: each type parameter is a column's type, or that of a flattened row.
    pub(crate) fn bounded(&self) -> Generics {
        let mut generics = crate::generics::bounded(&self.generics, &self.krate);
        let krate = &self.krate;
        for flat in &self.flats {
            let Type::Path(ty) = &flat.ty else { continue };
            for parameter in &mut generics.params {
                if let GenericParam::Type(parameter) = parameter
                    && ty.path.is_ident(&parameter.ident)
                {
                    parameter.bounds.pop();
                    parameter.bounds.push(parse_quote!(#krate::__private::Schema));
                }
            }
        }
        generics
    }

    /// Stops the compiler where two parts of the row have columns of one name: an item beside the impls, and code for
    /// their bodies. Of a row with type parameters that is known only where it is used.
    pub(crate) fn distinct_names(&self) -> (TokenStream, TokenStream) {
        let krate = &self.krate;
        let own = self.columns.iter().map(|column| describe(column, krate));
        let own = quote!(#krate::__private::Columns { fields: &[#(#krate::__private::SchemaField::Column(#own)),*] });
        let pairs = self.flats.iter().enumerate().filter(|(_, flat)| !flat.replaceable).map(|(index, flat)| {
            let one = flat.row(krate);
            let earlier = self.flats.iter().take(index).map(|earlier| {
                let two = earlier.row(krate);
                quote!(&#two::COLUMNS)
            });
            let others = earlier.chain([quote!(&#own)]);
            let private = private_at(krate, flat.ty.span());
            let calls = others
                .map(|two| quote_spanned!(flat.ty.span()=> #private::assert_distinct_names(&#one::COLUMNS, #two);));
            quote!(#(#calls)*)
        });
        let pairs: TokenStream = pairs.collect();
        if pairs.is_empty() {
            Default::default()
        } else if self.generics.params.is_empty() {
            (quote!(const _: () = { #pairs };), TokenStream::new())
        } else {
            (TokenStream::new(), quote!(const { #pairs }))
        }
    }
}
