//! Clones fields of variables, where the macro knows only their names.

use proc_macro2::Ident;
use syn::{Expr, Macro};

use super::rewriter::{ExprContext, Rewriter, rewrite};
use super::row_access::clone_datum;

/// Clones the fields of some variables where they are used by value: `item.sku`. The variables themselves stay as written.
pub(crate) fn clone_fields_of(variables: &[Ident], expr: &mut Expr) {
    if !variables.is_empty() {
        rewrite(expr, ExprContext::Value, &mut FieldCloner { variables });
    }
}

/// The variable of which the expression is a field, at any depth: `o` of `o.city` and `o.pair.0`.
pub(crate) fn variable_of_field(expr: &Expr) -> Option<&Ident> {
    let Expr::Field(field) = expr else { return None };
    match &*field.base {
        Expr::Path(path) => path.path.get_ident(),
        base => variable_of_field(base),
    }
}

struct FieldCloner<'a> {
    variables: &'a [Ident],
}

impl Rewriter for FieldCloner<'_> {
    fn rewrite(&mut self, expr: &mut Expr, context: ExprContext) -> bool {
        if !variable_of_field(expr).is_some_and(|variable| self.variables.contains(variable)) {
            return false;
        }
        if context == ExprContext::Value {
            *expr = clone_datum(expr);
        }
        true
    }

    fn on_binding(&mut self, _: &Ident) {}

    fn rewrites_arguments_of(&self, _: &Macro) -> bool {
        false
    }

    fn on_opaque_macro(&mut self, _: &mut Macro) {}
}
