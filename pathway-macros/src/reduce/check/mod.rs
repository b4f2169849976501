//! Splits the outputs of a `reduce!` into keys, reducer calls, and the rest of each expression.

mod builtin;
mod classify;
mod conditions;
mod keys;
mod parameter;
mod reducer_call;

use quote::{ToTokens, quote};
use syn::{Expr, ExprCall, Ident, Macro};

use self::classify::{callee, is_std_constructor, is_type, needs_row};
use self::conditions::Conditions;
pub(crate) use self::conditions::condition_variable;
pub(crate) use self::keys::Keys;
pub(crate) use self::reducer_call::{ReducerCall, result_variable};
use super::ast::{Reduce, Window};
use crate::errors::Errors;
use crate::row;
use crate::row::binding::Binding;
use crate::row::key::Key;
use crate::row::key_names::bare_name;
use crate::row::output::OutputRow;
use crate::row::rewriter::{ExprContext, Rewriter, rewrite};
use crate::row::row_access::{check_shadowing, is_row, is_row_access, rewrite_row_access};
use crate::row::span_range::SpanRange;
use crate::row::tokens::mentions;
use crate::row::where_clause::Where;

/// A `reduce!` whose expressions have been split.
pub(crate) struct CheckedReduce {
    pub(crate) binding: Binding,
    /// The keys of a row.
    pub(crate) keys: Vec<Expr>,
    /// The names by which the output uses keys, each with the index of its key.
    pub(crate) key_names: Vec<(Ident, usize)>,
    /// The keys that the user wrote, as text; empty if there are none.
    pub(crate) keys_text: String,
    pub(crate) window: Option<Window>,
    pub(crate) reducer_calls: Vec<ReducerCall>,
    /// The conditions of the rows that some of them reduce.
    pub(crate) conditions: Vec<Expr>,
    /// The row of a group. Variables have replaced the keys and the reducer calls.
    pub(crate) output: OutputRow,
}

/// The longest tuple that is a datum.
const MAX_KEYS: usize = 12;

const REST_IN_REDUCE: &str = "`reduce!` cannot use `..`: a group has many rows, not one to take columns from\n\
                              name each column: keys, and reducers such as `max(o.price)`";

/// Returns `None` if there is no row to build; the errors say why.
pub(crate) fn check(reduce: Reduce, errors: &mut Errors) -> Option<CheckedReduce> {
    let Reduce { binding, keys, mut window, mut output } = reduce;
    let keys_text = keys.iter().map(Key::text).collect::<Vec<_>>().join(", ");
    let has_rest = output.rest.is_some();
    row::rest::forbid(&mut output, REST_IN_REDUCE, errors);
    // A named struct without its rest would miss columns, which is the same mistake.
    if (has_rest && output.struct_path.is_some()) || !row::check::check(&mut output, errors) {
        return None;
    }
    if let Some(key) = keys.get(MAX_KEYS) {
        let message = format!("`reduce!` takes at most {MAX_KEYS} keys\nhelp: combine some of them in a tuple");
        errors.error_spanned_by(&key.expr, message);
    }
    let window_name = window.as_ref().and_then(|window| window.name.as_ref());
    let mut other_names = vec![(&binding.row, "row")];
    other_names.extend(window_name.map(|name| (name, "window")));
    let keys = Keys::new(keys, &other_names, errors);
    let mut conditions = Conditions::new(&binding.row, window_name);
    let mut outputs = OutputRewriter {
        row: &binding.row,
        keys,
        reducer_calls: Vec::new(),
        column: CurrentColumn::new(&binding.row, None),
        errors,
    };
    for column in &mut output.columns {
        let condition = column.clause.as_ref().and_then(|clause| conditions.add(clause, outputs.errors));
        outputs.column = CurrentColumn::new(&column.name, condition);
        outputs.keys.names.enter_column(&column.value);
        rewrite(&mut column.value, ExprContext::Value, &mut outputs);
        if let Some(clause) = &column.clause {
            outputs.apply_condition(clause, &mut column.value);
        }
        if outputs.column.has_unknown_type && output.struct_path.is_some() {
            // The struct knows the column's type, whatever the unknown reducer would have returned.
            column.value = Expr::Verbatim(quote!(::core::option::Option::None.unwrap()));
        }
    }
    let OutputRewriter { keys, reducer_calls, errors, .. } = outputs;
    let conditions = conditions.into_exprs();
    let (mut keys, key_names) = keys.into_parts();
    for key in &mut keys {
        rewrite_row_access(key, ExprContext::Value, &binding.row, errors);
    }
    if let Some(window) = &mut window {
        rewrite_row_access(&mut window.time, ExprContext::Value, &binding.row, errors);
        if let Some(part) = &mut window.part {
            rewrite_row_access(part, ExprContext::Value, &binding.row, errors);
        }
    }
    Some(CheckedReduce { binding, keys, key_names, keys_text, window, reducer_calls, conditions, output })
}

