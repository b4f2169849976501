#[automatically_derived]
impl<
    R: ::pathway::__private::Schema,
    T0: ::pathway::__private::ColumnType,
> ::pathway::__private::Datum for AnonymousRow<R, T0> {
    fn clone_datum(&self) -> Self {
        ::pathway::__private::column_type::<T0>();
        Self {
            __row: <R as ::pathway::__private::Datum>::clone_datum(&self.__row),
            cost: <T0 as ::pathway::__private::Datum>::clone_datum(&self.cost),
        }
    }
    fn take_datum(&mut self) -> Self {
        ::pathway::__private::column_type::<T0>();
        Self {
            __row: <R as ::pathway::__private::Datum>::take_datum(&mut self.__row),
            cost: <T0 as ::pathway::__private::Datum>::take_datum(&mut self.cost),
        }
    }
    fn compare(&self, other: &Self) -> ::core::cmp::Ordering {
        ::pathway::__private::column_type::<T0>();
        if const { <R as ::pathway::__private::Schema>::COLUMNS.has("cost") } {
            ::pathway::__private::compare_columns(self, other)
        } else {
            match <R as ::pathway::__private::Datum>::compare(
                &self.__row,
                &other.__row,
            ) {
                ::core::cmp::Ordering::Equal => {}
                unequal => return unequal,
            }
            match <T0 as ::pathway::__private::Datum>::compare(&self.cost, &other.cost) {
                ::core::cmp::Ordering::Equal => {}
                unequal => return unequal,
            }
            ::core::cmp::Ordering::Equal
        }
    }
    fn hash_into<__H: ::core::hash::Hasher>(&self, state: &mut __H) {
        ::pathway::__private::column_type::<T0>();
        if const { <R as ::pathway::__private::Schema>::COLUMNS.has("cost") } {
            ::pathway::__private::hash_columns(self, state)
        } else {
            <R as ::pathway::__private::Datum>::hash_into(&self.__row, state);
            <T0 as ::pathway::__private::Datum>::hash_into(&self.cost, state);
        }
    }
    fn serialize<__S: ::pathway::__private::Serializer>(
        &self,
        serializer: __S,
    ) -> ::core::result::Result<__S::Ok, __S::Error> {
        ::pathway::__private::column_type::<T0>();
        let mut tuple = serializer.serialize_tuple(2usize)?;
        ::pathway::__private::write_field::<R, _>(&mut tuple, &self.__row)?;
        ::pathway::__private::write_field::<T0, _>(&mut tuple, &self.cost)?;
        ::pathway::__private::SerializeTuple::end(tuple)
    }
    fn deserialize<'__de, __D: ::pathway::__private::Deserializer<'__de>>(
        deserializer: __D,
    ) -> ::core::result::Result<Self, __D::Error> {
        ::pathway::__private::read_fields(deserializer)
    }
}
#[automatically_derived]
impl<
    R: ::pathway::__private::Schema,
    T0: ::pathway::__private::ColumnType,
> ::pathway::__private::Fields for AnonymousRow<R, T0> {
    const COUNT: ::core::primitive::usize = 2usize;
    fn read<'__de, __A: ::pathway::__private::SeqAccess<'__de>>(
        mut fields: __A,
    ) -> ::core::result::Result<Self, __A::Error> {
        ::pathway::__private::column_type::<T0>();
        ::core::result::Result::Ok(Self {
            __row: ::pathway::__private::read_field::<R, _>(&mut fields)?,
            cost: ::pathway::__private::read_field::<T0, _>(&mut fields)?,
        })
    }
}
#[automatically_derived]
impl<
    R: ::pathway::__private::Schema,
    T0: ::pathway::__private::ColumnType,
