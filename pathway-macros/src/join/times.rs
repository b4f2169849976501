//! What a `join!` says of its rows' times: `within …` and `asof …`.

use proc_macro2::{Span, TokenStream};
use quote::{ToTokens, quote};
use syn::parse::ParseStream;
use syn::{BinOp, Expr, Ident, RangeLimits, Token};

use super::ast::{Join, word};
use crate::errors::Errors;
use crate::row::expand::parameter;
use crate::row::extent::Extent;
use crate::row::place::over_row;
use crate::row::tokens::mentions;
use crate::row::walk::Use;

/// As it is written.
pub(crate) enum Times {
    /// `within c.at - o.at in -5.minutes()..=5.minutes()`.
    Within { word: Span, difference: Expr, interval: Expr },
    /// `asof t.at >= q.at`.
    Asof { word: Span, comparison: Expr },
    /// `asof t.at nearest q.at`.
    Nearest { word: Span, one: Expr, other: Expr },
}

/// By side: the left row's time, the right row's, and which pairs of them are wanted.
pub(crate) struct Timing {
    left: Expr,
    right: Expr,
    kind: Kind,
}

enum Kind {
    /// How much later the right row is; or the left one, where it is `reversed`.
    Within {
        interval: Expr,
        reversed: bool,
    },
    Backward,
    Forward,
    Nearest,
}

impl Times {
    /// Nothing where neither word stands.
    pub(crate) fn parse(input: ParseStream<'_>, left: &Ident, right: &Ident) -> syn::Result<Option<Self>> {
        if word(input, "asof_now") {
            return Err(
                input.error(format!("`asof_now` stands before the columns: `asof_now on {left}.id == {right}.id`"))
            );
        }
        if word(input, "within") {
            let word = input.parse::<Ident>()?.span();
            let example = format!("as in `within {right}.at - {left}.at in -5.minutes()..=5.minutes()`");
            if input.peek(Token![=>]) {
                return Err(input.error(format!("expected how far apart the rows are behind `within`, {example}")));
            }
            let ahead = input.fork();
            let difference = match input.call(Expr::parse_without_eager_brace) {
                Ok(difference) => difference,
                // The parentheses of a call around it all.
                Err(_) if ahead.peek(syn::token::Paren) => {
                    return Err(ahead.error(format!("`within` takes no parentheses, {example}")));
                }
                Err(error) => return Err(error),
            };
            if !input.peek(Token![in]) {
                let message = format!("expected `in` and an interval behind the difference of two times, {example}");
                return Err(syn::Error::new_spanned(difference, message));
            }
            input.parse::<Token![in]>()?;
            let interval = input.call(Expr::parse_without_eager_brace)?;
            return Ok(Some(Times::Within { word, difference, interval }));
        }
        if word(input, "asof") {
            let word = input.parse::<Ident>()?.span();
            if input.peek(Token![=>]) {
                let example = format!("as in `asof {left}.at >= {right}.at`");
                return Err(input.error(format!("expected the two times behind `asof`, {example}")));
            }
            let one = input.call(Expr::parse_without_eager_brace)?;
            if !self::word(input, "nearest") {
                return Ok(Some(Times::Asof { word, comparison: one }));
            }
            input.parse::<Ident>()?;
            let other = input.call(Expr::parse_without_eager_brace)?;
            return Ok(Some(Times::Nearest { word, one, other }));
        }
        Ok(None)
    }

    fn word(&self) -> Span {
        match self {
            Times::Within { word, .. } | Times::Asof { word, .. } | Times::Nearest { word, .. } => *word,
        }
    }
}

