//! Checks the columns of a `row!`.

use super::ast::Row;
use crate::errors::Errors;
use crate::row;
use crate::row::field_access::variable_of_field;
use crate::row::row_access::clone_datum;

/// Clones the columns that are fields of variables. Returns `None` if there is no row to build.
///
/// The macro does not know which variable is a row. Expressions around a field stay as written.
pub(crate) fn check(mut row: Row, errors: &mut Errors) -> Option<Row> {
    let Row { output } = &mut row;
    row::where_clause::forbid(output, errors);
    row::rest::check_expr(output, errors);
    if !row::check::check(output, errors) {
        return None;
    }
    for column in &mut output.columns {
        if variable_of_field(&column.value).is_some() {
            column.value = clone_datum(&column.value);
        }
    }
    Some(row)
}
