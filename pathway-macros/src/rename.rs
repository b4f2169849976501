//! The rules of `rename_all`: how a field or a variant is called on the wire. They are serde's.

use syn::LitStr;

use crate::errors::Errors;
use crate::words::{did_you_mean, listed};

/// One way of writing names.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum Rule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

/// Each rule, by the name that the user writes.
const RULES: [(&str, Rule); 8] = [
    ("lowercase", Rule::Lower),
    ("UPPERCASE", Rule::Upper),
    ("PascalCase", Rule::Pascal),
    ("camelCase", Rule::Camel),
    ("snake_case", Rule::Snake),
    ("SCREAMING_SNAKE_CASE", Rule::ScreamingSnake),
    ("kebab-case", Rule::Kebab),
    ("SCREAMING-KEBAB-CASE", Rule::ScreamingKebab),
];

impl Rule {
    /// The rule that the user named.
    pub(crate) fn named(name: &LitStr, errors: &mut Errors) -> Option<Rule> {
        let written = name.value();
        let rule = RULES.iter().find(|(known, _)| *known == written).map(|(_, rule)| *rule);
        if rule.is_none() {
            let known = RULES.map(|(known, _)| known);
            let hint = did_you_mean(&written, &known);
            errors.at(
                name,
                format!("`{written}` is not a way of writing names{hint}\nexpected one of {}", listed(&known)),
            );
        }
        rule
    }

    /// The wire name of a field, which is written `like_this`.
    pub(crate) fn field(self, name: &str) -> String {
        match self {
            Rule::Lower | Rule::Snake => name.to_owned(),
            Rule::Upper | Rule::ScreamingSnake => name.to_ascii_uppercase(),
            Rule::Pascal => name.split('_').map(capital).collect(),
            Rule::Camel => small(&Rule::Pascal.field(name)),
            Rule::Kebab => name.replace('_', "-"),
            Rule::ScreamingKebab => Rule::ScreamingSnake.field(name).replace('_', "-"),
        }
    }

    /// The wire name of a variant, which is written `LikeThis`.
    pub(crate) fn variant(self, name: &str) -> String {
        match self {
            Rule::Pascal => name.to_owned(),
            Rule::Lower => name.to_ascii_lowercase(),
            Rule::Upper => name.to_ascii_uppercase(),
            Rule::Camel => small(name),
            Rule::Snake => {
                let parts = name.char_indices().map(|(at, c)| match c {
                    c if c.is_uppercase() && at > 0 => format!("_{}", c.to_ascii_lowercase()),
                    c => c.to_ascii_lowercase().to_string(),
                });
                parts.collect()
            }
            Rule::ScreamingSnake => Rule::Snake.variant(name).to_ascii_uppercase(),
            Rule::Kebab => Rule::Snake.variant(name).replace('_', "-"),
            Rule::ScreamingKebab => Rule::ScreamingSnake.variant(name).replace('_', "-"),
        }
    }
}

fn capital(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

fn small(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_lowercase()).into_iter().chain(chars).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_writes_fields_and_variants() {
        let written: Vec<_> =
            RULES.iter().map(|(_, rule)| (rule.field("placed_at"), rule.variant("PlacedAt"))).collect();
        let expected = [
            ("placed_at", "placedat"),
            ("PLACED_AT", "PLACEDAT"),
            ("PlacedAt", "PlacedAt"),
            ("placedAt", "placedAt"),
            ("placed_at", "placed_at"),
            ("PLACED_AT", "PLACED_AT"),
            ("placed-at", "placed-at"),
            ("PLACED-AT", "PLACED-AT"),
        ];
        for ((field, variant), expected) in written.iter().zip(expected) {
            assert_eq!((field.as_str(), variant.as_str()), expected);
        }
    }

    #[test]
    fn an_unknown_rule_lists_the_known_ones() {
        let mut errors = Errors::new();
        assert_eq!(Rule::named(&syn::parse_quote!("camel_case"), &mut errors), None);
        let messages = errors.into_messages();
        assert!(messages[0].starts_with("`camel_case` is not a way of writing names (did you mean `camelCase`?)"));
        assert!(messages[0].ends_with("`kebab-case` and `SCREAMING-KEBAB-CASE`"));
    }
}
