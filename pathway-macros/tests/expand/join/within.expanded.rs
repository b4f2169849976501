fn expansion() {
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1> {
        id: T0,
        page: T1,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .join(::pathway::__private::table(&clicks))
            .on(
                move |o| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&o.user),
                ),
                move |c| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&c.user),
                ),
            )
            .within(
                move |o| ::pathway::__private::time(
                    ::pathway::__private::clone_datum(&o.at),
                ),
                move |c| ::pathway::__private::time(
                    ::pathway::__private::clone_datum(&c.at),
                ),
                ::pathway::__private::reversed(0.minutes()..=5.minutes()),
            )
            .inner(move |o, c| AnonymousRow {
                id: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&o.id),
                ),
                page: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&c.page),
                ),
            }),
        "on o.user == c.user",
    )
}
