//! Parses the `within …` or `asof …` clause of a `join!`.

use proc_macro2::Span;
use syn::parse::ParseStream;
use syn::{Expr, Ident, Token};

use crate::row::binding::peek_keyword;

/// The clause, with the span of its keyword.
pub(crate) enum TimeClause {
    /// `within c.at - o.at in -5.minutes()..=5.minutes()`.
    Within { keyword: Span, difference: Expr, interval: Expr },
    /// `asof t.at >= q.at`.
    Asof { keyword: Span, comparison: Expr },
    /// `asof t.at nearest q.at`.
    Nearest { keyword: Span, left: Expr, right: Expr },
}

impl TimeClause {
    /// Parses the clause if there is one.
    pub(crate) fn parse(input: ParseStream<'_>, left: &Ident, right: &Ident) -> syn::Result<Option<Self>> {
        if peek_keyword(input, "asof_now") {
            let message = format!("`asof_now` comes before the columns: `asof_now on {left}.id == {right}.id`");
            return Err(input.error(message));
        }
        if peek_keyword(input, "within") {
            return TimeClause::parse_within(input, left, right).map(Some);
        }
        if peek_keyword(input, "asof") {
            return TimeClause::parse_asof(input, left, right).map(Some);
        }
        Ok(None)
    }

    fn parse_within(input: ParseStream<'_>, left: &Ident, right: &Ident) -> syn::Result<Self> {
        let keyword = input.parse::<Ident>()?.span();
        let example = format!("as in `within {right}.at - {left}.at in -5.minutes()..=5.minutes()`");
        if input.peek(Token![=>]) {
            let message = format!("expected the difference of two times and an interval after `within`, {example}");
            return Err(input.error(message));
        }
        let ahead = input.fork();
        let difference = match input.call(Expr::parse_without_eager_brace) {
            Ok(difference) => difference,
            // The user wrote the whole clause like a function call.
            Err(_) if ahead.peek(syn::token::Paren) => {
                return Err(ahead.error(format!("`within` takes no parentheses, {example}")));
            }
            Err(error) => return Err(error),
        };
        if !input.peek(Token![in]) {
            let message = format!("expected `in` and an interval after the difference of two times, {example}");
            return Err(syn::Error::new_spanned(difference, message));
        }
        input.parse::<Token![in]>()?;
        let interval = input.call(Expr::parse_without_eager_brace)?;
        Ok(TimeClause::Within { keyword, difference, interval })
    }

    fn parse_asof(input: ParseStream<'_>, left: &Ident, right: &Ident) -> syn::Result<Self> {
        let keyword = input.parse::<Ident>()?.span();
        if input.peek(Token![=>]) {
            let example = format!("as in `asof {left}.at >= {right}.at`");
            return Err(input.error(format!("expected two times after `asof`, {example}")));
        }
        let first = input.call(Expr::parse_without_eager_brace)?;
        if !peek_keyword(input, "nearest") {
            return Ok(TimeClause::Asof { keyword, comparison: first });
        }
        input.parse::<Ident>()?;
        let second = input.call(Expr::parse_without_eager_brace)?;
        Ok(TimeClause::Nearest { keyword, left: first, right: second })
    }

    /// The keyword, for messages, and its span.
    pub(crate) fn keyword(&self) -> (&'static str, Span) {
        match self {
            TimeClause::Within { keyword, .. } => ("within", *keyword),
            TimeClause::Asof { keyword, .. } | TimeClause::Nearest { keyword, .. } => ("asof", *keyword),
        }
    }
}
