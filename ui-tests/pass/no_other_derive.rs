//! A row needs no derive but ours, and its lints are quiet.

#![deny(warnings, missing_docs, unused_qualifications)]

use pathway::Schema;
use pathway::schema::Json;

/// An order.
#[derive(Schema)]
pub struct Order {
    #[schema(primary_key)]
    id: i64,
    /// The text of it.
    #[schema(default = "none", path = "/note/text")]
    pub note: String,
    #[schema(default = 1 + 1, path = "/note/0")]
    count: i64,
    #[deprecated]
    #[schema(path = "")]
    all: Json,
}

/// Constructs nothing, reads nothing: no field counts as dead.
fn main() {}
