fn expansion() {
    ::pathway::__private::shown(
        ::pathway::__private::table(&bids)
            .group_by(move |_| ())
            .top(
                1,
                move |b| ::pathway::__private::order(
                    ::pathway::__private::clone_datum(&b.price),
                ),
                move |b, _| ::pathway::__private::row(Cheapest {
                    id: ::pathway::__private::clone_datum(&b.id),
                    price: ::pathway::__private::clone_datum(&b.price),
                }),
            ),
        "1 order b.price",
    )
}
