//! The Markdown pages, whose code blocks are compiled and run as doctests.

macro_rules! page {
    ($name:ident, $file:literal) => {
        #[doc = include_str!(concat!("../", $file))]
        mod $name {}
    };
}

page!(readme, "README.md");
page!(first_page, "docs/guide/README.md");
page!(tables, "docs/guide/tables.md");
page!(reducers, "docs/guide/reducers.md");
page!(time, "docs/guide/time.md");
page!(events, "docs/guide/events.md");
page!(joins, "docs/guide/joins.md");
page!(schemas, "docs/guide/schemas.md");
page!(nats, "docs/guide/nats.md");
page!(delivery, "docs/guide/delivery.md");
page!(restarts, "docs/guide/restarts.md");
page!(recordings, "docs/guide/recordings.md");
page!(running, "docs/guide/running.md");
page!(monitoring, "docs/guide/monitoring.md");
page!(testing, "docs/guide/testing.md");
page!(user_code, "docs/guide/user_code.md");
page!(compile_errors, "docs/guide/compile_errors.md");
page!(differences, "docs/guide/differences.md");
