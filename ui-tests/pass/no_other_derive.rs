//! A row needs no other derive, and its code causes no warnings.

#![deny(warnings, missing_docs, unused_qualifications)]

use pathway::Schema;
use pathway::schema::Json;

/// An order.
#[derive(Schema)]
pub struct Order {
    #[schema(primary_key)]
    id: i64,
    /// A note.
    #[schema(default = "none", path = "/note/text")]
    pub note: String,
    #[schema(default = 1 + 1, path = "/note/0")]
    count: i64,
    #[deprecated]
    #[schema(path = "")]
    all: Json,
}

/// Neither constructs an order nor reads its fields: none of them counts as dead code.
fn main() {}
