fn expansion() {
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1, T2> {
        city: T0,
        start: T1,
        n: T2,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .window(
                move |o| ::pathway::__private::time(
                    ::pathway::__private::clone_datum(&o.placed_at),
                ),
                ::pathway::windows::tumbling(1.hours()).allowed_lateness(10.minutes()),
            )
            .group_by(move |o| ::pathway::__private::key(
                ::pathway::__private::clone_datum(&o.city),
            ))
            .reduce(
                (::pathway::__private::column_reducer("n", ::pathway::reducers::Count),),
                move |_| ((),),
                move |__key0, w, (__value0,)| {
                    let __result0_0 = __value0;
                    AnonymousRow {
                        city: ::pathway::__private::column(
                            ::pathway::__private::clone_datum(&*__key0),
                        ),
                        start: ::pathway::__private::column(w.start),
                        n: ::pathway::__private::column(
                            ::pathway::__private::identity(__result0_0),
                        ),
                    }
                },
            ),
        "by o.city",
    )
}
