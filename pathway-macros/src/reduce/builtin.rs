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
    Builtin { word: "avg", reducer: "Avg", arguments: 1, aliases: &["average", "mean"] },
    Builtin { word: "count", reducer: "Count", arguments: 0, aliases: &["len", "size"] },
    Builtin { word: "max", reducer: "Max", arguments: 1, aliases: &["maximum", "largest"] },
    Builtin { word: "min", reducer: "Min", arguments: 1, aliases: &["minimum", "smallest"] },
    Builtin { word: "sum", reducer: "Sum", arguments: 1, aliases: &["total"] },
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
            _ => format!("`{word}` takes one argument, as in `{word}({row}.price)`"),
        }
    }
}
