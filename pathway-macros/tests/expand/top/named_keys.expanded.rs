fn expansion() {
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1, T2, T3> {
        day: T0,
        place: T1,
        shouted: T2,
        city: T3,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&bids)
            .group_by(move |b| (
                ::pathway::__private::key(b.at.date()),
                ::pathway::__private::key(::pathway::__private::clone_datum(&b.city)),
            ))
            .top(
                3,
                move |b| ::pathway::__private::descending(
                    ::pathway::__private::clone_datum(&b.price),
                ),
                move |b, rank| {
                    #[allow(unused_variables)]
                    let day = &b.at.date();
                    #[allow(unused_variables)]
                    let city = &b.city;
                    AnonymousRow {
                        day: ::pathway::__private::column(
                            ::pathway::__private::clone_datum(&*day),
                        ),
                        place: ::pathway::__private::column(format!("{rank} in {city}")),
                        shouted: ::pathway::__private::column((*city).to_uppercase()),
                        city: ::pathway::__private::column(
                            ::pathway::__private::clone_datum(&*city),
                        ),
                    }
                },
            ),
        "3 by day: b.at.date(), b.city order b.price desc",
    )
}
