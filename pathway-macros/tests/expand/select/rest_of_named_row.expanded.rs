fn expansion() {
    ::pathway::__private::table(&orders)
        .select(move |o| ::pathway::__private::row(Order {
            price: ::pathway::__private::clone_datum(&o.price) * 2.0,
            ..::pathway::__private::BaseRow(o).remaining_columns()
        }))
}
