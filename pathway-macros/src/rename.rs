//! The rules of `rename_all`: the name of a field or a variant on the wire.
//!
//! They are serde's rules, and a test compares them with serde. Crates for case conversion follow other rules: `heck`
//! turns `HTTPServer` into `http_server` where serde writes `h_t_t_p_server`, and drops the underscore of `_id`.

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

    /// Field and variant names as serde writes them, and as the rule of the same name writes them.
    macro_rules! compare_with_serde {
        ($errors:ident: $($name:literal)*) => {
            $({
                #[derive(Default, serde::Serialize)]
                #[serde(rename_all = $name)]
                #[expect(non_snake_case, reason = "users may write such fields")]
                struct Fields {
                    placed_at: (),
                    _id: (),
                    code_: (),
                    a__b: (),
                    line2_item: (),
                    fooBar: (),
                    r#type: (),
                    größe: (),
                }
                #[derive(serde::Serialize)]
                #[serde(rename_all = $name)]
                #[expect(non_camel_case_types, reason = "users may write such variants")]
                enum Variants {
                    PlacedAt,
                    HTTPServer,
                    ID,
                    Line2Item,
                    X,
                    Foo_Bar,
                    Größe,
                }
                use Variants::*;
                let rule = Rule::named(&syn::parse_quote!($name), &mut $errors).expect("a rule of serde");
                let fields = serde_json::to_value(Fields::default()).expect("JSON");
                let expected: Vec<_> = fields.as_object().expect("an object").keys().cloned().collect();
                let written = ["placed_at", "_id", "code_", "a__b", "line2_item", "fooBar", "type", "größe"];
                assert_eq!(written.map(|field| rule.field(field)).as_slice(), expected, "{}", $name);
                let expected = serde_json::to_value([PlacedAt, HTTPServer, ID, Line2Item, X, Foo_Bar, Größe]);
                let written = ["PlacedAt", "HTTPServer", "ID", "Line2Item", "X", "Foo_Bar", "Größe"];
                let written = written.map(|variant| rule.variant(variant));
                assert_eq!(expected.expect("JSON"), serde_json::json!(written), "{}", $name);
            })*
        };
    }

    #[test]
    fn names_are_those_of_serde() {
        let mut errors = Errors::new();
        compare_with_serde!(errors:
            "lowercase" "UPPERCASE" "PascalCase" "camelCase" "snake_case" "SCREAMING_SNAKE_CASE" "kebab-case"
            "SCREAMING-KEBAB-CASE"
        );
        assert!(errors.into_messages().is_empty());
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
