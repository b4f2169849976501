//! Words for messages: lists of what is known, and the nearest of them to what was written.

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
        if begins { 1 } else { distance(&plain(word), &plain(known)) }
    };
    let (best, steps) = known.iter().map(|known| (*known, near(known))).min_by_key(|(_, steps)| *steps)?;
    (steps <= 1 + best.len() / 4).then_some(best)
}

/// Case and separators do not make a word another one.
fn plain(word: &str) -> Vec<char> {
    word.chars().filter(|c| c.is_alphanumeric()).flat_map(char::to_lowercase).collect()
}

/// How many characters must be inserted, removed or replaced to get from one word to the other.
fn distance(from: &[char], to: &[char]) -> usize {
    let mut row: Vec<usize> = (0..=to.len()).collect();
    for (i, a) in from.iter().enumerate() {
        let mut diagonal = row[0];
        row[0] = i + 1;
        for (j, b) in to.iter().enumerate() {
            let replaced = diagonal + usize::from(a != b);
            diagonal = row[j + 1];
            row[j + 1] = replaced.min(diagonal + 1).min(row[j] + 1);
        }
    }
    row[to.len()]
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
    fn lists_read_like_sentences() {
        assert_eq!(listed(&["a"]), "`a`");
        assert_eq!(listed(&["a", "b", "c"]), "`a`, `b` and `c`");
    }
}
