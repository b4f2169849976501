//! The recordings that are not replayed, because their programs do not compile here.

/// Recordings of programs that do not compile here, each with the test that shows it.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("out_header_name", "tests/it/formats/output.rs"),
    ("out_plaintext_int_error", "ui-tests/fail/nats/plaintext_of_integers.rs"),
    ("out_plaintext_multi_error", "ui-tests/fail/nats/plaintext_of_two_columns.rs"),
    ("out_topic_is_value", "ui-tests/fail/nats/subject_of_an_option.rs"),
    ("out_names_time_diff", "ui-tests/fail/schema/reserved_column_name.rs"),
    ("pk_optional", "ui-tests/fail/schema/optional_key.rs"),
];
