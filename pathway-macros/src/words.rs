//! Words for messages: lists of what is known, and the nearest of them to what was written.

use quote::ToTokens;
use strsim::levenshtein;

/// Tokens as a person writes them: `Option<(i64, f64)>`, not `Option < (i64 , f64) >`.
pub(crate) fn written(tokens: impl ToTokens) -> String {
    let spaced = tokens.to_token_stream().to_string();
    let mut text = String::with_capacity(spaced.len());
    let mut rest = spaced.chars().peekable();
    while let Some(c) = rest.next() {
        let next = rest.peek().copied().unwrap_or(' ');
        let before = text.chars().next_back().unwrap_or(' ');
        // A space is kept between two words, behind a comma or semicolon, and around what joins bounds.
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

/// "`a`, `b` and `c`".
pub(crate) fn listed(known: &[&str]) -> String {
    match known {
        [] => String::new(),
        [only] => format!("`{only}`"),
        [firsts @ .., last] => {
            let firsts: Vec<_> = firsts.iter().map(|word| format!("`{word}`")).collect();
            format!("{} and `{last}`", firsts.join(", "))
        }
    }
}

/// " (did you mean `x`?)", where one of the known words is near enough for a slip of the keyboard.
pub(crate) fn did_you_mean(word: &str, known: &[&str]) -> String {
    match nearest(word, known) {
        Some(near) => format!(" (did you mean `{near}`?)"),
        None => String::new(),
    }
}

/// The known word that is nearest to what was written, if it is near at all.
pub(crate) fn nearest<'a>(word: &str, known: &[&'a str]) -> Option<&'a str> {
    let near = |known: &str| {
        let begins = word.len() >= 3 && (known.starts_with(word) || word.starts_with(known));
        if begins { 1 } else { levenshtein(&plain(word), &plain(known)) }
    };
    let (best, steps) = known.iter().map(|known| (*known, near(known))).min_by_key(|(_, steps)| *steps)?;
    (steps <= 1 + best.len() / 4).then_some(best)
}

/// Case and separators do not make a word another one.
fn plain(word: &str) -> String {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_nearest_word_is_found() {
        let known = ["primary_key", "default", "rename", "path"];
        assert_eq!(did_you_mean("primary", &known), " (did you mean `primary_key`?)");
        assert_eq!(did_you_mean("primaryKey", &known), " (did you mean `primary_key`?)");
        assert_eq!(did_you_mean("defualt", &known), " (did you mean `default`?)");
        assert_eq!(did_you_mean("defalt", &known), " (did you mean `default`?)");
        assert_eq!(did_you_mean("subject", &known), "");
    }

    #[test]
    fn types_are_written_as_people_do() {
        for text in
            ["Option<Vec<f64>>", "std::net::TcpStream", "(i64, Option<T>)", "[u8; 4]", "&'a mut T", "Box<dyn A + B>"]
        {
            let ty: syn::Type = syn::parse_str(text).expect("a type");
            assert_eq!(written(ty), text);
        }
    }

    #[test]
    fn lists_read_like_sentences() {
        assert_eq!(listed(&["a"]), "`a`");
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
