//! JSON pointers (RFC 6901), read when the user's program compiles.

use syn::LitStr;

use crate::errors::Errors;

/// A way through a JSON document: the member names and element indices, one after the other.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Pointer {
    /// As written.
    pub(crate) text: String,
    /// Its tokens, without escapes; none for the whole document.
    pub(crate) tokens: Vec<String>,
}

impl Pointer {
    /// Reads the pointer that the user wrote.
    pub(crate) fn parse(literal: &LitStr, errors: &mut Errors) -> Option<Pointer> {
        let text = literal.value();
        match tokens(&text) {
            Ok(tokens) => Some(Pointer { text, tokens }),
            Err(message) => {
                errors.at(literal, message);
                None
            }
        }
    }

    /// The way to a member of the document itself.
    pub(crate) fn member(name: &str) -> Pointer {
        Pointer { text: String::new(), tokens: vec![name.to_owned()] }
    }
}

/// The array index that a token can be: digits, without a leading zero.
pub(crate) fn index(token: &str) -> Option<usize> {
    let digits = !token.is_empty() && token.bytes().all(|byte| byte.is_ascii_digit());
    if !digits || (token.len() > 1 && token.starts_with('0')) {
        return None;
    }
    token.parse().ok()
}

fn tokens(text: &str) -> Result<Vec<String>, String> {
    if text.is_empty() {
        return Ok(Vec::new());
    }
    let Some(rest) = text.strip_prefix('/') else {
        return Err(format!("a JSON pointer begins with `/`: write \"{}\"", likely(text)));
    };
    rest.split('/').map(|token| unescape(text, token)).collect()
}

fn unescape(text: &str, token: &str) -> Result<String, String> {
    let mut plain = String::new();
    let mut chars = token.chars();
    while let Some(c) = chars.next() {
        let c = match c {
            '~' => match chars.next() {
                Some('0') => '~',
                Some('1') => '/',
                other => {
                    let found = other.map(String::from).unwrap_or_default();
                    return Err(format!(
                        "`~{found}` in the JSON pointer `{text}` means nothing: write `~0` for `~`, and `~1` for `/`"
                    ));
                }
            },
            c => c,
        };
        plain.push(c);
    }
    Ok(plain)
}

/// The pointer that was meant by a path in another notation: `payment/amount`, `$.payment.amount`, `#/payment`.
fn likely(text: &str) -> String {
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
            assert_eq!(tokens(text).as_deref(), Ok(expected.map_str().as_slice()), "{text}");
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
    fn a_wrong_pointer_names_the_cure() {
        let cases = [
            ("payment/amount", "a JSON pointer begins with `/`: write \"/payment/amount\""),
            ("payment.amount", "a JSON pointer begins with `/`: write \"/payment/amount\""),
            ("$.lines[0].price", "a JSON pointer begins with `/`: write \"/lines/0/price\""),
            ("#/payment", "a JSON pointer begins with `/`: write \"/payment\""),
            ("/a~", "`~` in the JSON pointer `/a~` means nothing: write `~0` for `~`, and `~1` for `/`"),
            ("/a~2b", "`~2` in the JSON pointer `/a~2b` means nothing: write `~0` for `~`, and `~1` for `/`"),
        ];
        for (text, expected) in cases {
            assert_eq!(tokens(text), Err(expected.to_owned()));
        }
    }

    #[test]
    fn an_index_has_no_leading_zero() {
        assert_eq!(index("0"), Some(0));
        assert_eq!(index("17"), Some(17));
        for token in ["", "01", "-", "-1", "+1", "1a", "99999999999999999999999"] {
            assert_eq!(index(token), None, "{token}");
        }
    }
}