/// None where there are no times, or where something is wrong with them, which was reported.
pub(crate) fn check(join: &mut Join, errors: &mut Errors) -> Option<Timing> {
    let times = join.times.take()?;
    let (left, right) = (&join.left.row, &join.right.row);
    if join.asof_now {
        let message = "with `asof_now` each event is answered when it comes, whatever its time\n\
                       help: leave out `asof_now` to go by the rows' times";
        errors.take::<()>(Err(syn::Error::new(times.word(), message)));
        return None;
    }
    if !matches!(times, Times::Within { .. })
        && let Some(mark) = join.left.optional.take()
    {
        let message = format!("`{left}` can't be missing: a row of `{right}` is found for each of its rows");
        errors.take::<()>(Err(syn::Error::new(mark, message)));
    }
    match times {
        Times::Within { difference, interval, .. } => within(&difference, interval, left, right, errors),
        Times::Asof { comparison, .. } => asof(&comparison, left, right, errors),
        Times::Nearest { one, other, .. } => match sides(&one, &other, left, right) {
            Some(Sides { left, right, .. }) => Some(Timing { left, right, kind: Kind::Nearest }),
            None => {
                let message = format!("`nearest` stands between a time of `{left}` and one of `{right}`");
                errors.at(quote!(#one nearest #other), message);
                None
            }
        },
    }
}

struct Sides {
    left: Expr,
    right: Expr,
    /// Whether the left table's is the first.
    in_order: bool,
}

/// Of two expressions one must speak of the left row alone, and the other of the right row alone.
fn sides(one: &Expr, other: &Expr, left: &Ident, right: &Ident) -> Option<Sides> {
    let of = |side: &Expr, row| mentions(side.to_token_stream(), row);
    match [of(one, left), of(one, right), of(other, left), of(other, right)] {
        [true, false, false, true] => Some(Sides { left: one.clone(), right: other.clone(), in_order: true }),
        [false, true, true, false] => Some(Sides { left: other.clone(), right: one.clone(), in_order: false }),
        _ => None,
    }
}

fn within(difference: &Expr, interval: Expr, left: &Ident, right: &Ident, errors: &mut Errors) -> Option<Timing> {
    let found = match bare(difference) {
        Expr::Binary(binary) if matches!(binary.op, BinOp::Sub(_)) => sides(&binary.left, &binary.right, left, right),
        _ => None,
    };
    let Some(Sides { left: left_time, right: right_time, in_order }) = found else {
        let message = format!(
            "how far apart two rows are is the time of one less that of the other, as in `within {right}.at - {left}.at in …`"
        );
        errors.at(difference, message);
        return None;
    };
    if let Some(row) = [left, right].into_iter().find(|row| mentions(interval.to_token_stream(), row)) {
        let message = format!("the interval is one for all rows: it can't speak of `{row}`");
        errors.at(&interval, message);
        return None;
    }
    if let Expr::Range(range) = bare(&interval) {
        if let RangeLimits::HalfOpen(dots) = &range.limits {
            errors.at(dots, "both ends belong to the interval: write `..=` between them");
            return None;
        }
        if range.start.is_none() || range.end.is_none() {
            errors.at(&interval, "an interval has two ends, as in `-5.minutes()..=5.minutes()`");
            return None;
        }
    }
    Some(Timing { left: left_time, right: right_time, kind: Kind::Within { interval, reversed: in_order } })
}

fn asof(comparison: &Expr, left: &Ident, right: &Ident, errors: &mut Errors) -> Option<Timing> {
    let example = format!(
        "the latest of `{right}` is found by `asof {left}.at >= {right}.at`, the earliest by `asof {left}.at <= {right}.at`, \
         the nearest by `asof {left}.at nearest {right}.at`"
    );
    let Expr::Binary(binary) = bare(comparison) else {
        errors.at(comparison, format!("`asof` takes two times\nhelp: {example}"));
        return None;
    };
    let is_greater = match &binary.op {
        BinOp::Ge(_) => true,
        BinOp::Le(_) => false,
        BinOp::Gt(operator) => {
            errors.at(operator, "a row of the same time is found, too: write `>=`");
            return None;
        }
        BinOp::Lt(operator) => {
            errors.at(operator, "a row of the same time is found, too: write `<=`");
            return None;
        }
        other => {
            errors.at(other, format!("`asof` compares two times with `>=` or `<=`\nhelp: {example}"));
            return None;
        }
    };
    let Some(Sides { left, right, in_order }) = sides(&binary.left, &binary.right, left, right) else {
        let message = format!("one side must be a time of `{left}` and the other one of `{right}`\nhelp: {example}");
        errors.at(comparison, message);
        return None;
    };
    let kind = if is_greater == in_order { Kind::Backward } else { Kind::Forward };
    Some(Timing { left, right, kind })
}

/// The expression within its parentheses, and within what `macro_rules!` puts around.
fn bare(expr: &Expr) -> &Expr {
    match expr {
        Expr::Paren(paren) => bare(&paren.expr),
        Expr::Group(group) => bare(&group.expr),
        expr => expr,
    }
}

impl Timing {
    /// The method that says it.
    pub(crate) fn expand(self, left: &Ident, right: &Ident, errors: &mut Errors) -> TokenStream {
        let [left, right] = [(self.left, left), (self.right, right)].map(|(mut time, row)| {
            let extent = Extent::of(&time);
            over_row(&mut time, Use::Value, row, errors);
            let time = extent.call("time", &time);
            let row = parameter(row, &time.to_token_stream());
            quote!(move |#row| #time)
        });
        match self.kind {
            Kind::Within { interval, reversed: false } => quote!(.within(#left, #right, #interval)),
            Kind::Within { interval, reversed: true } => {
                let interval = Extent::of(&interval).call("reversed", &interval);
                quote!(.within(#left, #right, #interval))
            }
            Kind::Backward => quote!(.asof(#left, #right)),
            Kind::Forward => quote!(.asof(#left, #right).forward()),
            Kind::Nearest => quote!(.asof(#left, #right).nearest()),
        }
    }
}
