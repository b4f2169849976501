//! A row that has the columns of another row, in a crate that has `pathway` under another name.

#[derive(Schema)]
#[schema(crate = ::streams)]
struct Shipped {
    #[schema(flatten)]
    order: Order,
    carrier: String,
}
