//! Parses the `window` clause of a `reduce!`.

use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Expr, Ident, Token, Type};

use crate::messages::{most_similar, quoted_list};

/// `window tumbling(o.at, 1.hours()).allowed_lateness(10.minutes()) as w`.
pub(crate) struct Window {
    /// The event time of a row.
    pub(crate) time: Expr,
    /// The windows, without their first argument, which is the time.
    pub(crate) windows: Expr,
    /// The name of a group's window in the output.
    pub(crate) name: Option<Ident>,
}

/// The kinds of windows, with an example of the arguments of each.
const WINDOWS: &[(&str, &str)] =
    &[("session", "at, 30.minutes()"), ("sliding", "at, 10.minutes(), 1.minutes()"), ("tumbling", "at, 1.hours()")];

impl Window {
    pub(crate) fn parse(input: ParseStream<'_>, row: &Ident) -> syn::Result<Self> {
        input.parse::<Ident>()?;
        if input.peek(Token![=>]) {
            let example = format!("as in `window tumbling({row}.at, 1.hours()) as w`");
            return Err(input.error(format!("expected windows after `window`, {example}")));
        }
        Window::from_expr(input.call(Expr::parse_without_eager_brace)?, row)
    }

    fn from_expr(expr: Expr, row: &Ident) -> syn::Result<Self> {
        let (mut windows, name) = match expr {
            Expr::Cast(cast) => match &*cast.ty {
                Type::Path(name) if name.qself.is_none() && name.path.get_ident().is_some() => {
                    (*cast.expr, name.path.get_ident().cloned())
                }
                other => return Err(syn::Error::new_spanned(other, "expected a name for the window, as in `as w`")),
            },
            windows => (windows, None),
        };
        let time = Window::take_time(&mut windows, row)?;
        Ok(Window { time, windows, name })
    }

    /// Removes the first argument of the innermost call, `tumbling(…)` in `tumbling(…).origin(…)`.
    fn take_time(windows: &mut Expr, row: &Ident) -> syn::Result<Expr> {
        let known: Vec<_> = WINDOWS.iter().map(|(name, _)| *name).collect();
        let expected = || {
            let example = format!("as in `window tumbling({row}.at, 1.hours()) as w`");
            format!("expected windows: one of {}, {example}", quoted_list(&known).replace(" and ", ", "))
        };
        match windows {
            Expr::MethodCall(call) => Window::take_time(&mut call.receiver, row),
            Expr::Call(call) => {
                let name = match &*call.func {
                    Expr::Path(path) => path.path.get_ident().cloned(),
                    _ => None,
                };
                let Some((name, (_, example))) = name.and_then(|name| {
                    let window = WINDOWS.iter().find(|(known, _)| name == known)?;
                    Some((name, *window))
                }) else {
                    let function = call.func.to_token_stream().to_string();
                    let hint =
                        most_similar(&function, &known).map(|similar| format!("\nhelp: did you mean `{similar}`?"));
                    return Err(syn::Error::new_spanned(&call.func, expected() + &hint.unwrap_or_default()));
                };
                let mut arguments = std::mem::take(&mut call.args).into_iter();
                let argument_count = example.split(", ").count();
                let Some(time) = arguments.next().filter(|_| arguments.len() + 1 == argument_count) else {
                    let message = format!("`{name}` takes the event time first, as in `{name}({row}.{example})`");
                    return Err(syn::Error::new_spanned(call, message));
                };
                call.args = arguments.collect();
                Ok(time)
            }
            other => Err(syn::Error::new_spanned(other, expected())),
        }
    }
}
