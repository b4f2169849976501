//! The delivery guide names the test behind each guarantee, and all of these tests exist.

use std::path::Path;

#[test]
fn every_guarantee_in_the_guide_names_its_test() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR"));
    let page = std::fs::read_to_string(root.join("docs/guide/delivery.md")).expect("the page");
    let named = |text: &str| -> Vec<String> {
        text.split('`').filter(|word| word.contains("::") && !word.contains(' ')).map(str::to_owned).collect()
    };
    let mut count = 0;
    // The last section combines the guarantees of the sections before.
    let shown = page.split("## End to end").next().unwrap_or_default();
    let is_heading = |line: &str| line.ends_with("| shown by |") || line.starts_with("|--");
    for row in shown.lines().filter(|line| line.starts_with('|') && !is_heading(line)) {
        let names = named(row);
        assert!(!names.is_empty(), "no test in: {row}");
        for name in names {
            let (module, test) = name.rsplit_once("::").expect("a path");
            let file = module.replace("::", "/");
            let places = [
                format!("tests/it/{file}.rs"),
                format!("pathway-core/src/{file}.rs"),
                format!("pathway-core/src/{file}/mod.rs"),
            ];
            let text = places.iter().find_map(|place| std::fs::read_to_string(root.join(place)).ok());
            let text = text.unwrap_or_else(|| panic!("none of {places:?} is there, for {name}"));
            assert!(text.contains(&format!("fn {test}(")), "{name} is not there");
            count += 1;
        }
    }
    assert!(count > 40, "{count} tests are named");
}
