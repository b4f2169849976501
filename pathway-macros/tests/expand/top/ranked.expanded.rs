fn expansion() {
    #[derive(::pathway::Schema)]
    struct AnonymousRow<R, T0, T1> {
        #[schema(rest)]
        __row: R,
        rank: T0,
        label: T1,
    }
    impl<R, T0, T1> ::core::ops::Deref for AnonymousRow<R, T0, T1> {
        type Target = R;
        fn deref(&self) -> &R {
            &self.__row
        }
    }
    impl<R, T0, T1> ::core::ops::DerefMut for AnonymousRow<R, T0, T1> {
        fn deref_mut(&mut self) -> &mut R {
            &mut self.__row
        }
    }
    impl<
        R: ::pathway::__private::Schema,
        T0: ::pathway::__private::ColumnType,
        T1: ::pathway::__private::ColumnType,
    > ::core::clone::Clone for AnonymousRow<R, T0, T1> {
        fn clone(&self) -> Self {
            ::pathway::__private::Datum::clone_datum(self)
        }
    }
    impl<
        R: ::pathway::__private::Schema,
        T0: ::pathway::__private::ColumnType,
        T1: ::pathway::__private::ColumnType,
    > ::core::cmp::PartialEq for AnonymousRow<R, T0, T1> {
        fn eq(&self, other: &Self) -> bool {
            ::pathway::__private::Datum::compare(self, other).is_eq()
        }
    }
    impl<
        R: ::pathway::__private::Schema,
        T0: ::pathway::__private::ColumnType,
        T1: ::pathway::__private::ColumnType,
    > ::core::fmt::Debug for AnonymousRow<R, T0, T1> {
        fn fmt(&self, f: &mut ::core::fmt::Formatter<'_>) -> ::core::fmt::Result {
            ::pathway::__private::debug_columns(self, f)
        }
    }
    ::pathway::__private::shown(
        ::pathway::__private::table(&bids)
            .group_by(move |b| (
                ::pathway::__private::key(::pathway::__private::clone_datum(&b.auction)),
                ::pathway::__private::key(b.at.date()),
            ))
            .top(
                limit,
                move |b| (
                    ::pathway::__private::descending(
                        ::pathway::__private::clone_datum(&b.price),
                    ),
                    ::pathway::__private::order(::pathway::__private::clone_datum(&b.id)),
                ),
                move |b, rank| AnonymousRow {
                    __row: ::pathway::__private::clone_datum(b),
                    rank: ::pathway::__private::column(rank),
                    label: ::pathway::__private::column(format!("#{rank}")),
                },
            ),
        "limit by b.auction, b.at.date() order b.price desc, b.id",
    )
}
