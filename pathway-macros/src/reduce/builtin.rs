//! The reducers that have a word of their own.

use syn::Ident;

use super::parameter::{Parameter, SEPARATOR, SHARE, VALUES};
use crate::words::{listed, nearest};

/// A word for a reducer. The list of them is all that this crate knows about reducers.
pub(crate) struct Builtin {
    pub(crate) word: &'static str,
    /// Its type in `pathway::reducers`.
    pub(crate) reducer: &'static str,
    /// The function that makes a value of the type; none of a type that is one.
    pub(crate) constructor: Option<&'static str>,
    /// How many arguments it takes for each row.
    pub(crate) arguments: usize,
    /// What says that its argument is none that it can take; none where anything is.
    pub(crate) check: Option<&'static str>,
    /// What stands behind the arguments, the same for all rows.
    pub(crate) parameters: &'static [Parameter],
    /// What other systems and languages call it.
    aliases: &'static [&'static str],
}

impl Builtin {
    /// A reducer that is a unit struct.
    const fn unit(
        word: &'static str,
        reducer: &'static str,
        arguments: usize,
        aliases: &'static [&'static str],
    ) -> Self {
        Builtin { word, reducer, constructor: None, arguments, check: None, parameters: &[], aliases }
    }

    /// A reducer of one argument that a function makes of its parameters.
    const fn made(
        word: &'static str,
        (reducer, constructor): (&'static str, &'static str),
        parameters: &'static [Parameter],
        aliases: &'static [&'static str],
    ) -> Self {
        Builtin { word, reducer, constructor: Some(constructor), arguments: 1, check: None, parameters, aliases }
    }

    /// A reducer that cannot take anything.
    const fn of(self, check: &'static str) -> Self {
        Builtin { check: Some(check), ..self }
    }
}

/// In alphabetical order, as messages list them.
const BUILTINS: &[Builtin] = &[
    Builtin::unit("any", "Any", 1, &["any_value"]),
    Builtin::unit("arg_max", "ArgMax", 2, &["argmax", "max_by"]),
    Builtin::unit("arg_min", "ArgMin", 2, &["argmin", "min_by"]),
    Builtin::unit("avg", "Avg", 1, &["average", "mean"]).of("averageable"),
    Builtin::unit("bool_and", "BoolAnd", 1, &["all", "every"]).of("condition"),
    Builtin::unit("bool_or", "BoolOr", 1, &["some"]).of("condition"),
    Builtin::unit("count", "Count", 0, &["len", "size"]),
    Builtin::unit("count_distinct", "CountDistinct", 1, &["distinct", "count_unique"]),
    Builtin::made(
        "count_distinct_approx",
        ("CountDistinctApprox", "new"),
        &[],
        &["count_distinct_approximate", "approx_count_distinct", "approx_distinct"],
    ),
    Builtin::made("earliest", ("Earliest", "new"), &[], &["first", "first_value"]),
    Builtin::made("latest", ("Latest", "new"), &[], &["last", "last_value"]),
    Builtin::unit("max", "Max", 1, &["maximum", "largest"]),
    Builtin::made("median", ("QuantileCont", "median"), &[], &[]).of("interpolate"),
    Builtin::unit("min", "Min", 1, &["minimum", "smallest"]),
    Builtin::made("quantile", ("Quantile", "new"), &[SHARE], &["percentile", "percentile_disc", "quantile_disc"]),
    Builtin::made("quantile_cont", ("QuantileCont", "new"), &[SHARE], &["percentile_cont"]).of("interpolate"),
    Builtin::unit("sorted_tuple", "SortedTuple", 1, &[]),
    Builtin::unit("stddev", "Stddev", 1, &["std", "stddev_samp", "standard_deviation"]).of("measurable"),
    Builtin::unit("stddev_pop", "StddevPop", 1, &[]).of("measurable"),
    Builtin::made(
        "string_join",
        ("StringJoin", "new"),
        &[SEPARATOR],
        &["string_agg", "join", "concat", "group_concat"],
    )
    .of("text"),
    Builtin::unit("sum", "Sum", 1, &["total"]).of("summable"),
    Builtin::made("top_k", ("TopK", "new"), &[VALUES], &["top", "top_n", "largest_k"]),
    Builtin::unit("tuple", "Tuple", 1, &["list", "collect", "array", "array_agg"]),
    Builtin::unit("unique", "Unique", 1, &["single"]),
    Builtin::unit("variance", "Variance", 1, &["var", "var_samp"]).of("measurable"),
    Builtin::unit("variance_pop", "VariancePop", 1, &["var_pop"]).of("measurable"),
];

/// The reducer that a word stands for.
pub(crate) fn find(word: &Ident) -> Option<&'static Builtin> {
    BUILTINS.iter().find(|builtin| word == builtin.word)
}

/// The reducer that the user may have meant by a word.
pub(crate) fn meant(word: &Ident) -> Option<&'static Builtin> {
    let word = word.to_string();
    let known: Vec<_> = BUILTINS.iter().map(|builtin| builtin.word).collect();
    let near = nearest(&word, &known);
    BUILTINS.iter().find(|builtin| Some(builtin.word) == near || builtin.aliases.contains(&word.as_str()))
}

/// What to say of a word that no reducer has, and how to write it.
pub(crate) fn unknown(word: &Ident) -> String {
    let known: Vec<_> = BUILTINS.iter().map(|builtin| builtin.word).collect();
    let cure = match meant(word) {
        Some(builtin) => format!("did you mean `{}`?", builtin.word),
        None => {
            let own = camel_case(&word.to_string());
            format!("a reducer of your own is a type that implements `Reducer`, called by its name: `{own}(…)`")
        }
    };
    format!("unknown reducer `{word}`; expected one of {}\nhelp: {cure}", listed(&known).replace(" and ", ", "))
}

fn camel_case(word: &str) -> String {
    let parts = word.split('_').filter_map(|part| {
        let mut characters = part.chars();
        Some(characters.next()?.to_uppercase().chain(characters).collect::<String>())
    });
    parts.collect()
}

impl Builtin {
    /// How many arguments and parameters a call has.
    pub(crate) fn operands(&self) -> usize {
        self.arguments + self.parameters.len()
    }

    /// A call of it.
    pub(crate) fn example(&self, row: &Ident) -> String {
        let column = if self.word == "string_join" { "city" } else { "price" };
        let mut operands: Vec<_> =
            [column, "id"].iter().take(self.arguments).map(|name| format!("{row}.{name}")).collect();
        operands.extend(self.parameters.iter().map(|parameter| parameter.example.to_owned()));
        format!("{}({})", self.word, operands.join(", "))
    }

    /// What to say of a call with the wrong number of arguments.
    pub(crate) fn wrong_arguments(&self, row: &Ident) -> String {
        let (word, example) = (self.word, self.example(row));
        let parameters: String = self.parameters.iter().map(|parameter| format!(" and {}", parameter.noun)).collect();
        match self.arguments {
            0 => format!("`{word}` takes no argument\nhelp: write `{example}`"),
            1 => format!("`{word}` takes one argument{parameters}, as in `{example}`"),
            _ => format!("`{word}` takes two arguments{parameters}, as in `{example}`"),
        }
    }
}
