//! Parses JSON pointers (RFC 6901) when the user's program is compiled.

use syn::LitStr;

use crate::errors::Errors;

/// A path in a JSON document.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pointer {
    /// As written.
    pub(crate) text: String,
    /// Its tokens without escapes: member names and array indices. Empty for the whole document.
    pub(crate) tokens: Vec<String>,
}

impl Pointer {
    /// Parses the pointer that the user wrote.
    pub(crate) fn parse(literal: &LitStr, errors: &mut Errors) -> Option<Pointer> {
        let text = literal.value();
        match parse_tokens(&text) {
            Ok(tokens) => Some(Pointer { text, tokens }),
            Err(message) => {
                errors.error_spanned_by(literal, message);
                None
            }
        }
    }

    /// The pointer to a member of the document's object.
    pub(crate) fn of_member(name: &str) -> Pointer {
        Pointer { text: String::new(), tokens: vec![name.to_owned()] }
    }
}

/// The array index of a token that can be one: digits without a leading zero.
pub(crate) fn array_index(token: &str) -> Option<usize> {
    let digits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (token.len() > 1 && token.starts_with('0')) {
        return None;
    }
    token.parse().ok()
}

fn parse_tokens(text: &str) -> Result<Vec<String>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let Some(rest) = text.strip_prefix('/') else {
        return Err(format!("a JSON pointer starts with `/`: write \"{}\"", suggestion(text)));
    };
    rest.split('/').map(|token| unescape(text, token)).collect()
}

fn unescape(text: &str, token: &str) -> Result<String, String> {
    let mut unescaped = String::new();
    let mut chars = token.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '~' => match chars.next() {
                Some('0') => '~',
                Some('1') => '/',
                other => {
                    let found = other.map(String::from).unwrap_or_default();
                    return Err(format!(
                        "`~{found}` is not a valid escape in the JSON pointer `{text}`: write `~0` for `~`, and `~1` for `/`"
                    ));
                }
            },
            c => c,
        };
        unescaped.push(c);
    }
    Ok(unescaped)
}

/// The pointer for a path in another notation: `payment/amount`, `$.payment.amount`, `#/payment`.
fn suggestion(text: &str) -> String {
    let path = text.trim_start_matches(['$', '#', '.', '/']);
    let path = if path.contains('/') { path.to_owned() } else { path.replace(['.', '['], "/").replace(']', "") };
    format!("/{path}")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn tokens_are_unescaped() {
        let cases: [(&str, &[&str]); 8] = [
            ("", &[]),
            ("/", &[""]),
            ("/a", &["a"]),
            ("/a/b", &["a", "b"]),
            ("/a//b", &["a", "", "b"]),
            ("/a~1b/~0~01", &["a/b", "~~1"]),
            ("/lines/0/p", &["lines", "0", "p"]),
            ("/å b/\"", &["å b", "\""]),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_tokens(text).as_deref(), Ok(expected.map_str().as_slice()), "{text}");
        }
    }

    trait MapStr {
        fn map_str(&self) -> Vec<String>;
    }

    impl MapStr for &[&str] {
        fn map_str(&self) -> Vec<String> {
            self.iter().map(|token| (*token).to_owned()).collect()
        }
    }

    #[test]
    fn an_invalid_pointer_has_a_suggestion() {
        let cases = [
            ("payment/amount", "a JSON pointer starts with `/`: write \"/payment/amount\""),
            ("payment.amount", "a JSON pointer starts with `/`: write \"/payment/amount\""),
            ("$.lines[0].price", "a JSON pointer starts with `/`: write \"/lines/0/price\""),
            ("#/payment", "a JSON pointer starts with `/`: write \"/payment\""),
            ("/a~", "`~` is not a valid escape in the JSON pointer `/a~`: write `~0` for `~`, and `~1` for `/`"),
            ("/a~2b", "`~2` is not a valid escape in the JSON pointer `/a~2b`: write `~0` for `~`, and `~1` for `/`"),
        ];
        for (text, expected) in cases {
            assert_eq!(parse_tokens(text), Err(expected.to_owned()));
        }
    }

    #[test]
    fn an_index_has_no_leading_zero() {
        assert_eq!(array_index("0"), Some(0));
        assert_eq!(array_index("17"), Some(17));
        for token in ["", "01", "-", "-1", "+1", "1a", "99999999999999999999999"] {
            assert_eq!(array_index(token), None, "{token}");
        }
    }
}
