//! Suggestions for names that are misspelt.

/// " (did you mean `x`?)" if a known name is similar to the given one, else an empty text.
pub(crate) fn did_you_mean<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    // One mistake in three characters, as in names of columns.
    let most = (name.chars().count() / 3).max(1);
    let near = known.map(|known| (strsim::levenshtein(name, known), known)).filter(|(distance, _)| *distance <= most);
    near.min().map_or(String::new(), |(_, known)| format!(" (did you mean `{known}`?)"))
}
