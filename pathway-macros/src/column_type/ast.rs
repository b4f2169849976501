//! What the user wrote: an enum's variants with their names, or a newtype's inner type.

use std::collections::BTreeMap;

use proc_macro2::Ident;
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DataEnum, DataStruct, DeriveInput, Fields, Generics, Path, Type, Variant};

use crate::attribute::{entries, once};
use crate::errors::Errors;
use crate::generics::facade;
use crate::rename::Rule;

/// A type that a column can have.
pub(crate) struct ColumnType {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// Where the facade crate is.
    pub(crate) krate: Path,
    pub(crate) shape: Shape,
}

/// What kind of type it is.
pub(crate) enum Shape {
    /// An enum without fields: the variants, with their names on the wire.
    EnumColumn(Vec<(Ident, String)>),
    /// A struct around one value.
    Newtype(Box<Type>),
}

/// The attributes of the type, and of a variant.
const ON_TYPE: [&str; 2] = ["rename_all", "crate"];
const ON_VARIANT: [&str; 1] = ["rename"];

impl ColumnType {
    /// The column type that the user wrote; `None` if it can be none.
    pub(crate) fn see(input: &DeriveInput, errors: &mut Errors) -> Option<ColumnType> {
        let (krate, rename_all) = container(input, errors);
        let ident = &input.ident;
        let shape = match &input.data {
            Data::Enum(data) => choice(ident, data, rename_all, errors)?,
            Data::Struct(data) => newtype(ident, data, errors)?,
            Data::Union(data) => {
                let keyword = data.union_token;
                let message = "a union cannot be a column: a newtype `struct Name(Type);` can";
                errors.at(quote!(#keyword #ident), message);
                return None;
            }
        };
        Some(ColumnType { ident: ident.clone(), generics: input.generics.clone(), krate, shape })
    }
}

/// The attributes of the type: where the crate is, and how variants are named.
fn container(input: &DeriveInput, errors: &mut Errors) -> (Path, Option<Rule>) {
    let (mut krate, mut rename_all) = (None, None);
    let is_enum = matches!(input.data, Data::Enum(_));
    for entry in entries(&input.attrs, "column", errors) {
        match entry.name().as_str() {
            "crate" => once(&mut krate, &entry, entry.path(errors), errors),
            "rename_all" if is_enum => {
                let rule = entry.text(errors).and_then(|text| Rule::named(&text, errors));
                once(&mut rename_all, &entry, rule, errors);
            }
            "rename_all" => errors.at(&entry.word, "`rename_all` belongs on an enum: it names the variants"),
            _ => entry.unknown("column", "a type", &ON_TYPE, &ON_VARIANT.map(|word| (word, "a variant")), errors),
        }
    }
    (krate.unwrap_or_else(facade), rename_all)
}

fn choice(ident: &Ident, data: &DataEnum, rename_all: Option<Rule>, errors: &mut Errors) -> Option<Shape> {
    let mut fine = true;
    if data.variants.is_empty() {
        errors.at(ident, format!("`{ident}` has no variants: a column of it could hold no value"));
        fine = false;
    }
    let mut names: BTreeMap<String, &Ident> = BTreeMap::new();
    let mut variants = Vec::new();
    for variant in &data.variants {
        if !matches!(variant.fields, Fields::Unit) {
            let message = format!(
                "the variant `{}` has fields, and JSON has no one form for that: a column type is an enum of plain \
                 names\nkeep what differs in a column of its own, or take the whole value as `Json`",
                variant.ident
            );
            errors.at(variant_words(variant), message);
            fine = false;
            continue;
        }
        let (name, named_by) = variant_name(variant, rename_all, errors);
        if let Some(first) = names.get(&name) {
            let message = format!(
                "two variants are called `{name}` on the wire\n\
                 the other is `{first}`; give one of them another name by `#[column(rename = \"…\")]`"
            );
            errors.at(named_by, message);
        } else {
            names.insert(name.clone(), &variant.ident);
        }
        variants.push((variant.ident.clone(), name));
    }
    fine.then_some(Shape::EnumColumn(variants))
}

/// A variant's name on the wire, and the words that gave it.
fn variant_name(
    variant: &Variant,
    rename_all: Option<Rule>,
    errors: &mut Errors,
) -> (String, proc_macro2::TokenStream) {
    let mut rename = None;
    for entry in entries(&variant.attrs, "column", errors) {
        match entry.name().as_str() {
            "rename" => once(&mut rename, &entry, entry.text(errors), errors),
            _ => entry.unknown("column", "a variant", &ON_VARIANT, &ON_TYPE.map(|word| (word, "the type")), errors),
        }
    }
    let plain = variant.ident.unraw().to_string();
    match rename {
        Some(text) => (text.value(), text.into_token_stream()),
        None => (rename_all.map_or(plain.clone(), |rule| rule.variant(&plain)), variant.ident.to_token_stream()),
    }
}

/// The variant as the words that a message underlines: without its attributes.
fn variant_words(variant: &Variant) -> proc_macro2::TokenStream {
    let Variant { ident, fields, .. } = variant;
    quote!(#ident #fields)
}

fn newtype(ident: &Ident, data: &DataStruct, errors: &mut Errors) -> Option<Shape> {
    match &data.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let field = &fields.unnamed[0];
            no_attributes(&field.attrs, errors);
            return Some(Shape::Newtype(Box::new(field.ty.clone())));
        }
        Fields::Unnamed(fields) => {
            let count = fields.unnamed.len();
            errors.at(
                ident,
                format!(
                    "`{ident}` holds {count} values, and a column holds one: write a newtype, `struct {ident}(Type);`\n\
                     a tuple `(A, B)` can be a column as it is"
                ),
            );
        }
        Fields::Named(_) => errors.at(
            ident,
            format!(
                "`{ident}` has named fields, so it is a row and no column\n\
                 derive `Schema` to make it a row; for one value write a newtype, `struct {ident}(Type);`"
            ),
        ),
        Fields::Unit => {
            errors.at(ident, format!("`{ident}` holds no value: write a newtype, `struct {ident}(Type);`"));
        }
    }
    None
}

/// The inner value of a newtype has nothing to say.
fn no_attributes(attributes: &[Attribute], errors: &mut Errors) {
    for entry in entries(attributes, "column", errors) {
        errors.at(&entry.word, format!("`{}` has no meaning here: a newtype looks like its inner value", entry.word));
    }
}
