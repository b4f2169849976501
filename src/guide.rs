//! The prose of the repository, whose code blocks are compiled and run as tests.

macro_rules! page {
    ($name:ident, $file:literal) => {
        #[doc = include_str!(concat!("../", $file))]
        mod $name {}
    };
}

page!(readme, "README.md");
page!(tables, "docs/guide/tables.md");
page!(time, "docs/guide/time.md");
page!(schemas, "docs/guide/schemas.md");
page!(nats, "docs/guide/nats.md");
page!(delivery, "docs/guide/delivery.md");
page!(running, "docs/guide/running.md");
page!(testing, "docs/guide/testing.md");
page!(compile_errors, "docs/guide/compile_errors.md");
page!(differences, "docs/guide/differences.md");
