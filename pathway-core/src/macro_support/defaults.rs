//! The values of columns that a message does not have.

/// A type with a default of its own.
#[diagnostic::on_unimplemented(
    message = "`{Self}` has no default of its own",
    label = "which value is the default of `{Self}`?",
    note = "name the value: `#[schema(default = …)]`, or implement `Default` for `{Self}`"
)]
pub trait OwnDefault: Sized {
    /// That default.
    fn own_default() -> Self;
}

#[diagnostic::do_not_recommend]
impl<T: Default> OwnDefault for T {
    fn own_default() -> Self {
        T::default()
    }
}

/// A type whose default can be written as a string literal.
#[diagnostic::on_unimplemented(
    message = "a string cannot be the default of this `{Self}` column",
    label = "expected `{Self}`, found a string",
    note = "a default is any expression of the column's type"
)]
pub trait TextDefault: Sized {
    /// The value that the literal stands for.
    fn text_default(text: &str) -> Self;
}

impl TextDefault for String {
    fn text_default(text: &str) -> Self {
        text.to_owned()
    }
}

impl TextDefault for Option<String> {
    fn text_default(text: &str) -> Self {
        Some(text.to_owned())
    }
}

/// What `#[schema(default)]` stands for.
pub fn own_default<T: OwnDefault>() -> T {
    T::own_default()
}

/// What `#[schema(default = "text")]` stands for.
pub fn text_default<T: TextDefault>(text: &str) -> T {
    T::text_default(text)
}
