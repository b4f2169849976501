//! Takes the outputs of a `reduce!` apart: keys, reducer calls, and what is left.

use quote::{ToTokens, quote};
use syn::{Expr, ExprCall, Ident, Macro};

use super::ast::Reduce;
use super::builtin;
use super::keys::Keys;
use super::probe::{callee, is_constructor, is_type, needs_row};
use super::reduction::Reduction;
use super::window::Window;
use crate::errors::Errors;
use crate::row;
use crate::row::extent::Extent;
use crate::row::head::Head;
use crate::row::output::Output;
use crate::row::place::{is_place, over_row, report_shadow};
use crate::row::tokens::mentions;
use crate::row::walk::{Meaning, Use, walk};

/// A `reduce!` whose parts have their places.
pub(crate) struct Plan {
    pub(crate) head: Head,
    /// The keys of a row.
    pub(crate) keys: Vec<Expr>,
    pub(crate) window: Option<Window>,
    pub(crate) reductions: Vec<Reduction>,
    /// The row of a group: keys and results stand where their expressions stood.
    pub(crate) output: Output,
}

/// The most keys that make a group: the longest tuple that is a datum.
const MOST_KEYS: usize = 12;

/// Of `..o`.
const OF_MANY_ROWS: &str = "a group has many rows: `..` has no one row to take columns from\n\
                            name each column: keys, and reducers such as `max(o.price)`";

/// None: there is no row to build, which was reported.
pub(crate) fn check(reduce: Reduce, errors: &mut Errors) -> Option<Plan> {
    let Reduce { head, keys, mut window, mut output } = reduce;
    let has_rest = output.rest.is_some();
    row::rest::forbid(&mut output, OF_MANY_ROWS, errors);
    // A row with a name would miss the columns that were meant, which is the same mistake.
    if (has_rest && output.name.is_some()) || !row::check::check(&mut output, errors) {
        return None;
    }
    if let Some(key) = keys.get(MOST_KEYS) {
        errors.at(key, format!("a group has at most {MOST_KEYS} keys\nhelp: put some of them into one, as a tuple"));
    }
    let mut outputs = Outputs {
        row: &head.row,
        keys: Keys::new(keys),
        reductions: Vec::new(),
        column: head.row.clone(),
        unknown: false,
        errors,
    };
    for column in &mut output.columns {
        outputs.unknown = false;
        outputs.column = column.name.clone();
        walk(&mut column.value, Use::Value, &mut outputs);
        if outputs.unknown && output.name.is_some() {
            // The column's type is known from its struct, whatever the unknown reducer would have made.
            column.value = Expr::Verbatim(quote!(::core::option::Option::None.unwrap()));
        }
    }
    let Outputs { keys, reductions, errors, .. } = outputs;
    let mut keys = keys.into_exprs();
    for key in &mut keys {
        over_row(key, Use::Value, &head.row, errors);
    }
    if let Some(window) = &mut window {
        over_row(&mut window.time, Use::Value, &head.row, errors);
    }
    Some(Plan { head, keys, window, reductions, output })
}

struct Outputs<'a> {
    row: &'a Ident,
    keys: Keys,
    reductions: Vec<Reduction>,
    /// The column at hand.
    column: Ident,
    /// Whether the column at hand calls a reducer that we could not make out.
    unknown: bool,
    errors: &'a mut Errors,
}

