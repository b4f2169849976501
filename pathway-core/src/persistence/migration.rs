//! Loads states whose rows have other columns now: writes each piece again as this program would have written it.
//!
//! A column that both programs have is copied, one that is gone is left out, and a new one has its default. Nothing is decoded: the
//! layouts say where each value begins and ends.

mod reader;

use std::fmt;

use self::reader::Reader;
use crate::data::{KeptRows, Layout, RowColumn, Scalar};

/// Writes pieces of a state again.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Migration(Step);

/// What is done with a value.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Step {
    Copy(Layout),
    Option(Box<Step>),
    Seq(Box<Step>),
    /// Keys with their values.
    Map(Box<(Step, Step)>),
    /// One value after the other.
    Tuple(Vec<Step>),
    Variants(Vec<Step>),
    /// The new number of each variant.
    Enum(Vec<u64>),
    Row {
        old: Vec<Layout>,
        new: Vec<Source>,
    },
}

/// Where the value of a column comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
enum Source {
    /// The column with this number.
    Old(usize, Step),
    Default(Vec<u8>),
}

impl Migration {
    /// How a state that was saved with the layout `old` becomes one of `new`; `None` if it is one already. `rows` says
    /// whether its rows can have other columns.
    ///
    /// # Errors
    /// Why it cannot.
    pub(crate) fn new(old: &Layout, new: &Layout, rows: KeptRows) -> Result<Option<Migration>, String> {
        let place = Place { what: "its state", rows, is_key: false, is_sorted: false };
        match step(old, new, place).map_err(|refusal| refusal.message)? {
            Step::Copy(_) => Ok(None),
            step => Ok(Some(Migration(step))),
        }
    }

    /// Writes a piece again.
    ///
    /// # Errors
    /// The piece is not of the old layout.
    pub(crate) fn apply(&self, piece: &[u8]) -> Result<Vec<u8>, String> {
        let (mut reader, mut out) = (Reader::new(piece), Vec::with_capacity(piece.len()));
        while !reader.is_empty() {
            self.0.apply(&mut reader, &mut out)?;
        }
        Ok(out)
    }
}

impl Step {
    fn apply(&self, reader: &mut Reader<'_>, out: &mut Vec<u8>) -> Result<(), String> {
        match self {
            Step::Copy(layout) => out.extend_from_slice(reader.value(layout)?),
            Step::Option(value) => {
                let tag = reader.byte()?;
                out.push(tag);
                if tag != 0 {
                    value.apply(reader, out)?;
                }
            }
            Step::Seq(value) => {
                for _ in 0..reader.len(out)? {
                    value.apply(reader, out)?;
                }
            }
            Step::Map(entry) => {
                for _ in 0..reader.len(out)? {
                    entry.0.apply(reader, out)?;
                    entry.1.apply(reader, out)?;
                }
            }
            Step::Tuple(values) => values.iter().try_for_each(|value| value.apply(reader, out))?,
            Step::Variants(values) => {
                let number = reader.len(out)?;
                let value = usize::try_from(number).ok().and_then(|number| values.get(number));
                value.ok_or_else(|| format!("there is no variant {number}"))?.apply(reader, out)?;
            }
            Step::Enum(numbers) => {
                let number = reader.number()?;
                let new = usize::try_from(number).ok().and_then(|number| numbers.get(number));
                reader::put_number(*new.ok_or_else(|| format!("there is no variant {number}"))?, out);
            }
            Step::Row { old, new } => {
                let values = old.iter().map(|layout| reader.value(layout)).collect::<Result<Vec<_>, _>>()?;
                for source in new {
                    match source {
                        Source::Default(value) => out.extend_from_slice(value),
                        Source::Old(number, step) => {
                            let value = values.get(*number).copied().unwrap_or_default();
                            step.apply(&mut Reader::new(value), out)?;
                        }
                    }
                }
            }
        }
        Ok(())
    }
}

/// Where a value is.
#[derive(Clone, Copy)]
struct Place<'a> {
    /// For messages.
    what: &'a str,
    /// Whether rows can have other columns.
    rows: KeptRows,
    /// Whether values are told apart here.
    is_key: bool,
    /// Whether values are sorted here, and their order matters.
    is_sorted: bool,
}

