//! The table of builtin reducers.

use syn::Ident;

use super::parameter::{FRACTION, Parameter, SEPARATOR, VALUE_COUNT};
use crate::messages::{most_similar, quoted_list};

/// A builtin reducer. This table is all that the macros know about reducers.
pub(crate) struct Builtin {
    /// The name in `reduce!`.
    pub(crate) name: &'static str,
    /// Its type in `pathway::reducers`.
    pub(crate) type_name: &'static str,
    /// The associated function that builds a value of the type; `None` for a unit struct.
    pub(crate) constructor: Option<&'static str>,
    /// How many arguments it takes for each row.
    pub(crate) arguments: usize,
    /// The function that accepts only arguments of suitable types, to report all others; `None` if all types suit.
    pub(crate) argument_check: Option<&'static str>,
    /// Whether there is a value of no rows: the default of its type, 0 or an empty `Vec`.
    pub(crate) has_value_of_no_rows: bool,
    /// The parameters after the arguments, which are the same for all rows.
    pub(crate) parameters: &'static [Parameter],
    /// What other systems and languages call it, for suggestions.
    aliases: &'static [&'static str],
}

impl Builtin {
    /// A reducer that is a unit struct.
    const fn unit(
        name: &'static str,
        type_name: &'static str,
        arguments: usize,
        aliases: &'static [&'static str],
    ) -> Self {
        Builtin {
            name,
            type_name,
            constructor: None,
            arguments,
            argument_check: None,
            has_value_of_no_rows: false,
            parameters: &[],
            aliases,
        }
    }

    /// A reducer of one argument that a constructor builds from its parameters.
    const fn constructed(
        name: &'static str,
        (type_name, constructor): (&'static str, &'static str),
        parameters: &'static [Parameter],
        aliases: &'static [&'static str],
    ) -> Self {
        Builtin {
            name,
            type_name,
            constructor: Some(constructor),
            arguments: 1,
            argument_check: None,
            has_value_of_no_rows: false,
            parameters,
            aliases,
        }
    }

    /// The reducer with a check of its argument's type.
    const fn checked_by(self, argument_check: &'static str) -> Self {
        Builtin { argument_check: Some(argument_check), ..self }
    }

    /// The reducer, of which no rows have a value.
    const fn of_no_rows_too(self) -> Self {
        Builtin { has_value_of_no_rows: true, ..self }
    }
}

/// In alphabetical order, as messages list them.
const BUILTINS: &[Builtin] = &[
    Builtin::unit("any", "Any", 1, &["any_value"]),
    Builtin::unit("arg_max", "ArgMax", 2, &["argmax", "max_by"]),
    Builtin::unit("arg_min", "ArgMin", 2, &["argmin", "min_by"]),
    Builtin::unit("avg", "Avg", 1, &["average", "mean"]).checked_by("averageable"),
    Builtin::unit("bool_and", "BoolAnd", 1, &["all", "every"]).checked_by("condition"),
    Builtin::unit("bool_or", "BoolOr", 1, &["some"]).checked_by("condition"),
    Builtin::unit("count", "Count", 0, &["len", "size"]).of_no_rows_too(),
    Builtin::unit("count_distinct", "CountDistinct", 1, &["distinct", "count_unique"]).of_no_rows_too(),
    Builtin::constructed(
        "count_distinct_approx",
        ("CountDistinctApprox", "new"),
        &[],
        &["count_distinct_approximate", "approx_count_distinct", "approx_distinct"],
    )
    .of_no_rows_too(),
    Builtin::constructed("earliest", ("Earliest", "new"), &[], &["first", "first_value"]),
    Builtin::constructed("latest", ("Latest", "new"), &[], &["last", "last_value"]),
    Builtin::unit("max", "Max", 1, &["maximum", "largest"]),
    Builtin::constructed("median", ("QuantileCont", "median"), &[], &[]).checked_by("interpolate"),
    Builtin::unit("min", "Min", 1, &["minimum", "smallest"]),
    Builtin::constructed(
        "quantile",
        ("Quantile", "new"),
        &[FRACTION],
        &["percentile", "percentile_disc", "quantile_disc"],
    ),
    Builtin::constructed("quantile_cont", ("QuantileCont", "new"), &[FRACTION], &["percentile_cont"])
        .checked_by("interpolate"),
    Builtin::unit("sorted_tuple", "SortedTuple", 1, &[]).of_no_rows_too(),
    Builtin::unit("stddev", "Stddev", 1, &["std", "stddev_samp", "standard_deviation"]).checked_by("measurable"),
    Builtin::unit("stddev_pop", "StddevPop", 1, &[]).checked_by("measurable"),
    Builtin::constructed(
        "string_join",
        ("StringJoin", "new"),
        &[SEPARATOR],
        &["string_agg", "join", "concat", "group_concat"],
    )
    .checked_by("text"),
    Builtin::unit("sum", "Sum", 1, &["total"]).checked_by("summable"),
    Builtin::constructed("top_k", ("TopK", "new"), &[VALUE_COUNT], &["top", "top_n", "largest_k"]).of_no_rows_too(),
    Builtin::unit("tuple", "Tuple", 1, &["list", "collect", "array", "array_agg"]).of_no_rows_too(),
    Builtin::unit("unique", "Unique", 1, &["single"]),
    Builtin::unit("variance", "Variance", 1, &["var", "var_samp"]).checked_by("measurable"),
    Builtin::unit("variance_pop", "VariancePop", 1, &["var_pop"]).checked_by("measurable"),
];

