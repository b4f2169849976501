//! Default values of columns whose field a message does not have.

/// A type that implements `Default`.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default of its own",
    label = "which value is the default of `{Self}`?",
    note = "name the value: `#[schema(default = …)]`, or implement `Default` for `{Self}`"
)]
pub trait HasDefault: Sized {
    /// The default.
    fn default_value() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> HasDefault for T {
    fn default_value() -> Self {
        T::default()
    }
}

/// A type whose default can be written as a string literal.
#[diagnostic::on_unimplemented(
    message = "a string cannot be the default of this `{Self}` column",
    label = "expected `{Self}`, found a string",
    note = "a default is any expression of the column's type"
)]
pub trait DefaultFromText: Sized {
    /// The value that the literal stands for.
    fn default_from_text(text: &str) -> Self;
}

impl DefaultFromText for String {
    fn default_from_text(text: &str) -> Self {
        text.to_owned()
    }
}

impl DefaultFromText for Option<String> {
    fn default_from_text(text: &str) -> Self {
        Some(text.to_owned())
    }
}

/// The value of `#[schema(default)]`.
pub fn default_value<T: HasDefault>() -> T {
    T::default_value()
}

/// The value of `#[schema(default = "text")]`.
pub fn default_from_text<T: DefaultFromText>(text: &str) -> T {
    T::default_from_text(text)
}
