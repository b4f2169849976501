//! Parses the `window` clause of a `reduce!`.

use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Expr, Ident, Token, Type};

use crate::messages::{most_similar, quoted_list};

/// `window tumbling(o.at, 1.hours()).allowed_lateness(10.minutes()) as w`.
pub(crate) struct Window {
    /// The event time of a row.
    pub(crate) time: Expr,
    /// The part of the table that a row belongs to, whose times event time is the least of: the argument of `time_by`.
    pub(crate) part: Option<Expr>,
    /// The windows, without their first argument, which is the time, and without `time_by`.
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
        let part = Window::take_part(&mut windows, row)?;
        let time = Window::take_time(&mut windows, row)?;
        Ok(Window { time, part, windows, name })
    }

    /// Removes the call of `time_by`. It is no method of the windows, because its argument is about a row.
    fn take_part(windows: &mut Expr, row: &Ident) -> syn::Result<Option<Expr>> {
        let Expr::MethodCall(call) = windows else { return Ok(None) };
        let part = Window::take_part(&mut call.receiver, row)?;
        if call.method != "time_by" {
            return Ok(part);
        }
        if part.is_some() {
            return Err(syn::Error::new_spanned(
                &call.method,
                "`time_by` is there twice: use a tuple for several columns",
            ));
        }
        let mut arguments = std::mem::take(&mut call.args).into_iter();
        let (Some(part), None) = (arguments.next(), arguments.next()) else {
            let message =
                format!("`time_by` takes what tells the parts of the table apart, as in `time_by({row}.device)`");
            return Err(syn::Error::new_spanned(&call.method, message));
        };
        *windows = (*call.receiver).clone();
        Ok(Some(part))
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
