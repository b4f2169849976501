//! Parses the struct, its columns, and their attributes.

mod flatten;
mod format;
mod metadata;
mod pointer;

use proc_macro2::{Ident, TokenStream};
use quote::{ToTokens, quote};
use syn::ext::IdentExt;
use syn::{Attribute, Data, DeriveInput, Expr, Field, Fields, Generics, LitStr, Path, Type, Visibility};

pub(crate) use self::flatten::FlattenedField;
pub(crate) use self::format::TimeFormat;
pub(crate) use self::metadata::{MetadataColumn, MetadataSource};
pub(crate) use self::pointer::{Pointer, array_index};
use crate::attr::{MetaItem, meta_items, set_once, string_literal};
use crate::errors::Errors;
use crate::generics::default_crate_path;
use crate::rename_rule::RenameRule;

/// The struct that derives `Schema`.
pub(crate) struct Row {
    pub(crate) visibility: Visibility,
    pub(crate) ident: Ident,
    pub(crate) generics: Generics,
    /// The path of the facade crate.
    pub(crate) krate: Path,
    /// The fields that are columns.
    pub(crate) columns: Vec<Column>,
    /// The fields that are rows, whose columns are columns of this row.
    pub(crate) flattened: Vec<FlattenedField>,
}

/// A field that is a column.
pub(crate) struct Column {
    /// The index of the field in the struct.
    pub(crate) field_index: usize,
    pub(crate) visibility: Visibility,
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    /// The name on the wire.
    pub(crate) name: String,
    /// The tokens that the name comes from: the field, or the value of `rename`.
    pub(crate) name_tokens: TokenStream,
    pub(crate) primary_key: bool,
    pub(crate) default: Option<DefaultValue>,
    pub(crate) pointer: Option<Pointer>,
    /// Set if the column is a time that is a number in messages.
    pub(crate) format: Option<TimeFormat>,
    /// Set if the column is filled from the message's metadata instead of its payload.
    pub(crate) metadata: Option<MetadataColumn>,
}

/// The value of a column whose field is missing in the message.
pub(crate) enum DefaultValue {
    /// `default`: the default of the column's type. Contains the word, for its span.
    OfType(Ident),
    /// `default = "text"`.
    String(LitStr),
    /// `default = expression`.
    Expr(Expr),
}

/// The attributes of the struct.
const STRUCT_ATTRIBUTES: [&str; 2] = ["rename_all", "crate"];
/// The attributes of a field.
const FIELD_ATTRIBUTES: [&str; 13] = {
    let [subject, token, header, sequence, published, received, delivered] = metadata::ATTRIBUTES;
    let [key, default, rename, path, format] = ["primary_key", "default", "rename", "path", "format"];
    [
        key,
        default,
        rename,
        path,
        format,
        flatten::FLATTEN,
        subject,
        token,
        header,
        sequence,
        published,
        received,
        delivered,
    ]
};

impl Row {
    /// Parses the input of the derive. Returns `None` if it cannot be a row.
    pub(crate) fn parse(input: &DeriveInput, errors: &mut Errors) -> Option<Row> {
        let (krate, rename_all) = parse_struct_attributes(&input.attrs, errors);
        let fields = named_fields(input, errors)?;
        let (mut columns, mut flattened) = (Vec::new(), Vec::new());
        for (field_index, (field, ident)) in fields.enumerate() {
            let items = meta_items(&field.attrs, "schema", errors);
            if flatten::is_flattened(&items) {
                flattened.push(FlattenedField::parse((field, ident), field_index, &items, errors));
            } else {
                columns.push(Column::parse((field, ident), field_index, &items, rename_all, errors));
            }
        }
        let (visibility, ident, generics) = (input.vis.clone(), input.ident.clone(), input.generics.clone());
        Some(Row { visibility, ident, generics, krate, columns, flattened })
    }
}

