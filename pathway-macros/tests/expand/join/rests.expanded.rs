fn expansion() {
    #[derive(::pathway::Schema)]
    struct AnonymousRow<R, T0> {
        #[schema(rest)]
        __row: R,
        total: T0,
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
    ::pathway::__private::shown(
        ::pathway::__private::table(&orders)
            .join(::pathway::__private::table(&customers))
            .on(
                move |o| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&o.id),
                ),
                move |c| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&c.id),
                ),
            )
            .inner(move |o, c| {
                let __new = AnonymousRow {
                    __row: ::pathway::__private::both_rows(
                        o,
                        ::pathway::__private::clone_datum(c),
                    ),
                    total: ::pathway::__private::column(
                        ::pathway::__private::clone_datum(&o.price) * 2.0,
                    ),
                };
                {
                    struct Columns<R>(::core::marker::PhantomData<R>);
                    impl<R: ::pathway::__private::Schema> Columns<R> {
                        const DISTINCT: ::core::marker::PhantomData<R> = ::pathway::__private::distinct_columns::<
                            R,
                        >("`o` and `c`", "o", &["id"]);
                    }
                    let Columns::DISTINCT = ::pathway::__private::type_of(&__new);
                }
                __new
            }),
        "on id",
    )
}
