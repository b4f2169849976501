fn expansion() {
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0> {
        value: T0,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&trades)
            .join(::pathway::__private::table(&rates))
            .on(
                move |t| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&t.currency),
                ),
                move |r| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&r.currency),
                ),
            )
            .asof_now()
            .inner(move |t, r| AnonymousRow {
                value: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&t.amount) * r.rate,
                ),
            }),
        "on t.currency == r.currency",
    )
}
