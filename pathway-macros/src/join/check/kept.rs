//! Finds the columns of each row that the joins of a `join!` keep, and pass on to the next one.

use super::CheckedStep;
use super::mentioned::{Mentioned, Place, mentioned};
use super::names::Names;
use super::timing::Timing;
use crate::join::ast::Side;
use crate::row::output::OutputRow;
use crate::row::row_access::is_row;

/// For the row of each table, its columns; `None` if it is all of them.
pub(crate) type Columns = Vec<Option<Mentioned>>;

/// What a step keeps of its rows, and what the rows consist of that it makes.
#[derive(Clone, Default)]
pub(crate) struct StepColumns {
    /// Of the rows before the table, and then of the table's own row.
    pub(crate) kept: Columns,
    /// The same of the rows of its result. The last step makes the new row instead.
    pub(crate) made: Columns,
}

/// Finds what each step keeps and makes, before its expressions are rewritten.
pub(super) fn columns(sides: &[Side], steps: &[CheckedStep], output: &OutputRow) -> Vec<StepColumns> {
    let uses = Uses { sides, steps, output };
    let mut all: Vec<StepColumns> = Vec::new();
    for step in 0..steps.len() {
        let before = all.last().map(|step| step.made.clone());
        all.push(StepColumns { kept: uses.kept(step, before), made: uses.made(step) });
    }
    all
}

struct Uses<'a> {
    sides: &'a [Side],
    steps: &'a [CheckedStep],
    output: &'a OutputRow,
}

impl<'a> Uses<'a> {
    /// What a step keeps: what is used in its condition and later. Keys and times are computed before. `before` is what its left
    /// rows consist of, if they are rows of several tables.
    fn kept(&self, step: usize, before: Option<Columns>) -> Columns {
        let sides = self.sides.iter().take(step + 2);
        // `asof` finds the least or the greatest of whole rows.
        if self.steps.get(step).and_then(|step| step.timing.as_ref()).is_some_and(Timing::is_asof) {
            let whole = || sides.clone().map(|_| None);
            let mut kept: Columns = before.unwrap_or_else(|| whole().skip(1).collect());
            kept.push(None);
            return kept;
        }
        sides
            .map(|side| self.mentioned(side, self.condition(step, side).into_iter().chain(self.later(step, side))))
            .collect()
    }

    /// What the rows consist of that a step makes: what is used later.
    fn made(&self, step: usize) -> Columns {
        if step + 1 == self.steps.len() {
            return Columns::new();
        }
        self.sides.iter().take(step + 2).map(|side| self.mentioned(side, self.later(step, side))).collect()
    }

    fn mentioned(&self, side: &Side, places: impl Iterator<Item = Place<'a>>) -> Option<Mentioned> {
        match self.output.rests().any(|rest| is_row(&rest.row, &side.row)) {
            true => None,
            false => mentioned(places, &side.row),
        }
    }

    /// The condition of a step.
    fn condition(&self, step: usize, side: &Side) -> Option<Place<'a>> {
        let expr = self.steps.get(step)?.condition.as_ref()?;
        Some(Place { expr, is_option: self.is_option(step, side) })
    }

    /// All that is computed behind a step.
    fn later(&self, step: usize, side: &Side) -> impl Iterator<Item = Place<'a>> {
        let is_option = side.optional.is_some();
        let steps = self.steps.iter().skip(step + 1);
        let in_clauses = steps.flat_map(|step| {
            let time = step.timing.iter().map(|timing| &timing.left);
            step.keys.left.iter().chain(&step.condition).chain(time)
        });
        let in_output = self.output.columns.iter().map(|column| &column.value);
        in_clauses.chain(in_output).map(move |expr| Place { expr, is_option })
    }

    fn is_option(&self, step: usize, side: &Side) -> bool {
        Names::of(self.sides, step).is_some_and(|names| names.is_option(side))
    }
}
