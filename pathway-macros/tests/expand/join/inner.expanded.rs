fn expansion() {
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1> {
        order: T0,
        name: T1,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .join(::pathway::__private::table(&customers))
            .on(
                move |o| (
                    ::pathway::__private::key(
                        ::pathway::__private::clone_datum(&o.customer),
                    ),
                    ::pathway::__private::key(::pathway::__private::clone_datum(&o.shop)),
                ),
                move |c| (
                    ::pathway::__private::key(::pathway::__private::clone_datum(&c.id)),
                    ::pathway::__private::key(::pathway::__private::clone_datum(&c.shop)),
                ),
            )
            .inner(move |o, c| AnonymousRow {
                order: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&o.id),
                ),
                name: ::pathway::__private::column(
                    ::pathway::__private::clone_datum(&c.name),
                ),
            }),
        "on o.customer == c.id && c.shop == o.shop",
    )
}
