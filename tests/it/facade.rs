//! The facade as users see it: a root that fits on one page, and a prelude that can be imported beside `tokio`.

use std::fs;

/// More belongs into a module: the page of the crate is read from top to bottom.
const MOST_ITEMS: usize = 31;

/// Counts what `src/lib.rs` shows: one for each different name in `pub use`, and one for each public module.
#[test]
fn the_root_has_few_items() {
    let text = fs::read_to_string(concat!(env!("CARGO_MANIFEST_DIR"), "/src/lib.rs")).unwrap();
    let root = syn::parse_file(&text).unwrap();
    let mut names = Vec::new();
    for item in &root.items {
        match item {
            syn::Item::Use(item) if is_public(&item.vis) => exported(&item.tree, &mut names),
            syn::Item::Mod(item) if is_public(&item.vis) && !is_hidden(&item.attrs) => {
                names.push(item.ident.to_string())
            }
            syn::Item::Use(_) | syn::Item::Mod(_) => {}
            _ => panic!("the facade only re-exports"),
        }
    }
    // A trait and the macro that derives it have one name, and one line imports both.
    names.sort_unstable();
    names.dedup();
    assert!(names.iter().any(|name| name == "Pipeline") && names.iter().any(|name| name == "nats"), "{names:?}");
    assert!(names.len() <= MOST_ITEMS, "{} items: {names:?}", names.len());
}

fn is_public(visibility: &syn::Visibility) -> bool {
    matches!(visibility, syn::Visibility::Public(_))
}

fn is_hidden(attributes: &[syn::Attribute]) -> bool {
    attributes.iter().any(|attribute| {
        attribute.path().is_ident("doc") && attribute.parse_args::<syn::Ident>().is_ok_and(|word| word == "hidden")
    })
}

fn exported(tree: &syn::UseTree, names: &mut Vec<String>) {
    match tree {
        syn::UseTree::Path(path) => exported(&path.tree, names),
        syn::UseTree::Group(group) => group.items.iter().for_each(|tree| exported(tree, names)),
        syn::UseTree::Name(name) => names.push(name.ident.to_string()),
        syn::UseTree::Rename(rename) => names.push(rename.rename.to_string()),
        syn::UseTree::Glob(_) => panic!("a `*` at the root: nobody can tell how many items that is"),
    }
}

/// `tokio::select!` by name, beside the prelude: the name counts before the `*`.
mod tokio_by_name {
    use pathway::prelude::*;
    use tokio::{join, select};

    #[derive(Schema)]
    struct Order {
        id: i64,
    }

    #[tokio::test]
    async fn our_macros_are_called_by_their_path() {
        let pipeline = Pipeline::new();
        let orders = pipeline.rows([Order { id: 1 }]);
        let ids = pathway::select!(o in orders => { o.id });
        let pairs = pathway::join!(o in orders, i in ids on o.id == i.id => { o.id }).collect();
        pipeline.run().unwrap();
        assert_eq!(pairs.rows()[0].id, 1);

        let answer = select! {
            answer = std::future::ready(2) => answer,
        };
        assert_eq!((answer, join!(async { 3 }, async { 4 })), (2, (3, 4)));
    }
}

/// Both crates by `*`: ours are imported by name as well, and tokio's are called by their path.
mod both_by_glob {
    use pathway::prelude::*;
    use pathway::{join, select};
    use tokio::*;

    #[derive(Schema)]
    struct Order {
        id: i64,
    }

    /// Not a test itself: `tokio::*` has a `test`, too.
    pub(super) fn the_name_says_whose_macro_is_meant() {
        let pipeline = Pipeline::new();
        let orders = pipeline.rows([Order { id: 1 }]);
        let ids = select!(o in orders => { o.id });
        let pairs = join!(o in orders, i in ids on o.id == i.id => { o.id }).collect();
        pipeline.run().unwrap();
        assert_eq!(pairs.rows()[0].id, 1);

        let runtime = runtime::Builder::new_current_thread().build().unwrap();
        let (answer, answers) = runtime.block_on(async {
            let answer = tokio::select! {
                answer = std::future::ready(2) => answer,
            };
            (answer, tokio::join!(async { 3 }, async { 4 }))
        });
        assert_eq!((answer, answers), (2, (3, 4)));
    }
}

#[test]
fn both_by_glob_with_ours_by_name() {
    both_by_glob::the_name_says_whose_macro_is_meant();
}