/// Rewrites an output for a closure over a group.
struct OutputRewriter<'a> {
    row: &'a Ident,
    keys: Keys,
    reducer_calls: Vec<ReducerCall>,
    column: CurrentColumn,
    errors: &'a mut Errors,
}

/// The column whose value is rewritten.
struct CurrentColumn {
    name: Ident,
    /// The index of its condition.
    condition: Option<usize>,
    /// The variables of its reducers' results.
    results: Vec<Ident>,
    /// Whether no rows have a value for each of its reducers.
    has_value_of_no_rows: bool,
    /// Whether it calls an unknown reducer, so that its type is unknown.
    has_unknown_type: bool,
}

impl CurrentColumn {
    fn new(name: &Ident, condition: Option<usize>) -> Self {
        let (name, results) = (name.clone(), Vec::new());
        CurrentColumn { name, condition, results, has_value_of_no_rows: true, has_unknown_type: false }
    }
}

impl Rewriter for OutputRewriter<'_> {
    fn rewrite(&mut self, expr: &mut Expr, context: ExprContext) -> bool {
        if let Some(key) = self.keys.find(expr) {
            *expr = Keys::replacement(expr, key, context);
            return true;
        }
        if let Expr::Call(call) = expr {
            if let Some(result) = self.call(call) {
                *expr = result;
                return true;
            }
            if bare_name(&call.func).is_some_and(|name| name != self.row) {
                // The name of a function, which a key can have, too.
                call.args.iter_mut().for_each(|argument| rewrite(argument, ExprContext::Value, self));
                return true;
            }
        }
        if let Some(value) = self.keys.names.replacement(expr, context, self.errors) {
            *expr = value;
            return true;
        }
        if !is_row_access(expr, self.row) {
            return false;
        }
        let key = match self.keys.names.of_row().filter(|_| is_row(expr, self.row)) {
            // The name was reported, and this is that key.
            Some(key) => key,
            None => {
                self.report_neither_key_nor_reduced(expr);
                self.keys.add(expr)
            }
        };
        *expr = Keys::replacement(expr, key, context);
        true
    }

    fn on_binding(&mut self, name: &Ident) {
        let _ = check_shadowing(name, self.row, self.errors);
        self.keys.names.check_binding(name, self.errors);
    }

    fn rewrites_arguments_of(&self, _: &Macro) -> bool {
        true
    }

    fn on_opaque_macro(&mut self, macro_call: &mut Macro) {
        if !mentions(macro_call.tokens.clone(), self.row) {
            return;
        }
        let name = macro_call.path.to_token_stream().to_string();
        let message = format!(
            "`reduce!` cannot parse the arguments of `{name}!`: they are not a list of expressions\n\
             help: call `{name}!` in a `select!` over the result of the `reduce!`"
        );
        // The error replaces the call: a `compile_error!` has any type, and the type of the call is unknown.
        let span = SpanRange::of(&macro_call.path).first;
        macro_call.path = syn::parse_quote_spanned!(span=> ::core::compile_error);
        macro_call.tokens = message.to_token_stream();
    }
}