impl Column {
    fn parse(
        (field, ident): (&Field, &Ident),
        field_index: usize,
        items: &[MetaItem],
        rename_all: Option<RenameRule>,
        errors: &mut Errors,
    ) -> Column {
        let (mut primary_key, mut default, mut rename, mut pointer) = (None, None, None, None);
        let (mut format, mut metadata) = (None, None);
        for item in items {
            match item.name().as_str() {
                "primary_key" => set_once(&mut primary_key, item, item.flag(errors), errors),
                "default" => set_once(&mut default, item, Some(DefaultValue::parse(item)), errors),
                "rename" => set_once(&mut rename, item, item.string(errors), errors),
                "path" => {
                    let string = item.string(errors);
                    let parsed = string.and_then(|string| Pointer::parse(&string, errors));
                    set_once(&mut pointer, item, parsed, errors);
                }
                "format" => {
                    let string = item.string(errors);
                    let parsed = string.and_then(|string| TimeFormat::parse(string, errors));
                    set_once(&mut format, item, parsed, errors);
                }
                name if metadata::ATTRIBUTES.contains(&name) => metadata::set_once(&mut metadata, item, errors),
                _ => {
                    let elsewhere = STRUCT_ATTRIBUTES.map(|name| (name, "the struct"));
                    item.report_unknown("schema", "a column", &FIELD_ATTRIBUTES, &elsewhere, errors);
                }
            }
        }
        let field_name = ident.unraw().to_string();
        let (name, name_tokens) = match rename {
            Some(string) => (string.value(), string.into_token_stream()),
            None => {
                let renamed = rename_all.map(|rule| rule.apply_to_field(&field_name));
                (renamed.unwrap_or(field_name), ident.into_token_stream())
            }
        };
        let primary_key = primary_key.is_some();
        let (visibility, field, ty) = (field.vis.clone(), ident.clone(), field.ty.clone());
        Column {
            field_index,
            visibility,
            field,
            ty,
            name,
            name_tokens,
            primary_key,
            default,
            pointer,
            format,
            metadata,
        }
    }
}

impl DefaultValue {
    fn parse(item: &MetaItem) -> DefaultValue {
        match &item.value {
            None => DefaultValue::OfType(item.name.clone()),
            Some(value) => {
                string_literal(value).map_or_else(|| DefaultValue::Expr(value.clone()), DefaultValue::String)
            }
        }
    }
}

/// Parses `crate` and `rename_all`.
fn parse_struct_attributes(attributes: &[Attribute], errors: &mut Errors) -> (Path, Option<RenameRule>) {
    let (mut krate, mut rename_all) = (None, None);
    for item in meta_items(attributes, "schema", errors) {
        match item.name().as_str() {
            "crate" => set_once(&mut krate, &item, item.path(errors), errors),
            "rename_all" => {
                let rule = item.string(errors).and_then(|name| RenameRule::from_name(&name, errors));
                set_once(&mut rename_all, &item, rule, errors);
            }
            _ => {
                let elsewhere = FIELD_ATTRIBUTES.map(|name| (name, "a field"));
                item.report_unknown("schema", "a struct", &STRUCT_ATTRIBUTES, &elsewhere, errors);
            }
        }
    }
    (krate.unwrap_or_else(default_crate_path), rename_all)
}

/// The fields, if the input is a struct with named ones.
fn named_fields<'a>(
    input: &'a DeriveInput,
    errors: &mut Errors,
) -> Option<impl Iterator<Item = (&'a Field, &'a Ident)> + use<'a>> {
    let ident = &input.ident;
    let use_column_type = format!("to use `{ident}` as the type of a column, derive `ColumnType` instead");
    match &input.data {
        Data::Struct(data) => match &data.fields {
            Fields::Named(fields) if !fields.named.is_empty() => {
                return Some(fields.named.iter().filter_map(|field| Some((field, field.ident.as_ref()?))));
            }
            Fields::Named(_) | Fields::Unit => {
                let message = format!("`{ident}` has no columns: a row needs at least one field");
                errors.error_spanned_by(ident, message);
            }
            Fields::Unnamed(_) => {
                let message = format!(
                    "the columns of `{ident}` have no names: write `struct {ident} {{ name: Type, … }}`\n{use_column_type}"
                );
                errors.error_spanned_by(ident, message);
            }
        },
        Data::Enum(data) => {
            let keyword = data.enum_token;
            let message = format!(
                "`{ident}` is an enum, but a row must be a struct with a field for each column\n{use_column_type}"
            );
            errors.error_spanned_by(quote!(#keyword #ident), message);
        }
        Data::Union(data) => {
            let keyword = data.union_token;
            let message = format!("`{ident}` is a union, but a row must be a struct with a field for each column");
            errors.error_spanned_by(quote!(#keyword #ident), message);
        }
    }
    None
}
