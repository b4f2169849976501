fn expansion() {
    ::core::compile_error! {
        "`o.price` is neither a key nor reduced: the rows of a group may have different values\nhelp: add it to the keys: `by …, o.price`\nhelp: or reduce it: `max(o.price)`"
    }
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1, T2> {
        city: T0,
        price: T1,
        n: T2,
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .group_by(move |o| (
                ::pathway::__private::key(::pathway::__private::clone_datum(&o.city)),
                ::pathway::__private::key(::pathway::__private::clone_datum(&o.price)),
            ))
            .reduce(
                (::pathway::__private::column_reducer("n", ::pathway::reducers::Count),),
                move |_| ((),),
                move |(__key0, __key1), (__value0,)| {
                    let __result0_0 = __value0;
                    AnonymousRow {
                        city: ::pathway::__private::column(
                            ::pathway::__private::clone_datum(&*__key0),
                        ),
                        price: ::pathway::__private::column(
                            ::pathway::__private::clone_datum(&*__key1),
                        ),
                        n: ::pathway::__private::column(
                            ::pathway::__private::identity(__result0_0),
                        ),
                    }
                },
            ),
        "by o.city",
    )
}
