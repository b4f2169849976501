//! Splits the `on` clause of a `join!` into the keys of each side and the condition that pairs of rows must meet.

use proc_macro2::{Ident, TokenStream};
use quote::quote;
use syn::{BinOp, Expr, parse_quote};

use super::names::{Names, Pair};
use super::ranges::{self, Ranges};
use crate::errors::Errors;
use crate::join::ast::OnItem;
use crate::row::text::text_of;
use crate::row::tokens::without_parens;

/// The keys of each side, in the same order.
#[derive(Default)]
pub(crate) struct JoinKeys {
    pub(crate) left: Vec<Expr>,
    pub(crate) right: Vec<Expr>,
}

/// What stands behind `on`.
#[derive(Default)]
pub(super) struct OnClause {
    pub(super) keys: JoinKeys,
    /// The keys, as text.
    pub(super) keys_text: String,
    /// What else a pair must meet.
    pub(super) condition: Option<Expr>,
    /// The ranges of the rows, if there are some in the condition.
    pub(super) ranges: Option<Ranges>,
    /// The columns that are named once, each with the row before the table whose column it is.
    pub(super) shared: Vec<(Ident, Ident)>,
}

/// The longest tuple that is a datum.
const MAX_KEYS: usize = 12;

/// Splits the clause. Without a valid equality, there are no keys.
pub(super) fn check(on: &[OnItem], names: &Names<'_>, errors: &mut Errors) -> OnClause {
    let mut parts =
        Parts { names, keys: JoinKeys::default(), texts: Vec::new(), conditions: Vec::new(), shared: Vec::new() };
    let mistakes = on.iter().filter(|item| !parts.add(item, errors)).count();
    if mistakes > 0 {
        return OnClause::default();
    }
    let Parts { keys, texts, conditions, shared, .. } = parts;
    if keys.left.is_empty() {
        report_no_key(on, &conditions, names, errors);
    }
    if let Some(key) = keys.right.get(MAX_KEYS) {
        let message = format!("`join!` takes at most {MAX_KEYS} keys\nhelp: combine some of them in a tuple");
        errors.error_spanned_by(key, message);
    }
    let keys_text = match on {
        [OnItem::Condition(on)] if conditions.is_empty() => text_of(std::slice::from_ref(on)),
        [OnItem::Condition(_)] => texts.join(" && "),
        _ => texts.join(", "),
    };
    let ranges = ranges::find(&conditions, names);
    // The compiler warns of parentheses around all of a closure's body.
    let condition = match &*conditions {
        [condition] => Some(without_parens(condition).clone()),
        _ => conditions.into_iter().reduce(|all, next| parse_quote!(#all && #next)),
    };
    OnClause { keys, keys_text, condition, ranges, shared }
}

fn report_no_key(on: &[OnItem], conditions: &[Expr], names: &Names<'_>, errors: &mut Errors) {
    let (left, right) = (names.first(), &names.right.row);
    // `on id && a.at < b.at`
    if let Some(name) = conditions.iter().find_map(lone_name) {
        let others = conditions.iter().filter(|condition| lone_name(condition).is_none());
        let others: String =
            others.map(|condition| format!(", {}", text_of(std::slice::from_ref(condition)))).collect();
        let message = format!(
            "behind `&&`, `{name}` is a condition and no column of both tables\n\
             help: write a comma: `on {name}{others}`"
        );
        errors.error_spanned_by(name, message);
        return;
    }
    let example = format!("on {left}.id == {right}.id");
    let message = format!(
        "tables are joined on at least one equality of a column of each, as in `{example}`\n\
         help: other conditions come beside it: `{example} && …`"
    );
    errors.error_spanned_by(tokens(on), message);
}

/// The parts of `a == b && c < d`.
struct Parts<'a> {
    names: &'a Names<'a>,
    keys: JoinKeys,
    /// The keys, as text.
    texts: Vec<String>,
    conditions: Vec<Expr>,
    shared: Vec<(Ident, Ident)>,
}

impl Parts<'_> {
    /// Returns false if it is a mistake, which is reported.
    fn add(&mut self, item: &OnItem, errors: &mut Errors) -> bool {
        match item {
            OnItem::Column(name) => self.add_column(name, errors),
            OnItem::Condition(condition) => self.split(condition, errors),
        }
    }

    /// A column of both sides: of the first row before the table that is there.
    fn add_column(&mut self, name: &Ident, errors: &mut Errors) -> bool {
        let right = &self.names.right.row;
        let mut present = self.names.left.iter().filter(|side| !self.names.is_option(side));
        let Some(left) = present.next().map(|side| &side.row) else {
            let row = self.names.first();
            let message = format!(
                "each row before `{right}` may be missing because of its `?`: no `{name}` is there in all of them\n\
                 help: say which one is compared: `on {row}.map(|{row}| {row}.{name}.clone()) == Some({right}.{name})`"
            );
            errors.error_spanned_by(name, message);
            return false;
        };
        for (keys, row) in [(&mut self.keys.left, left), (&mut self.keys.right, right)] {
            let mut row = row.clone();
            row.set_span(row.span().located_at(name.span()));
            keys.push(parse_quote!(#row.#name));
        }
        self.texts.push(name.to_string());
        self.shared.push((name.clone(), left.clone()));
        true
    }

    /// Returns false if a part is a mistake, which is reported.
    fn split(&mut self, part: &Expr, errors: &mut Errors) -> bool {
        match part {
            Expr::Paren(paren) if is_split(&paren.expr) => self.split(&paren.expr, errors),
            Expr::Group(group) if is_split(&group.expr) => self.split(&group.expr, errors),
            Expr::Binary(binary) if matches!(binary.op, BinOp::And(_)) => {
                let is_valid = self.split(&binary.left, errors);
                self.split(&binary.right, errors) && is_valid
            }
            Expr::Binary(binary) if matches!(binary.op, BinOp::Eq(_)) => {
                match self.names.pair(&binary.left, &binary.right) {
                    Some(Pair { left, right, .. }) => {
                        self.keys.left.push(left);
                        self.keys.right.push(right);
                        self.texts.push(text_of(std::slice::from_ref(part)));
                    }
                    None => self.conditions.push(part.clone()),
                }
                true
            }
            Expr::Assign(assign) => {
                let (left, right) = (self.names.first(), &self.names.right.row);
                let message = format!("write `==` between the two columns, as in `on {left}.id == {right}.id`");
                errors.error_spanned_by(assign.eq_token, message);
                false
            }
            condition => {
                self.conditions.push(condition.clone());
                true
            }
        }
    }
}

/// The name in a condition that is nothing else.
fn lone_name(condition: &Expr) -> Option<&Ident> {
    match without_parens(condition) {
        Expr::Path(path) => path.path.get_ident(),
        _ => None,
    }
}

/// Whether parentheses around the expression are left out.
fn is_split(expr: &Expr) -> bool {
    match expr {
        Expr::Paren(paren) => is_split(&paren.expr),
        Expr::Group(group) => is_split(&group.expr),
        Expr::Binary(binary) => matches!(binary.op, BinOp::And(_) | BinOp::Eq(_)),
        Expr::Assign(_) => true,
        _ => false,
    }
}

/// The tokens of all items.
pub(super) fn tokens(on: &[OnItem]) -> TokenStream {
    quote!(#(#on),*)
}
