fn expansion() {
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0> {
        sum: T0,
    }
    ::pathway::__private::table(&input)
        .reduce(
            (::pathway::__private::column_reducer("sum", ::pathway::reducers::Sum),),
            move |row| (
                ::pathway::__private::summable(
                    ::pathway::__private::clone_datum(&row.value),
                ),
            ),
            move |(__value0,)| {
                let __result0_0 = __value0;
                AnonymousRow {
                    sum: ::pathway::__private::column(
                        ::pathway::__private::identity(__result0_0),
                    ),
                }
            },
        )
}