impl Meaning for Outputs<'_> {
    fn rewrite(&mut self, expr: &mut Expr, usage: Use) -> bool {
        if let Some(key) = self.keys.find(expr) {
            *expr = Keys::read(expr, key, usage);
            return true;
        }
        if let Expr::Call(call) = expr
            && let Some(result) = self.call(call)
        {
            *expr = result;
            return true;
        }
        if !is_place(expr, self.row) {
            return false;
        }
        self.neither(expr);
        let key = self.keys.add(expr);
        *expr = Keys::read(expr, key, usage);
        true
    }

    fn binds(&mut self, name: &Ident) {
        let _ = report_shadow(name, self.row, self.errors);
    }

    fn looks_into(&self, _: &Macro) -> bool {
        true
    }

    fn cannot_read(&mut self, macro_call: &mut Macro) {
        if !mentions(macro_call.tokens.clone(), self.row) {
            return;
        }
        let name = macro_call.path.to_token_stream().to_string();
        let message = format!(
            "`reduce!` cannot read the arguments of `{name}!`: they are not a list of expressions\n\
             help: call it in a `select!` behind the `reduce!`"
        );
        // In its place, since the type of what it makes is unknown, and a `compile_error!` has any.
        let span = Extent::of(&macro_call.path).first;
        macro_call.path = syn::parse_quote_spanned!(span=> ::core::compile_error);
        macro_call.tokens = message.to_token_stream();
    }
}

impl Outputs<'_> {
    /// What stands for a call, if it calls a reducer.
    fn call(&mut self, call: &ExprCall) -> Option<Expr> {
        let path = callee(call)?;
        let needs_row = |argument| needs_row(argument, self.row, &self.keys);
        if let Some(word) = path.get_ident() {
            if let Some(builtin) = builtin::find(word) {
                return Some(self.builtin(call, builtin));
            }
            let is_word = word.to_string().starts_with(char::is_lowercase);
            if is_word && call.args.iter().any(needs_row) {
                return Some(self.unknown(call, word));
            }
        }
        if is_constructor(path) || !call.args.iter().any(needs_row) {
            return None;
        }
        if !is_type(path) && call.args.iter().all(needs_row) {
            // A function without parameters is no reducer: `f64::from(o.quantity)`.
            return None;
        }
        let reduction = Reduction::own(call, path, &self.column, self.row, &self.keys, self.errors);
        Some(self.result(reduction, call))
    }

    fn builtin(&mut self, call: &ExprCall, builtin: &builtin::Builtin) -> Expr {
        if call.args.len() != builtin.operands() {
            self.errors.at(call, builtin.wrong_arguments(self.row));
            if call.args.len() < builtin.operands() {
                return self.unknown_type(call);
            }
        }
        if let Some(index) = self.reductions.iter().position(|reduction| reduction.is(call)) {
            return self.reductions[index].read(index, call);
        }
        let reduction = Reduction::builtin(call, builtin, &self.column, self.row, self.errors);
        self.result(reduction, call)
    }

    fn unknown(&mut self, call: &ExprCall, word: &Ident) -> Expr {
        self.errors.at(word, builtin::unknown(word));
        match builtin::meant(word) {
            Some(builtin) if builtin.operands() == call.args.len() => self.builtin(call, builtin),
            _ => self.unknown_type(call),
        }
    }

    /// The value of a call that is wrong: of the type of its argument, as that of most reducers.
    fn unknown_type(&mut self, call: &ExprCall) -> Expr {
        self.unknown = true;
        match call.args.first() {
            Some(argument) => Keys::read(argument, self.keys.add(argument), Use::Value),
            None => Expr::Verbatim(quote!(0_i64)),
        }
    }

    fn result(&mut self, mut reduction: Reduction, call: &ExprCall) -> Expr {
        let result = reduction.read(self.reductions.len(), call);
        self.reductions.push(reduction);
        result
    }

    fn neither(&mut self, expr: &Expr) {
        let words: String = expr.to_token_stream().to_string().split_whitespace().collect();
        let cures = if matches!(expr, Expr::Path(_)) {
            format!("help: use a key, as in `by {words}.city`, or reduce a column: `max({words}.price)`")
        } else {
            let others = if self.keys.written().is_empty() { "" } else { "…, " };
            format!("help: add it to the keys: `by {others}{words}`\nhelp: or reduce it: `max({words})`")
        };
        let why = "a group has many rows, and each may have its own";
        self.errors.at(expr, format!("`{words}` is neither a key nor reduced: {why}\n{cures}"));
    }
}