impl OutputRewriter<'_> {
    /// The expression that replaces a reducer call; `None` for any other call.
    fn call(&mut self, call: &ExprCall) -> Option<Expr> {
        let path = callee(call)?;
        let needs_row = |argument| needs_row(argument, self.row, &self.keys);
        if let Some(name) = path.get_ident() {
            if let Some(builtin) = builtin::find(name) {
                return Some(self.builtin(call, builtin));
            }
            let is_lowercase = name.to_string().starts_with(char::is_lowercase);
            if is_lowercase && call.args.iter().any(needs_row) {
                return Some(self.unknown_reducer(call, name));
            }
        }
        if is_std_constructor(path) || !call.args.iter().any(needs_row) {
            return None;
        }
        if !is_type(path) && call.args.iter().all(needs_row) {
            // A function without parameters is not a reducer: `f64::from(o.quantity)`.
            return None;
        }
        let reducer_call = ReducerCall::user(call, path, &self.column.name, self.row, &self.keys, self.errors);
        self.column.has_value_of_no_rows = false;
        Some(self.push(reducer_call, call))
    }

    fn builtin(&mut self, call: &ExprCall, builtin: &builtin::Builtin) -> Expr {
        if call.args.len() != builtin.operands() {
            self.errors.error_spanned_by(call, builtin.wrong_arguments(self.row));
            if call.args.len() < builtin.operands() {
                return self.value_of_unknown_type(call);
            }
        }
        self.column.has_value_of_no_rows &= builtin.has_value_of_no_rows;
        let condition = self.column.condition;
        if let Some(index) = self.reducer_calls.iter().position(|earlier| earlier.is_same_call(call, condition)) {
            return self.use_result(index, call);
        }
        let reducer_call = ReducerCall::builtin(call, builtin, &self.column.name, self.row, self.errors);
        self.push(reducer_call, call)
    }

    /// Reports an unknown reducer, and continues with the one that was probably meant.
    fn unknown_reducer(&mut self, call: &ExprCall, name: &Ident) -> Expr {
        self.errors.error_spanned_by(name, builtin::unknown_reducer(name));
        match builtin::suggest(name) {
            Some(builtin) if builtin.operands() == call.args.len() => self.builtin(call, builtin),
            _ => self.value_of_unknown_type(call),
        }
    }

    /// Replaces an invalid call by its argument: the result of most reducers has the type of their argument.
    fn value_of_unknown_type(&mut self, call: &ExprCall) -> Expr {
        self.column.has_unknown_type = true;
        match call.args.first() {
            Some(argument) => Keys::replacement(argument, self.keys.add(argument), ExprContext::Value),
            None => Expr::Verbatim(quote!(0_i64)),
        }
    }

    fn push(&mut self, mut reducer_call: ReducerCall, call: &ExprCall) -> Expr {
        if let Some(condition) = self.column.condition {
            reducer_call.filter_by(condition);
        }
        self.reducer_calls.push(reducer_call);
        self.use_result(self.reducer_calls.len() - 1, call)
    }

    /// The expression that replaces a call in the current column.
    fn use_result(&mut self, index: usize, call: &ExprCall) -> Expr {
        let result = self.reducer_calls[index].use_result(index);
        let replacement = SpanRange::of(call).call("identity", &result);
        self.column.results.push(result);
        replacement
    }

    /// Makes the value of the current column, which has a condition, of its reducers' results.
    fn apply_condition(&mut self, clause: &Where, value: &mut Expr) {
        let CurrentColumn { condition, results, has_value_of_no_rows, has_unknown_type, .. } = &self.column;
        if results.is_empty() && !has_unknown_type {
            let message = "`where` is for the reducers of its column, and this column has none\n\
                           help: to leave out rows for all columns, `filter!` the table";
            self.errors.error_spanned_by(clause.tokens(), message);
        } else if condition.is_some() && !results.is_empty() {
            *value = conditions::value_of_column(value, results, *has_value_of_no_rows);
        }
    }

    fn report_neither_key_nor_reduced(&mut self, expr: &Expr) {
        let written: String = expr.to_token_stream().to_string().split_whitespace().collect();
        let help = if matches!(expr, Expr::Path(_)) {
            format!("help: use a key, as in `by {written}.city`, or reduce a column: `max({written}.price)`")
        } else {
            let others = if self.keys.written().is_empty() { "" } else { "…, " };
            format!("help: add it to the keys: `by {others}{written}`\nhelp: or reduce it: `max({written})`")
        };
        let message =
            format!("`{written}` is neither a key nor reduced: the rows of a group may have different values\n{help}");
        self.errors.error_spanned_by(expr, message);
    }
}
