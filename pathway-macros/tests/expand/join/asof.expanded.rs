fn expansion() {
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1> {
        id: T0,
        bid: T1,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&trades)
            .join(::pathway::__private::table(&quotes))
            .on(
                move |t| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&t.symbol),
                ),
                move |q| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&q.symbol),
                ),
            )
            .asof(
                move |t| ::pathway::__private::time(
                    ::pathway::__private::clone_datum(&t.at),
                ),
                move |q| ::pathway::__private::time(
                    ::pathway::__private::clone_datum(&q.at),
                ),
            )
            .left(move |t, q| AnonymousRow {
                id: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&t.id),
                ),
                bid: ::pathway::__private::column(q.map(|q| q.bid)),
            }),
        "on t.symbol == q.symbol",
    )
}
