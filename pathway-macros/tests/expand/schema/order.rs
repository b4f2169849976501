//! A key, a renamed column, a default of each kind, JSON pointers, and metadata columns.

#[derive(Schema)]
#[schema(rename_all = "camelCase")]
struct Order {
    #[schema(primary_key)]
    order_id: i64,
    #[schema(rename = "town")]
    city: String,
    #[schema(default)]
    priority: i64,
    #[schema(default = "EUR")]
    currency: String,
    #[schema(default = 1)]
    quantity: i64,
    #[schema(path = "/payment/amount")]
    price: f64,
    #[schema(path = "/payment/lines/0/note")]
    note: Option<String>,
    #[schema(subject)]
    subject: String,
    #[schema(subject_token = 2)]
    region: String,
    #[schema(header = "Trace-Id")]
    trace: Option<String>,
    #[schema(published_at)]
    published: Option<DateTimeUtc>,
}