> ::pathway::__private::Schema for AnonymousRow<R, T0> {
    const NAME: &'static ::core::primitive::str = "AnonymousRow";
    const COLUMNS: ::pathway::__private::Columns = ::pathway::__private::Columns {
        fields: &[
            ::pathway::__private::SchemaField::Flattened {
                columns: &<R as ::pathway::__private::Schema>::COLUMNS,
                replaceable: true,
            },
            ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                name: "cost",
                type_name: "T0",
                primary_key: false,
                path: ::core::option::Option::None,
            }),
        ],
        names: &["__row", "cost"],
    };
    type KeyPresence = ::pathway::__private::NoKey;
    type Key = ();
    const METADATA: ::pathway::__private::Metadata = ::pathway::__private::Metadata::NONE
        .and(<R as ::pathway::__private::Schema>::METADATA);
    fn primary_key(&self) -> Self::Key {}
    fn decode_row(
        document: ::pathway::__private::JsonText<'_>,
        message: &::pathway::__private::Message<'_>,
    ) -> ::core::result::Result<Self, ::pathway::__private::DecodeError> {
        ::pathway::__private::column_type::<T0>();
        let walk = ::pathway::__private::JsonWalker::new();
        let mut slot_0 = ::pathway::__private::Slot::<T0>::Missing;
        {
            let value = document;
            walk.document_members(
                value,
                &mut |step, value| match step {
                    "cost" => {
                        ::pathway::__private::read_slot::<T0>(&mut slot_0, value);
                    }
                    _ => {}
                },
            );
            walk.finish()?;
        }
        ::core::result::Result::Ok(Self {
            cost: ::pathway::__private::take_slot::<
                T0,
            >(slot_0, <Self as ::pathway::__private::Schema>::COLUMNS.field(1usize))?,
            __row: <R as ::pathway::__private::Schema>::decode_row(document, message)?,
        })
    }
    fn encode_columns(
        &self,
        out: &mut ::pathway::__private::Vec<::core::primitive::u8>,
    ) {
        ::pathway::__private::column_type::<T0>();
        if const { <R as ::pathway::__private::Schema>::COLUMNS.has("cost") } {
            ::pathway::__private::encode_columns(self, out)
        } else {
            <R as ::pathway::__private::Schema>::encode_columns(&self.__row, out);
            out.extend_from_slice(b"\"cost\":");
            <T0 as ::pathway::__private::EncodeJson>::encode_json(&self.cost, out);
            out.push(b',');
        }
    }
    fn zip_columns(
        &self,
        other: &Self,
        show: &mut dyn ::core::ops::FnMut(
            &'static ::pathway::__private::Column,
            &dyn ::pathway::__private::DynValue,
            &dyn ::pathway::__private::DynValue,
        ),
    ) {
        ::pathway::__private::column_type::<T0>();
        <R as ::pathway::__private::Schema>::zip_columns(
            &self.__row,
            &other.__row,
            &mut |column, one, two| match column.name {
                "cost" => {
                    show(
                        <Self as ::pathway::__private::Schema>::COLUMNS.field(1usize),
                        ::pathway::__private::dyn_value::<T0>(&self.cost),
                        ::pathway::__private::dyn_value::<T0>(&other.cost),
                    );
                }
                _ => show(column, one, two),
            },
        );
        if const { !(<R as ::pathway::__private::Schema>::COLUMNS.has("cost")) } {
            show(
                <Self as ::pathway::__private::Schema>::COLUMNS.field(1usize),
                ::pathway::__private::dyn_value::<T0>(&self.cost),
                ::pathway::__private::dyn_value::<T0>(&other.cost),
            );
        }
    }
}
#[automatically_derived]
impl<
    R: ::pathway::__private::Schema,
    T0: ::pathway::__private::ColumnType,
    __Base: ::pathway::__private::Schema,
