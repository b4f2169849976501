//! The rules of `rename_all`: the name of a field or a variant on the wire.
//!
//! They are serde's rules, and a test compares them with serde. Crates for case conversion follow other rules: `heck`
//! turns `HTTPServer` into `http_server` where serde writes `h_t_t_p_server`, and drops the underscore of `_id`.

use syn::LitStr;

use crate::errors::Errors;
use crate::messages::{did_you_mean, quoted_list};

/// One of the cases that `rename_all` accepts.
#[derive(Clone, Copy, Debug, PartialEq)]
pub(crate) enum RenameRule {
    Lower,
    Upper,
    Pascal,
    Camel,
    Snake,
    ScreamingSnake,
    Kebab,
    ScreamingKebab,
}

/// The rules by the names that users write.
const RULES: [(&str, RenameRule); 8] = [
    ("lowercase", RenameRule::Lower),
    ("UPPERCASE", RenameRule::Upper),
    ("PascalCase", RenameRule::Pascal),
    ("camelCase", RenameRule::Camel),
    ("snake_case", RenameRule::Snake),
    ("SCREAMING_SNAKE_CASE", RenameRule::ScreamingSnake),
    ("kebab-case", RenameRule::Kebab),
    ("SCREAMING-KEBAB-CASE", RenameRule::ScreamingKebab),
];

impl RenameRule {
    /// The rule with the given name.
    pub(crate) fn from_name(name: &LitStr, errors: &mut Errors) -> Option<RenameRule> {
        let value = name.value();
        let rule = RULES.iter().find(|(known, _)| *known == value).map(|(_, rule)| *rule);
        if rule.is_none() {
            let known = RULES.map(|(known, _)| known);
            let hint = did_you_mean(&value, &known);
            let message = format!("unknown rename rule `{value}`{hint}\nexpected one of {}", quoted_list(&known));
            errors.error_spanned_by(name, message);
        }
        rule
    }

    /// The name of a field on the wire. Fields are expected in `snake_case`.
    pub(crate) fn apply_to_field(self, name: &str) -> String {
        match self {
            RenameRule::Lower | RenameRule::Snake => name.to_owned(),
            RenameRule::Upper | RenameRule::ScreamingSnake => name.to_ascii_uppercase(),
            RenameRule::Pascal => name.split('_').map(capitalize).collect(),
            RenameRule::Camel => uncapitalize(&RenameRule::Pascal.apply_to_field(name)),
            RenameRule::Kebab => name.replace('_', "-"),
            RenameRule::ScreamingKebab => RenameRule::ScreamingSnake.apply_to_field(name).replace('_', "-"),
        }
    }

    /// The name of a variant on the wire. Variants are expected in `PascalCase`.
    pub(crate) fn apply_to_variant(self, name: &str) -> String {
        match self {
            RenameRule::Pascal => name.to_owned(),
            RenameRule::Lower => name.to_ascii_lowercase(),
            RenameRule::Upper => name.to_ascii_uppercase(),
            RenameRule::Camel => uncapitalize(name),
            RenameRule::Snake => {
                let parts = name.char_indices().map(|(at, c)| match c {
                    c if c.is_uppercase() && at > 0 => format!("_{}", c.to_ascii_lowercase()),
                    c => c.to_ascii_lowercase().to_string(),
                });
                parts.collect()
            }
            RenameRule::ScreamingSnake => RenameRule::Snake.apply_to_variant(name).to_ascii_uppercase(),
            RenameRule::Kebab => RenameRule::Snake.apply_to_variant(name).replace('_', "-"),
            RenameRule::ScreamingKebab => RenameRule::ScreamingSnake.apply_to_variant(name).replace('_', "-"),
        }
    }
}

fn capitalize(word: &str) -> String {
    let mut chars = word.chars();
    chars.next().map(|first| first.to_ascii_uppercase()).into_iter().chain(chars).collect()
}

fn uncapitalize(word: &str) -> String {
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
                let rule = RenameRule::from_name(&syn::parse_quote!($name), &mut $errors).expect("a rule of serde");
                let fields = serde_json::to_value(Fields::default()).expect("JSON");
                let expected: Vec<_> = fields.as_object().expect("an object").keys().cloned().collect();
                let written = ["placed_at", "_id", "code_", "a__b", "line2_item", "fooBar", "type", "größe"];
                assert_eq!(written.map(|field| rule.apply_to_field(field)).as_slice(), expected, "{}", $name);
                let expected = serde_json::to_value([PlacedAt, HTTPServer, ID, Line2Item, X, Foo_Bar, Größe]);
                let written = ["PlacedAt", "HTTPServer", "ID", "Line2Item", "X", "Foo_Bar", "Größe"];
                let written = written.map(|variant| rule.apply_to_variant(variant));
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
        assert_eq!(RenameRule::from_name(&syn::parse_quote!("camel_case"), &mut errors), None);
        let messages = errors.into_messages();
        assert!(messages[0].starts_with("unknown rename rule `camel_case` (did you mean `camelCase`?)"));
        assert!(messages[0].ends_with("`kebab-case` and `SCREAMING-KEBAB-CASE`"));
    }
}
