//! Collects the mistakes of one macro call, so that the user reads them all at once.

use std::fmt::Display;

use proc_macro2::TokenStream;
use quote::ToTokens;

/// The mistakes found so far.
///
/// Whoever makes one has to turn it into compile errors: dropping it unread is a bug of ours, and panics.
pub(crate) struct Errors {
    found: Vec<syn::Error>,
    told: bool,
}

impl Errors {
    pub(crate) fn new() -> Self {
        Errors { found: Vec::new(), told: false }
    }

    /// A mistake, with the user's words that it is about.
    pub(crate) fn at(&mut self, words: impl ToTokens, message: impl Display) {
        self.found.push(syn::Error::new_spanned(words, message));
    }

    /// The value of a step that can fail; a failure is remembered.
    pub(crate) fn take<T>(&mut self, result: syn::Result<T>) -> Option<T> {
        result.map_err(|error| self.found.push(error)).ok()
    }

    /// Whether nothing was wrong so far.
    pub(crate) fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// The `compile_error!`s to put into the output; nothing where there was no mistake.
    pub(crate) fn into_tokens(mut self) -> TokenStream {
        self.told = true;
        self.found.drain(..).map(syn::Error::into_compile_error).collect()
    }

    /// The messages, for the tests of the steps.
    #[cfg(test)]
    pub(crate) fn into_messages(mut self) -> Vec<String> {
        self.told = true;
        self.found.drain(..).map(|error| error.to_string()).collect()
    }
}

impl Drop for Errors {
    #[expect(clippy::panic, reason = "a bug in this crate, which must not pass as a macro without mistakes")]
    fn drop(&mut self) {
        if !self.told && !std::thread::panicking() {
            panic!("pathway-macros dropped the errors of a macro call unread: please report this bug");
        }
    }
}
