//! Compares the code that the macros generate with the snapshots in `tests/expand/`.

use std::fs;
use std::path::{Path, PathBuf};

use proc_macro2::TokenStream;
use quote::{ToTokens, quote};
use syn::{DeriveInput, File, Item, Meta};

/// Set to accept the code that the macros generate now.
const UPDATE: &str = "UPDATE_SNAPSHOTS";

#[test]
fn expansions_match_their_snapshots() {
    let inputs = inputs(&Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/expand"));
    assert!(!inputs.is_empty());
    let mut outdated = Vec::new();
    for input in inputs {
        let snapshot = input.with_extension("expanded.rs");
        let expanded = expand(&input);
        if std::env::var_os(UPDATE).is_some() {
            fs::write(&snapshot, expanded).unwrap_or_else(|error| panic!("{}: {error}", snapshot.display()));
        } else if fs::read_to_string(&snapshot).ok().as_ref() != Some(&expanded) {
            outdated.push(format!("{}:\n{expanded}", snapshot.display()));
        }
    }
    assert!(
        outdated.is_empty(),
        "the generated code has changed: run again with {UPDATE}=1, then read `git diff`\n\n{}",
        outdated.join("\n")
    );
}

/// The formatted expansion of the one macro call in a file.
fn expand(path: &Path) -> String {
    let text = fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let file: File = syn::parse_str(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
    let [item] = file.items.as_slice() else { panic!("{}: expected one item", path.display()) };
    let expanded = match item {
        Item::Macro(call) => {
            let block = call_macro(&call.mac, path);
            quote!(fn expansion() #block)
        }
        item => derive(item, path),
    };
    let file = syn::parse2(expanded).unwrap_or_else(|error| panic!("{}: not valid Rust: {error}", path.display()));
    prettyplease::unparse(&file)
}

fn call_macro(call: &syn::Macro, path: &Path) -> TokenStream {
    let input = call.tokens.clone();
    match name(&call.path).as_str() {
        "filter" => crate::filter::filter(input),
        "select" => crate::select::select(input),
        "reduce" => crate::reduce::reduce(input),
        "join" => crate::join::join(input),
        "top" => crate::top::top(input),
        "row" => crate::row_macro::row(input),
        other => panic!("{}: `{other}!` is not a macro of this crate", path.display()),
    }
}

fn derive(item: &Item, path: &Path) -> TokenStream {
    let input: DeriveInput = syn::parse2(item.to_token_stream())
        .unwrap_or_else(|error| panic!("{}: not an item to derive for: {error}", path.display()));
    let derived = input.attrs.iter().find_map(|attribute| match &attribute.meta {
        Meta::List(list) if list.path.is_ident("derive") => list.parse_args::<syn::Path>().ok(),
        _ => None,
    });
    match derived.as_ref().map(name).as_deref() {
        Some("Schema") => crate::schema::derive(&input),
        Some("ColumnType") => crate::column_type::derive(&input),
        _ => panic!("{}: expected `#[derive(Schema)]` or `#[derive(ColumnType)]`", path.display()),
    }
}

fn name(path: &syn::Path) -> String {
    path.get_ident().map(ToString::to_string).unwrap_or_default()
}

/// The files with macro calls, in order, in a folder and the folders in it.
fn inputs(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap_or_else(|error| panic!("{}: {error}", folder.display()));
    let mut paths: Vec<_> = entries.map(|entry| entry.expect("a readable folder").path()).collect();
    paths.sort();
    let found = paths.into_iter().flat_map(|path| {
        let is_input = path.to_str().is_some_and(|path| path.ends_with(".rs") && !path.ends_with(".expanded.rs"));
        match (path.is_dir(), is_input) {
            (true, _) => inputs(&path),
            (false, true) => vec![path],
            (false, false) => Vec::new(),
        }
    });
    found.collect()
}
