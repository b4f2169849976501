fn expansion() {
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1> {
        id: T0,
        #[schema(rename = "total")]
        cost: T1,
    }
    ::pathway::__private::table(&orders)
        .select(move |o| AnonymousRow {
            id: ::pathway::__private::column(::pathway::__private::clone_datum(&o.id)),
            cost: ::pathway::__private::column(
                ::pathway::__private::clone_datum(&o.price) * o.quantity as f64,
            ),
        })
}
