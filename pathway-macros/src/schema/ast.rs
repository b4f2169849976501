//! What the user wrote: the struct, its columns and their attributes.

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Expr, Field, Fields, Generics, LitStr, Path, Type};

use super::flatten::{FLATTEN, Flat};
use super::metadata::{self, MetadataColumn};
use super::pointer::Pointer;
use crate::attribute::{Entry, entries, once, string_literal};
use crate::errors::Errors;
use crate::generics::facade;
use crate::rename::Rule;

/// A struct that is a row.
pub(crate) struct Row {
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// Where the facade crate is.
    pub(crate) krate: Path,
    /// The fields that are columns.
    pub(crate) columns: Vec<Column>,
    /// The fields whose columns are the row's.
    pub(crate) flats: Vec<Flat>,
}

/// A field that is a column.
pub(crate) struct Column {
    /// Which field it is, from 0.
    pub(crate) number: usize,
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    /// Its name on the wire.
    pub(crate) name: String,
    /// The words that gave it its name: the field, or the value of `rename`.
    pub(crate) named_by: TokenStream,
    pub(crate) primary_key: bool,
    pub(crate) default: Option<Fallback>,
    pub(crate) pointer: Option<Pointer>,
    /// What fills it in place of the payload.
    pub(crate) metadata: Option<MetadataColumn>,
}

/// What fills a column whose field is not in the message.
pub(crate) enum Fallback {
    /// `default`: the type's own, with the word that asked for it.
    Own(Ident),
    /// `default = "text"`
    Text(LitStr),
    /// `default = expression`
    Value(Expr),
}

/// The attributes of the struct, and of a field.
const ON_STRUCT: [&str; 2] = ["rename_all", "crate"];
const ON_FIELD: [&str; 12] = {
    let [subject, token, header, sequence, published, received, delivered] = metadata::WORDS;
    let [key, default, rename, path] = ["primary_key", "default", "rename", "path"];
    [key, default, rename, path, FLATTEN, subject, token, header, sequence, published, received, delivered]
};

impl Row {
    /// The row that the user wrote; `None` if it is none.
    pub(crate) fn see(input: &DeriveInput, errors: &mut Errors) -> Option<Row> {
        let (krate, rename_all) = container(&input.attrs, errors);
        let fields = named_fields(input, errors)?;
        let (mut columns, mut flats) = (Vec::new(), Vec::new());
        for (number, (field, ident)) in fields.enumerate() {
            let entries = entries(&field.attrs, "schema", errors);
            if Flat::is(&entries) {
                flats.push(Flat::see((field, ident), number, &entries, errors));
            } else {
                columns.push(Column::see((field, ident), number, &entries, rename_all, errors));
            }
        }
        Some(Row { ident: input.ident.clone(), generics: input.generics.clone(), krate, columns, flats })
    }
}

impl Column {
    fn see(
        (field, ident): (&Field, &Ident),
        number: usize,
        entries: &[Entry],
        rename_all: Option<Rule>,
        errors: &mut Errors,
    ) -> Column {
        let (mut primary_key, mut default, mut rename, mut pointer) = (None, None, None, None);
        let mut metadata = None;
        for entry in entries {
            match entry.name().as_str() {
                "primary_key" => once(&mut primary_key, entry, entry.flag(errors), errors),
                "default" => once(&mut default, entry, Some(Fallback::see(entry)), errors),
                "rename" => once(&mut rename, entry, entry.text(errors), errors),
                "path" => {
                    let text = entry.text(errors);
                    let parsed = text.and_then(|text| Pointer::parse(&text, errors));
                    once(&mut pointer, entry, parsed, errors);
                }
                word if metadata::WORDS.contains(&word) => {
                    metadata::once(&mut metadata, entry, errors);
                }
                _ => {
                    entry.unknown("schema", "a column", &ON_FIELD, &ON_STRUCT.map(|word| (word, "the struct")), errors)
                }
            }
        }
        let plain = ident.unraw().to_string();
        let (name, named_by) = match rename {
            Some(text) => (text.value(), text.into_token_stream()),
            None => (rename_all.map_or(plain.clone(), |rule| rule.field(&plain)), ident.into_token_stream()),
        };
        let primary_key = primary_key.is_some();
        let (field, ty) = (ident.clone(), field.ty.clone());
        Column { number, field, ty, name, named_by, primary_key, default, pointer, metadata }
    }
}

impl Fallback {
    fn see(entry: &Entry) -> Fallback {
        match &entry.value {
            None => Fallback::Own(entry.word.clone()),
            Some(value) => string_literal(value).map_or_else(|| Fallback::Value(value.clone()), Fallback::Text),
        }
    }
}

/// The attributes of the struct: where the crate is, and how columns are named.
fn container(attributes: &[Attribute], errors: &mut Errors) -> (Path, Option<Rule>) {
    let (mut krate, mut rename_all) = (None, None);
    for entry in entries(attributes, "schema", errors) {
        match entry.name().as_str() {
            "crate" => once(&mut krate, &entry, entry.path(errors), errors),
            "rename_all" => {
                let rule = entry.text(errors).and_then(|text| Rule::named(&text, errors));
                once(&mut rename_all, &entry, rule, errors);
            }
            _ => entry.unknown("schema", "a struct", &ON_STRUCT, &ON_FIELD.map(|word| (word, "a field")), errors),
        }
    }
    (krate.unwrap_or_else(facade), rename_all)
}

/// The fields, where the input is a struct with named ones.
fn named_fields<'a>(
    input: &'a DeriveInput,
    errors: &mut Errors,
) -> Option<impl Iterator<Item = (&'a Field, &'a Ident)> + use<'a>> {
    let ident = &input.ident;
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => {
                return Some(fields.named.iter().filter_map(|field| Some((field, field.ident.as_ref()?))));
            }
            Fields::Named(_) | Fields::Unit => {
                errors.at(ident, format!("`{ident}` has no columns: a row needs at least one field"));
            }
            Fields::Unnamed(_) => errors.at(
                ident,
                format!(
                    "the columns of `{ident}` have no names: write `struct {ident} {{ name: Type, … }}`\n\
                     if `{ident}` is meant as the type of a column, `#[derive(ColumnType)]` makes it one"
                ),
            ),
        },
        Data::Enum(data) => {
            let keyword = data.enum_token;
            errors.at(
                quote!(#keyword #ident),
                format!(
                    "`{ident}` is an enum, but a row is a struct: one field a column\n\
                     if `{ident}` is meant as the type of a column, `#[derive(ColumnType)]` makes it one"
                ),
            );
        }
        Data::Union(data) => {
            let keyword = data.union_token;
            errors.at(
                quote!(#keyword #ident),
                format!("`{ident}` is a union, but a row is a struct: one field a column"),
            );
        }
    }
    None
}
