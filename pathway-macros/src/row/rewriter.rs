//! Rewrites an expression of the user, with the context that each part of it is evaluated in.

use syn::punctuated::Punctuated;
use syn::visit_mut::{self, VisitMut};
use syn::{BinOp, Block, Expr, Ident, Item, Local, Macro, PatIdent, Stmt, Token};

/// The context that an expression is evaluated in.
///
/// The Rust reference calls the first two value expression contexts and place expression contexts.
#[derive(Clone, Copy, PartialEq, Eq)]
pub(crate) enum ExprContext {
    /// The value is moved or copied, as an argument is: a column must be cloned out of its row.
    Value,
    /// The expression is only borrowed or compared, as by `&`, `==` and `match`.
    Place,
    /// The expression is the receiver of a method call.
    Receiver,
}

/// Decides what parts of an expression are replaced.
pub(crate) trait Rewriter {
    /// Replaces the expression as a whole and returns true, or returns false to visit its parts.
    fn rewrite(&mut self, expr: &mut Expr, context: ExprContext) -> bool;

    /// A pattern binds a name.
    fn on_binding(&mut self, name: &Ident);

    /// Whether the arguments of a macro such as `format!` are rewritten.
    ///
    /// They are parsed as expressions, and the macro is assumed to borrow them.
    fn rewrites_arguments_of(&self, macro_call: &Macro) -> bool;

    /// The arguments of a macro cannot be parsed as expressions.
    fn on_opaque_macro(&mut self, macro_call: &mut Macro);
}

/// Rewrites an expression.
pub(crate) fn rewrite(expr: &mut Expr, context: ExprContext, rewriter: &mut impl Rewriter) {
    Traversal(rewriter).expr(expr, context);
}

struct Traversal<'r, R>(&'r mut R);

impl<R: Rewriter> Traversal<'_, R> {
    fn expr(&mut self, expr: &mut Expr, context: ExprContext) {
        if self.0.rewrite(expr, context) {
            return;
        }
        match expr {
            Expr::Paren(paren) => self.expr(&mut paren.expr, context),
            Expr::Group(group) => self.expr(&mut group.expr, context),
            Expr::Call(call) => {
                self.expr(&mut call.func, ExprContext::Place);
                self.values(call.args.iter_mut());
            }
            Expr::MethodCall(call) => {
                self.expr(&mut call.receiver, ExprContext::Receiver);
                self.values(call.args.iter_mut());
            }
            Expr::Field(field) => self.expr(&mut field.base, ExprContext::Receiver),
            Expr::Tuple(tuple) => self.values(tuple.elems.iter_mut()),
            Expr::Array(array) => self.values(array.elems.iter_mut()),
            Expr::Repeat(repeat) => self.expr(&mut repeat.expr, ExprContext::Value),
            Expr::Struct(literal) => {
                for field in &mut literal.fields {
                    self.expr(&mut field.expr, ExprContext::Value);
                    // `Pair { city }`: what has replaced the variable is no name of a field.
                    if field.colon_token.is_none() && !matches!(field.expr, Expr::Path(_)) {
                        field.colon_token = Some(syn::token::Colon::default());
                    }
                }
                if let Some(rest) = &mut literal.rest {
                    self.expr(rest, ExprContext::Value);
                }
            }
            Expr::Binary(binary) if is_arithmetic(&binary.op) => {
                self.expr(&mut binary.left, ExprContext::Value);
                self.expr(&mut binary.right, ExprContext::Place);
            }
            Expr::Range(range) => self.values(range.start.iter_mut().chain(&mut range.end).map(AsMut::as_mut)),
            Expr::Try(question) => self.expr(&mut question.expr, ExprContext::Value),
            Expr::Return(exit) => self.values(exit.expr.iter_mut().map(AsMut::as_mut)),
            Expr::Break(exit) => self.values(exit.expr.iter_mut().map(AsMut::as_mut)),
            Expr::If(branches) => {
                self.expr(&mut branches.cond, ExprContext::Place);
                self.block(&mut branches.then_branch, context);
                if let Some((_, otherwise)) = &mut branches.else_branch {
                    self.expr(otherwise, context);
                }
            }
            Expr::Match(branches) => {
                self.expr(&mut branches.expr, ExprContext::Place);
                for arm in &mut branches.arms {
                    self.visit_pat_mut(&mut arm.pat);
                    self.expr(&mut arm.body, context);
                }
            }
            Expr::ForLoop(for_loop) => {
                self.visit_pat_mut(&mut for_loop.pat);
                self.expr(&mut for_loop.expr, ExprContext::Value);
                self.visit_block_mut(&mut for_loop.body);
            }
            Expr::Block(block) => self.block(&mut block.block, context),
            Expr::Unsafe(block) => self.block(&mut block.block, context),
            Expr::Closure(closure) => {
                closure.inputs.iter_mut().for_each(|input| self.visit_pat_mut(input));
                self.expr(&mut closure.body, ExprContext::Value);
            }
            _ => visit_mut::visit_expr_mut(self, expr),
        }
    }

    fn values<'e>(&mut self, exprs: impl Iterator<Item = &'e mut Expr>) {
        exprs.for_each(|expr| self.expr(expr, ExprContext::Value));
    }

    /// The last expression of a block is evaluated in the context of the block.
    fn block(&mut self, block: &mut Block, context: ExprContext) {
        for statement in &mut block.stmts {
            match statement {
                Stmt::Expr(last, None) => self.expr(last, context),
                statement => self.visit_stmt_mut(statement),
            }
        }
    }

    fn arguments(&mut self, call: &mut Macro, context: ExprContext) {
        match call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated) {
            Ok(mut arguments) => {
                for argument in &mut arguments {
                    match argument {
                        Expr::Assign(named) => self.expr(&mut named.right, context),
                        argument => self.expr(argument, context),
                    }
                }
                call.tokens = quote::ToTokens::into_token_stream(arguments);
            }
            Err(_) => self.0.on_opaque_macro(call),
        }
    }
}

impl<R: Rewriter> VisitMut for Traversal<'_, R> {
    fn visit_expr_mut(&mut self, expr: &mut Expr) {
        self.expr(expr, ExprContext::Place);
    }

    fn visit_block_mut(&mut self, block: &mut Block) {
        self.block(block, ExprContext::Value);
    }

    fn visit_local_mut(&mut self, local: &mut Local) {
        self.visit_pat_mut(&mut local.pat);
        if let Some(init) = &mut local.init {
            self.expr(&mut init.expr, ExprContext::Value);
            if let Some((_, diverge)) = &mut init.diverge {
                self.expr(diverge, ExprContext::Value);
            }
        }
    }

    fn visit_pat_ident_mut(&mut self, pattern: &mut PatIdent) {
        self.0.on_binding(&pattern.ident);
        visit_mut::visit_pat_ident_mut(self, pattern);
    }

    fn visit_macro_mut(&mut self, call: &mut Macro) {
        if call.path.is_ident("vec") && call.parse_body_with(Punctuated::<Expr, Token![,]>::parse_terminated).is_ok() {
            self.arguments(call, ExprContext::Value);
        } else if self.0.rewrites_arguments_of(call) {
            self.arguments(call, ExprContext::Place);
        }
    }

    /// Items cannot use the row or any other local variable.
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
