//! A newtype around a type parameter.

#[derive(ColumnType)]
struct Tagged<T>(T);
