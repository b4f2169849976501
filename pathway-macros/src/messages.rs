//! Helpers for the text of error messages: types, lists of names, and suggestions for misspelt names.

use quote::ToTokens;
use strsim::levenshtein;

/// Tokens with the spaces that rustfmt would leave: `Option<(i64, f64)>`, not `Option < (i64 , f64) >`.
pub(crate) fn display_tokens(tokens: impl ToTokens) -> String {
    let spaced = tokens.to_token_stream().to_string();
    let mut text = String::with_capacity(spaced.len());
    let mut rest = spaced.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let before = text.chars().next_back().unwrap_or(' ');
        // A space stays between two words, after a comma or semicolon, and around `+` and `=`.
        let kept = is_word(before) && is_word(next) || ",;+=".contains(before) || "+=".contains(next);
        if c != ' ' || kept {
            text.push(c);
        }
    }
    text
}

fn is_word(c: char) -> bool {
    c.is_alphanumeric() || c == '_' || c == '\''
}

/// A list for a sentence: "`a`, `b` and `c`".
pub(crate) fn quoted_list(names: &[&str]) -> String {
    match names {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [firsts @ .., last] => {
            let firsts: Vec<_> = firsts.iter().map(|name| format!("`{name}`")).collect();
            format!("{} and `{last}`", firsts.join(", "))
        }
    }
}

/// " (did you mean `x`?)" if a known name is similar to the given one, else an empty string.
pub(crate) fn did_you_mean(name: &str, known: &[&str]) -> String {
    match most_similar(name, known) {
        Some(similar) => format!(" (did you mean `{similar}`?)"),
        None => String::new(),
    }
}

/// The known name that is most similar to the given one, if any is similar enough.
pub(crate) fn most_similar<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let distance = |known: &str| {
        let is_prefix = name.len() >= 3 && (known.starts_with(name) || name.starts_with(known));
        if is_prefix { 1 } else { levenshtein(&normalize(name), &normalize(known)) }
    };
    let (best, distance) = known.iter().map(|known| (*known, distance(known))).min_by_key(|(_, distance)| *distance)?;
    (distance <= 1 + best.len() / 4).then_some(best)
}

/// Case and separators do not count.
fn normalize(name: &str) -> String {
    name.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_most_similar_name_is_suggested() {
        let known = ["primary_key", "default", "rename", "path"];
        assert_eq!(did_you_mean("primary", &known), " (did you mean `primary_key`?)");
        assert_eq!(did_you_mean("primaryKey", &known), " (did you mean `primary_key`?)");
        assert_eq!(did_you_mean("defualt", &known), " (did you mean `default`?)");
        assert_eq!(did_you_mean("defalt", &known), " (did you mean `default`?)");
        assert_eq!(did_you_mean("subject", &known), "");
    }

    #[test]
    fn types_have_the_spaces_of_rustfmt() {
        for text in
            ["Option<Vec<f64>>", "std::net::TcpStream", "(i64, Option<T>)", "[u8; 4]", "&'a mut T", "Box<dyn A + B>"]
        {
            let ty: syn::Type = syn::parse_str(text).expect("a type");
            assert_eq!(display_tokens(ty), text);
        }
    }

    #[test]
    fn lists_have_commas_and_an_and() {
        assert_eq!(quoted_list(&["a"]), "`a`");
        assert_eq!(quoted_list(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
