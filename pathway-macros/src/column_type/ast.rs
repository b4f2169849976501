//! Parses the type, its variants, and their attributes.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DataEnum, DataStruct, DeriveInput, Fields, Generics, LitStr, Path, Type};

use crate::attr::{meta_items, set_once};
use crate::errors::Errors;
use crate::generics::default_crate_path;
use crate::rename_rule::RenameRule;

/// The type that derives `ColumnType`.
pub(crate) struct ColumnType {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// The path of the facade crate.
    pub(crate) krate: Path,
    pub(crate) shape: Shape,
}

/// What kind of type it is.
pub(crate) enum Shape {
    /// An enum whose variants have no fields.
    Enum(Vec<Variant>),
    /// A tuple struct with one field; contains the type of the field.
    Newtype(Box<Type>),
}

/// A variant of an enum.
pub(crate) struct Variant {
    pub(crate) ident: Ident,
    /// The name on the wire.
    pub(crate) name: String,
    /// The tokens that the name comes from: the variant, or the value of `rename`.
    pub(crate) name_tokens: TokenStream,
}

/// The attributes of the type.
const TYPE_ATTRIBUTES: [&str; 2] = ["rename_all", "crate"];
/// The attributes of a variant.
const VARIANT_ATTRIBUTES: [&str; 1] = ["rename"];

impl ColumnType {
    /// Parses the input of the derive. Returns `None` if it cannot be a column type.
    pub(crate) fn parse(input: &DeriveInput, errors: &mut Errors) -> Option<ColumnType> {
        let (krate, rename_all) = parse_type_attributes(input, errors);
        let ident = &input.ident;
        let shape = match &input.data {
            Data::Enum(data) => parse_enum(ident, data, rename_all, errors)?,
            Data::Struct(data) => parse_newtype(ident, data, errors)?,
            Data::Union(data) => {
                let keyword = data.union_token;
                let message = format!("a union cannot be a column type: write a newtype, `struct {ident}(Type);`");
                errors.error_spanned_by(quote!(#keyword #ident), message);
                return None;
            }
        };
        Some(ColumnType { ident: ident.clone(), generics: input.generics.clone(), krate, shape })
    }
}

/// Parses `crate` and `rename_all`.
fn parse_type_attributes(input: &DeriveInput, errors: &mut Errors) -> (Path, Option<RenameRule>) {
    let (mut krate, mut rename_all) = (None, None);
    let is_enum = matches!(input.data, Data::Enum(_));
    for item in meta_items(&input.attrs, "column", errors) {
        match item.name().as_str() {
            "crate" => set_once(&mut krate, &item, item.path(errors), errors),
            "rename_all" if is_enum => {
                let rule = item.string(errors).and_then(|name| RenameRule::from_name(&name, errors));
                set_once(&mut rename_all, &item, rule, errors);
            }
            "rename_all" => {
                errors.error_spanned_by(&item.name, "`rename_all` belongs on an enum: it renames the variants");
            }
            _ => {
                let elsewhere = VARIANT_ATTRIBUTES.map(|name| (name, "a variant"));
                item.report_unknown("column", "a type", &TYPE_ATTRIBUTES, &elsewhere, errors);
            }
        }
    }
    (krate.unwrap_or_else(default_crate_path), rename_all)
}

fn parse_enum(ident: &Ident, data: &DataEnum, rename_all: Option<RenameRule>, errors: &mut Errors) -> Option<Shape> {
    let mut is_valid = true;
    if data.variants.is_empty() {
        errors.error_spanned_by(ident, format!("`{ident}` has no variants, so a column of it could not have a value"));
        is_valid = false;
    }
    let mut variants = Vec::new();
    for variant in &data.variants {
        let syn::Variant { ident, fields, .. } = variant;
        if !matches!(fields, Fields::Unit) {
            let message = format!(
                "the variant `{ident}` has fields: only an enum without fields can be a column type\n\
                 store the fields in columns of their own, or the whole value in a `Json` column"
            );
            errors.error_spanned_by(quote!(#ident #fields), message);
            is_valid = false;
            continue;
        }
        let (name, name_tokens) = match parse_rename(variant, errors) {
            Some(rename) => (rename.value(), rename.into_token_stream()),
            None => {
                let plain = ident.unraw().to_string();
                let renamed = rename_all.map(|rule| rule.apply_to_variant(&plain));
                (renamed.unwrap_or(plain), ident.to_token_stream())
            }
        };
        variants.push(Variant { ident: ident.clone(), name, name_tokens });
    }
    is_valid.then_some(Shape::Enum(variants))
}

/// Parses the `rename` of a variant.
fn parse_rename(variant: &syn::Variant, errors: &mut Errors) -> Option<LitStr> {
    let mut rename = None;
    for item in meta_items(&variant.attrs, "column", errors) {
        match item.name().as_str() {
            "rename" => set_once(&mut rename, &item, item.string(errors), errors),
            _ => {
                let elsewhere = TYPE_ATTRIBUTES.map(|name| (name, "the type"));
                item.report_unknown("column", "a variant", &VARIANT_ATTRIBUTES, &elsewhere, errors);
            }
        }
    }
    rename
}

fn parse_newtype(ident: &Ident, data: &DataStruct, errors: &mut Errors) -> Option<Shape> {
    match &data.fields {
        Fields::Unnamed(fields) if fields.unnamed.len() == 1 => {
            let field = &fields.unnamed[0];
            report_attributes(&field.attrs, errors);
            return Some(Shape::Newtype(Box::new(field.ty.clone())));
        }
        Fields::Unnamed(fields) => {
            let count = fields.unnamed.len();
            let message = format!(
                "`{ident}` holds {count} values, but a column type holds one: write a newtype, `struct {ident}(Type);`\n\
                 a tuple `(A, B)` can be a column type without a struct"
            );
            errors.error_spanned_by(ident, message);
        }
        Fields::Named(_) => {
            let message = format!(
                "`{ident}` has named fields, so it can be a row, but not a column type\n\
                 derive `Schema` to make it a row; for a single value write a newtype, `struct {ident}(Type);`"
            );
            errors.error_spanned_by(ident, message);
        }
        Fields::Unit => {
            let message = format!("`{ident}` holds no value: write a newtype, `struct {ident}(Type);`");
            errors.error_spanned_by(ident, message);
        }
    }
    None
}

/// Reports attributes on the field of a newtype, which has none.
fn report_attributes(attributes: &[Attribute], errors: &mut Errors) {
    for item in meta_items(attributes, "column", errors) {
        let message = format!("`{}` is not allowed here: a newtype is encoded like its inner value", item.name);
        errors.error_spanned_by(&item.name, message);
    }
}
