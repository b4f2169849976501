fn expansion() {
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1, T2, T3, T4, T5, T6> {
        day: T0,
        city: T1,
        label: T2,
        next: T3,
        pair: T4,
        start: T5,
        total: T6,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .window(
                move |o| ::pathway::__private::time(
                    ::pathway::__private::clone_datum(&o.at),
                ),
                ::pathway::windows::tumbling(1.hours()),
            )
            .group_by(move |o| (
                ::pathway::__private::key(o.at.date()),
                ::pathway::__private::key(::pathway::__private::clone_datum(&o.city)),
            ))
            .reduce(
                (
                    ::pathway::__private::column_reducer(
                        "pair",
                        ::pathway::reducers::Count,
                    ),
                    ::pathway::__private::column_reducer(
                        "total",
                        ::pathway::reducers::Sum,
                    ),
                ),
                move |o| (
                    (),
                    ::pathway::__private::summable(
                        ::pathway::__private::clone_datum(&o.price),
                    ),
                ),
                move |(__key0, __key1), w, (__value0, __value1)| {
                    #[allow(unused_variables)]
                    let day = __key0;
                    #[allow(unused_variables)]
                    let city = __key1;
                    let __result0_0 = __value0;
                    let __result1_0 = __value1;
                    AnonymousRow {
                        day: ::pathway::__private::column(
                            ::pathway::__private::clone_datum(&*day),
                        ),
                        city: ::pathway::__private::column(
                            ::pathway::__private::clone_datum(&*__key1),
                        ),
                        label: ::pathway::__private::column(
                            format!("{city}: {}", (* day).year()),
                        ),
                        next: ::pathway::__private::column(
                            ::pathway::__private::clone_datum(&*day) + 1,
                        ),
                        pair: ::pathway::__private::column(Pair {
                            city: ::pathway::__private::clone_datum(&*city),
                            n: ::pathway::__private::identity(__result0_0),
                        }),
                        start: ::pathway::__private::column(w.start),
                        total: ::pathway::__private::column(
                            ::pathway::__private::identity(__result1_0),
                        ),
                    }
                },
            ),
        "by day: o.at.date(), o.city",
    )
}
