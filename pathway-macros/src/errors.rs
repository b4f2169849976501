//! Collects the errors of one macro call, so that one compilation reports all of them.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The errors found so far.
///
/// They must be turned into compile errors with [`into_compile_errors`](Errors::into_compile_errors). Dropping them
/// unread is a bug of this crate, and panics.
pub(crate) struct Errors {
    errors: Vec<syn::Error>,
    reported: bool,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Errors { errors: Vec::new(), reported: false }
    }

    /// Adds an error about some of the user's tokens, which the compiler underlines.
    pub(crate) fn error_spanned_by(&mut self, tokens: impl ToTokens, message: impl Display) {
        self.push(syn::Error::new_spanned(tokens, message));
    }

    /// Adds an error.
    pub(crate) fn push(&mut self, error: syn::Error) {
        self.errors.push(error);
    }

    /// Returns the value of a result, or adds its error.
    pub(crate) fn ok<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.push(error)).ok()
    }

    /// Whether there is no error so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.errors.is_empty()
    }

    /// One `compile_error!` for each error.
    pub(crate) fn into_compile_errors(mut self) -> TokenStream {
        self.reported = true;
        self.errors.drain(..).map(syn::Error::into_compile_error).collect()
    }

    /// The messages, for unit tests.
    #[cfg(test)]
    pub(crate) fn into_messages(mut self) -> Vec<String> {
        self.reported = true;
        self.errors.drain(..).map(|error| error.to_string()).collect()
    }
}

impl Drop for Errors {
    #[expect(clippy::panic, reason = "a bug in this crate: the user's mistake must not go unreported")]
    fn drop(&mut self) {
        if !self.reported && !std::thread::panicking() {
            panic!("pathway-macros did not report the errors of a macro call: please report this bug");
        }
    }
}