/// Why a value cannot be written again.
struct Refusal {
    message: String,
    /// Whether it names a column.
    is_of_column: bool,
}

impl Place<'_> {
    fn differs<T>(self, old: impl fmt::Display, new: impl fmt::Display) -> Result<T, Refusal> {
        Err(Refusal { message: format!("{} is `{new}`, and was `{old}`", self.what), is_of_column: false })
    }
}

fn refuse_column<T>(message: String) -> Result<T, Refusal> {
    Err(Refusal { message, is_of_column: true })
}

fn step(old: &Layout, new: &Layout, place: Place<'_>) -> Result<Step, Refusal> {
    if old == new {
        return Ok(Step::Copy(old.clone()));
    }
    let each = |old: &[Layout], new: &[Layout]| -> Result<Vec<Step>, Refusal> {
        old.iter().zip(new).map(|(old, new)| step(old, new, place)).collect()
    };
    let made = match (old, new) {
        (Layout::Option(old), Layout::Option(new)) => Step::Option(step(old, new, place)?.into()),
        (Layout::Seq(old), Layout::Seq(new)) => Step::Seq(step(old, new, place)?.into()),
        (Layout::Sorted(old), Layout::Sorted(new)) => {
            step(old, new, Place { is_sorted: place.rows == KeptRows::Ordered, ..place })?
        }
        (Layout::Map(old_key, old), Layout::Map(new_key, new)) => {
            let key = step(old_key, new_key, Place { is_key: true, ..place })?;
            Step::Map(Box::new((key, step(old, new, place)?)))
        }
        (Layout::Entry(old_key, old), Layout::Entry(new_key, new)) => {
            let key = step(old_key, new_key, Place { what: "its key", is_key: true, ..place })?;
            Step::Tuple(vec![key, step(old, new, place)?])
        }
        (Layout::Tuple(old_values), Layout::Tuple(new_values)) if old_values.len() == new_values.len() => {
            // A tuple is shown as a whole.
            Step::Tuple(each(old_values, new_values).or_else(|refusal| match refusal.is_of_column {
                true => Err(refusal),
                false => place.differs(old, new),
            })?)
        }
        (Layout::Variants(old), Layout::Variants(new)) if old.len() == new.len() => Step::Variants(each(old, new)?),
        (Layout::Enum(old_names), Layout::Enum(new_names)) => {
            let number = |name| new_names.iter().position(|new| new == name).map(|number| number as u64);
            match old_names.iter().map(number).collect::<Option<Vec<_>>>() {
                // Their numbers, by which values are sorted and hashed, are the same.
                Some(numbers) if numbers.iter().copied().eq(0..old_names.len() as u64) => {
                    Step::Copy(Layout::Scalar(Scalar::U64))
                }
                Some(numbers) if place.rows != KeptRows::None && !place.is_sorted => Step::Enum(numbers),
                _ => return place.differs(old, new),
            }
        }
        (
            Layout::Identified { rows: old_rows, defaults: old_defaults, state: old },
            Layout::Identified { rows: new_rows, defaults: new_defaults, state: new },
        ) => {
            check_identified(old_rows, new_rows)?;
            check_defaults((old_rows, old_defaults), new_defaults)?;
            step(old, new, place)?
        }
        (Layout::Hashed(old), Layout::Hashed(new)) => {
            return refuse_column(format!("{} has hashes of values that are `{new}`, and were `{old}`", place.what));
        }
        (Layout::Row(old), Layout::Row(new)) if place.rows != KeptRows::None => row(old, new, place)?,
        (Layout::Row(_), Layout::Row(_)) => {
            return refuse_column(format!(
                "{} has rows with the columns `{new}`, and it had those with `{old}`",
                place.what
            ));
        }
        _ => return place.differs(old, new),
    };
    Ok(match &made {
        Step::Option(value) | Step::Seq(value) if value.is_copy() => Step::Copy(old.clone()),
        Step::Map(entry) if entry.0.is_copy() && entry.1.is_copy() => Step::Copy(old.clone()),
        Step::Tuple(values) | Step::Variants(values) if values.iter().all(Step::is_copy) => Step::Copy(old.clone()),
        _ => made,
    })
}

