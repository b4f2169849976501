//! The columns of a node of a graph.

use serde::Serialize;

use crate::data::Column;
use crate::plan::identity::RowType;

/// A column of a row in a [`Graph`](super::Graph).
#[derive(Clone, Debug, PartialEq, Eq, Serialize)]
#[non_exhaustive]
pub struct GraphColumn {
    /// The name on the wire.
    pub name: String,
    /// The type, as the program writes it; in an anonymous row, as the compiler has inferred it.
    pub type_name: String,
    /// Whether it is part of the primary key.
    pub primary_key: bool,
}

impl GraphColumn {
    pub(super) fn all(row: RowType) -> Vec<GraphColumn> {
        let inferred = type_parameters(row.full_name);
        row.columns.iter().map(|column| GraphColumn::of(column, &inferred)).collect()
    }

    fn of(column: &Column, inferred: &[String]) -> Self {
        // The types of an anonymous row are its parameters `T0`, `T1`, …
        let number = column.type_name.strip_prefix('T').and_then(|number| number.parse::<usize>().ok());
        let inferred = number.and_then(|number| inferred.get(number).cloned());
        GraphColumn {
            name: column.name.to_owned(),
            type_name: inferred.unwrap_or_else(|| column.type_name.to_owned()),
            primary_key: column.primary_key,
        }
    }
}

/// The parameters of a type by its full name, without the paths of modules: of `a::Row<b::C, (D, E)>`, `C` and `(D, E)`.
fn type_parameters(full_name: &str) -> Vec<String> {
    let Some((_, parameters)) = full_name.split_once('<') else { return Vec::new() };
    let parameters = parameters.strip_suffix('>').unwrap_or(parameters);
    let (mut all, mut depth) = (vec![String::new()], 0);
    for character in without_paths(parameters).chars() {
        match character {
            '<' | '(' | '[' => depth += 1,
            '>' | ')' | ']' => depth -= 1,
            ',' if depth == 0 => {
                all.push(String::new());
                continue;
            }
            _ => {}
        }
        all.iter_mut().last().into_iter().for_each(|last| last.push(character));
    }
    all.iter().map(|parameter| parameter.trim().to_owned()).collect()
}

/// Type names without the paths of their modules.
fn without_paths(types: &str) -> String {
    let mut short = String::new();
    for (number, part) in types.split("::").enumerate() {
        if number > 0 {
            // What stands before `::` is a module.
            let name = short.trim_end_matches(|character: char| character.is_alphanumeric() || character == '_');
            short.truncate(name.len());
        }
        short += part;
    }
    short
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn types_are_named_without_their_modules() {
        let row = "pipeline::main::Row<alloc::string::String, core::option::Option<(f64, a_b::c1::D)>, [i64; 2]>";
        assert_eq!(type_parameters(row), ["String", "Option<(f64, D)>", "[i64; 2]"]);
        assert_eq!(type_parameters("pipeline::Row"), [""; 0]);
    }
}
