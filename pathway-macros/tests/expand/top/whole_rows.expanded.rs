fn expansion() {
    ::pathway::__private::shown(
        ::pathway::__private::table(&bids)
            .group_by(move |b| ::pathway::__private::key(
                ::pathway::__private::clone_datum(&b.auction),
            ))
            .top(
                1,
                move |b| (
                    ::pathway::__private::descending(
                        ::pathway::__private::clone_datum(&b.price),
                    ),
                    ::pathway::__private::order(::pathway::__private::clone_datum(&b.id)),
                ),
                |row, _| ::pathway::__private::clone_datum(row),
            ),
        "1 by b.auction order b.price desc, b.id",
    )
}
