#[automatically_derived]
impl ::pathway::__private::EnumColumn for State {
    const NAMES: &'static [&'static ::core::primitive::str] = &[
        "open",
        "in-transit",
        "done",
    ];
    const JSON: &'static [&'static ::core::primitive::str] = &[
        "\"open\"",
        "\"in-transit\"",
        "\"done\"",
    ];
    fn ordinal(&self) -> ::core::primitive::usize {
        match self {
            Self::Open => 0usize,
            Self::InTransit => 1usize,
            Self::Delivered => 2usize,
        }
    }
    fn from_ordinal(ordinal: ::core::primitive::usize) -> ::core::option::Option<Self> {
        ::core::option::Option::Some(
            match ordinal {
                0usize => Self::Open,
                1usize => Self::InTransit,
                2usize => Self::Delivered,
                _ => return ::core::option::Option::None,
            },
        )
    }
}
#[automatically_derived]
impl ::pathway::__private::Datum for State {
    fn clone_datum(&self) -> Self {
        match self {
            Self::Open => Self::Open,
            Self::InTransit => Self::InTransit,
            Self::Delivered => Self::Delivered,
        }
    }
    fn compare(&self, other: &Self) -> ::core::cmp::Ordering {
        ::pathway::__private::EnumColumn::compare_variant(self, other)
    }
    fn hash_into<__H: ::core::hash::Hasher>(&self, state: &mut __H) {
        ::pathway::__private::EnumColumn::hash_variant(self, state)
    }
    fn serialize<__S: ::pathway::__private::Serializer>(
        &self,
        serializer: __S,
    ) -> ::core::result::Result<__S::Ok, __S::Error> {
        ::pathway::__private::EnumColumn::serialize_variant(self, serializer)
    }
    fn deserialize<'__de, __D: ::pathway::__private::Deserializer<'__de>>(
        deserializer: __D,
    ) -> ::core::result::Result<Self, __D::Error> {
        ::pathway::__private::EnumColumn::deserialize_variant(deserializer)
    }
}
#[automatically_derived]
impl ::pathway::__private::DecodeJson for State {
    fn expected() -> ::pathway::__private::Cow<'static, ::core::primitive::str> {
        <Self as ::pathway::__private::EnumColumn>::expected_variants()
    }
    fn decode_json(
        value: ::pathway::__private::JsonText<'_>,
    ) -> ::core::result::Result<Self, ::pathway::__private::Mismatch> {
        ::pathway::__private::EnumColumn::decode_variant(value)
    }
    fn decode_missing() -> ::core::option::Option<Self> {
        ::core::option::Option::None
    }
}
#[automatically_derived]
impl ::pathway::__private::EncodeJson for State {
    fn encode_json(&self, out: &mut ::pathway::__private::Vec<::core::primitive::u8>) {
        ::pathway::__private::EnumColumn::encode_variant(self, out)
    }
}
#[automatically_derived]
impl ::pathway::__private::EncodeText for State {
    fn encode_text(
        &self,
        form: ::pathway::__private::TextForm,
        out: &mut ::pathway::__private::Vec<::core::primitive::u8>,
    ) {
        ::pathway::__private::EnumColumn::encode_variant_text(self, form, out)
    }
    fn is_none(&self) -> ::core::primitive::bool {
        false
    }
}
