//! The windows of a `reduce!`.

use quote::ToTokens;
use syn::parse::ParseStream;
use syn::{Expr, Ident, Token, Type};

use crate::words::{listed, nearest};

/// `window tumbling(o.at, 1.hours()).allowed_lateness(10.minutes()) as w`.
pub(crate) struct Window {
    /// The event time of a row.
    pub(crate) time: Expr,
    /// The windows, without their first argument, which is the time.
    pub(crate) windows: Expr,
    /// What a group's window is called in the output.
    pub(crate) name: Option<Ident>,
}

/// The words for windows, with an example of what each takes.
const WINDOWS: &[(&str, &str)] =
    &[("session", "at, 30.minutes()"), ("sliding", "at, 10.minutes(), 1.minutes()"), ("tumbling", "at, 1.hours()")];

impl Window {
    pub(crate) fn parse(input: ParseStream<'_>, row: &Ident) -> syn::Result<Self> {
        input.parse::<Ident>()?;
        if input.peek(Token![=>]) {
            let example = format!("as in `window tumbling({row}.at, 1.hours()) as w`");
            return Err(input.error(format!("expected windows behind `window`, {example}")));
        }
        Window::of(input.call(Expr::parse_without_eager_brace)?, row)
    }

    fn of(found: Expr, row: &Ident) -> syn::Result<Self> {
        let (mut windows, name) = match found {
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

    /// Takes the first argument out of the innermost call, that of the windows' word.
    fn take_time(windows: &mut Expr, row: &Ident) -> syn::Result<Expr> {
        let known: Vec<_> = WINDOWS.iter().map(|(word, _)| *word).collect();
        let expected = || {
            let example = format!("as in `window tumbling({row}.at, 1.hours()) as w`");
            format!("expected windows: one of {}, {example}", listed(&known).replace(" and ", ", "))
        };
        match windows {
            Expr::MethodCall(call) => Window::take_time(&mut call.receiver, row),
            Expr::Call(call) => {
                let word = match &*call.func {
                    Expr::Path(path) => path.path.get_ident().cloned(),
                    _ => None,
                };
                let Some((word, (_, example))) = word.and_then(|word| {
                    let window = WINDOWS.iter().find(|(known, _)| word == known)?;
                    Some((word, *window))
                }) else {
                    let near = call.func.to_token_stream().to_string();
                    let cure = nearest(&near, &known).map(|near| format!("\nhelp: did you mean `{near}`?"));
                    return Err(syn::Error::new_spanned(&call.func, expected() + &cure.unwrap_or_default()));
                };
                let mut arguments = std::mem::take(&mut call.args).into_iter();
                let wanted = example.split(", ").count();
                let Some(time) = arguments.next().filter(|_| arguments.len() + 1 == wanted) else {
                    let message = format!("`{word}` takes the event time first, as in `{word}({row}.{example})`");
                    return Err(syn::Error::new_spanned(call, message));
                };
                call.args = arguments.collect();
                Ok(time)
            }
            other => Err(syn::Error::new_spanned(other, expected())),
        }
    }
}
