fn expansion() {
    #[derive(::pathway::Schema)]
    struct AnonymousRow<R, T0> {
        #[schema(rest)]
        __row: R,
        cost: T0,
    }
    impl<R, T0> ::core::ops::Deref for AnonymousRow<R, T0> {
        type Target = R;
        fn deref(&self) -> &R {
            &self.__row
        }
    }
    impl<R, T0> ::core::ops::DerefMut for AnonymousRow<R, T0> {
        fn deref_mut(&mut self) -> &mut R {
            &mut self.__row
        }
    }
    impl<
        R: ::pathway::__private::Schema,
        T0: ::pathway::__private::ColumnType,
    > ::core::clone::Clone for AnonymousRow<R, T0> {
        fn clone(&self) -> Self {
            ::pathway::__private::Datum::clone_datum(self)
        }
    }
    impl<
        R: ::pathway::__private::Schema,
        T0: ::pathway::__private::ColumnType,
    > ::core::cmp::PartialEq for AnonymousRow<R, T0> {
        fn eq(&self, other: &Self) -> bool {
            ::pathway::__private::Datum::compare(self, other).is_eq()
        }
    }
    impl<
        R: ::pathway::__private::Schema,
        T0: ::pathway::__private::ColumnType,
    > ::core::fmt::Debug for AnonymousRow<R, T0> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::pathway::__private::debug_columns(self, f)
        }
    }
    ::pathway::__private::table(&orders)
        .select(move |o| AnonymousRow {
            __row: ::pathway::__private::clone_datum(o),
            cost: ::pathway::__private::column(
                ::pathway::__private::clone_datum(&o.price) * o.quantity as f64,
            ),
        })
}
