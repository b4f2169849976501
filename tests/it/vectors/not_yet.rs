//! The recordings that are not replayed, each with the reason.

/// What is not there yet, in the words of the guide's last section, and the recordings that show it.
pub(super) const NOT_YET: &[(&str, &[&str])] = &[
    ("arrays of numbers as a column type", &["red_ndarray", "red_null_ndarray", "red_sum_array"]),
    (
        "plaintext and raw",
        &[
            "out_dynamic_topic_plaintext",
            "out_header_plaintext",
            "out_plaintext_int_error",
            "out_plaintext_multi_error",
            "out_raw",
            "out_raw_str_error",
            "plaintext_in_json_out",
            "plaintext_in_plaintext_out",
            "plaintext_invalid_utf8_false",
            "raw_default_format",
            "raw_in_json_out",
        ],
    ),
    ("dsv", &["out_dsv", "out_dsv_delim", "out_dsv_nonfinite", "out_two_writers"]),
    (
        "headers from columns",
        &["out_header_lead_space", "out_header_name", "out_header_order", "out_headers", "out_topic_header_sort_order"],
    ),
    ("a subject of each row's own", &["out_dynamic_topic_bad", "out_topic_is_value", "out_topic_wildcard"]),
    ("an order of each commit's messages", &["out_sort_by", "out_sort_by_none"]),
    ("look-ups and neighbours", &["pkdup_ix", "pkdup_sort"]),
];

/// Recordings of what does not compile here, each with the test that shows so.
pub(super) const REFUSED: &[(&str, &str)] = &[
    ("out_names_time_diff", "ui-tests/fail/schema/reserved_column_name.rs"),
    ("pk_optional", "ui-tests/fail/schema/optional_key.rs"),
];
