fn expansion() {
    #[derive(
        ::core::clone::Clone,
        ::core::fmt::Debug,
        ::core::cmp::PartialEq,
        ::pathway::Schema
    )]
    struct AnonymousRow<T0, T1, T2> {
        id: T0,
        sku: T1,
        cost: T2,
    }
    AnonymousRow {
        id: ::pathway::__private::column(::pathway::__private::clone_datum(&o.id)),
        sku: ::pathway::__private::column(sku),
        cost: ::pathway::__private::column(o.price * item.quantity as f64),
    }
}