impl Step {
    fn is_copy(&self) -> bool {
        matches!(self, Step::Copy(_))
    }
}

/// Whether rows that are told apart by their hashes have the same ones with other columns.
fn check_identified(old: &Layout, new: &Layout) -> Result<(), Refusal> {
    let place = Place { what: "its input", rows: KeptRows::Unordered, is_key: true, is_sorted: false };
    let Step::Row { old: columns, new: sources } = step(old, new, place)? else { return Ok(()) };
    let is_same = |source: &Source| match source {
        Source::Old(_, step) => step.is_copy(),
        Source::Default(_) => true,
    };
    match columns.is_empty() || !sources.iter().all(is_same) {
        true => place.differs(old, new),
        false => Ok(()),
    }
}

/// Whether the columns that rows had before have the same defaults, which have no part in the hashes of the rows.
fn check_defaults((old_rows, old): (&Layout, &[(String, Vec<u8>)]), new: &[(String, Vec<u8>)]) -> Result<(), Refusal> {
    let Layout::Row(columns) = old_rows else { return Ok(()) };
    let default_of = |defaults: &[(String, Vec<u8>)], column: &RowColumn| {
        defaults.iter().find(|(name, _)| *name == column.name).map(|(_, default)| default.clone())
    };
    match columns.iter().find(|column| default_of(old, column) != default_of(new, column)) {
        Some(column) => refuse_column(format!(
            "the default of the column `{}` is another one, and the hashes of the rows depend on it: leave it as it was",
            column.name
        )),
        None => Ok(()),
    }
}

fn row(old: &[RowColumn], new: &[RowColumn], place: Place<'_>) -> Result<Step, Refusal> {
    if place.is_key
        && let Some(gone) = old.iter().find(|old| new.iter().all(|new| new.name != old.name))
    {
        return refuse_column(format!(
            "{} is a row without the column `{}`, which it had: rows can be equal now",
            place.what, gone.name
        ));
    }
    if place.is_sorted {
        let numbers = new.iter().filter_map(|new| old.iter().position(|old| old.name == new.name));
        if let Some((position, _)) = (0..).zip(numbers).find(|(position, number)| position != number) {
            return refuse_column(format!(
                "{} sorts rows by their columns, which now come in another order from `{}` on: keep the order of the columns that \
                 stay, and remove only columns behind them; new ones may stand anywhere",
                place.what, old[position].name
            ));
        }
    }
    let source = |new: &RowColumn| {
        if !new.is_kept() {
            return Ok(Source::Default(Vec::new()));
        }
        let Some(number) = old.iter().position(|old| old.name == new.name) else {
            let RowColumn { name, type_name, .. } = new;
            return match new.missing() {
                Some(value) => Ok(Source::Default(value.to_vec())),
                None => refuse_column(format!(
                    "the column `{name}` ({type_name}) is new, and has no default: make it an `Option`, or give it a \
                     `#[schema(default = ..)]`"
                )),
            };
        };
        let before = &old[number];
        if !before.is_kept() {
            return refuse_column(format!(
                "the column `{}` is kept only now: no output of this `join!` mentioned it, so that rows from before have no value",
                new.name
            ));
        }
        let what = format!("the column `{}`", new.name);
        match step(&before.layout, &new.layout, Place { what: &what, ..place }) {
            Ok(step) => Ok(Source::Old(number, step)),
            // The user's types say more than what they consist of.
            Err(_) if before.type_name != new.type_name => {
                refuse_column(format!("{what} is `{}`, and was `{}`", new.type_name, before.type_name))
            }
            Err(refusal) => Err(Refusal { is_of_column: true, ..refusal }),
        }
    };
    let sources = new.iter().map(source).collect::<Result<Vec<_>, Refusal>>()?;
    let is_same = |(number, source): (usize, &Source)| matches!(source, Source::Old(old, step) if *old == number && step.is_copy());
    if old.len() == sources.len() && sources.iter().enumerate().all(is_same) {
        return Ok(Step::Copy(Layout::Row(old.to_vec())));
    }
    Ok(Step::Row { old: old.iter().map(|column| column.layout.clone()).collect(), new: sources })
}

#[cfg(test)]
mod tests;