> ::pathway::__private::Extends<__Base> for AnonymousRow<R, T0>
where
    R: ::pathway::__private::Extends<__Base>,
{
    fn base(&self) -> &__Base {
        const {
            ::pathway::__private::assert_not_replaced(
                &<__Base as ::pathway::__private::Schema>::COLUMNS,
                &::pathway::__private::Columns {
                    fields: &[
                        ::pathway::__private::SchemaField::Column(::pathway::__private::Column {
                            name: "cost",
                            type_name: "T0",
                            primary_key: false,
                            path: ::core::option::Option::None,
                        }),
                    ],
                    names: &[],
                },
            )
        }
        ::pathway::__private::Extends::base(&self.__row)
    }
}
const _: () = {
    #[doc(hidden)]
    #[allow(
        missing_docs,
        dead_code,
        unreachable_pub,
        private_interfaces,
        missing_debug_implementations
    )]
    struct __AnonymousRowWith<
        R: ::pathway::__private::Schema + ::pathway::__private::ExtensibleRow,
        T0: ::pathway::__private::ColumnType,
        __X: ::pathway::__private::Schema,
    > {
        __row: <R as ::pathway::__private::ExtensibleRow>::With<__X>,
        cost: T0,
    }
    #[automatically_derived]
    impl<
        R: ::pathway::__private::Schema + ::pathway::__private::ExtensibleRow,
        T0: ::pathway::__private::ColumnType,
        __X: ::pathway::__private::Schema,
    > ::core::ops::Deref for __AnonymousRowWith<R, T0, __X> {
        type Target = <R as ::pathway::__private::ExtensibleRow>::With<__X>;
        fn deref(&self) -> &Self::Target {
            &self.__row
        }
    }
    #[automatically_derived]
    impl<
        R: ::pathway::__private::Schema + ::pathway::__private::ExtensibleRow,
        T0: ::pathway::__private::ColumnType,
        __X: ::pathway::__private::Schema,
    > ::core::ops::DerefMut for __AnonymousRowWith<R, T0, __X> {
        fn deref_mut(&mut self) -> &mut Self::Target {
            &mut self.__row
        }
    }
    #[automatically_derived]
    impl<
        R: ::pathway::__private::Schema + ::pathway::__private::ExtensibleRow,
        T0: ::pathway::__private::ColumnType,
    > ::pathway::__private::ExtensibleRow for AnonymousRow<R, T0> {
        type With<__X: ::pathway::__private::Schema> = __AnonymousRowWith<R, T0, __X>;
        fn with<__X: ::pathway::__private::Schema>(
            &self,
            other: __X,
        ) -> Self::With<__X> {
            ::pathway::__private::column_type::<T0>();
            __AnonymousRowWith {
                __row: <R as ::pathway::__private::ExtensibleRow>::with(
                    &self.__row,
                    other,
                ),
                cost: <T0 as ::pathway::__private::Datum>::clone_datum(&self.cost),
            }
        }
        fn own<__X: ::pathway::__private::Schema>(both: &Self::With<__X>) -> Self {
            ::pathway::__private::column_type::<T0>();
            Self {
                __row: <R as ::pathway::__private::ExtensibleRow>::own(&both.__row),
                cost: <T0 as ::pathway::__private::Datum>::clone_datum(&both.cost),
            }
        }
        fn other<__X: ::pathway::__private::Schema>(both: &Self::With<__X>) -> &__X {
            <R as ::pathway::__private::ExtensibleRow>::other(&both.__row)
        }
        fn zip_own<__X: ::pathway::__private::Schema>(
            first: &Self::With<__X>,
            second: &Self::With<__X>,
            show: &mut dyn ::core::ops::FnMut(
                &'static ::pathway::__private::Column,
                &dyn ::pathway::__private::DynValue,
                &dyn ::pathway::__private::DynValue,
            ),
        ) {
            ::pathway::__private::column_type::<T0>();
            <R as ::pathway::__private::ExtensibleRow>::zip_own(
                &first.__row,
                &second.__row,
                &mut |column, one, two| match column.name {
                    "cost" => {
                        show(
                            <Self as ::pathway::__private::Schema>::COLUMNS
                                .field(1usize),
                            ::pathway::__private::dyn_value::<T0>(&first.cost),
                            ::pathway::__private::dyn_value::<T0>(&second.cost),
                        );
                    }
                    _ => show(column, one, two),
                },
            );
            if const { !(<R as ::pathway::__private::Schema>::COLUMNS.has("cost")) } {
                show(
                    <Self as ::pathway::__private::Schema>::COLUMNS.field(1usize),
                    ::pathway::__private::dyn_value::<T0>(&first.cost),
                    ::pathway::__private::dyn_value::<T0>(&second.cost),
                );
            }
        }
    }
};
