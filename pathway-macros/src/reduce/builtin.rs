//! The reducers that have a word of their own.

use syn::Ident;

use crate::words::{listed, nearest};

/// A word for a reducer. The list of them is all that this crate knows about reducers.
pub(crate) struct Builtin {
    pub(crate) word: &'static str,
    /// Its type in `pathway::reducers`.
    pub(crate) reducer: &'static str,
    /// How many arguments it takes for each row.
    pub(crate) arguments: usize,
    /// What other systems and languages call it.
    aliases: &'static [&'static str],
}

/// In alphabetical order, as messages list them.
const BUILTINS: &[Builtin] = &[
    Builtin { word: "any", reducer: "Any", arguments: 1, aliases: &["any_value"] },
    Builtin { word: "arg_max", reducer: "ArgMax", arguments: 2, aliases: &["argmax", "max_by"] },
    Builtin { word: "arg_min", reducer: "ArgMin", arguments: 2, aliases: &["argmin", "min_by"] },
    Builtin { word: "avg", reducer: "Avg", arguments: 1, aliases: &["average", "mean"] },
    Builtin { word: "bool_and", reducer: "BoolAnd", arguments: 1, aliases: &["all", "every"] },
    Builtin { word: "bool_or", reducer: "BoolOr", arguments: 1, aliases: &["some"] },
    Builtin { word: "count", reducer: "Count", arguments: 0, aliases: &["len", "size"] },
    Builtin { word: "count_distinct", reducer: "CountDistinct", arguments: 1, aliases: &["distinct", "count_unique"] },
    Builtin { word: "max", reducer: "Max", arguments: 1, aliases: &["maximum", "largest"] },
    Builtin { word: "min", reducer: "Min", arguments: 1, aliases: &["minimum", "smallest"] },
    Builtin { word: "sorted_tuple", reducer: "SortedTuple", arguments: 1, aliases: &["list", "collect"] },
    Builtin { word: "sum", reducer: "Sum", arguments: 1, aliases: &["total"] },
    Builtin { word: "unique", reducer: "Unique", arguments: 1, aliases: &["single"] },
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
    /// What to say of a call with the wrong number of arguments.
    pub(crate) fn wrong_arguments(&self, row: &Ident) -> String {
        let word = self.word;
        match self.arguments {
            0 => format!("`{word}` takes no argument\nhelp: write `{word}()`"),
            1 => format!("`{word}` takes one argument, as in `{word}({row}.price)`"),
            _ => format!("`{word}` takes two arguments, as in `{word}({row}.price, {row}.id)`"),
        }
    }
}
