//! Derives inside `macro_rules!` macros.

use pathway::{ColumnType, Schema};

macro_rules! row {
    ($name:ident, $field:ident: $ty:ty = $default:expr, at $path:literal) => {
        #[derive(Schema)]
        struct $name {
            #[schema(default = $default, path = $path)]
            $field: $ty,
            #[schema(default = $path)]
            text: String,
        }
    };
}

macro_rules! newtype {
    ($name:ident($ty:ty)) => {
        #[derive(ColumnType)]
        struct $name($ty);
    };
}

row!(Order, id: i64 = 5, at "/order/id");
newtype!(UserId(i64));

fn main() {
    assert_eq!(Order::COLUMNS.field(0).path, Some("/order/id"));
    let row = Order { id: 1, text: String::new() };
    let copy = pathway::schema::Datum::clone_datum(&row);
    assert_eq!((copy.id, copy.text.as_str(), UserId(5).0), (1, "", 5));
}
