//! Rewrites the columns of the new row of a `top!`, which can use the row and the names of the keys.

use proc_macro2::Ident;
use syn::{Expr, Macro};

use crate::errors::Errors;
use crate::row::key_names::{KeyNames, bare_name};
use crate::row::output::OutputRow;
use crate::row::rewriter::{ExprContext, Rewriter, rewrite};
use crate::row::row_access::RowAccessRewriter;

/// Rewrites all columns for a closure over the row, in which variables with the names of keys hold references to their values.
pub(super) fn rewrite_columns(output: &mut OutputRow, row: &Ident, names: &mut KeyNames, errors: &mut Errors) {
    for column in &mut output.columns {
        names.enter_column(&column.value);
        let mut rewriter = ColumnRewriter { row_access: RowAccessRewriter::new(row, errors), names };
        rewrite(&mut column.value, ExprContext::Value, &mut rewriter);
    }
}

struct ColumnRewriter<'a> {
    row_access: RowAccessRewriter<'a>,
    names: &'a mut KeyNames,
}

impl Rewriter for ColumnRewriter<'_> {
    fn rewrite(&mut self, expr: &mut Expr, context: ExprContext) -> bool {
        if let Expr::Call(call) = expr
            && bare_name(&call.func).is_some_and(|name| name != self.row_access.row)
        {
            // The name of a function, which a key can have, too.
            call.args.iter_mut().for_each(|argument| rewrite(argument, ExprContext::Value, self));
            return true;
        }
        match self.names.replacement(expr, context, self.row_access.errors) {
            Some(value) => {
                *expr = value;
                true
            }
            None => self.row_access.rewrite(expr, context),
        }
    }

    fn on_binding(&mut self, name: &Ident) {
        self.row_access.on_binding(name);
        self.names.check_binding(name, self.row_access.errors);
    }

    fn rewrites_arguments_of(&self, _: &Macro) -> bool {
        true
    }

    fn on_opaque_macro(&mut self, macro_call: &mut Macro) {
        self.row_access.on_opaque_macro(macro_call);
    }
}
