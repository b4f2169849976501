::core::compile_error! {
    "`State` is an enum, but a row must be a struct with a field for each column\nto use `State` as the type of a column, derive `ColumnType` instead"
}
#[automatically_derived]
impl ::pathway::__private::Datum for State {
    fn clone_datum(&self) -> Self {
        loop {}
    }
    fn compare(&self, _: &Self) -> ::core::cmp::Ordering {
        loop {}
    }
    fn hash_into<__H: ::core::hash::Hasher>(&self, _: &mut __H) {}
    fn serialize<__S: ::pathway::__private::Serializer>(
        &self,
        _: __S,
    ) -> ::core::result::Result<__S::Ok, __S::Error> {
        loop {}
    }
    fn deserialize<'__de, __D: ::pathway::__private::Deserializer<'__de>>(
        _: __D,
    ) -> ::core::result::Result<Self, __D::Error> {
        loop {}
    }
}
#[automatically_derived]
impl ::pathway::__private::Schema for State {
    const NAME: &'static ::core::primitive::str = "State";
    const COLUMNS: ::pathway::__private::Columns = ::pathway::__private::Columns {
        fields: &[],
        names: &[],
    };
    type KeyPresence = ::pathway::__private::NoKey;
    type Key = ();
    fn primary_key(&self) {}
    fn decode_row(
        _: ::pathway::__private::JsonText<'_>,
        _: &::pathway::__private::Message<'_>,
    ) -> ::core::result::Result<Self, ::pathway::__private::DecodeError> {
        loop {}
    }
    fn encode_columns(&self, _: &mut ::pathway::__private::Vec<::core::primitive::u8>) {}
    fn zip_columns(
        &self,
        _: &Self,
        _: &mut dyn ::core::ops::FnMut(
            &'static ::pathway::__private::Column,
            &dyn ::pathway::__private::DynValue,
            &dyn ::pathway::__private::DynValue,
        ),
    ) {}
}
#[automatically_derived]
impl ::pathway::__private::Extends<Self> for State {
    fn base(&self) -> &Self {
        self
    }
}
