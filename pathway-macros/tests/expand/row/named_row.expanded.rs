fn expansion() {
    ::pathway::__private::row(Order {
        id: ::pathway::__private::clone_datum(&o.id),
        price: o.price * 2.0,
        ..::pathway::__private::BaseRow(o).remaining_columns()
    })
}
