fn expansion() {
    use ::pathway::__private::IntoReducer as _;
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1> {
        city: T0,
        typical: T1,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .group_by(move |o| ::pathway::__private::key(
                ::pathway::__private::clone_datum(&o.city),
            ))
            .reduce(
                (
                    ::pathway::__private::column_reducer(
                        "typical",
                        ::pathway::__private::user_reducer(TrimmedMean(0.1))
                            .folded()
                            .into_reducer(),
                    ),
                ),
                move |o| (::pathway::__private::clone_datum(&o.price),),
                move |__key0, (__value0,)| {
                    let __result0_0 = __value0;
                    AnonymousRow {
                        city: ::pathway::__private::column(
                            ::pathway::__private::clone_datum(&*__key0),
                        ),
                        typical: ::pathway::__private::column(
                            ::pathway::__private::identity(__result0_0),
                        ),
                    }
                },
            ),
        "by o.city",
    )
}
