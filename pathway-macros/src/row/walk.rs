//! Goes through an expression of the user's, knowing where a value is taken and where it is only looked at.

use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{BinOp, Block, Expr, Ident, Item, Local, Macro, PatIdent, Stmt, Token};

/// What an expression's context does with it.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum Use {
    /// Takes the value, as an argument does: a column must be copied out of its row.
    Value,
    /// Looks at it, as `&`, a comparison or a `match` does.
    Place,
    /// Calls a method of it.
    Receiver,
}

/// What the words of an expression stand for.
pub(crate) trait Meaning {
    /// Replaces the expression as a whole, or returns false: then the walk goes on inside it.
    fn rewrite(&mut self, expr: &mut Expr, usage: Use) -> bool;

    /// A pattern binds a name.
    fn binds(&mut self, name: &Ident);

    /// Whether the arguments of macros such as `format!` have to be looked at;
    /// they are taken to be expressions that the macro borrows.
    fn looks_into(&self, macro_call: &Macro) -> bool;

    /// The arguments of a macro are not expressions.
    fn cannot_read(&mut self, macro_call: &mut Macro);
}

/// Rewrites an expression.
pub(crate) fn walk(expr: &mut Expr, usage: Use, meaning: &mut impl Meaning) {
    Walk(meaning).expr(expr, usage);
}

struct Walk<'m, M>(&'m mut M);

impl<M: Meaning> Walk<'_, M> {
    fn expr(&mut self, expr: &mut Expr, usage: Use) {
        if self.0.rewrite(expr, usage) {
            return;
        }
        match expr {
            Expr::Paren(paren) => self.expr(&mut paren.expr, usage),
            Expr::Group(group) => self.expr(&mut group.expr, usage),
            Expr::Call(call) => {
                self.expr(&mut call.func, Use::Place);
                self.values(call.args.iter_mut());
            }
            Expr::MethodCall(call) => {
                self.expr(&mut call.receiver, Use::Receiver);
                self.values(call.args.iter_mut());
            }
            Expr::Field(field) => self.expr(&mut field.base, Use::Receiver),
            Expr::Tuple(tuple) => self.values(tuple.elems.iter_mut()),
            Expr::Array(array) => self.values(array.elems.iter_mut()),
            Expr::Repeat(repeat) => self.expr(&mut repeat.expr, Use::Value),
            Expr::Struct(literal) => {
                self.values(literal.fields.iter_mut().map(|field| &mut field.expr));
                if let Some(rest) = &mut literal.rest {
                    self.expr(rest, Use::Value);
                }
            }
            Expr::Binary(binary) if is_arithmetic(&binary.op) => {
                self.expr(&mut binary.left, Use::Value);
                self.expr(&mut binary.right, Use::Place);
            }
            Expr::Range(range) => self.values(range.start.iter_mut().chain(&mut range.end).map(AsMut::as_mut)),
            Expr::Try(question) => self.expr(&mut question.expr, Use::Value),
            Expr::Return(leave) => self.values(leave.expr.iter_mut().map(AsMut::as_mut)),
            Expr::Break(leave) => self.values(leave.expr.iter_mut().map(AsMut::as_mut)),
            Expr::If(choice) => {
                self.expr(&mut choice.cond, Use::Place);
                self.block(&mut choice.then_branch, usage);
                if let Some((_, otherwise)) = &mut choice.else_branch {
                    self.expr(otherwise, usage);
                }
            }
            Expr::Match(choice) => {
                self.expr(&mut choice.expr, Use::Place);
                for arm in &mut choice.arms {
                    self.visit_pat_mut(&mut arm.pat);
                    self.expr(&mut arm.body, usage);
                }
            }
            Expr::ForLoop(each) => {
                self.visit_pat_mut(&mut each.pat);
                self.expr(&mut each.expr, Use::Value);
                self.visit_block_mut(&mut each.body);
            }
            Expr::Block(block) => self.block(&mut block.block, usage),
            Expr::Unsafe(block) => self.block(&mut block.block, usage),
            Expr::Closure(closure) => {
                closure.inputs.iter_mut().for_each(|input| self.visit_pat_mut(input));
                self.expr(&mut closure.body, Use::Value);
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn values<'e>(&mut self, exprs: impl Iterator<Item = &'e mut Expr>) {
        exprs.for_each(|expr| self.expr(expr, Use::Value));
    }

    /// A block takes its last expression as its context takes the block.
    fn block(&mut self, block: &mut Block, usage: Use) {
        for statement in &mut block.stmts {
            match statement {
                Stmt::Expr(last, None) => self.expr(last, usage),
                statement => self.visit_stmt_mut(statement),
            }
        }
    }

    fn arguments(&mut self, call: &mut Macro, usage: Use) {
        match call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            Ok(mut arguments) => {
                for argument in &mut arguments {
                    match argument {
                        Expr::Assign(named) => self.expr(&mut named.right, usage),
                        argument => self.expr(argument, usage),
                    }
                }
                call.tokens = quote::ToTokens::into_token_stream(arguments);
            }
            Err(_) => self.0.cannot_read(call),
        }
    }
}

impl<M: Meaning> VisitMut for Walk<'_, M> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        self.expr(expr, Use::Place);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.block(block, Use::Value);
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        self.visit_pat_mut(&mut local.pat);
        if let Some(init) = &mut local.init {
            self.expr(&mut init.expr, Use::Value);
            if let Some((_, diverge)) = &mut init.diverge {
                self.expr(diverge, Use::Value);
            }
        }
    }

    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        self.0.binds(&pattern.ident);
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        if call.path.is_ident("vec") && call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).is_ok() {
            self.arguments(call, Use::Value);
        } else if self.0.looks_into(call) {
            self.arguments(call, Use::Place);
        }
    }

    /// Items see neither the row nor other local variables.
    fn visit_item_mut(&mut self, _: &mut Item) {}
}

fn is_arithmetic(operator: &BinOp) -> bool {
    matches!(
        operator,
        BinOp::Add(_)
            | BinOp::Sub(_)
            | BinOp::Mul(_)
            | BinOp::Div(_)
            | BinOp::Rem(_)
            | BinOp::BitXor(_)
            | BinOp::BitAnd(_)
            | BinOp::BitOr(_)
            | BinOp::Shl(_)
            | BinOp::Shr(_)
    )
}
