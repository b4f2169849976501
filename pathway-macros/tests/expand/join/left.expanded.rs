fn expansion() {
    #[allow(nonstandard_style)]
    struct ColumnsOfRight<T0> {
        name: T0,
    }
    #[automatically_derived]
    #[allow(clippy::unused_unit)]
    impl<T0: ::pathway::__private::Datum> ::pathway::__private::KeptColumns
    for ColumnsOfRight<T0> {
        const FIELDS: &'static [&'static ::core::primitive::str] = &["name"];
        type Refs<'__row> = (::pathway::__private::DatumRef<'__row, T0>,);
        fn refs(&self) -> Self::Refs<'_> {
            (::pathway::__private::DatumRef(&self.name),)
        }
        fn clone_columns(&self) -> Self {
            Self {
                name: ::pathway::__private::Datum::clone_datum(&self.name),
            }
        }
        fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
            _columns: &mut __A,
        ) -> ::core::result::Result<Self, __A::Error> {
            ::core::result::Result::Ok(Self {
                name: ::pathway::__private::read_field(_columns)?,
            })
        }
    }
    #[derive(::pathway::Schema)]
    struct AnonymousRow<R, T0> {
        #[schema(rest)]
        __row: R,
        name: T0,
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
                    ::pathway::__private::clone_datum(&o.customer),
                ),
                move |c| ::pathway::__private::key(
                    ::pathway::__private::clone_datum(&c.id),
                ),
            )
            .right_columns(move |c| {
                ColumnsOfRight {
                    name: ::pathway::__private::take_datum(&mut c.name),
                }
            })
            .left(move |o, c| AnonymousRow {
                __row: ::pathway::__private::clone_datum(o),
                name: ::pathway::__private::column(c.map(|c| c.name.clone())),
            }),
        "on o.customer == c.id",
    )
}
