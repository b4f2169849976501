//! Expressions as text, for people.

use proc_macro2::{Delimiter, Spacing, TokenStream, TokenTree};
use quote::ToTokens;

/// The expressions as a user would write them: `o.city, o.at.date()`.
pub(crate) fn text_of<T: ToTokens>(expressions: &[T]) -> String {
    let texts = expressions.iter().map(|expression| {
        let mut text = Text::default();
        text.add_all(expression.to_token_stream());
        text.text
    });
    texts.collect::<Vec<_>>().join(", ")
}

#[derive(Default)]
struct Text {
    text: String,
    /// The next token follows without a space.
    is_tight: bool,
    /// The last token is a word, a literal or a group: an operator behind it has two sides.
    is_operand: bool,
}

impl Text {
    fn add_all(&mut self, tokens: TokenStream) {
        for token in tokens {
            match token {
                TokenTree::Group(group) => {
                    let (open, close) = match group.delimiter() {
                        Delimiter::Parenthesis => ("(", ")"),
                        Delimiter::Bracket => ("[", "]"),
                        Delimiter::Brace => ("{ ", " }"),
                        Delimiter::None => ("", ""),
                    };
                    // A call or an index, and not a tuple or a list.
                    let is_attached = self.is_operand && group.delimiter() != Delimiter::Brace;
                    self.add(open, is_attached);
                    (self.is_tight, self.is_operand) = (true, false);
                    self.add_all(group.stream());
                    self.text.push_str(close);
                    (self.is_tight, self.is_operand) = (false, true);
                }
                TokenTree::Punct(punct) => self.add_punct(punct.as_char(), punct.spacing()),
                TokenTree::Ident(_) | TokenTree::Literal(_) => {
                    self.add(&token.to_string(), false);
                    (self.is_tight, self.is_operand) = (false, true);
                }
            }
        }
    }

    fn add_punct(&mut self, character: char, spacing: Spacing) {
        let is_joined = spacing == Spacing::Joint;
        match character {
            '.' | ':' | '?' | '\'' => {
                self.add(character.encode_utf8(&mut [0; 4]), character != '\'');
                self.is_tight = character != '?';
                self.is_operand = character == '?';
            }
            ',' | ';' => {
                self.add(character.encode_utf8(&mut [0; 4]), true);
                (self.is_tight, self.is_operand) = (false, false);
            }
            _ => {
                let has_left_side = self.is_operand;
                self.add(character.encode_utf8(&mut [0; 4]), false);
                self.is_tight = is_joined || !has_left_side;
                // The rest of `==` has a left side, too.
                self.is_operand = is_joined && has_left_side;
            }
        }
    }

    fn add(&mut self, text: &str, is_attached: bool) {
        if !(self.text.is_empty() || self.is_tight || is_attached) {
            self.text.push(' ');
        }
        self.text.push_str(text);
    }
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::text_of;

    #[test]
    fn expressions_are_as_users_write_them() {
        for text in [
            "o.city",
            "o.at.date()",
            "(o.a, o.b)",
            "o.id % 10",
            "-o.price",
            "!o.paid && o.price >= 2.5",
            "o.name[0]",
            "String::from(&o.city)",
            "o.tags.first().cloned()?",
            "f(o.a, -1)",
        ] {
            let tokens: proc_macro2::TokenStream = text.parse().expect("tokens");
            assert_eq!(text_of(&[tokens]), text);
        }
        assert_eq!(text_of(&[quote!(o.a), quote!(o.b)]), "o.a, o.b");
    }
}
