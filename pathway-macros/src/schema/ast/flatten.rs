//! Parses `#[schema(flatten)]`: a field that is a row, whose columns become columns of the struct.

use proc_macro2::Ident;
use syn::{Field, Type, Visibility};

use crate::attr::{MetaItem, set_once};
use crate::errors::Errors;

/// The name of the attribute.
pub(super) const FLATTEN: &str = "flatten";

/// The attribute that the macros write for the `..o` of an anonymous row. It is not for users, and no message lists it.
const REST: &str = "rest";

/// A field that is a row.
pub(crate) struct FlattenedField {
    /// The index of the field in the struct.
    pub(crate) field_index: usize,
    pub(crate) visibility: Visibility,
    pub(crate) field: Ident,
    pub(crate) ty: Type,
    /// Set by `rest`: a column of the struct replaces a column of this field with the same name. The field's primary
    /// key is then not part of the struct's, since a column of the key may have been replaced.
    pub(crate) replaceable: bool,
}

/// Whether a field with these attributes is flattened.
pub(super) fn is_flattened(items: &[MetaItem]) -> bool {
    items.iter().any(|item| item.name == FLATTEN || item.name == REST)
}

impl FlattenedField {
    pub(super) fn parse(
        (field, ident): (&Field, &Ident),
        field_index: usize,
        items: &[MetaItem],
        errors: &mut Errors,
    ) -> FlattenedField {
        let (mut flatten, mut rest) = (None, None);
        for item in items {
            match item.name().as_str() {
                FLATTEN => set_once(&mut flatten, item, item.flag(errors), errors),
                REST => set_once(&mut rest, item, item.flag(errors), errors),
                name => {
                    let message = format!(
                        "`{name}` cannot be combined with `flatten`\n\
                         set it on a field of the struct that is flattened"
                    );
                    errors.error_spanned_by(&item.name, message);
                }
            }
        }
        let (visibility, field, ty) = (field.vis.clone(), ident.clone(), field.ty.clone());
        FlattenedField { field_index, visibility, field, ty, replaceable: rest.is_some() }
    }
}
