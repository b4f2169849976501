fn expansion() {
    use ::pathway::__private::IntoReducer as _;
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1, T2, T3, T4, T5, T6> {
        city: T0,
        n: T1,
        cheap: T2,
        cheapest: T3,
        share: T4,
        about: T5,
        middle: T6,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .group_by(move |o| ::pathway::__private::key(
                ::pathway::__private::clone_datum(&o.city),
            ))
            .reduce(
                (
                    ::pathway::__private::column_reducer(
                        "n",
                        ::pathway::reducers::Count,
                    ),
                    ::pathway::__private::filtered(
                        ::pathway::__private::column_reducer(
                            "cheap",
                            ::pathway::reducers::Count,
                        ),
                    ),
                    ::pathway::__private::filtered(
                        ::pathway::__private::column_reducer(
                            "cheapest",
                            ::pathway::reducers::Min,
                        ),
                    ),
                    ::pathway::__private::filtered(
                        ::pathway::__private::column_reducer(
                            "share",
                            ::pathway::reducers::Sum,
                        ),
                    ),
                    ::pathway::__private::filtered(
                        ::pathway::__private::column_reducer(
                            "share",
                            ::pathway::reducers::Sum,
                        ),
                    ),
                    ::pathway::__private::filtered(
                        ::pathway::__private::column_reducer(
                            "about",
                            ::pathway::reducers::Count,
                        ),
                    ),
                    ::pathway::__private::filtered(
                        ::pathway::__private::column_reducer(
                            "about",
                            ::pathway::reducers::TopK::new(3),
                        ),
                    ),
                    ::pathway::__private::filtered(
                        ::pathway::__private::column_reducer(
                            "middle",
                            ::pathway::__private::user_reducer(Median)
                                .folded()
                                .into_reducer(),
                        ),
                    ),
                ),
                move |o| {
                    let __condition0 = ::pathway::__private::condition(o.price < 100.0);
                    let __condition1 = ::pathway::__private::condition(o.note != "x");
                    let __condition2 = ::pathway::__private::condition(
                        is_recent(::pathway::__private::clone_datum(o)),
                    );
                    (
                        (),
                        if __condition0 {
                            ::core::option::Option::Some(())
                        } else {
                            ::core::option::Option::None
                        },
                        if __condition0 {
                            ::core::option::Option::Some(
                                ::pathway::__private::clone_datum(&o.price),
                            )
                        } else {
                            ::core::option::Option::None
                        },
                        if __condition1 {
                            ::core::option::Option::Some(
                                ::pathway::__private::summable(
                                    ::pathway::__private::clone_datum(&o.paid),
                                ),
                            )
                        } else {
                            ::core::option::Option::None
                        },
                        if __condition1 {
                            ::core::option::Option::Some(
                                ::pathway::__private::summable(
                                    ::pathway::__private::clone_datum(&o.price),
                                ),
                            )
                        } else {
                            ::core::option::Option::None
                        },
                        if __condition2 {
                            ::core::option::Option::Some(())
                        } else {
                            ::core::option::Option::None
                        },
                        if __condition2 {
                            ::core::option::Option::Some(
                                ::pathway::__private::clone_datum(&o.id),
                            )
                        } else {
                            ::core::option::Option::None
                        },
                        if __condition0 {
                            ::core::option::Option::Some(
                                ::pathway::__private::clone_datum(&o.price),
                            )
                        } else {
                            ::core::option::Option::None
                        },
                    )
                },
                move |
                    __key0,
                    (
                        __value0,
                        __value1,
                        __value2,
                        __value3,
                        __value4,
                        __value5,
                        __value6,
                        __value7,
                    )|
                {
                    let __result0_0 = __value0;
                    let __result1_0 = __value1;
                    let __result2_0 = __value2;
                    let __result3_0 = __value3;
                    let __result4_0 = __value4;
                    let __result5_0 = __value5;
                    let __result6_0 = __value6;
                    let __result7_0 = __value7;
                    AnonymousRow {
                        city: ::pathway::__private::column(
                            ::pathway::__private::clone_datum(&*__key0),
                        ),
                        n: ::pathway::__private::column(
                            ::pathway::__private::identity(__result0_0),
                        ),
                        cheap: ::pathway::__private::column({
                            let __result1_0 = ::pathway::__private::or_default(
                                __result1_0,
                            );
                            ::pathway::__private::identity(__result1_0)
                        }),
                        cheapest: ::pathway::__private::column(
                            ::pathway::__private::identity(
                                match (__result2_0,) {
                                    (::core::option::Option::Some(__result2_0),) => {
                                        use ::pathway::__private::IntoOption as _;
                                        ::pathway::__private::present(
                                                ::pathway::__private::identity(__result2_0),
                                            )
                                            .into_option()
                                    }
                                    _ => ::core::option::Option::None,
                                },
                            ),
                        ),
                        share: ::pathway::__private::column(
                            ::pathway::__private::identity(
                                match (__result3_0, __result4_0) {
                                    (
                                        ::core::option::Option::Some(__result3_0),
                                        ::core::option::Option::Some(__result4_0),
                                    ) => {
                                        use ::pathway::__private::IntoOption as _;
                                        ::pathway::__private::present(
                                                ::pathway::__private::identity(__result3_0)
                                                    / ::pathway::__private::identity(__result4_0),
                                            )
                                            .into_option()
                                    }
                                    _ => ::core::option::Option::None,
                                },
                            ),
                        ),
                        about: ::pathway::__private::column({
                            let __result5_0 = ::pathway::__private::or_default(
                                __result5_0,
                            );
                            let __result6_0 = ::pathway::__private::or_default(
                                __result6_0,
                            );
                            format!(
                                "{} of {}", ::pathway::__private::identity(__result5_0),
                                ::pathway::__private::identity(__result6_0).len()
                            )
                        }),
                        middle: ::pathway::__private::column(
                            ::pathway::__private::identity(
                                match (__result7_0,) {
                                    (::core::option::Option::Some(__result7_0),) => {
                                        use ::pathway::__private::IntoOption as _;
                                        ::pathway::__private::present(
                                                ::pathway::__private::identity(__result7_0),
                                            )
                                            .into_option()
                                    }
                                    _ => ::core::option::Option::None,
                                },
                            ),
                        ),
                    }
                },
            ),
        "by o.city",
    )
}
