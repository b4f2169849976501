fn expansion() {
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .join(::pathway::__private::table(&customers))
            .on(
                move |o| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&o.customer),
                ),
                move |c| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&c.id),
                ),
            )
            .full(move |o, c| ::pathway::__private::row(Pair {
                order: o.map(|o| o.id),
                name: c.map(|c| c.name.clone()),
            })),
        "on o.customer == c.id",
    )
}
