//! Checks the keys, the conditions and the times of a `join!`, and how its columns use the rows.

mod kept;
mod mentioned;
mod missing_row;
mod names;
mod on;
mod ranges;
mod step;
mod timing;

use syn::Ident;

pub(crate) use self::kept::{Columns, StepColumns};
pub(crate) use self::mentioned::Mentioned;
pub(crate) use self::ranges::{Ends, Ranges};
pub(crate) use self::step::CheckedStep;
pub(crate) use self::timing::{Timing, TimingKind};
use super::ast::{Join, Side};
use crate::errors::Errors;
use crate::row;
use crate::row::output::OutputRow;
use crate::row::rewriter::ExprContext;
use crate::row::row_access::{is_row, rewrite_row_access};

/// A `join!` whose expressions are split by side and rewritten for closures over their row.
pub(crate) struct CheckedJoin {
    pub(crate) sides: Vec<Side>,
    /// Each joins a table with those before it.
    pub(crate) steps: Vec<CheckedStep>,
    pub(crate) output: OutputRow,
}

const ALL_ROWS_MAY_BE_MISSING: &str = "`..` needs a row that is never missing, but both rows have a `?`\n\
                                       name each column, as in `name: c.map(|c| c.name.clone())`";

/// The longest tuple that is a datum: the rows before the last table are one.
const MOST_TABLES: usize = 13;

/// Returns `None` if there is nothing to build; the errors say why.
pub(crate) fn check(join: Join, errors: &mut Errors) -> Option<CheckedJoin> {
    let Join { mut sides, steps, mut output } = join;
    if !check_names(&sides, errors) {
        return None;
    }
    let steps = step::check_all(steps, &mut sides, errors);
    for side in sides.iter().filter(|side| side.optional.is_some()) {
        for column in &mut output.columns {
            missing_row::check_column(&mut column.value, &side.row, errors);
        }
    }
    let required: Vec<_> = sides.iter().filter(|side| side.optional.is_none()).map(|side| &side.row).collect();
    if required.is_empty() {
        let all = if sides.len() > 2 { "all" } else { "both" };
        row::rest::forbid(&mut output, &ALL_ROWS_MAY_BE_MISSING.replace("both", all), errors);
    }
    let has_row = row::rest::check(&mut output, &required, errors);
    row::where_clause::forbid(&mut output, errors);
    // Invalid clauses have been reported. Code without them could cause other errors.
    let is_valid = row::check::check(&mut output, errors) && has_row;
    let mut steps = steps.filter(|_| is_valid)?;
    output.equal_columns = equal_columns(&sides, &steps, &output);
    let columns = kept::columns(&sides, &steps, &output);
    steps.iter_mut().zip(columns).for_each(|(step, columns)| step.columns = columns);
    let mut checked = CheckedJoin { sides, steps, output };
    checked.rewrite(errors);
    Some(checked)
}

/// The columns that are named once behind `on`, and that all rows behind `..` are joined by.
fn equal_columns(sides: &[Side], steps: &[CheckedStep], output: &OutputRow) -> Vec<Ident> {
    let mut equal = Vec::new();
    for (column, first) in steps.iter().flat_map(|step| &step.shared) {
        // The rows whose column is equal to that of the first one.
        let others = steps
            .iter()
            .zip(sides.iter().skip(1))
            .filter(|(step, _)| step.shared.contains(&(column.clone(), first.clone())));
        let rows: Vec<_> = others.map(|(_, side)| &side.row).chain([first]).collect();
        if output.rests().all(|rest| rows.iter().any(|row| is_row(&rest.row, row))) {
            equal.push(column.clone());
        }
    }
    equal
}

fn check_names(sides: &[Side], errors: &mut Errors) -> bool {
    for (number, Side { row, .. }) in sides.iter().enumerate() {
        if sides.iter().take(number).any(|other| other.row == *row) {
            let rows = if sides.len() == 2 { "both rows are" } else { "another row is" };
            errors.error_spanned_by(row, format!("{rows} named `{row}`: choose another name here"));
            return false;
        }
    }
    if let Some(Side { row, .. }) = sides.get(MOST_TABLES) {
        let message = format!(
            "`join!` takes at most {MOST_TABLES} tables\nhelp: join some of them first, and use the result as a table"
        );
        errors.error_spanned_by(row, message);
        return false;
    }
    true
}

impl CheckedJoin {
    /// Rewrites the expressions for closures over the rows. A row that may be missing is an `Option` of a reference, and stays as
    /// it is written.
    fn rewrite(&mut self, errors: &mut Errors) {
        let CheckedJoin { sides, steps, output } = self;
        let required: Vec<&Ident> = sides.iter().filter(|side| side.optional.is_none()).map(|side| &side.row).collect();
        for column in &mut output.columns {
            for row in &required {
                rewrite_row_access(&mut column.value, ExprContext::Value, row, errors);
            }
        }
        for (number, step) in steps.iter_mut().enumerate() {
            step.rewrite(sides, number, errors);
        }
    }
}