/// The builtin reducer with this name.
pub(crate) fn find(name: &Ident) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| name == builtin.name)
}

/// The builtin reducer that the user probably meant by a name.
pub(crate) fn suggest(name: &Ident) -> Option<&'static Builtin> {
    let name = name.to_string();
    let similar = most_similar(&name, &names());
    BUILTINS.iter().find(|builtin| Some(builtin.name) == similar || builtin.aliases.contains(&name.as_str()))
}

/// The error message for a name that is no builtin reducer.
pub(crate) fn unknown_reducer(name: &Ident) -> String {
    let help = match suggest(name) {
        Some(builtin) => format!("did you mean `{}`?", builtin.name),
        None => {
            let type_name = upper_camel_case(&name.to_string());
            format!("to use your own reducer, call the type that implements `Reducer`: `{type_name}(…)`")
        }
    };
    let known = quoted_list(&names()).replace(" and ", ", ");
    format!("unknown reducer `{name}`; expected one of {known}\nhelp: {help}")
}

fn names() -> Vec<&'static str> {
    BUILTINS.iter().map(|builtin| builtin.name).collect()
}

fn upper_camel_case(name: &str) -> String {
    let words = name.split('_').filter_map(|word| {
        let mut characters = word.chars();
        Some(characters.next()?.to_uppercase().chain(characters).collect::<String>())
    });
    words.collect()
}

impl Builtin {
    /// How many arguments and parameters a call has.
    pub(crate) fn operands(&self) -> usize {
        self.arguments + self.parameters.len()
    }

    /// A call of it.
    pub(crate) fn example(&self, row: &Ident) -> String {
        let column = if self.name == "string_join" { "city" } else { "price" };
        let mut operands: Vec<_> =
            [column, "id"].iter().take(self.arguments).map(|name| format!("{row}.{name}")).collect();
        operands.extend(self.parameters.iter().map(|parameter| parameter.example.to_owned()));
        format!("{}({})", self.name, operands.join(", "))
    }

    /// The error message for a call with the wrong number of arguments.
    pub(crate) fn wrong_arguments(&self, row: &Ident) -> String {
        let (name, example) = (self.name, self.example(row));
        let parameters: String = self.parameters.iter().map(|parameter| format!(" and {}", parameter.noun)).collect();
        match self.arguments {
            0 => format!("`{name}` takes no argument\nhelp: write `{example}`"),
            1 => format!("`{name}` takes one argument{parameters}, as in `{example}`"),
            _ => format!("`{name}` takes two arguments{parameters}, as in `{example}`"),
        }
    }
}
