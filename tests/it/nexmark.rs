//! The queries of the benchmark `nexmark`, compared with what DuckDB makes of the same events.

#[path = "../../benches/nexmark/check.rs"]
mod check;
#[path = "../../benches/nexmark/queries/mod.rs"]
mod queries;
#[path = "../../benches/nexmark/rows.rs"]
mod rows;

const EVENTS: usize = 20_000;

#[test]
fn each_query_gives_the_rows_that_duckdb_gives() {
    let events = rows::Events::generate(EVENTS);
    for name in queries::NAMES {
        let expected = check::stored(name, EVENTS).expect("a digest of each query");
        for (commit, workers) in [(1_000, 1), (100, 2), (0, 2)] {
            let seen = check::digest(name, &events, commit, workers).expect("a complete run");
            assert_eq!(seen, expected, "{name} in commits of {commit} events, with {workers} workers");
        }
    }
}
