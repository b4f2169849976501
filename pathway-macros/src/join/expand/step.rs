//! Generates the code that joins one table with those before it.

use proc_macro2::{Ident, Span, TokenStream};
use quote::{ToTokens, quote, quote_spanned};
use syn::{Expr, parse_quote};

use super::columns::Structs;
use super::rows::LeftRows;
use crate::join::ast::Side;
use crate::join::check::{CheckedStep, Ends, Ranges, Timing, TimingKind};
use crate::row::expand::{closure_of_values, closure_param, shown};
use crate::row::span_range::SpanRange;

/// A table that is joined with those before it.
pub(super) struct Joined<'a> {
    pub(super) sides: &'a [Side],
    pub(super) step: &'a CheckedStep,
    pub(super) number: usize,
    pub(super) structs: &'a Structs,
    /// The span of the new row.
    pub(super) brace: Span,
}

impl Joined<'_> {
    /// The joined table. `row` is the row that is made of each pair, and `values` are the tokens that may use the rows.
    pub(super) fn table(
        &self,
        left: &TokenStream,
        right: &TokenStream,
        row: &TokenStream,
        values: &TokenStream,
    ) -> TokenStream {
        let Some(right_side) = self.sides.get(self.number + 1) else { return TokenStream::new() };
        let CheckedStep { asof_now, keys, keys_text, condition, ranges, timing, .. } = self.step;
        let left_rows = self.left_rows();
        let left_key = left_rows.closure_of_values(&call_each("key", &keys.left));
        let right_key = closure_of_values(&right_side.row, &call_each("key", &keys.right));
        let keep = self.structs.keep_calls(self.sides, self.number, &left_rows);
        let condition = condition.as_ref().map(|condition| self.condition_call(condition, &left_rows, right_side));
        let ranges = ranges.as_ref().map(|ranges| ranges_call(ranges, &left_rows, right_side));
        let asof_now = asof_now.then(|| quote!(.asof_now()));
        let timing = timing.as_ref().map(|timing| timing_call(timing, &left_rows, right_side));
        let left_is_optional = self.step.left_is_optional;
        let method = Ident::new(method(left_is_optional, right_side.optional.is_some()), self.brace);
        let (left_param, bindings) = left_rows.bind(values, left_is_optional);
        let right_param = closure_param(&right_side.row, values);
        let body = with_bindings(&bindings, row);
        let rows = quote_spanned!(self.brace=> .#method(move |#left_param, #right_param| #body));
        let joined =
            quote!(#left.join(#right).on(#left_key, #right_key) #keep #condition #ranges #asof_now #timing #rows);
        shown(&format!("on {keys_text}"), &joined)
    }

    fn left_rows(&self) -> LeftRows<'_> {
        LeftRows { sides: self.sides.get(..=self.number).unwrap_or_default() }
    }

    /// The method call for what a pair must meet besides equal keys.
    fn condition_call(&self, condition: &Expr, left: &LeftRows<'_>, right: &Side) -> TokenStream {
        let condition = condition.to_token_stream();
        let (left, bindings) = left.bind(&condition, false);
        let right = closure_param(&right.row, &condition);
        let body = with_bindings(&bindings, &condition);
        quote!(.and(move |#left, #right| #body))
    }
}

/// The method call for the ranges of the rows of both sides.
fn ranges_call(Ranges { left, right }: &Ranges, left_rows: &LeftRows<'_>, right_side: &Side) -> TokenStream {
    let left = left_rows.closure_of_values(&ranks(left));
    let right = closure_of_values(&right_side.row, &ranks(right));
    quote!(.ranges(#left, #right))
}

/// The ranks of the ends.
fn ranks(Ends { first, last }: &Ends) -> [Expr; 2] {
    [first, last].map(|end| match end {
        Some(end) => parse_quote!({
            use ::pathway::__private::WithoutRank as _;
            ::pathway::__private::Compared(&(#end)).rank()
        }),
        None => parse_quote!(::core::option::Option::None),
    })
}

/// A block with variables, or only the value if there are none.
pub(super) fn with_bindings(bindings: &TokenStream, value: &TokenStream) -> TokenStream {
    if bindings.is_empty() { value.clone() } else { quote!({ #bindings #value }) }
}

/// Passes each value to a function that checks its type.
fn call_each(function: &str, values: &[Expr]) -> Vec<Expr> {
    values.iter().map(|value| SpanRange::of(value).call(function, value)).collect()
}

/// The method call for the `within` or `asof` clause.
fn timing_call(timing: &Timing, left: &LeftRows<'_>, right: &Side) -> TokenStream {
    let time = |time: &Expr| SpanRange::of(time).call("time", time);
    let left = left.closure_of_values(&[time(&timing.left)]);
    let right = closure_of_values(&right.row, &[time(&timing.right)]);
    match &timing.kind {
        TimingKind::Within { interval, reversed: false } => quote!(.within(#left, #right, #interval)),
        TimingKind::Within { interval, reversed: true } => {
            let interval = SpanRange::of(interval).call("reversed", interval);
            quote!(.within(#left, #right, #interval))
        }
        TimingKind::Backward => quote!(.asof(#left, #right)),
        TimingKind::Forward => quote!(.asof(#left, #right).forward()),
        TimingKind::Nearest => quote!(.asof(#left, #right).nearest()),
    }
}

/// The method for the kind of join.
fn method(left_is_optional: bool, right_is_optional: bool) -> &'static str {
    match (left_is_optional, right_is_optional) {
        (false, false) => "inner",
        (false, true) => "left",
        (true, false) => "right",
        (true, true) => "full",
    }
}
