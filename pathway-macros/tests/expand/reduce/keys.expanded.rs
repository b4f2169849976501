fn expansion() {
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .group_by(move |o| (
                ::pathway::__private::key(::pathway::__private::clone_datum(&o.city)),
                ::pathway::__private::key(o.day.year()),
            ))
            .reduce(
                (
                    ::pathway::__private::column_reducer(
                        "total",
                        ::pathway::reducers::Sum,
                    ),
                    ::pathway::__private::column_reducer(
                        "mean",
                        ::pathway::reducers::Sum,
                    ),
                    ::pathway::__private::column_reducer(
                        "mean",
                        ::pathway::reducers::Count,
                    ),
                    ::pathway::__private::column_reducer(
                        "spread",
                        ::pathway::reducers::Max,
                    ),
                    ::pathway::__private::column_reducer(
                        "spread",
                        ::pathway::reducers::Min,
                    ),
                    ::pathway::__private::column_reducer(
                        "dearest",
                        ::pathway::reducers::ArgMax,
                    ),
                    ::pathway::__private::column_reducer(
                        "p95",
                        ::pathway::reducers::Quantile::new(0.95),
                    ),
                ),
                move |o| (
                    ::pathway::__private::summable(
                        ::pathway::__private::clone_datum(&o.price) * o.quantity as f64,
                    ),
                    ::pathway::__private::summable(
                        ::pathway::__private::clone_datum(&o.price),
                    ),
                    (),
                    ::pathway::__private::clone_datum(&o.price),
                    ::pathway::__private::clone_datum(&o.price),
                    (
                        ::pathway::__private::clone_datum(&o.price),
                        ::pathway::__private::clone_datum(&o.id),
                    ),
                    ::pathway::__private::clone_datum(&o.price),
                ),
                move |
                    (__key0, __key1),
                    (
                        __value0,
                        __value1,
                        __value2,
                        __value3,
                        __value4,
                        __value5,
                        __value6,
                    )|
                {
                    let __result0_0 = __value0;
                    let __result1_0 = __value1;
                    let __result2_1 = ::pathway::__private::clone_datum(&__value2);
                    let __result2_0 = __value2;
                    let __result3_1 = ::pathway::__private::clone_datum(&__value3);
                    let __result3_0 = __value3;
                    let __result4_0 = __value4;
                    let __result5_0 = __value5;
                    let __result6_0 = __value6;
                    ::pathway::__private::row(CityTotals {
                        city: ::pathway::__private::clone_datum(&*__key0),
                        year: *__key1 as i64,
                        total: ::pathway::__private::identity(__result0_0),
                        mean: ::pathway::__private::identity(__result1_0)
                            / ::pathway::__private::identity(__result2_0) as f64,
                        spread: ::pathway::__private::identity(__result3_0)
                            - ::pathway::__private::identity(__result4_0),
                        top: ::pathway::__private::identity(__result3_1),
                        dearest: ::pathway::__private::identity(__result5_0),
                        p95: ::pathway::__private::identity(__result6_0),
                        label: format!(
                            "{} orders", ::pathway::__private::identity(__result2_1)
                        ),
                    })
                },
            ),
        "by o.city, o.day.year()",
    )
}
